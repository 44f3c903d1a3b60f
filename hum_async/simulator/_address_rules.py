"""The rules for the address in a POST, and the key that equal addresses share."""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import attrs

# hum-api 2.2: the 50 states and PR; DC is not among them.
_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM "
    "NY NC ND OH OK OR PA PR RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES = frozenset(_STATES.split())
_MAX_LENGTHS = {"street1": 100, "street2": 50, "city": 50, "campaign_id": 100}
_MAX_DEGREES = {"latitude": 90.0, "longitude": 180.0}
_ZIP = re.compile(r"\d{5}(-\d{4})?", re.ASCII)
_VISIBLE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]")
_SYNC_AGENTS = frozenset({"geocode", "internet"})


class AddressRejected(Exception):
    """The address in a POST breaks a rule.

    Attributes:
        status: HTTP status of the answer, 400 or 422.
        message: Message of the answer; it names the field.
    """

    def __init__(self, message: str, *, status: int = HTTPStatus.UNPROCESSABLE_ENTITY) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@attrs.frozen(kw_only=True)
class PostedAddress:
    """The address of a session, as the client sent it."""

    street1: str
    street2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    campaign_id: str | None = None
    sync: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """The normalised address; spellings that differ in case or spaces share one key."""
        parts = (self.street1, self.street2, self.city, self.state, (self.zip or "")[:5])
        return "|".join(" ".join((part or "").upper().split()) for part in parts)

    @property
    def street_name(self) -> str:
        """The street without its house number, in lower case."""
        words = self.street1.casefold().rstrip(" .,").split()
        return " ".join(words[1:] if words and words[0][0].isdigit() else words)


def parse_address(body: Any) -> PostedAddress:
    """Validate the JSON of a POST by the newest edition's rules (hum-api 2.2).

    Args:
        body: Parsed JSON of any type. Unknown fields are ignored.

    Raises:
        AddressRejected: With 400 if there is no usable `street1`, with 422 for any other fault.
    """
    if not isinstance(body, dict):
        raise AddressRejected(
            "The request body must be a JSON object.", status=HTTPStatus.BAD_REQUEST
        )
    if body.get("street1") in (None, ""):
        raise AddressRejected("Missing required field: street1.", status=HTTPStatus.BAD_REQUEST)
    for name, max_length in _MAX_LENGTHS.items():
        _check_text(body, name, max_length=max_length)
    for name, limit in _MAX_DEGREES.items():
        _check_degrees(body, name, limit=limit)
    _check_state(body)
    _check_zip(body)
    _check_sync(body)
    _check_combination(body)
    names = [field.name for field in attrs.fields(PostedAddress)]
    fields = {name: body[name] for name in names if name in body}
    if "sync" in fields:
        fields["sync"] = tuple(fields["sync"])
    return PostedAddress(**fields)


def _check_text(body: Mapping[str, Any], name: str, *, max_length: int) -> None:
    if name not in body:
        return
    text = body[name]
    is_text = isinstance(text, str) and 1 <= len(text) <= max_length
    # A label is the caller's own affair; a blank part of an address is none.
    if not is_text or not (name == "campaign_id" or _VISIBLE.search(text)):
        raise AddressRejected(f"Invalid {name}: expected text of 1 to {max_length} characters.")


def _check_degrees(body: Mapping[str, Any], name: str, *, limit: float) -> None:
    if name not in body:
        return
    value = body[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or abs(value) > limit:
        raise AddressRejected(f"Invalid {name}: expected a number from -{limit:g} to {limit:g}.")


def _check_state(body: Mapping[str, Any]) -> None:
    if "state" in body and not (isinstance(body["state"], str) and body["state"] in STATES):
        raise AddressRejected("Invalid state: expected a two-letter code of the 50 states or PR.")


def _check_zip(body: Mapping[str, Any]) -> None:
    if "zip" in body and not (isinstance(body["zip"], str) and _ZIP.fullmatch(body["zip"])):
        raise AddressRejected("Invalid zip: expected text like 12345 or 12345-6789.")


def _check_sync(body: Mapping[str, Any]) -> None:
    sync = body.get("sync", [])
    if not isinstance(sync, list) or not all(
        isinstance(a, str) and a in _SYNC_AGENTS for a in sync
    ):
        raise AddressRejected('Invalid sync: expected a list of "geocode" and "internet".')


def _check_combination(body: Mapping[str, Any]) -> None:
    if "zip" not in body and not ("city" in body and "state" in body):
        raise AddressRejected(
            "Invalid address: besides street1 send zip, or city and state, or city and zip."
        )
