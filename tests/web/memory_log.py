"""The event log of several hubs in one process, in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs

from hum_async._purchases.event_log import Logged, Orphan, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


@attrs.define
class SharedEvents:
    """What the server of several logs holds.

    `delay` is the seconds that a commit takes, `away` whether the server cannot be reached, and
    `lost` are the workers that are taken for dead.
    """

    entries: list[Logged] = attrs.field(factory=list)
    addresses: dict[str, bytes] = attrs.field(factory=dict)
    owners: dict[str, int | None] = attrs.field(factory=dict)
    ended: set[str] = attrs.field(factory=set)
    read_until: dict[str, float] = attrs.field(factory=dict)
    lost: set[int] = attrs.field(factory=set)
    delay: float = 0.01
    back: asyncio.Event = attrs.field(factory=asyncio.Event)
    wakes: set[Callable[[], None]] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.back.set()


class MemoryLog:
    """An `EventLog` of one worker."""

    def __init__(self, events: SharedEvents, worker: int) -> None:
        self.worker = worker
        self._events = events
        self._turn = asyncio.Lock()

    async def secret(self) -> bytes:
        return b"what no browser may know"

    async def last(self) -> int:
        return len(self._events.entries)

    def publish(self, lookup_id: str, address: bytes, first: Shown) -> asyncio.Future[None]:
        async def publish() -> None:
            async with self._turn:
                await self._commit()
                self._events.addresses[lookup_id] = address
                self._events.owners[lookup_id] = self.worker
                self._add(lookup_id, first)

        return asyncio.ensure_future(publish())

    def append(self, lookup_id: str, *events: Shown) -> asyncio.Future[bool]:
        async def append() -> bool:
            async with self._turn:
                await self._commit()
                taken = self._events.owners.get(lookup_id) == self.worker
                if not taken or lookup_id in self._events.ended or self.worker in self._events.lost:
                    return False
                for event in events:
                    self._add(lookup_id, event)
                return True

        return asyncio.ensure_future(append())

    async def read(self, after: int, whole: Collection[str] = ()) -> list[Logged]:
        await self._commit()
        return [one for one in self._events.entries if one.position > after or one.id in whole]

    async def owned(self) -> list[str]:
        shared = self._events
        await shared.back.wait()
        owned = [one for one, owner in shared.owners.items() if owner == self.worker]
        return [one for one in owned if one not in shared.ended]

    async def adopt(self, limit: int) -> list[Orphan]:
        shared = self._events
        await shared.back.wait()
        found = [
            Orphan(one, shared.addresses[one])
            for one, owner in shared.owners.items()
            if one not in shared.ended and (owner is None or owner in shared.lost)
        ][:limit]
        shared.owners.update((one.id, self.worker) for one in found)
        return found

    async def release(self, ids: Collection[str]) -> None:
        for one in ids:
            self._events.owners[one] = None

    async def attend(self, ids: Collection[str], seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        self._events.read_until.update(dict.fromkeys(ids, until))

    async def unread(self) -> list[str]:
        now, shared = asyncio.get_running_loop().time(), self._events
        return [
            one
            for one, until in shared.read_until.items()
            if until < now and one not in shared.ended and shared.owners.get(one) == self.worker
        ]

    async def forget(self, age: float) -> None:
        del age

    async def watch(self, wake: Callable[[], None]) -> None:
        self._events.wakes.add(wake)
        try:
            await asyncio.Event().wait()
        finally:
            self._events.wakes.discard(wake)

    async def _commit(self) -> None:
        await self._events.back.wait()
        await asyncio.sleep(self._events.delay)

    def _add(self, lookup_id: str, event: Shown) -> None:
        shared = self._events
        shared.entries.append(Logged(len(shared.entries) + 1, lookup_id, event.kind, event.payload))
        if event.ends:
            shared.ended.add(lookup_id)
        for wake in shared.wakes:
            wake()
