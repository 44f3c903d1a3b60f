"""openai: the polling helper of a file in a vector store, with the client's own retries.

It waits as ``Retry-After`` says and asks twice more; refused again, the helper gives the token up.
"""

from openai import AsyncOpenAI

from contention.job import Job

__all__ = ["run"]


async def run(job: Job) -> None:
    """Poll each token as if it were a file that is being taken in."""
    async with AsyncOpenAI(api_key="any-key", base_url=f"{job.origin}/v1") as client:

        async def follow(token: str) -> None:
            await client.vector_stores.files.poll(
                token, vector_store_id="contended", poll_interval_ms=round(job.interval * 1000)
            )

        await job.each(follow)
