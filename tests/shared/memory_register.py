"""A store in memory, on the clock of the test: it can be slow, lost, emptied and set back."""

import asyncio

from hum_async.shared import Reading


class MemoryStore:
    """What several registers share.

    Args:
        round_trip: Seconds of each call.
        offset: Its clock minus the loop's, in seconds.
    """

    def __init__(self, *, round_trip: float = 0.001, offset: float = 1e9) -> None:
        self.round_trip = round_trip
        self.offset = offset
        self.state: bytes | None = None
        self.lost = False
        self.calls = 0

    def register(self, round_trip: float | None = None) -> "MemoryRegister":
        """Return one process's way to it."""
        return MemoryRegister(self, self.round_trip if round_trip is None else round_trip)


class MemoryRegister:
    def __init__(self, store: MemoryStore, round_trip: float) -> None:
        self._store = store
        self._half = round_trip / 2.0

    async def read(self) -> Reading:
        await self._travel()
        reading = Reading(self._store.state, self._time())
        await asyncio.sleep(self._half)
        return reading

    async def replace(self, old: bytes | None, new: bytes) -> Reading:
        await self._travel()
        replaced = self._store.state == old
        if replaced:
            self._store.state = new
        reading = Reading(self._store.state, self._time(), replaced)
        await asyncio.sleep(self._half)
        return reading

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _travel(self) -> None:
        self._store.calls += 1
        await asyncio.sleep(self._half)
        if self._store.lost:
            raise ConnectionRefusedError

    def _time(self) -> float:
        return asyncio.get_running_loop().time() + self._store.offset
