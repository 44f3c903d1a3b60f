"""Which event loop runs our coroutines: asyncio's, or one that works like it, such as uvloop."""

import asyncio
import contextlib

from hum_async.errors import ConfigurationError


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that runs the calling coroutine.

    Raises:
        ConfigurationError: It is run by something else, such as trio, also where trio is a guest of
            an asyncio loop.
    """
    with contextlib.suppress(RuntimeError):
        if asyncio.current_task() is not None:
            return asyncio.get_running_loop()
    raise ConfigurationError(
        "hum_async runs on asyncio only, not on trio: start the program with asyncio.run(main)"
        ", or with anyio.run(main), whose default backend is asyncio"
    )
