"""aiohttp-retry: retry options of our own, which see the answer and say how long to wait."""

import sys
from http import HTTPStatus

import aiohttp
from aiohttp_retry import RetryClient, RetryOptionsBase

from contention.job import Job

__all__ = ["run"]


class _UntilDone(RetryOptionsBase):
    """Ask again while the session is pending; after a refusal when the server says."""

    def __init__(self, interval: float) -> None:
        again = {HTTPStatus.ACCEPTED, HTTPStatus.TOO_MANY_REQUESTS}
        super().__init__(attempts=sys.maxsize, statuses=again)
        self._interval = interval

    def get_timeout(self, attempt: int, response: aiohttp.ClientResponse | None = None) -> float:
        del attempt  # the delay never grows
        headers = {} if response is None else response.headers
        return float(headers.get("Retry-After", self._interval))


async def run(job: Job) -> None:
    """Let the client retry each token until its answer is there."""
    async with (
        aiohttp.ClientSession(job.origin) as session,
        RetryClient(session, retry_options=_UntilDone(job.interval)) as client,
    ):

        async def follow(token: str) -> None:
            async with client.get(f"/sessions/{token}") as answer:
                answer.raise_for_status()
                await answer.read()

        await job.each(follow)
