"""The events that a `SessionHub` sends to its subscribers."""

from enum import StrEnum
from typing import Any

import attrs
import orjson

from hum_async._values import Value

__all__ = ["FAREWELL", "EventKind", "HubEvent"]


class EventKind(StrEnum):
    """The kinds of `HubEvent`.

    Of each look-up a subscriber gets SNAPSHOT, then CHANGE as often as there is one, PROVIDERS if
    the search came to an end, and at last DONE. FAREWELL comes once, of no look-up, when the
    application shuts down before all of them are done.
    """

    SNAPSHOT = "snapshot"
    CHANGE = "change"
    PROVIDERS = "providers"
    DONE = "done"
    FAREWELL = "farewell"


@attrs.frozen(eq=False, repr=False)
class HubEvent(Value):
    """One event, made once for all who get it.

    Attributes:
        kind: Its kind.
        lookup: Public id of its look-up; None for FAREWELL.
        id: What a client that reconnects sends as ``Last-Event-ID``; None for FAREWELL, and for the
            failure of a look-up that a shared ledger does not hold.
        payload: Its content, as JSON fit for a browser: no key, session token or
            ``security_token``.
        position: Place in the order of all events of the hub.
    """

    kind: EventKind
    lookup: str | None = attrs.field(default=None, repr=False)
    id: str | None = None
    payload: bytes = attrs.field(default=b"{}", repr=False)
    position: int = attrs.field(default=0, repr=False)

    @property
    def data(self) -> dict[str, Any]:
        """Its content; parsed from `payload` each time."""
        content: dict[str, Any] = orjson.loads(self.payload)
        return content


FAREWELL = HubEvent(
    EventKind.FAREWELL, payload=orjson.dumps({"message": "The server is restarting."})
)
"""Tells of a shutdown; to be received it must be written before the server cuts connections."""
