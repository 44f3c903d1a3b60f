"""Values as JSON has them: dicts, lists, text, numbers, true, false and null."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import attrs

T = TypeVar("T")

_HIDDEN = "***"  # as `_redact` writes it

SECRETS = frozenset({"token", "security_token"})
"""Attributes that hold a secret."""


_SHORTEST = 8
"""Characters of a secret; to look for less would hit ordinary text."""


def secrets_of(value: Any) -> frozenset[str]:
    """Return the secrets that a value and all values in it hold as such."""
    if isinstance(value, list | tuple):
        return frozenset().union(*map(secrets_of, value))
    if not attrs.has(type(value)):
        return frozenset()
    found: set[str] = set()
    for field in attrs.fields(type(value)):
        inner = getattr(value, field.name)
        if field.name not in SECRETS:
            found |= secrets_of(inner)
        elif isinstance(inner, str) and len(inner) >= _SHORTEST:
            found.add(inner)
    return frozenset(found)


def cleared(value: T, secrets: frozenset[str] | None = None) -> T:
    """Return a value for people to see: no text in it repeats a secret.

    The API may repeat one wherever it writes a text, such as in a provider's link. The attributes
    that hold a secret as such keep it.

    Args:
        value: A value of ours, a text, or a tuple or mapping of them.
        secrets: What is hidden; None for `secrets_of` it.
    """
    found: Any = secrets_of(value) if secrets is None else secrets
    return _cleared(value, found) if found else value


def _cleared(value: Any, secrets: frozenset[str]) -> Any:
    if type(value) is str:
        for secret in secrets:
            if secret in value:
                value = value.replace(secret, _HIDDEN)
        return value
    if type(value) in {tuple, list}:
        return type(value)(_cleared(inner, secrets) for inner in value)
    if isinstance(value, Mapping):
        return {_cleared(name, secrets): _cleared(each, secrets) for name, each in value.items()}
    if not attrs.has(type(value)):
        return value
    changed = {
        field.alias or field.name: new
        for field in attrs.fields(type(value))
        if field.init and field.name not in SECRETS
        if (new := _cleared(old := getattr(value, field.name), secrets)) is not old and new != old
    }
    return attrs.evolve(value, **changed) if changed else value


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
