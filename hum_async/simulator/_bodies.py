"""The JSON body of every answer (hum-api 2 and 3)."""

from datetime import datetime
from typing import Any

from hum_async.simulator._clock import timestamp
from hum_async.simulator._fates import Magic
from hum_async.simulator._geocode import normalise_address, write_service_address
from hum_async.simulator._providers import write_providers
from hum_async.simulator._session_store import Progress, SimulatedSession, progress_at

JsonObject = dict[str, Any]

_ECHOED_FIELDS = (
    "street1",
    "street2",
    "city",
    "state",
    "zip",
    "latitude",
    "longitude",
    "campaign_id",
)
# Maps from names to statuses or prices: a client reads any key there as an agent or a price, so an
# unknown field in one of them would be wrong data.
_CLOSED_MAPS = frozenset({"agent_status", "pricing"})


def error_body(message: str) -> JsonObject:
    """Return the body of an error, in the common envelope (hum-api 4)."""
    return {"message": message, "request_status": "error", "data": {}}


def ping_body(*, now: float, epoch: datetime) -> JsonObject:
    """Return the body of the health check (hum-api 2.1)."""
    return {
        "message": "🎤 We're humming along!",
        "request_status": "ok",
        "data": {},
        "timestamp": timestamp(epoch, at=now),
    }


def created_body(session: SimulatedSession, *, now: float, epoch: datetime) -> JsonObject:
    """Return the body of a 201 of the polling generations (hum-api 2.2)."""
    data = {"session_token": session.token}
    meta = _full_meta(session, progress_at(session, now=now), now=now, epoch=epoch)
    return _envelope(session, "Session created successfully.", data=data, meta=meta)


def created_with_providers_body(
    session: SimulatedSession, *, now: float, epoch: datetime
) -> JsonObject:
    """Return the body of a 201 of the immediate generations: providers and a meta of four keys."""
    providers = _providers(session)
    return _envelope(
        session,
        "Session created successfully.",
        data=providers,
        meta=_short_meta(session, now=now, epoch=epoch),
        status="ok" if providers else session.dialect.nothing_found,
    )


def session_body(
    session: SimulatedSession, progress: Progress, *, now: float, epoch: datetime
) -> JsonObject:
    """Return the body of GET /sessions/{token}, for 200 and 202 (hum-api 2.3)."""
    data: JsonObject = {}
    if progress.geocoded:
        data["service_address"] = write_service_address(session.address, dialect=session.dialect)
    elif not progress.processing or session.dialect.waiting_data == "null":
        data["service_address"] = None
    message = "Session is still processing." if progress.processing else "Session is active."
    meta = _full_meta(session, progress, now=now, epoch=epoch)
    return _envelope(session, message, data=data, meta=meta)


def internet_body(
    session: SimulatedSession, progress: Progress, *, now: float, epoch: datetime
) -> JsonObject:
    """Return the body of GET /sessions/{token}/services/internet (hum-api 2.4)."""
    if session.dialect.full_meta:
        meta = _full_meta(session, progress, now=now, epoch=epoch)
    else:
        meta = _short_meta(session, now=now, epoch=epoch)
    if progress.processing:
        data: JsonObject = {} if session.dialect.waiting_data == "empty" else {"internet": None}
        return _envelope(session, "Still processing.", data=data, meta=meta)
    providers = _providers(session)
    line = normalise_address(session.address, dialect=session.dialect).upper()
    return _envelope(
        session,
        f"Service coverage for {line}" if progress.geocoded else "The address was not matched.",
        data={"internet": providers},
        meta=meta,
        status="ok" if providers else session.dialect.nothing_found,
    )


def closed_body(session: SimulatedSession, *, now: float, epoch: datetime) -> JsonObject:
    """Return the body of DELETE, whose meta still says "open" (hum-api 2.5)."""
    meta = _full_meta(session, progress_at(session, now=now), now=now, epoch=epoch)
    return _envelope(session, "Session closed successfully", data={}, meta=meta)


def _envelope(
    session: SimulatedSession, message: str, *, data: Any, meta: JsonObject, status: str = "ok"
) -> JsonObject:
    body = {"message": message, "request_status": status, "data": data, "meta": meta}
    if session.fate.magic is Magic.NEW_AGENT:
        _add_unknown_fields(body)
    return body


def _short_meta(session: SimulatedSession, *, now: float, epoch: datetime) -> JsonObject:
    return {
        "session_token": session.token,
        "session_status": "open",
        "responded_at": timestamp(epoch, at=now),
        "hum_data_set": session.dialect.data_set,
    }


def _full_meta(
    session: SimulatedSession, progress: Progress, *, now: float, epoch: datetime
) -> JsonObject:
    address = None
    if progress.geocoded:
        address = write_service_address(session.address, dialect=session.dialect)
    return {
        **_short_meta(session, now=now, epoch=epoch),
        "agent_status": progress.agents,
        "session_params": _session_params(session),
        "service_address": address,
        "created_at": timestamp(epoch, at=session.created_at),
        "updated_at": timestamp(epoch, at=progress.updated_at),
    }


def _session_params(session: SimulatedSession) -> JsonObject:
    """Return the echo of the request; an integer ZIP loses its leading zeros (hum-api 3.2)."""
    address, dialect = session.address, session.dialect
    params = {name: getattr(address, name) for name in _ECHOED_FIELDS}
    if not dialect.absent_as_null:
        params = {name: value for name, value in params.items() if value is not None}
    if dialect.zip_echo == "integer" and address.zip is not None and address.zip.isdecimal():
        params["zip"] = int(address.zip)
    if address.sync is not None:
        params["sync"] = list(address.sync)
    return params


def _providers(session: SimulatedSession) -> list[JsonObject]:
    return write_providers(
        session.fate.providers,
        dialect=session.dialect,
        token=session.token,
        price_moves=session.fate.price_moves,
    )


def _add_unknown_fields(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _add_unknown_fields(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in _CLOSED_MAPS:
                _add_unknown_fields(item)
        value["added_later"] = {"since": "2031-01-01"}
