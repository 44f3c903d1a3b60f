"""Injected faults: their probabilities, the choice for each request, and the damage to a body."""

import random
import string
from typing import Any

import attrs

from hum_async.simulator._checks import require

Path = tuple[str | int, ...]

SERVER_ERRORS = (500, 502, 503, 504)
NOT_JSON = b"<!doctype html><html><body><h1>Welcome to nginx</h1></body></html>"

# The faults that not every request can have.
_METHODS_OF = {"server_error_after": {"POST", "DELETE"}, "foreign_token": {"GET", "DELETE"}}
# The fields that can get a wrong type, each with the value that replaces it.
_WRONG_TYPES: tuple[tuple[Path, Any], ...] = (
    (("message",), 12345),
    (("request_status",), ["ok"]),
    (("data",), "none"),
    (("data", "service_address"), 12345),
    (("data", "internet"), "none"),
    (("data", "internet", 0, "provider_name"), 12345),
    (("data", 0, "offerings"), "Fiber"),
    (("meta",), "none"),
    (("meta", "session_token"), 12345),
    (("meta", "agent_status"), "matched"),
    (("meta", "session_params"), 12345),
    (("meta", "created_at"), {"seconds": 12345}),
    (("timestamp",), [12345]),
)


_TOKEN: Path = ("meta", "session_token")
_PRICE: Path = ("data", "internet", 0, "min_plan_price", "amount_cents")
_HUGE = 1e20
_LETTERS = string.ascii_letters + string.digits


def _check_probability(_: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"Faults.{attribute.name}={value!r}: pass a probability from 0 to 1")


def _check_seconds(_: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    require(f"Faults.{attribute.name}", value)


@attrs.frozen(kw_only=True)
class Faults:
    """The probability of each fault, from 0 to 1; 0 by default.

    The simulator tries the faults in this order and applies at most one to a request. It applies
    none to an answer of 401, 403 or 429.

    Attributes:
        server_error: The request has no effect and is answered 500, 502, 503 or 504.
        reset_before: The simulator resets the connection before the request takes effect.
        server_error_after: POST or DELETE takes effect, then is answered 500, 502, 503 or 504.
        reset_after: The request takes effect, then the simulator resets the connection.
        slow_body: The headers come at once, the body over `slow_seconds`.
        truncated: The body is the first half of the JSON, in a complete HTTP answer.
        malformed: The request takes effect; the answer is an HTML page with status 200.
        wrong_type: The body is valid JSON with one field of the wrong type.
        request_timeout: The request has no effect and is answered 408, as by a load balancer.
        foreign_token: GET or DELETE takes effect; the answer names the token of another session.
        huge_number: The request takes effect; one number of the answer fits in no 64-bit integer.
        slow_seconds: Duration of a slow body in event-loop seconds, 0 or more.

    Raises:
        ValueError: A value is out of range.
    """

    server_error: float = attrs.field(default=0.0, validator=_check_probability)
    reset_before: float = attrs.field(default=0.0, validator=_check_probability)
    server_error_after: float = attrs.field(default=0.0, validator=_check_probability)
    reset_after: float = attrs.field(default=0.0, validator=_check_probability)
    slow_body: float = attrs.field(default=0.0, validator=_check_probability)
    truncated: float = attrs.field(default=0.0, validator=_check_probability)
    malformed: float = attrs.field(default=0.0, validator=_check_probability)
    wrong_type: float = attrs.field(default=0.0, validator=_check_probability)
    request_timeout: float = attrs.field(default=0.0, validator=_check_probability)
    foreign_token: float = attrs.field(default=0.0, validator=_check_probability)
    huge_number: float = attrs.field(default=0.0, validator=_check_probability)
    slow_seconds: float = attrs.field(default=2.0, validator=_check_seconds)


FAULT_NAMES = tuple(field.name for field in attrs.fields(Faults) if field.name != "slow_seconds")


class FaultInjector:
    """Chooses the fault for each request; the seed decides the choices.

    Args:
        seed: Seed of the choices.
    """

    def __init__(self, *, seed: int) -> None:
        self._rng = random.Random(f"{seed}/faults")  # noqa: S311  reproducible on purpose

    def choose(self, faults: Faults, *, method: str) -> str | None:
        """Return the name of the fault to apply to a request, or None.

        Args:
            faults: The probabilities.
            method: HTTP method of the request.
        """
        for name in FAULT_NAMES:
            if method not in _METHODS_OF.get(name, {method}):
                continue
            probability = getattr(faults, name)
            if probability and self._rng.random() < probability:
                return name
        return None

    def choose_server_error(self) -> int:
        """Return the HTTP status of a server error."""
        return self._rng.choice(SERVER_ERRORS)

    def with_wrong_type(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of a body in which one field has the wrong type."""
        candidates = [(path, value) for path, value in _WRONG_TYPES if _has(body, path)]
        path, value = self._rng.choice(candidates)
        changed: dict[str, Any] = _replace(body, path, value=value)
        return changed

    def with_foreign_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of a body that names the token of another session (hum-api 3.2)."""
        if not _has(body, _TOKEN):
            return body
        token = "".join(self._rng.choices(_LETTERS, k=22))
        changed: dict[str, Any] = _replace(body, _TOKEN, value=token)
        return changed

    def with_huge_number(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of a body with a number of 20 digits in a field of it or a new one."""
        if _has(body, _PRICE):
            changed: dict[str, Any] = _replace(body, _PRICE, value=_HUGE)
            return changed
        return {**body, "sequence": _HUGE}


def _has(body: Any, path: Path) -> bool:
    for step in path:
        if isinstance(body, list):
            body = dict(enumerate(body))
        if not isinstance(body, dict) or step not in body:
            return False
        body = body[step]
    return True


def _replace(body: Any, path: Path, *, value: Any) -> Any:
    if not path:
        return value
    changed = body.copy()
    changed[path[0]] = _replace(body[path[0]], path[1:], value=value)
    return changed
