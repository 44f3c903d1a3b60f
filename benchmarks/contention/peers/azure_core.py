"""azure-core: a long-running operation per token, found by its ``Location``, as its SDKs have them.

Pipeline, retry policy and polling method are the package's own; both of its waits heed
``Retry-After``. A poll is retried three times; refused once more, the operation fails for good.
"""

from azure.core import AsyncPipelineClient
from azure.core.pipeline.policies import AsyncRetryPolicy, RequestIdPolicy
from azure.core.polling import AsyncLROPoller
from azure.core.polling.async_base_polling import AsyncLROBasePolling
from azure.core.rest import HttpRequest

from contention.job import Job

__all__ = ["run"]


async def run(job: Job) -> None:
    """Begin an operation for each token and wait for its result."""
    policies = [RequestIdPolicy(), AsyncRetryPolicy()]
    async with AsyncPipelineClient(job.origin, policies=policies) as client:

        async def follow(token: str) -> None:
            request = HttpRequest("GET", f"{job.origin}/operations/{token}")
            begun = await client.send_request(request, _return_pipeline_response=True)
            begun.http_response.raise_for_status()
            polling = AsyncLROBasePolling(job.interval)
            await AsyncLROPoller(client, begun, _result, polling).result()

        await job.each(follow)


def _result(answer: object) -> object:
    """Return the last answer as it is: nobody reads it here."""
    return answer
