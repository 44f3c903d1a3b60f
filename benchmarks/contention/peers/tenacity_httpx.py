"""tenacity around httpx: `wait_exception` reads from the answer how long to wait."""

from http import HTTPStatus

import httpx
from tenacity import retry, retry_if_exception_type, wait_exception

from contention.job import Job

__all__ = ["run"]


class _NotYetError(Exception):
    """There is no result yet; ask again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def run(job: Job) -> None:
    """Retry each token until its answer is there."""

    def wait(error: BaseException) -> float:
        # What went wrong on the way is asked for again as what is pending.
        return error.seconds if isinstance(error, _NotYetError) else job.interval

    # The pool's work grows with its connections times what waits for one: of the sizes tried, this
    # serves it best. Nothing here shall fail for having to wait for a connection.
    limits, timeout = httpx.Limits(max_connections=20), httpx.Timeout(5.0, pool=None)
    async with httpx.AsyncClient(base_url=job.origin, limits=limits, timeout=timeout) as client:

        @retry(
            retry=retry_if_exception_type((_NotYetError, httpx.TransportError)),
            wait=wait_exception(wait),
        )
        async def follow(token: str) -> None:
            answer = await client.get(f"/sessions/{token}")
            if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                raise _NotYetError(float(answer.headers["Retry-After"]))
            if answer.raise_for_status().status_code == HTTPStatus.ACCEPTED:
                raise _NotYetError(job.interval)

        await job.each(follow)
