"""The two routes in OpenAPI (https://spec.openapis.org/oas/v3.1.0): what frameworks cannot see.

A framework reads bodies before it runs what a route depends on, such as who may ask. We read them
ourselves, at most `MAX_BODY` bytes, so each framework is told what they hold.
"""

from typing import Any, Final

import attrs

from hum_async.web._schemas import HubRefusal, LookupsElsewhere, LookupStarted, UnknownLookups
from hum_async.web.http import MAX_IDS, RETRIABLE, RETRY

START_SUMMARY: Final = "Start a look-up"
START_DESCRIPTION: Final = (
    "Starts to look up which providers serve an address, which may be billed, and answers at once "
    "with the id under which `GET /events` tells of it. The same address gets the same id while "
    "its look-up runs or is fresh. Where the server keeps a ledger of what it buys, an address "
    "whose purchase may or may not have taken effect stays `UNCERTAIN`, and is not bought again, "
    "until `retry` says so."
)
EVENTS_SUMMARY: Final = "Follow look-ups"
EVENTS_DESCRIPTION: Final = (
    "Server-Sent Events. Of each look-up first `snapshot`, then `change` whenever its state "
    "changes, `providers` if the search came to an end, and at last `done`; then the stream ends, "
    "and an `EventSource` must be closed. `farewell` comes once, when the server is stopped. The "
    "schema is that of the data of one event, which is JSON."
)


@attrs.frozen
class Answer:
    """One answer of a route.

    Attributes:
        schema: The dataclass that describes its JSON.
        description: What it means.
        retry: Whether it may say in Retry-After when to come back.
    """

    schema: type
    description: str
    retry: bool = False


STARTED: Final = Answer(LookupStarted, "The look-up has been started.")
STREAM: Final = "The events; the data of each are one of these."
NOTHING_LEFT: Final = "All events were received before; do not come back."

START_REFUSALS: Final = {
    400: Answer(HubRefusal, "The body is not a JSON object."),
    413: Answer(HubRefusal, "The body is too large."),
    415: Answer(HubRefusal, "The body is not sent as application/json."),
    422: Answer(HubRefusal, "This is no address that can be looked up."),
    429: Answer(HubRefusal, "As many look-ups as may run at a time are running.", retry=True),
    503: Answer(HubRefusal, "The server is being stopped.", retry=True),
}
EVENTS_REFUSALS: Final = {
    400: Answer(HubRefusal, "No look-up is named, or too many are."),
    404: Answer(UnknownLookups, "Some look-ups are unknown or forgotten."),
    421: Answer(LookupsElsewhere, "Another worker has some of the look-ups.", retry=True),
    503: Answer(HubRefusal, "Too many streams are open, or the server is stopped.", retry=True),
}

RETRY_AFTER: Final = "Retry-After"
RETRY_AFTER_DESCRIPTION: Final = "Seconds to wait."

IDS: Final = "ids"
IDS_DESCRIPTION: Final = f"Ids of at most {MAX_IDS} look-ups, with commas between them."
LAST_EVENT_ID: Final = "Last-Event-ID"
LAST_EVENT_ID_DESCRIPTION: Final = (
    "Id of the last event that was received of these look-ups; an `EventSource` sends it by itself "
    "when it comes back. Then only what it has missed is sent."
)


def _text(description: str, **limits: Any) -> dict[str, Any]:
    return {"type": ["string", "null"], "description": description, **limits}


_RETRY: Final[dict[str, Any]] = {
    "type": "array",
    "items": {"type": "string", "enum": [str(outcome) for outcome in RETRIABLE]},
    "description": (
        "Outcomes of earlier look-ups after which the address is looked up anew; after UNCERTAIN "
        "that may buy it a second time."
    ),
}

# The limits are those of hum-api 2.2.
LOOKUP_REQUEST: Final[dict[str, Any]] = {
    "title": "LookupRequest",
    "anyOf": [
        {
            "title": "AddressFields",
            "description": "An address by its parts: street1, and zip or city and state.",
            "type": "object",
            "properties": {
                "street1": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 100,
                    "description": "House number and street.",
                },
                "street2": _text("Unit, apartment or suite.", maxLength=50),
                "city": _text("City.", maxLength=50),
                "state": _text("Two letters."),
                "zip": _text("12345 or 12345-6789, as text."),
                "latitude": {"type": ["number", "null"], "minimum": -90, "maximum": 90},
                "longitude": {"type": ["number", "null"], "minimum": -180, "maximum": 180},
                RETRY: _RETRY,
            },
            "required": ["street1"],
            "additionalProperties": False,
        },
        {
            "title": "AddressLine",
            "description": "An address on one line: STREET, UNIT, CITY, STATE ZIP.",
            "type": "object",
            "properties": {"address": {"type": "string"}, RETRY: _RETRY},
            "required": ["address"],
            "additionalProperties": False,
        },
    ],
    "examples": [
        {"street1": "1420 Washington Blvd", "city": "Detroit", "state": "MI", "zip": "48226"},
        {"address": "1420 Washington Blvd, Detroit, MI 48226"},
        {"address": "1420 Washington Blvd, Detroit, MI 48226", RETRY: ["UNCERTAIN"]},
    ],
}
