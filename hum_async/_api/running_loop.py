"""Which event loop runs our coroutines: asyncio's, or one that works like it, such as uvloop."""

import asyncio
from typing import Any

from hum_async.errors import ConfigurationError


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that runs the calling coroutine.

    Raises:
        ConfigurationError: It is run by something else, such as trio, also where trio is a guest of
            an asyncio loop.
    """
    return running_task().get_loop()


def running_task() -> "asyncio.Task[Any]":
    """Return the task that runs the calling coroutine.

    Raises:
        ConfigurationError: As `running_loop`.
    """
    task = None
    # `contextlib.suppress` would take as long as all the rest; each item of a stream comes by here.
    try:  # noqa: SIM105
        task = asyncio.current_task()
    except RuntimeError:
        pass
    if task is not None:
        return task
    raise ConfigurationError(
        "hum_async runs on asyncio only, not on trio: start the program with asyncio.run(main)"
        ", or with anyio.run(main), whose default backend is asyncio"
    )


def any_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread; None if there is none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
