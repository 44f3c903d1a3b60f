"""The look-ups that a hub remembers: by public id, by address, and for how long."""

import secrets
from collections import OrderedDict
from collections.abc import Collection

import attrs

from hum_async._lookups.lookup import Lookup
from hum_async.models import Outcome, Session
from hum_async.web._replay_buffer import Outlet, ReplayBuffer
from hum_async.web._worker_tag import is_of_living_worker, own_tag

_ANSWERS = {
    Outcome.SERVED,
    Outcome.NO_PROVIDERS,
    Outcome.AMBIGUOUS_ADDRESS,
    Outcome.ADDRESS_NOT_FOUND,
}
"""Outcomes that asking again would not change."""


@attrs.define(eq=False, repr=False)
class HubLookup:
    """One look-up of a hub.

    Attributes:
        id: What browsers call it.
        address_key: What spellings of its address have in common.
        began: When it was started.
        buffer: Its events, for those who read them.
        outlet: Where its events are written.
        work: The state of the look-up; None once its result is sent, and if another worker has it.
        last_sent: The session's state that the last event showed.
        outcome: Its result; None while it is running.
        counted: Whether it counts as running.
    """

    id: str
    address_key: str
    began: float
    buffer: ReplayBuffer
    outlet: Outlet
    work: Lookup | None = None
    last_sent: Session | None = None
    outcome: Outcome | None = None
    counted: bool = False


def new_worker_id() -> str:
    """Return an id that cannot be guessed: knowing it gives access to the look-up.

    What stands before its dot is the same for all ids of a worker.
    """
    return f"{own_tag()}.{secrets.token_urlsafe(16)}"


class Registry:
    """What a hub remembers.

    Args:
        reuse_for: Seconds from its beginning in which a look-up answers for the same address.
        keep_for: Seconds from its end in which a look-up can be read.
        max_ended: Ended look-ups that are kept at most; the oldest go first.
    """

    def __init__(self, *, reuse_for: float, keep_for: float, max_ended: int) -> None:
        self.running = 0
        self._reuse_for = reuse_for
        self._keep_for = keep_for
        self._max_ended = max_ended
        self._by_id: dict[str, HubLookup] = {}
        self._by_address: dict[str, HubLookup] = {}
        self._ended: OrderedDict[HubLookup, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    @staticmethod
    def is_elsewhere(lookup_id: str) -> bool:
        """Whether another worker, which lives, made an id."""
        return is_of_living_worker(lookup_id.partition(".")[0])

    def add(self, lookup: HubLookup) -> None:
        """Remember a look-up that begins here, and one of another worker when it comes here."""
        self.running += 1
        lookup.counted = True
        self._by_id[lookup.id] = self._by_address[lookup.address_key] = lookup

    def follow(self, lookup: HubLookup) -> None:
        """Remember a look-up that another worker has."""
        self._by_id[lookup.id] = lookup

    def give_up(self, lookup: HubLookup) -> None:
        """Record that another worker has a look-up from now on."""
        self.running -= lookup.counted
        lookup.counted, lookup.work = False, None

    def get(self, lookup_id: str) -> HubLookup | None:
        """Return a look-up by its public id."""
        return self._by_id.get(lookup_id)

    def all(self) -> Collection[HubLookup]:
        """Return all look-ups that are remembered."""
        return self._by_id.values()

    def reusable(self, address_key: str, now: float) -> HubLookup | None:
        """Return the look-up that answers for this address, if there is one."""
        lookup = self._by_address.get(address_key)
        if lookup is None or not self._reuse_for:
            return None
        if lookup.outcome is None:
            return lookup  # a second purchase would find nothing else, whatever its age
        fresh = now - lookup.began <= self._reuse_for
        return lookup if fresh and lookup.outcome in _ANSWERS else None

    def end(self, lookup: HubLookup, outcome: Outcome, now: float) -> None:
        """Record that a look-up has its result."""
        self.running -= lookup.counted
        lookup.counted, lookup.work, lookup.outcome = False, None, outcome
        self._ended[lookup] = now + self._keep_for
        while len(self._ended) > self._max_ended:
            self._forget(next(iter(self._ended)))

    def drop(self, lookup: HubLookup) -> None:
        """Forget a look-up that will have no result."""
        self.running -= lookup.counted
        self._forget(lookup)

    def forget_old(self, now: float) -> float | None:
        """Forget what has been kept long enough; return when to look again, if anything is left."""
        while self._ended:
            lookup, until = next(iter(self._ended.items()))
            if until > now:
                return until
            self._forget(lookup)
        return None

    def _forget(self, lookup: HubLookup) -> None:
        self._ended.pop(lookup, None)
        del self._by_id[lookup.id]
        if self._by_address.get(lookup.address_key) is lookup:
            del self._by_address[lookup.address_key]
