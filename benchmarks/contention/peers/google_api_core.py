"""google-api-core around aiohttp: `AsyncRetry` as the loop, as its own operations poll.

`AsyncRetry` has no place for ``Retry-After``: its delay is drawn from 0 to `initial`, whatever the
answer was, so that it asks every quarter of a second on average. It keeps every error it has seen.
"""

from http import HTTPStatus

import aiohttp
from google.api_core.exceptions import from_http_status
from google.api_core.retry import if_exception_type, if_transient_error
from google.api_core.retry_async import AsyncRetry

from contention.job import Job

__all__ = ["run"]


class _PendingError(Exception):
    """The session is still being worked on."""


async def run(job: Job) -> None:
    """Retry each token until its answer is there."""
    pending = if_exception_type(_PendingError, aiohttp.ClientConnectionError)
    retry = AsyncRetry(
        predicate=lambda error: pending(error) or if_transient_error(error),
        initial=job.interval,
        multiplier=1.0,
        timeout=None,
    )
    async with aiohttp.ClientSession(job.origin) as session:

        @retry
        async def follow(token: str) -> None:
            async with session.get(f"/sessions/{token}") as answer:
                text = await answer.text()
            if answer.status == HTTPStatus.ACCEPTED:
                raise _PendingError
            if answer.status != HTTPStatus.OK:
                raise from_http_status(answer.status, text)

        await job.each(follow)
