"""Writes the types of what a browser sends and gets as TypeScript: docs/events.d.ts."""

import dataclasses
import enum
import inspect
import types
import typing
from typing import Any

from hum_async.web._openapi import LOOKUP_REQUEST
from hum_async.web._schemas import (
    EVENT_SCHEMAS,
    HubRefusal,
    LookupsElsewhere,
    LookupStarted,
    UnknownLookups,
)

HEAD = """\
// What a browser sends to the two routes of a hub, and gets from them. Made from the types that the
// server is tested against, by HUM_UPDATE_GOLDEN=1 python -m pytest tests/web/test_typescript.py

"""
_NAMES = {str: "string", int: "number", float: "number", type(None): "null"}
_JSON_NAMES = {"string": "string", "number": "number", "null": "null"}


def document() -> str:
    """Return the whole file."""
    written: dict[str, str] = {}
    for schema in (*EVENT_SCHEMAS.values(), HubRefusal, UnknownLookups, LookupsElsewhere):
        _write(schema, written)
    _write(LookupStarted, written)
    events = "".join(f"  {kind}: {schema.__name__};\n" for kind, schema in EVENT_SCHEMAS.items())
    about = "/** The data of each event by its name; it is JSON. */\n"
    parts = [f"{about}export interface HubEvents {{\n{events}}}\n", *written.values(), *_request()]
    return HEAD + "\n".join(parts)


def _write(schema: type, written: dict[str, str]) -> None:
    """Write a type and those that it needs."""
    if schema.__name__ in written:
        return
    written[schema.__name__] = ""
    if issubclass(schema, enum.Enum):
        text = "".join(f'\n  | "{member.value}"' for member in schema)
        written[schema.__name__] = f"export type {schema.__name__} ={text};\n"
        return
    hints = typing.get_type_hints(schema)
    lines = [f"  {field.name}: {_name(hints[field.name], written)};\n" for field in _fields(schema)]
    about = [line for line in (inspect.getdoc(schema) or "").splitlines() if line]
    comment = "/**\n" + "".join(f" * {line}\n" for line in about) + " */"
    if len(about) == 1:
        comment = f"/** {about[0]} */"
    text = f"{comment}\nexport interface {schema.__name__} {{\n{''.join(lines)}}}\n"
    written[schema.__name__] = text


def _fields(schema: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(schema)


def _name(hint: Any, written: dict[str, str]) -> str:
    """Return what TypeScript calls a type."""
    if hint in _NAMES:
        return _NAMES[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return " | ".join(_name(one, written) for one in arguments)
    if origin is list:
        return f"{_name(arguments[0], written)}[]"
    if origin is dict:
        return f"Record<string, {_name(arguments[1], written)}>"
    _write(hint, written)
    name: str = hint.__name__
    return name


def _request() -> list[str]:
    """Return the types of a body, which are written down as JSON schema."""
    parts = []
    for schema in LOOKUP_REQUEST["anyOf"]:
        lines = []
        for name, field in schema["properties"].items():
            mark = "" if name in schema["required"] else "?"
            kind = _json_name(field)
            comment = f"  /** {field['description']} */\n" if "description" in field else ""
            lines.append(f"{comment}  {name}{mark}: {kind};\n")
        comment = f"/** {schema['description']} */"
        parts.append(f"{comment}\nexport interface {schema['title']} {{\n{''.join(lines)}}}\n")
    either = " | ".join(schema["title"] for schema in LOOKUP_REQUEST["anyOf"])
    return [*parts, f"/** The body of POST /lookups. */\nexport type LookupRequest = {either};\n"]


def _json_name(field: dict[str, Any]) -> str:
    """Return what TypeScript calls the type of a field of a JSON schema."""
    if field["type"] == "array":
        return "({})[]".format(" | ".join(f'"{one}"' for one in field["items"]["enum"]))
    kinds = [field["type"]] if isinstance(field["type"], str) else field["type"]
    return " | ".join(_JSON_NAMES[one] for one in kinds)
