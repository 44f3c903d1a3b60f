"""Exchanges of a member with the state that all share: read, decide, replace."""

import asyncio
import contextlib
from typing import Any

import orjson

from hum_async._limits.lease_reports import Lease, Report
from hum_async._limits.leases import SharedLimit
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
            lease, state = self._leased(reading, report, shift)
            asked = heard
            async with asyncio.timeout(patience):
                reading = await self._register.replace(reading.state, state)
            if reading.replaced:
                self._copy, self._copy_shift = state, shift
                return lease, loop.time() - read_at

    async def aclose(self) -> None:
        """Close the connection to the store."""
        await self._register.aclose()

    def _leased(self, reading: Reading, report: Report, shift: float) -> tuple[Lease, bytes]:
        """Return a lease, and the state that holds it.

        Raises:
            StoreError: The state was written by another version.
        """
        if reading.state is not None:
            with contextlib.suppress(*_DAMAGED):  # or written by something else: begin again
                return _exchanged(_loaded(reading.state, reading.time), reading, report, shift)
        return _exchanged(self._begun_again(reading.time, report), reading, report, shift)

    def _begun_again(self, now: float, report: Report) -> SharedLimit:
        if self._copy is None:
            return SharedLimit(report.bounds)
        limit = SharedLimit.load(
            orjson.loads(self._copy), shift=self._clock.shift - self._copy_shift
        )
        limit.restored(now)
        return limit


_DAMAGED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What comes of a state that is none, at whatever place it is none."""


def _loaded(state: bytes, now: float) -> SharedLimit:
    plain = orjson.loads(state)
    if plain["version"] != VERSION:
        raise StoreError("written by another version of hum_async")
    return SharedLimit.load(plain, now=now)


def _exchanged(
    limit: SharedLimit, reading: Reading, report: Report, shift: float
) -> tuple[Lease, bytes]:
    lease = limit.exchange(reading.time, report, shift=shift)
    return lease, orjson.dumps(limit.dump())
