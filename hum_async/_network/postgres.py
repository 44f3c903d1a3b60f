"""Connects to PostgreSQL so that whoever is cancelled meanwhile leaves nothing behind."""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types

from hum_async._tasks import end_tasks, failed, keep

_GRACE = 1.0
"""Seconds for which a connection that nobody wants any more may go on with its beginning."""


async def connect(*arguments: Any, **options: Any) -> Any:
    """Return a connection of asyncpg, as its function of this name does.

    While a connection agrees with the server on TLS, asyncpg cannot be cancelled without an error
    that nobody asked for, which the event loop logs. So it ends what it has begun, if that takes
    no longer than a second, and what comes of it is closed.

    Args:
        arguments: Handed on.
        options: Handed on.

    Raises:
        asyncpg.PostgresError: The server refuses it.
        asyncpg.InterfaceError: The arguments do not fit together.
        OSError: The server cannot be reached.
    """
    connecting = keep(asyncio.ensure_future(asyncpg.connect(*arguments, **options)))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([connecting], timeout=_GRACE)
        finally:
            try:
                await end_tasks([connecting])
            finally:
                if not failed(connecting):
                    connecting.result().terminate()
        raise
