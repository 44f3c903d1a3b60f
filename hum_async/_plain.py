"""Values as JSON has them: dicts, lists, text, numbers, true, false and null."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

SECRETS = frozenset({"token", "security_token"})
"""Attributes that hold a secret."""


def plain(value: Any, *, without: frozenset[str] = frozenset()) -> Any:  # noqa: PLR0911  one case per type
    """Return a value as `json.dumps` takes it.

    Args:
        value: The value; one that JSON has no form for becomes text.
        without: Attributes that are left out.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        # JSON has neither NaN nor infinity.
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)  # of an enum, its value
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, BaseException):
        return _error(value, without)
    if isinstance(value, Mapping):
        return {str(name): plain(inner, without=without) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner, without=without) for inner in value]
    if attrs.has(type(value)):
        return {
            name: plain(getattr(value, name), without=without)
            for name in (field.name for field in attrs.fields(type(value)))
            if name not in without
        }
    return str(value)


def _error(error: BaseException, without: frozenset[str]) -> dict[str, Any]:
    known = {
        name: plain(value, without=without)
        for name, value in vars(error).items()
        if not name.startswith("_") and name not in without
    }
    return {"type": type(error).__name__, "message": str(error)} | known
