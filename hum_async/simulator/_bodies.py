"""What an answer says: the JSON of every answer (hum-api 2 and 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hum_async.simulator._clock import timestamp
from hum_async.simulator._fates import Magic
from hum_async.simulator._geocode import normalise, write_service_address
from hum_async.simulator._providers import write_providers
from hum_async.simulator._session_store import Progress, SimulatedSession, progress_at

if TYPE_CHECKING:
    from datetime import datetime

JsonObject = dict[str, Any]

_ECHOED = ("street1", "street2", "city", "state", "zip", "latitude", "longitude", "campaign_id")
# Maps of names to statuses or sums, where a stray field would not be an addition but a lie.
_CLOSED_MAPS = frozenset({"agent_status", "pricing"})


def error_body(message: str) -> JsonObject:
    """Write an error in the common envelope."""
    return {"message": message, "request_status": "error", "data": {}}


def ping_body(*, now: float, epoch: datetime) -> JsonObject:
    """Write the answer of the health check (hum-api 2.1)."""
    return {
        "message": "🎤 We're humming along!",
        "request_status": "ok",
        "data": {},
        "timestamp": timestamp(epoch, at=now),
    }


def created_body(session: SimulatedSession, *, now: float, epoch: datetime) -> JsonObject:
    """Write the 201 of the polling generations (hum-api 2.2)."""
    data = {"session_token": session.token}
    meta = _full_meta(session, progress_at(session, now=now), now=now, epoch=epoch)
    return _envelope(session, "SimulatedSession created successfully.", data=data, meta=meta)


def created_with_providers_body(
    session: SimulatedSession, *, now: float, epoch: datetime
) -> JsonObject:
    """Write the 201 of the immediate generations: providers and a meta of four keys."""
    providers = _providers(session)
    return _envelope(
        session,
        "SimulatedSession created successfully.",
        data=providers,
        meta=_short_meta(session, now=now, epoch=epoch),
        status="ok" if providers else session.variant.nothing_found,
    )


def session_body(
    session: SimulatedSession, progress: Progress, *, now: float, epoch: datetime
) -> JsonObject:
    """Write the answer of GET /sessions/{token}, 200 and 202 alike (hum-api 2.3)."""
    data: JsonObject = {}
    if progress.geocoded:
        data["service_address"] = write_service_address(session.address, variant=session.variant)
    elif not progress.processing or session.variant.waiting_data == "null":
        data["service_address"] = None
    message = (
        "SimulatedSession is still processing."
        if progress.processing
        else "SimulatedSession is active."
    )
    meta = _full_meta(session, progress, now=now, epoch=epoch)
    return _envelope(session, message, data=data, meta=meta)


def internet_body(
    session: SimulatedSession, progress: Progress, *, now: float, epoch: datetime
) -> JsonObject:
    """Write the answer of GET /sessions/{token}/services/internet (hum-api 2.4)."""
    if session.variant.full_meta:
        meta = _full_meta(session, progress, now=now, epoch=epoch)
    else:
        meta = _short_meta(session, now=now, epoch=epoch)
    if progress.processing:
        data: JsonObject = {} if session.variant.waiting_data == "empty" else {"internet": None}
        return _envelope(session, "Still processing.", data=data, meta=meta)
    providers = _providers(session)
    place = normalise(session.address, variant=session.variant).upper()
    return _envelope(
        session,
        f"Service coverage for {place}" if progress.geocoded else "The address was not matched.",
        data={"internet": providers},
        meta=meta,
        status="ok" if providers else session.variant.nothing_found,
    )


def closed_body(session: SimulatedSession, *, now: float, epoch: datetime) -> JsonObject:
    """Write the answer of DELETE, whose meta still says "open" (hum-api 2.5)."""
    meta = _full_meta(session, progress_at(session, now=now), now=now, epoch=epoch)
    return _envelope(session, "SimulatedSession closed successfully", data={}, meta=meta)


def _envelope(
    session: SimulatedSession, message: str, *, data: Any, meta: JsonObject, status: str = "ok"
) -> JsonObject:
    body = {"message": message, "request_status": status, "data": data, "meta": meta}
    if session.outcome.magic is Magic.NEW_AGENT:
        _add_unknown_fields(body)
    return body


def _short_meta(session: SimulatedSession, *, now: float, epoch: datetime) -> JsonObject:
    return {
        "session_token": session.token,
        "session_status": "open",
        "responded_at": timestamp(epoch, at=now),
        "hum_data_set": session.variant.data_set,
    }


def _full_meta(
    session: SimulatedSession, progress: Progress, *, now: float, epoch: datetime
) -> JsonObject:
    address = None
    if progress.geocoded:
        address = write_service_address(session.address, variant=session.variant)
    return {
        **_short_meta(session, now=now, epoch=epoch),
        "agent_status": progress.agents,
        "session_params": _params(session),
        "service_address": address,
        "created_at": timestamp(epoch, at=session.created),
        "updated_at": timestamp(epoch, at=progress.updated),
    }


def _params(session: SimulatedSession) -> JsonObject:
    """Echo the request; an integer ZIP loses its zeros, as the samples' do (hum-api 3.2)."""
    address, variant = session.address, session.variant
    params = {name: getattr(address, name) for name in _ECHOED}
    if not variant.absent_as_null:
        params = {name: value for name, value in params.items() if value is not None}
    if variant.zip_echo == "integer" and address.zip is not None and address.zip.isdecimal():
        params["zip"] = int(address.zip)
    if address.sync is not None:
        params["sync"] = list(address.sync)
    return params


def _providers(session: SimulatedSession) -> list[JsonObject]:
    positions = session.outcome.providers
    return write_providers(positions, variant=session.variant, token=session.token)


def _add_unknown_fields(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _add_unknown_fields(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in _CLOSED_MAPS:
                _add_unknown_fields(item)
        value["added_later"] = {"since": "2031-01-01"}
