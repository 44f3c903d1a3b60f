"""Keeps tasks as long as they run, and ends them so that none runs on when a call returns."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, TypeVar

T = TypeVar("T")


_running: set[asyncio.Task[Any]] = set()


def keep(task: "asyncio.Task[T]") -> "asyncio.Task[T]":
    """Hold a task until it is done; an event loop itself holds only what it waits for."""
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


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


async def run_in_thread(
    function: Callable[[], T], *, undo: Callable[[T], object] = lambda _: None
) -> T:
    """Call a function in a thread and return its result, when it has ended in any case.

    A thread cannot be cancelled, and goes on with what it holds, such as the lock of a file. So
    whoever is cancelled meanwhile waits for it.

    Args:
        function: What is called.
        undo: Called with the result if the caller was cancelled and does not get it.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        await wait_for_tasks([running])
    except asyncio.CancelledError:
        if not failed(running):
            undo(running.result())
        raise
    return running.result()


def failed(done: "asyncio.Future[Any]") -> bool:
    """Return whether what is done has no result; nobody needs to ask for its error then."""
    return done.cancelled() or done.exception() is not None
