"""hum_async: one watcher for all tokens, under a limiter that is told nothing."""

from contention.job import Job
from hum_async import AsyncSessionWatcher, GuidedPolling, HumClient

__all__ = ["run"]


async def run(job: Job) -> None:
    """Watch every token to its terminal update."""
    policy = GuidedPolling(interval=job.interval, backoff=1.0, jitter=0.0, budget=None)
    async with (
        HumClient("any-key", base_url=job.origin) as hum,
        AsyncSessionWatcher(hum, policy=policy) as watcher,
    ):
        async for update in watcher.watch(job.tokens):
            if update.is_terminal and update.kind != "COMPLETED":
                job.failures[str(update.kind)] += 1
