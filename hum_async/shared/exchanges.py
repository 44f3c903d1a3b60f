"""Exchanges of a member with the state that all share: read, decide, replace."""

import asyncio
from typing import Any

import orjson

from hum_async._limits.leases import Lease, Report, SharedLimit
from hum_async._limits.server_clock import ServerClock
from hum_async.shared.register import Reading, Register, StoreError

VERSION = SharedLimit.VERSION


class Exchanges:
    """What `SharedRateLimiter` asks of a store.

    Args:
        register: Where the state is kept.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
        self._clock = ServerClock()
        # The last shared state that is known, and its clock minus ours.
        self._copy: bytes | None = None
        self._copy_shift = 0.0

    @property
    def copy(self) -> dict[str, Any] | None:
        """The last shared state that is known."""
        return None if self._copy is None else orjson.loads(self._copy)

    @property
    def copy_shift(self) -> float:
        """The clock of that state minus ours, in seconds."""
        return self._copy_shift

    async def exchange(self, report: Report, *, patience: float) -> tuple[Lease, float]:
        """Return a lease, and the seconds since the store read its clock.

        Args:
            report: What the member tells and asks for.
            patience: Seconds in which the store has to answer each call. There are as many as
                others replace the state meanwhile.

        Raises:
            Exception: The store cannot be reached, whatever its register raises then.
        """
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with asyncio.timeout(patience):
            reading = await self._register.read()
        while True:
            heard = loop.time()
            self._clock.observe(asked=asked, server=reading.time, heard=heard)
            read_at, shift = (asked + heard) / 2.0, self._clock.shift
            limit = self._read(reading, report)
            lease = limit.exchange(reading.time, report, shift=shift)
            state, asked = orjson.dumps(limit.dump()), heard
            async with asyncio.timeout(patience):
                reading = await self._register.replace(reading.state, state)
            if reading.replaced:
                self._copy, self._copy_shift = state, shift
                return lease, loop.time() - read_at

    async def aclose(self) -> None:
        """Close the connection to the store."""
        await self._register.aclose()

    def _read(self, reading: Reading, report: Report) -> SharedLimit:
        if reading.state is not None:
            try:
                plain = orjson.loads(reading.state)
                if plain["version"] == VERSION:
                    return SharedLimit.load(plain, now=reading.time)
            except (ArithmeticError, LookupError, TypeError, ValueError):
                pass  # written by something else: begin again
            else:
                raise StoreError("written by another version of hum_async")
        if self._copy is None:
            return SharedLimit(report.bounds)
        limit = SharedLimit.load(
            orjson.loads(self._copy), shift=self._clock.shift - self._copy_shift
        )
        limit.restored(reading.time)
        return limit
