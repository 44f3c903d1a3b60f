"""aiolimiter and aiohttp by hand, the only client that is told the limit.

It is the bucket of the package's own front page: as many requests per second as the server grants.
"""

import asyncio
from http import HTTPStatus

import aiohttp
from aiolimiter import AsyncLimiter

from contention.job import Job
from contention.scenario import Scenario

__all__ = ["run"]


async def run(job: Job) -> None:
    """Ask for each token under one limiter; a refused one waits as long as it is told."""
    limiter = AsyncLimiter(Scenario().rate, 1.0)
    async with aiohttp.ClientSession(job.origin) as session:

        async def ask(token: str) -> float | None:
            """Return the seconds to the next question, or None if there is nothing to ask."""
            async with limiter, session.get(f"/sessions/{token}") as answer:
                if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    return float(answer.headers["Retry-After"])
                answer.raise_for_status()
                await answer.read()
                return None if answer.status == HTTPStatus.OK else job.interval

        async def follow(token: str) -> None:
            delay: float | None = 0.0
            while delay is not None:
                await asyncio.sleep(delay)
                delay = await ask(token)

        await job.each(follow)
