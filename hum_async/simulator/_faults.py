"""What goes wrong: fault probabilities, the dice, and what a fault does to a body."""

from __future__ import annotations

import random
from typing import Any

import attrs

from hum_async.simulator._checks import require

Path = tuple[str | int, ...]

SERVER_ERRORS = (500, 502, 503, 504)
NOT_JSON = b"<!doctype html><html><body><h1>Welcome to nginx</h1></body></html>"

_CHANGING = frozenset({"POST", "DELETE"})
# Where a wrong type can go, and what stands there instead.
_WRONG: tuple[tuple[Path, Any], ...] = (
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


def _probability(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"Faults.{attribute.name}={value!r}: pass a probability from 0 to 1")


def _seconds(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    require(f"Faults.{attribute.name}", value)


@attrs.frozen(kw_only=True)
class Faults:
    """How often each fault strikes a request: probabilities from 0 to 1.

    They are tried in this order and at most one strikes. None strikes an answer 401, 403 or 429.

    Attributes:
        server_error: 500, 502, 503 or 504 in place of taking effect.
        reset_before: The connection is reset before the request takes effect.
        server_error_after: POST or DELETE takes effect, then answers 500, 502, 503 or 504.
        reset_after: The request takes effect, then the connection is reset.
        slow_body: Headers come at once, the body over `slow_seconds`.
        truncated: Half of the JSON as a complete HTTP answer.
        malformed: An HTML page with status 200; the request took effect.
        wrong_type: Valid JSON with one field of the wrong type.
        slow_seconds: Event-loop seconds a slow body takes, 0 or more.
    """

    server_error: float = attrs.field(default=0.0, validator=_probability)
    reset_before: float = attrs.field(default=0.0, validator=_probability)
    server_error_after: float = attrs.field(default=0.0, validator=_probability)
    reset_after: float = attrs.field(default=0.0, validator=_probability)
    slow_body: float = attrs.field(default=0.0, validator=_probability)
    truncated: float = attrs.field(default=0.0, validator=_probability)
    malformed: float = attrs.field(default=0.0, validator=_probability)
    wrong_type: float = attrs.field(default=0.0, validator=_probability)
    slow_seconds: float = attrs.field(default=2.0, validator=_seconds)


FAULT_NAMES = tuple(f.name for f in attrs.fields(Faults) if f.name != "slow_seconds")


class FaultDice:
    """Decides which fault strikes which request, by a seed.

    Args:
        seed: Seed of the dice.
    """

    def __init__(self, *, seed: int) -> None:
        self._rng = random.Random(f"{seed}/faults")  # noqa: S311 - reproducible on purpose

    def roll(self, faults: Faults, *, method: str) -> str | None:
        """Name the fault that strikes a request, if one does.

        Args:
            faults: The probabilities.
            method: HTTP method of the request.
        """
        for name in FAULT_NAMES:
            if name == "server_error_after" and method not in _CHANGING:
                continue
            probability = getattr(faults, name)
            if probability and self._rng.random() < probability:
                return name
        return None

    def server_error(self) -> int:
        """Pick the status of a server error."""
        return self._rng.choice(SERVER_ERRORS)

    def wrong_type(self, body: dict[str, Any]) -> dict[str, Any]:
        """Copy a body with one of its fields made the wrong type."""
        path, value = self._rng.choice([(p, v) for p, v in _WRONG if _has(body, p)])
        changed: dict[str, Any] = _replace(body, path, value=value)
        return changed


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
