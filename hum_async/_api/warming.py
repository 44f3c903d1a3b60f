"""Loads and builds the decoder in a thread before the first answer: it would block the event loop.

Nothing else imports `decoding`, and with it the schema and orjson, when it is imported itself: that
takes as long as everything else that a client needs beside aiohttp.
"""

import asyncio
import threading

_building = threading.Lock()
_warm = threading.Event()


def warm_up() -> None:
    """Build the decoder if nobody has; from any thread."""
    with _building:
        if not _warm.is_set():
            from hum_async._api import decoding  # noqa: PLC0415  here, and not with the package

            decoding.prepare()
            _warm.set()


is_warm = _warm.is_set
"""Whether the decoder is built."""


async def decoder_is_warm() -> None:
    """Wait until the decoder is built, which blocks nothing; at once if it is."""
    if not is_warm():
        await asyncio.to_thread(warm_up)
