"""Ends tasks so that none of them is still running when a call returns."""

import asyncio
from collections.abc import Collection
from typing import Any


async def end_tasks(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel tasks and wait for their end, even if the caller is cancelled meanwhile."""
    for task in tasks:
        task.cancel()
    await wait_for_tasks(tasks)


async def wait_for_tasks(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Wait for the end of tasks, even if the caller is cancelled meanwhile; then raise that.

    anyio's shielded scopes would not do: a native cancellation passes through them.
    """
    interrupted: asyncio.CancelledError | None = None
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError as exc:
            interrupted = exc
    if interrupted is not None:
        raise interrupted
