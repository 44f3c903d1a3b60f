"""Hears of commits on a connection of its own, or asks where that is not to be had.

A pooler in transaction mode takes ``LISTEN`` and passes nothing on, so it is tried out what is
heard: a notice that is sent over another connection must come.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from hashlib import blake2b

from hum_async._purchases.postgres.connection import Connection, Database
from hum_async.errors import JournalError

ASK_EVERY = 0.25
"""Seconds between two questions, where nothing is heard."""

TRY_OUT = 1.0
"""Seconds in which a notice must come."""

TRY_AGAIN = 20.0
"""Seconds after which it is tried out again whether notices come."""

COME_BACK = 2.0
"""Seconds after which a connection that was lost is made again."""


def channel_of(database: Database, job: int) -> str:
    """Return the name under which the commits of a job are told."""
    name = f"{database.url.schema} {job}".encode()
    return f"hum_{blake2b(name, digest_size=8).hexdigest()}"


async def watch(database: Database, job: int, wake: Callable[[], None]) -> None:
    """Call `wake` whenever something may have changed, until this is cancelled."""
    while True:
        came = await _listen(database, job, wake)
        # What was told meanwhile was not heard.
        until = asyncio.get_running_loop().time() + (COME_BACK if came else TRY_AGAIN)
        while asyncio.get_running_loop().time() < until:
            wake()
            await asyncio.sleep(ASK_EVERY)


async def _listen(database: Database, job: int, wake: Callable[[], None]) -> bool:
    """Listen until the connection is lost; return False if a notice did not come."""
    channel, proof = channel_of(database, job), secrets.token_hex(8)
    proven = asyncio.Event()

    def hear(_connection: Connection, _pid: int, _channel: str, payload: str) -> None:
        if payload == proof:
            proven.set()
        wake()

    with contextlib.suppress(JournalError):
        async with database.connected() as connection:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(channel, hear)
            while not lost.is_set():
                proven.clear()
                await database.run(lambda c: c.execute("SELECT pg_notify($1, $2)", channel, proof))
                if not await _comes(proven, TRY_OUT):
                    return lost.is_set()
                await _comes(lost, TRY_AGAIN)
    return True


async def _comes(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
