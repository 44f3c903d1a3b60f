"""Reads a session from parsed JSON by hand: every poll that shows something new comes by here.

It accepts what `schema` describes, in a quarter of the time that cattrs takes for it. What it
raises says nothing: whoever gets it lets cattrs find the fault and its path. Providers and
addresses with fields are rare, and left to cattrs.
"""

from datetime import UTC, datetime
from typing import Any, cast

from hum_async._api.providers import provider
from hum_async._api.schema import (
    DataJson,
    EnvelopeJson,
    MetaJson,
    ProviderJson,
    decode,
    padded_zip,
)
from hum_async._api.structuring import known_fields, moment, text
from hum_async._values import unsealed
from hum_async.models import AgentStatus, Provider, ServiceAddress, Session

_ENVELOPE, _META, _DATA = map(known_fields, (EnvelopeJson, MetaJson, DataJson))

# The enum's own look-up takes five times as long.
_STATUSES = {status.value: status for status in AgentStatus}
_TEXT = frozenset({str})
_TEXT_OR_NONE = frozenset({str, type(None)})
_NOWHERE = ServiceAddress()

_NewSession, _NewServiceAddress = unsealed(Session), unsealed(ServiceAddress)


class UnexpectedError(Exception):
    """A value is not what the schema says; never seen outside."""


def read_session(
    answer: Any, *, token: str, processing: bool, providers: bool
) -> tuple[Session, bool]:
    """Return the session of an answer to GET, and whether it is text alone, without a number.

    Args:
        answer: The JSON.
        token: The session's token.
        processing: The status was 202.
        providers: Whether the session gets the providers; they are checked in any case.
    """
    get = _object(answer).get
    meta = _object_or_empty(get("meta"))
    data = _object_or_empty(get("data"))
    found = _providers(data.get("internet"))
    _moment(get("timestamp"))
    return _session(
        answer, meta, data, token=token, processing=processing, found=found, providers=providers
    )


def read_created(answer: Any) -> Session:
    """Return the session of an answer to POST, of either generation (hum-api 2.2)."""
    get = _object(answer).get
    meta = _object_or_empty(get("meta"))
    token = meta.get("session_token")
    # Present in every generation; `data.session_token` is not (hum-api 2.2).
    if type(token) is not str or not token:
        raise UnexpectedError
    _moment(get("timestamp"))
    data = get("data")
    if type(data) is list:
        found = _providers(data)
        data = {}
    else:
        data = {**_object_or_empty(data)}
        data.pop("session_token", None)
        found = _providers(data.get("internet"))
    session, _ = _session(
        answer, meta, data, token=token, processing=False, found=found, providers=True
    )
    return session


def _session(  # noqa: PLR0913  the parts of one answer
    answer: dict[str, Any],
    meta: dict[str, Any],
    data: dict[str, Any],
    *,
    token: str,
    processing: bool,
    found: tuple[Provider, ...] | None,
    providers: bool,
) -> tuple[Session, bool]:
    of_meta, of_answer = meta.get, answer.get
    session_status = of_meta("session_status")
    request_status, message = of_answer("request_status"), of_answer("message")
    # A call for each would take longer than all the rest of these lines.
    texts = (of_meta("session_token"), session_status, request_status, message)
    if not _TEXT_OR_NONE.issuperset(map(type, texts)):
        raise UnexpectedError
    extra: dict[str, Any] = {}
    if not (answer.keys() <= _ENVELOPE and data.keys() <= _DATA and meta.keys() <= _META):
        extra = _unknown(answer, _ENVELOPE) | _unknown(data, _DATA) | _unknown(meta, _META)
    params = _object_or_empty(of_meta("session_params"))
    version = of_meta("hum_data_set")
    place, other = of_meta("service_address"), data.get("service_address")
    text_alone = (
        not extra
        and found is None
        and type(version) is not int
        and type(place) is not dict
        and type(other) is not dict
        and _TEXT.issuperset(map(type, params.values()))
    )
    session = _NewSession()
    session.token = token
    session.processing = processing
    session.agents = _agents(of_meta("agent_status"))
    session.service_address = _address(place, other)
    session.providers = found if providers else None
    session.session_status = session_status
    session.request_status = request_status
    session.message = message
    session.data_set = None if version is None else text(version)
    session.params = _params(params)
    session.created_at = _moment(of_meta("created_at"))
    session.updated_at = _moment(of_meta("updated_at"))
    session.responded_at = _moment(of_meta("responded_at"))
    session.extra = extra
    session.request_id = None
    session.__class__ = Session
    return session, text_alone


def _object(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise UnexpectedError
    return value


def _object_or_empty(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if type(value) is not dict:
        raise UnexpectedError
    return value


def _moment(value: Any) -> datetime | None:
    if type(value) is str:
        # As it mostly is; a call of `moment` would take as long again.
        found = datetime.fromisoformat(value)
        if found.tzinfo is UTC:
            return found
    return None if value is None else moment(value)


def _agents(value: Any) -> dict[str, AgentStatus]:
    agents = {}
    for name, status in _object_or_empty(value).items():
        if type(status) is str:
            if status:
                # A value that hum-api does not list is kept (hum-api 3.2).
                agents[name] = _STATUSES.get(status) or AgentStatus(status)
        elif status is not None:
            raise UnexpectedError
    return agents


def _params(params: dict[str, Any]) -> dict[str, Any]:
    code = params.get("zip")
    if type(code) is not str and type(code) is not int:
        return params
    padded = padded_zip(code)
    return params if padded == code else {**params, "zip": padded}


def _address(of_meta: Any, of_data: Any) -> ServiceAddress | None:
    """Return the address from ``meta`` or ``data``, preferably one with coordinates."""
    first = _place(of_meta)
    # Most answers name it twice.
    other = None if of_data == of_meta else _place(of_data)
    if other is None or (first is not None and first.latitude is not None):
        return first
    return other if first is None or other.latitude is not None else first


def _place(value: Any) -> ServiceAddress | None:
    """Return an address that says anything, or None."""
    if value is None or value == "":
        return None
    if type(value) is str:
        address = _NewServiceAddress()
        address.normalized, address.extra = value, {}
        address.street = address.city = address.state = address.zip = None
        address.latitude = address.longitude = address.street_range = None
        address.__class__ = ServiceAddress
        return cast("ServiceAddress", address)
    place: ServiceAddress = decode(value, ServiceAddress)
    return None if place.normalized == "" or place == _NOWHERE else place


def _providers(value: Any) -> tuple[Provider, ...] | None:
    if value is None:
        return None
    return tuple(provider(raw) for raw in decode(value, list[ProviderJson]))


def _unknown(value: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in known}
