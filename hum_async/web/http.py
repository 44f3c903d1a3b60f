"""What a request asks for and how a refusal is answered, whatever the framework."""

import re
from collections.abc import AsyncIterable, Collection, Mapping
from typing import Any, Final, cast

import attrs
import orjson

from hum_async._addresses.characters import clean
from hum_async._addresses.line import parse_line
from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.errors import AddressError, BadRequest, HubError, LookupElsewhere, LookupNotFound
from hum_async.models import Address, Outcome

__all__ = [
    "MAX_BODY",
    "LookupRequest",
    "Refusal",
    "address_from_json",
    "lookup_from_json",
    "read_body",
    "read_ids",
    "refusal",
]

MAX_BODY: Final = 8 * 1024
"""Bytes; the longest address that the API takes has a few hundred."""

MAX_IDS: Final = 200
"""Look-ups on one stream."""

RETRY: Final = "retry"
"""The field of a body that names outcomes."""

RETRIABLE: Final = tuple(outcome for outcome in Outcome if outcome in FAILED_OUTCOMES)
"""What a browser may have looked up anew; an answer is given again for as long as the server says
that it is fresh."""

_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_FIELDS = tuple(field.name for field in attrs.fields(Address))


@attrs.frozen
class LookupRequest:
    """The look-up that a request asks for.

    Attributes:
        address: The address.
        retry: Outcomes of earlier look-ups after which it is looked up anew, as of
            `SessionHub.lookup`.
    """

    address: Address
    retry: frozenset[Outcome] = frozenset()


async def read_body(chunks: AsyncIterable[bytes]) -> bytes:
    """Return a request's body.

    Raises:
        BadRequest: It is longer than an address can be.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY:
            raise BadRequest(f"the body is larger than {MAX_BODY} bytes", status=413)
    return bytes(body)


def lookup_from_json(body: bytes, content_type: str | None) -> LookupRequest:
    """Return the look-up that a request asks for.

    Args:
        body: JSON as of `address_from_json`, and beside the address perhaps ``"retry":
            ["UNCERTAIN"]``: outcomes without an answer.
        content_type: Must be JSON.

    Raises:
        BadRequest: It is no such JSON.
        AddressError: No address can be read from its line.
    """
    found = _object(body, content_type)
    retry = _outcomes(found.pop(RETRY, []))
    return LookupRequest(_address(found), retry)


def address_from_json(body: bytes, content_type: str | None) -> Address:
    """Return the address that a request asks for.

    Args:
        body: JSON: an object with the fields of `Address`, or ``{"address": "STREET, CITY, STATE
            ZIP"}``.
        content_type: Must be JSON, which a page of another site cannot send without being asked
            first (https://fetch.spec.whatwg.org/#cors-preflight-fetch), so none can spend for us.

    Raises:
        BadRequest: It is no such JSON.
        AddressError: No address can be read from its line.
    """
    return _address(_object(body, content_type))


def _object(body: bytes, content_type: str | None) -> dict[str, Any]:
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("send the address as application/json", status=415)
    if len(body) > MAX_BODY:
        raise BadRequest(f"the body is larger than {MAX_BODY} bytes", status=413)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not JSON", status=400) from None
    if not isinstance(found, dict):
        raise BadRequest("the body must be a JSON object with an address", status=400)
    return cast("dict[str, Any]", found)


def _outcomes(found: Any) -> frozenset[Outcome]:
    named = cast("Collection[Outcome]", found)
    if not isinstance(found, list) or not all(one in RETRIABLE for one in named):
        raise BadRequest(f"retry must be a list of some of {', '.join(RETRIABLE)}", status=422)
    return frozenset(map(Outcome, named))


def _address(found: dict[str, Any]) -> Address:
    if found.keys() == {"address"}:
        line = found["address"]
        if not isinstance(line, str):
            raise BadRequest("address must be text on one line", status=422)
        return parse_line(line)
    if not found.keys() <= set(_FIELDS):
        raise BadRequest(f"the fields of an address are {', '.join(_FIELDS)}", status=422)
    # A line is cleaned where it is read.
    fields: dict[str, Any] = {
        name: clean(part) if isinstance(part, str) else part
        for name, part in {"street1": "", **found}.items()
    }
    return Address(**fields)


def read_ids(text: str) -> tuple[str, ...]:
    """Return the look-ups that a query such as ``ids=a,b`` names, each once.

    Raises:
        BadRequest: It names none, or too many.
        LookupNotFound: Some of them cannot be ids.
    """
    ids = tuple(dict.fromkeys(part for part in (part.strip() for part in text.split(",")) if part))
    if not ids:
        raise BadRequest("name at least one look-up: ?ids=a,b", status=400)
    if len(ids) > MAX_IDS:
        raise BadRequest(f"name at most {MAX_IDS} look-ups on one stream", status=400)
    if wrong := tuple(one for one in ids if not _ID.fullmatch(one)):
        raise LookupNotFound(wrong)
    return ids


@attrs.frozen
class Refusal:
    """How a refused request is answered: JSON ``{"error": "..."}``.

    Attributes:
        status: HTTP status.
        body: The JSON.
        headers: Its headers; Retry-After if the same may succeed later.
    """

    status: int
    body: bytes
    headers: Mapping[str, str]


def refusal(error: HubError | AddressError, *, http_version: str = "1.1") -> Refusal:
    """Return the answer for an error of a hub, or of an address.

    Args:
        error: The error.
        http_version: The request's, as ASGI writes it.
    """
    answer: dict[str, Any] = {"error": str(error)}
    if isinstance(error, LookupNotFound):
        # What is not shaped like an id is not repeated.
        answer["unknown"] = [one for one in error.ids if _ID.fullmatch(one)]
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if isinstance(error, LookupElsewhere):
        answer["elsewhere"] = list(error.ids)
        if http_version.startswith("1"):
            # A connection stays with its worker; HTTP/2 forbids the header (RFC 9113 8.2.2).
            headers["Connection"] = "close"
    if isinstance(error, AddressError):
        return Refusal(422, orjson.dumps(answer), headers)
    if error.retry_after is not None:
        headers["Retry-After"] = str(round(error.retry_after))
    return Refusal(error.status, orjson.dumps(answer), headers)
