"""Writes a stream to a browser, until either has had enough."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hum_async._dispatch import end_tasks
from hum_async.web.events import FAREWELL
from hum_async.web.sse import SseStream, encode_sse

__all__ = ["pump"]

FAREWELL_PATIENCE = 0.2
"""Seconds for the last write of a response that the server has cancelled already."""

PATIENCE = 60.0
"""Seconds in which a browser must take what is written to it, or it counts as gone."""


async def pump(
    stream: SseStream,
    write: Callable[[bytes], Awaitable[object]],
    *,
    left: Coroutine[Any, Any, object] | None = None,
) -> bool:
    """Write a stream to its end; return whether all of it was written.

    Args:
        stream: What to write; it is closed in any case.
        write: Writes some bytes, and waits while the browser takes none.
        left: Ends when the browser has left, if the server tells.
    """
    writing = asyncio.ensure_future(_write_all(stream, write))
    tasks: list[asyncio.Task[Any]] = [writing]
    if left is not None:
        tasks.append(asyncio.ensure_future(left))
    try:
        # Not the task of the caller itself: a write to a browser that reads nothing never ends.
        await asyncio.wait([*tasks, stream.gone], return_when=asyncio.FIRST_COMPLETED)
        return writing.done() and writing.result()
    except asyncio.CancelledError:
        if not stream.over:
            await _say_farewell(writing, write)
        raise
    finally:
        stream.close()
        await end_tasks(tasks)


async def _say_farewell(
    writing: "asyncio.Task[bool]", write: Callable[[bytes], Awaitable[object]]
) -> None:
    """Tell the browser that the server cuts us off; hypercorn ends open responses like this."""
    await end_tasks([writing])
    with contextlib.suppress(Exception):
        async with asyncio.timeout(FAREWELL_PATIENCE):
            await write(encode_sse(FAREWELL))


async def _write_all(stream: SseStream, write: Callable[[bytes], Awaitable[object]]) -> bool:
    # The browser went away, or takes nothing: nobody is left to be told.
    with contextlib.suppress(OSError, TimeoutError):
        async for chunk in stream:
            async with asyncio.timeout(PATIENCE):
                await write(chunk)
        return True
    return False
