"""Writes events: gives each its place in the hub's order, and JSON without secrets."""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from hum_async._polling.session_poll import changes_between
from hum_async.models import (
    AgentStatus,
    Outcome,
    Provider,
    Qualification,
    ServiceAddress,
    Session,
)
from hum_async.web._public_json import (
    explanation,
    public_change,
    public_provider,
    public_state,
    scrub,
)
from hum_async.web._replay_buffer import Outlet, PlacedEvent, ReplayBuffer
from hum_async.web.events import EventKind, HubEvent

if TYPE_CHECKING:
    from hum_async._purchases.event_log import Logged

_FAILURE = {
    "outcome": Outcome.FAILED,
    "message": explanation(Outcome.FAILED),
    "elapsed": None,
}
_EVENT_ID = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})", re.ASCII)


class EventWriter:
    """Writes the events of one hub.

    Args:
        key: The API key, which no event may hold.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        # Ids of another process, or of this one before its restart, mean nothing here, unless
        # `go_on` makes them the same.
        self._epoch = secrets.token_hex(4)
        self._position = 0

    def go_on(self, epoch: str, position: int) -> None:
        """Go on with the ids of an earlier process.

        Args:
            epoch: What its ids have in common, 8 hexadecimal digits.
            position: A position beyond all of its events.
        """
        self._epoch, self._position = epoch, position

    def restored(self, lookup: str, result: Qualification, told: int) -> ReplayBuffer:
        """Return the replay buffer of a look-up whose result an earlier process told.

        Args:
            lookup: Its id.
            result: The result.
            told: Position of its last event.
        """
        snapshot = self._write(EventKind.SNAPSHOT, lookup, public_state(None), told - 2)
        buffer = ReplayBuffer(snapshot)
        self._write_result(buffer, lookup, result, told)
        return buffer

    def first_payload(self, lookup: str) -> bytes:
        """Return the content of the first event of a look-up."""
        return self._payload(lookup, public_state(None))

    def logged(self, entry: "Logged") -> PlacedEvent:
        """Return an event that some worker has logged."""
        kind, position = EventKind(entry.kind), entry.position
        event = self._placed(kind, entry.id, entry.payload, position)
        if kind is EventKind.SNAPSHOT:
            return event, event
        if kind is not EventKind.CHANGE:
            return event, None
        state = orjson.loads(entry.payload)
        del state["changes"]
        return event, self._placed(EventKind.SNAPSHOT, entry.id, orjson.dumps(state), position)

    def shown(self, buffer: ReplayBuffer) -> Session | None:
        """Return where a look-up stands by what was shown of it, perhaps by another worker.

        None if nothing is known of that.
        """
        if buffer.snapshot is None:
            return None
        shown = buffer.snapshot.data
        agents = {agent: AgentStatus(status) for agent, status in shown["agents"].items()}
        address = shown["service_address"] and ServiceAddress(**shown["service_address"])
        return Session("", agents=agents, service_address=address)

    def failure(self, lookup: str, position: int) -> HubEvent:
        """Return the end of a look-up that no log holds, so that it has no id.

        Args:
            lookup: The look-up.
            position: Position of the last event of the log.
        """
        payload = self._payload(lookup, _FAILURE)
        end = self._placed(EventKind.DONE, lookup, payload, position + 1)
        return attrs.evolve(end, id=None)

    def begin(self, lookup: str) -> ReplayBuffer:
        """Return the replay buffer of a look-up that begins."""
        return ReplayBuffer(
            self._write(EventKind.SNAPSHOT, lookup, public_state(None), self._next())
        )

    def write_state(
        self, outlet: Outlet, lookup: str, before: Session | None, after: Session
    ) -> Session:
        """Write where a look-up stands, if that is new; return the state that was written."""
        if before is not None and not after.agents:
            # Some answers name no agents, which does not undo what earlier ones said of them.
            after = attrs.evolve(
                after,
                agents=before.agents,
                service_address=after.service_address or before.service_address,
            )
        changes = changes_between(before, after)
        state = public_state(after)
        if not changes and state["service_address"] == public_state(before)["service_address"]:
            return after
        shown = {**state, "changes": [public_change(change) for change in changes]}
        position, hidden = self._next(), (after.token,)
        outlet.add(
            self._write(EventKind.CHANGE, lookup, shown, position, hidden),
            snapshot=self._write(EventKind.SNAPSHOT, lookup, state, position, hidden),
        )
        return after

    def write_result(self, outlet: Outlet, lookup: str, result: Qualification) -> int:
        """Write the providers, if the search came to an end, and that the look-up is done.

        Returns:
            Position of the last event.
        """
        # One place more than it needs, for the snapshot that `restored` writes before these: two
        # events at one place, and a browser that comes back would miss one of them.
        last = self._position = self._position + 3
        self._write_result(outlet, lookup, result, last)
        return last

    def _write_result(self, outlet: Outlet, lookup: str, result: Qualification, last: int) -> None:
        hidden = (result.token, *(provider.security_token for provider in result.providers))
        if result.outcome in {Outcome.SERVED, Outcome.NO_PROVIDERS}:
            found = _providers(result.providers)
            outlet.add(self._write(EventKind.PROVIDERS, lookup, found, last - 1, hidden))
        done = {
            "outcome": result.outcome,
            "message": explanation(result.outcome),
            "elapsed": round(result.elapsed, 3),
        }
        outlet.add(self._write(EventKind.DONE, lookup, done, last, hidden))

    def write_failure(self, outlet: Outlet, lookup: str) -> None:
        """Write that a look-up failed."""
        outlet.add(self._write(EventKind.DONE, lookup, _FAILURE, self._next()))

    def _next(self) -> int:
        self._position += 1
        return self._position

    def _write(
        self,
        kind: EventKind,
        lookup: str,
        data: Mapping[str, Any],
        position: int,
        hidden: Iterable[str | None] = (),
    ) -> HubEvent:
        return self._placed(kind, lookup, self._payload(lookup, data, hidden), position)

    def _payload(
        self, lookup: str, data: Mapping[str, Any], hidden: Iterable[str | None] = ()
    ) -> bytes:
        """Return content without these secrets, even if the API has repeated them somewhere."""
        return scrub(orjson.dumps({"lookup": lookup, **data}), (self._key, *hidden))

    def _placed(self, kind: EventKind, lookup: str, payload: bytes, position: int) -> HubEvent:
        return HubEvent(
            kind=kind,
            lookup=lookup,
            id=f"{self._epoch}-{position}",
            payload=payload,
            position=position,
        )

    def position_of(self, event_id: str | None) -> int:
        """Return the place of an event by its id; -1 for an id that this hub never gave."""
        found = _EVENT_ID.fullmatch(event_id or "")
        if found is None or found[1] != self._epoch:
            return -1
        position = int(found[2])
        return position if position <= self._position else -1


def _providers(providers: Iterable[Provider]) -> dict[str, Any]:
    return {"providers": [public_provider(provider) for provider in providers]}
