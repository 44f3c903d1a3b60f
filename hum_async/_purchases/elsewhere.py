"""Addresses that other processes are buying at this moment, and who waits for them here."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from hum_async._purchases.records import Entry
from hum_async._tasks import end_tasks, keep
from hum_async.errors import HumError
from hum_async.models import Address

LOOK_AGAIN = 1.0
"""Seconds between two looks at what other processes are at."""

Find = Callable[[Sequence[tuple[bytes, Address]]], Awaitable[dict[bytes, Entry]]]
Then = Callable[[], object]


class Elsewhere:
    """Looks once a second, for all who wait, whether other processes are done.

    Args:
        find: Returns what the store knows of addresses.
        let_go: Called with an address that became this process's own while nobody waited any more.

    `waiting` is the number of those who wait.
    """

    def __init__(self, find: Find, let_go: Callable[[bytes], None]) -> None:
        self.waiting = 0
        self._find = find
        self._let_go = let_go
        self._then: dict[bytes, list[Then]] = {}
        self._addresses: dict[bytes, Address] = {}
        self._looking: asyncio.Task[None] | None = None
        self._woken: asyncio.Event | None = None

    def add(self, digest: bytes, address: Address, then: Then) -> None:
        """Wait until no other process is at an address; `then` is called, who looks for itself."""
        self.waiting += 1
        self._then.setdefault(digest, []).append(then)
        self._addresses[digest] = address
        loop = asyncio.get_running_loop()
        if self._looking is None or self._looking.done() or self._looking.get_loop() is not loop:
            self._woken = asyncio.Event()
            self._looking = keep(loop.create_task(self._look(), name="hum-elsewhere"))

    async def end(self, digest: bytes, address: Address) -> None:
        """Wait until no other process is at an address."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def then() -> None:
            if not ended.done():
                ended.set_result(None)

        self.add(digest, address, then)
        try:
            await ended
        finally:
            self.discard(digest, then)

    def discard(self, digest: bytes, then: Then) -> None:
        """Wait no more, if `then` was not called yet."""
        waiting = self._then.get(digest, [])
        if then in waiting:
            waiting.remove(then)
            self.waiting -= 1
        if not waiting:
            self._then.pop(digest, None)
            self._addresses.pop(digest, None)

    def wake(self) -> None:
        """Look at once: something has changed."""
        if self._woken is not None:
            self._woken.set()

    async def aclose(self) -> None:
        """Wait for nobody any more. Idempotent."""
        looking, self._looking = self._looking, None
        if looking is not None and looking.get_loop() is asyncio.get_running_loop():
            await end_tasks([looking])
        self._then.clear()
        self._addresses.clear()
        self.waiting = 0

    async def _look(self) -> None:
        while self._then and self._woken is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._woken.wait()
            self._woken.clear()
            asked = list(self._addresses.items())
            if not asked:
                break
            try:
                found = await self._find(asked)
            except HumError:
                # Whoever looks next sees why.
                found = {}
            for digest, _ in asked:
                entry = found.get(digest)
                if entry is None or not entry.live:
                    self._free(digest, entry)

    def _free(self, digest: bytes, entry: Entry | None) -> None:
        waiting = self._then.pop(digest, [])
        self._addresses.pop(digest, None)
        self.waiting -= len(waiting)
        if not waiting and entry is not None and entry.outcome is None:
            self._let_go(digest)
        for then in waiting:
            then()
