"""fal-client: the events of a queued request, with the client's own retries.

Its retries back off exponentially, ten attempts in all, and do not look at ``Retry-After``.
"""

import fal_client.client
from fal_client import AsyncClient

from contention.job import Job

__all__ = ["run"]


async def run(job: Job) -> None:
    """Follow each token as if it were a request in a queue."""
    # The package takes a host from the environment, but would speak TLS to it.
    fal_client.client.QUEUE_URL_FORMAT = f"{job.origin}/"
    client = AsyncClient(key="any-key")

    async def follow(token: str) -> None:
        handle = await client.get_handle("queue/contended", token)
        async for _ in handle.iter_events(interval=job.interval):
            pass

    await job.each(follow)
