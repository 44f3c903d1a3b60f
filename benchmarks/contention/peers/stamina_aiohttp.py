"""stamina around aiohttp: a backoff hook reads from the answer how long to wait."""

from http import HTTPStatus

import aiohttp
import stamina

from contention.job import Job

__all__ = ["run"]


class _NotYetError(Exception):
    """There is no result yet; ask again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def _backoff(error: Exception) -> bool | float:
    """Return how long to wait; any other error is retried as stamina sees fit."""
    if isinstance(error, _NotYetError):
        return error.seconds
    return isinstance(error, aiohttp.ClientConnectionError)


async def run(job: Job) -> None:
    """Retry each token until its answer is there."""
    # Asking again is no incident here: without this, each one is a warning in the log.
    stamina.instrumentation.set_on_retry_hooks([])
    async with aiohttp.ClientSession(job.origin) as session:

        @stamina.retry(on=_backoff, attempts=None, timeout=None)
        async def follow(token: str) -> None:
            async with session.get(f"/sessions/{token}") as answer:
                if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    raise _NotYetError(float(answer.headers["Retry-After"]))
                answer.raise_for_status()
                await answer.read()
                if answer.status == HTTPStatus.ACCEPTED:
                    raise _NotYetError(job.interval)

        await job.each(follow)
