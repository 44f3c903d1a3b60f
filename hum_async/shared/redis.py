"""A register in Redis or Valkey: one key, and one script that compares and sets."""

import asyncio
import contextlib
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hum_async._redact import Secret
from hum_async.shared.register import Reading, StoreError

KEPT_MILLISECONDS = 86_400_000
"""For how long a limit is remembered that nobody uses."""

SCRIPT = """
local time, held = redis.call('TIME'), redis.call('GET', KEYS[1]) or ''
local replaced = ARGV[2] and held == ARGV[1]
if replaced then
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return {time[1], time[2], replaced and 1 or 0, replaced and '' or held}
"""
"""Redis 5 and later take a script that writes after it has read the clock."""


class RedisRegister:
    """A `Register` in Redis or Valkey.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, as redis-py takes it.
        name: Whose limit it is.
    """

    def __init__(self, url: Secret, name: str) -> None:
        self._url = url
        self._key = f"hum_async:limit:{name}"
        self._redis: Any = None
        self._script: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def read(self) -> Reading:
        """Return the value and the time."""
        return await self._call()

    async def replace(self, old: bytes | None, new: bytes) -> Reading:
        """Replace the value if it is still `old`, as one step; else return what it is."""
        return await self._call(old or b"", new, KEPT_MILLISECONDS)

    async def aclose(self) -> None:
        """Close the connection."""
        redis, self._redis = self._redis, None
        if redis is not None and self._loop is asyncio.get_running_loop():
            # What it says of a store that is gone is nothing new.
            with contextlib.suppress(RedisError, OSError):
                await redis.aclose()

    async def _call(self, *arguments: bytes | int) -> Reading:
        try:
            found = await self._connected()(keys=[self._key], args=arguments)
        except (RedisError, OSError) as exc:
            raise StoreError(type(exc).__name__) from None
        seconds, microseconds, replaced, state = found
        if isinstance(state, str):  # a URL may ask for decoded answers
            state = state.encode()
        time = int(seconds) + int(microseconds) / 1e6
        return Reading(state or None, time, bool(replaced))

    def _connected(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._redis is None or self._loop is not loop:
            # One more try, should the connection have been closed while it was idle. Who calls
            # gives up in time.
            redis = Redis.from_url(
                self._url.reveal(), retry=Retry(NoBackoff(), 1), max_connections=2
            )
            self._redis, self._loop = redis, loop
            self._script = redis.register_script(SCRIPT)
        return self._script
