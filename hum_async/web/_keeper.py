"""Who keeps what a hub knows of its look-ups: their ids, and what becomes of them at its end."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from hum_async._lookups.lookup import Lookup
from hum_async.models import Address, Qualification
from hum_async.web._event_writer import EventWriter
from hum_async.web._registry import HubLookup, new_worker_id
from hum_async.web._replay_buffer import Outlet, PlacedEvent, ReplayBuffer
from hum_async.web.events import HubEvent

NOT_KEPT = Address("1 Address That Was Not Kept", zip="00000")
"""Stands for the address of a look-up of an earlier process: a ledger keeps none."""


class KeptHub(Protocol):
    """What a keeper tells its hub."""

    def begin(self, work: Lookup) -> None:
        """Send the requests of a look-up."""

    def close_session(self, work: Lookup) -> None:
        """Send the DELETE of a look-up, if it needs one."""

    def record(self, work: Lookup) -> None:
        """Tell the result of a look-up."""

    def failed(self, work: Lookup, error: Exception) -> None:
        """Tell that a look-up failed."""

    def take_up(self, lookup_id: str, digest: bytes) -> None:
        """Go on with the look-up of another process, whose address is known by its digest alone."""

    def follow(self, lookup_id: str) -> HubLookup:
        """Remember a look-up that another worker has, and return it."""
        ...

    def hear(self, lookup_id: str, events: Sequence[PlacedEvent]) -> None:
        """Show events of a look-up, if the hub knows that."""

    def end(self, event: HubEvent) -> None:
        """End a look-up, if the hub knows it, by an event that no log holds."""

    def lose(self, lookup_id: str) -> None:
        """Send nothing more for a look-up: another worker has it now."""

    def read(self) -> list[str]:
        """Return the look-ups without a result that browsers read here."""
        ...

    def abandon(self, lookup_id: str) -> None:
        """End a look-up of this hub, because no browser reads it anywhere."""

    def running(self) -> list[str]:
        """Return the look-ups of this hub that have no result."""
        ...

    def close(self) -> None:
        """Begin nothing new and end all streams."""

    def room(self) -> int:
        """Return how many more look-ups it can run."""
        ...

    def restore(self, lookup_id: str, result: Qualification, told: int) -> None:
        """Remember a look-up whose result an earlier process told, as the event at a position."""


class Keeper:
    """Keeps look-ups in this process: they end with it.

    Args:
        hub: Whose look-ups they are.
        events: Writes their events.
    """

    requests = 0
    """Requests that it has sent."""
    shared = False
    """Whether other processes keep theirs in the same place."""

    def __init__(self, hub: KeptHub, events: EventWriter) -> None:
        self._hub = hub
        self._events = events

    async def open(self) -> None:
        """Take up what is left of an earlier process."""

    def new_id(self) -> str:
        """Return an id that cannot be guessed: knowing it gives access to the look-up."""
        return new_worker_id()

    def start(self, lookup: HubLookup, work: Lookup, address: Address) -> None:
        """Begin a look-up."""
        del lookup, address
        self._hub.begin(work)

    def resume(self, lookup: HubLookup, work: Lookup, digest: bytes) -> None:
        """Go on with a look-up of another process."""
        del lookup, digest
        self._hub.begin(work)

    def begin_again(self, lookup: HubLookup, work: Lookup) -> None:
        """Look for what is known of an address that another process was first with."""
        del lookup
        self._hub.begin(work)

    def buffer(self, lookup_id: str) -> ReplayBuffer:
        """Return the buffer of a look-up that begins."""
        return self._events.begin(lookup_id)

    def outlet(self, lookup_id: str, buffer: ReplayBuffer) -> Outlet:
        """Return where the events of a look-up of this hub are written."""
        del lookup_id
        return buffer

    def finish(self, lookup_id: str, work: Lookup) -> None:
        """Close the session of a look-up whose result is told."""
        del lookup_id
        self._hub.close_session(work)

    def told(self, lookup_id: str, position: int) -> None:
        """Record that a result was told, as the event at this position."""

    def attend(self, lookup_id: str) -> None:
        """Count a look-up as read for a while, on all workers."""

    def find(self, lookup_id: str) -> HubLookup | None:
        """Return a look-up that the hub does not know; None if nobody does."""
        del lookup_id
        return None

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what it does in the background, which ends with the hub."""
        return []

    async def aclose(self) -> None:
        """Leave what is left to others. Called when all of its tasks have ended."""
