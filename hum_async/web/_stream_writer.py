"""Writes a stream to a browser, until the stream ends or the browser leaves."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from hum_async._tasks import end_tasks
from hum_async.web.events import FAREWELL
from hum_async.web.sse import SseStream, encode_sse

FAREWELL_PATIENCE = 0.2
"""Seconds for the last write of a response that the server has cancelled already."""

PATIENCE = 60.0
"""Seconds in which a browser must take what is written to it, or it counts as gone."""


async def write_stream(
    stream: SseStream,
    write: Callable[[bytes], Awaitable[object]],
    *,
    left: Coroutine[Any, Any, None] | None = None,
) -> bool:
    """Write a stream to its end; return whether all of it was written.

    Args:
        stream: What to write; it is closed in any case.
        write: Writes some bytes, and waits while the browser takes none.
        left: Ends when the browser has left, if the server reports that.
    """
    leaving = None if left is None else asyncio.ensure_future(left)
    try:
        await _write_all(stream, write, until=[stream.gone, *([leaving] if leaving else [])])
    except asyncio.CancelledError:
        # Some servers end open responses like this, when they have waited long enough.
        if not stream.over:
            await _say_farewell(write)
        raise
    except OSError:
        # The browser went away, or takes nothing (a TimeoutError is an OSError).
        return False
    finally:
        stream.close()
        if leaving is not None:
            await end_tasks([leaving])
    return True


async def _write_all(
    stream: SseStream,
    write: Callable[[bytes], Awaitable[object]],
    *,
    until: Sequence[asyncio.Future[None]],
) -> None:
    """Write a stream; raise TimeoutError if a future of `until` is done first, even in a write."""
    clock = asyncio.get_running_loop().time
    over = False
    # No task of its own for the writing: there may be thousands of streams.
    async with asyncio.timeout(None) as limit:

        def stop(_: object) -> None:
            nonlocal over
            # One that was called for already cannot be taken back: it may come after the end of the
            # stream, or after another one, when the limit cannot be changed any more.
            if not over:
                over = True
                limit.reschedule(clock())

        for end in until:
            end.add_done_callback(stop)
        try:
            async for chunk in stream:
                async with asyncio.timeout(PATIENCE):
                    await write(chunk)
        finally:
            over = True
            for end in until:
                end.remove_done_callback(stop)


async def _say_farewell(write: Callable[[bytes], Awaitable[object]]) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(FAREWELL_PATIENCE):
            await write(encode_sse(FAREWELL))
