"""Builds the decoder in a thread before the first answer: on the event loop it would block that."""

import asyncio
import threading

from hum_async._api import schema

_building = threading.Lock()
_warm = threading.Event()


def warm_up() -> None:
    """Build the decoder if nobody has; from any thread."""
    with _building:
        if not _warm.is_set():
            schema.prepare()
            _warm.set()


is_warm = _warm.is_set
"""Whether the decoder is built."""


async def decoder_is_warm() -> None:
    """Wait until the decoder is built, which blocks nothing; at once if it is."""
    if not is_warm():
        await asyncio.to_thread(warm_up)
