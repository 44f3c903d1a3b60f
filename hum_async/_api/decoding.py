"""Decodes the JSON of answers to models, and encodes addresses.

Decoding is strict about types and open about everything else: unknown fields go to ``extra``,
unknown enum values are kept, and a field that may be missing may also be null.
"""

import contextlib
from typing import Any, NoReturn

import attrs
import orjson

from hum_async._api import schema
from hum_async._api.reading import find_token, load, load_leniently, parse, refuse_large
from hum_async._api.schema import DataJson, EnvelopeJson, ProviderJson, decode
from hum_async._api.session_reading import read_created, read_session
from hum_async.errors import ResponseError
from hum_async.models import Address, Ping, Session


class ForeignAnswer(ResponseError):
    """An answer is that of another session: what comes on its connection cannot be trusted."""

    def __init__(self) -> None:
        super().__init__("is the token of another session", "$.meta.session_token")


def prepare() -> None:
    """Build what the first answer needs."""
    schema.prepare()


def _token_in(part: Any) -> Any:
    return part.get("session_token") if isinstance(part, dict) else None


def _check_whose(answer: Any, token: str) -> None:
    if isinstance(answer, dict):
        named = _token_in(answer.get("meta")) or _token_in(answer.get("data"))
        if isinstance(named, str) and named and named != token:
            raise ForeignAnswer


def check_token(body: bytes, *, token: str) -> None:
    """Check that an answer, which may have any other form, names no other session (hum-api 3.2).

    Raises:
        ForeignAnswer: It does.
    """
    _check_whose(load_leniently(body), token)


def _explain(answer: Any, text: bytes, *, created: bool = False) -> NoReturn:
    """Raise the error of an answer that could not be read, with the path of its first fault.

    Args:
        answer: The JSON.
        text: The bytes that it was read from.
        created: It is an answer to POST, whose ``data`` may be a list.
    """
    refuse_large(answer, text)
    envelope: EnvelopeJson = decode(answer, EnvelopeJson)
    if created and isinstance(envelope.data, list):
        decode(envelope.data, list[ProviderJson], "$.data")
    elif envelope.data is not None:
        decode(envelope.data, DataJson, "$.data")
    raise ResponseError("is not what the API describes", "$")


def decode_created(body: bytes) -> Session:
    """Decode the answer to POST /sessions, of either generation.

    The session is paid for. If its token can be read, the rest of an answer that cannot be decoded
    is left out, and polls will tell.

    Raises:
        ResponseError: The answer has no token. A session may exist all the same.
    """
    try:
        return _created(body)
    except ResponseError as exc:
        fault = exc
    token = find_token(body)
    if token is None:
        raise fault
    return Session(token=token, processing=True)


def _created(body: bytes) -> Session:
    answer, text = parse(body)
    refuse_large(answer, text)
    with contextlib.suppress(Exception):
        return read_created(answer)
    meta = answer.get("meta") if isinstance(answer, dict) else None
    if isinstance(answer, dict) and (
        meta is None or (isinstance(meta, dict) and not _token_in(meta))
    ):
        raise ResponseError("is missing", "$.meta.session_token")
    _explain(answer, text, created=True)


def decode_session(body: bytes, *, token: str, processing: bool) -> Session:
    """Decode the answer to GET /sessions/{token}.

    Args:
        body: The body; it may be empty with a 202, because hum-api shows none.
        token: The token that was polled.
        processing: The status was 202.

    Raises:
        ForeignAnswer: The answer is that of another session.
        ResponseError: The answer cannot be decoded.
    """
    if processing and not body.strip():
        return Session(token=token, processing=True)
    return _polled(body, token=token, processing=processing, providers=False)


def decode_internet(body: bytes, *, token: str, processing: bool) -> Session:
    """Decode the answer to GET /sessions/{token}/services/internet.

    The session has providers with a 200, and None with a 202. Arguments and errors are those of
    `decode_session`.
    """
    if processing:
        return decode_session(body, token=token, processing=True)
    return _polled(body, token=token, processing=False, providers=True)


def _polled(body: bytes, *, token: str, processing: bool, providers: bool) -> Session:
    answer, text = parse(body)
    _check_whose(answer, token)
    found: tuple[Session, bool] | None = None
    # What is raised is raised outside of every `except`: its context would hold the answer.
    # And `contextlib.suppress` would take as long as reading the agents.
    try:  # noqa: SIM105
        found = read_session(answer, token=token, processing=processing, providers=providers)
    except Exception:  # noqa: BLE001, S110  whatever it is, it is explained below
        pass
    if found is None:
        _explain(answer, text)
    session, text_alone = found
    if not text_alone:
        refuse_large(answer, text)
    return session


def decode_ping(body: bytes) -> Ping:
    """Decode the answer to GET /ping."""
    envelope: EnvelopeJson = decode(load(body), EnvelopeJson)
    return Ping(envelope.message, envelope.request_status, envelope.timestamp)


def error_message(body: bytes) -> str:
    """Return the message of an error answer; '' if it has none.

    The error body is not documented (hum-api 4); likely it is the envelope with ``message``.
    """
    answer = load_leniently(body)
    if not isinstance(answer, dict):
        return ""
    found = (answer.get(name) for name in ("message", "error", "detail", "title"))
    return next((text for text in found if isinstance(text, str) and text), "")


def encode_address(address: Address, *, campaign_id: str | None = None) -> bytes:
    """Encode a checked address as the body of POST /sessions."""
    fields = attrs.asdict(address)
    # The API's list of states has no DC (hum-api 2.2).
    if fields["state"] == "DC":
        fields["state"] = None
    fields["campaign_id"] = campaign_id
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})
