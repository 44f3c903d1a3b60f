"""Structures JSON into attrs classes with cattrs, strictly, and locates errors by JSON path.

Plain cattrs would turn null into 'None' and "false" into True. A field named ``extra`` collects
unknown fields. cattrs is imported before the first answer and not with the package, because it and
its converters take as long to load as all of hum_async.
"""

import contextlib
import functools
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs

from hum_async._api.reading import fits_64_bits
from hum_async._redact import HIDDEN
from hum_async.errors import ResponseError

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")
_LONGEST_KEY = 17  # a longer key might be a token
Hook = Callable[[Any, Any], Any]


def _json_type(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _refuse(value: Any, wanted: str) -> TypeError:
    return TypeError(f"expected {wanted}, got {_json_type(value)}")


def _exactly(kind: type[T], name: str) -> Callable[[Any, Any], T]:
    def structure(value: Any, _: Any) -> T:
        if type(value) is not kind:
            raise _refuse(value, name)
        return value

    return structure


def _integer(value: Any, _: Any) -> int:
    if type(value) in {int, float} and not fits_64_bits(value):
        raise ValueError("is a number beyond 64 bits")
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise _refuse(value, "an integer")
    return value


def number(value: Any, _: Any = None) -> float:
    """Structure a finite number; refuse booleans and text."""
    if type(value) not in {int, float} or not math.isfinite(value):
        raise _refuse(value, "a number")
    return cast("float", value)


def text(value: Any, _: Any = None) -> str:
    """Structure an identifier or label, which some answers send as an integer."""
    if type(value) is int:
        return str(value)
    if type(value) is not str:
        raise _refuse(value, "a string")
    return value


def moment(value: Any, _: Any = None) -> datetime:
    """Structure a time; one without an offset is taken for UTC."""
    if type(value) is not str:
        raise _refuse(value, "a time")
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("expected an ISO 8601 time") from None
    if found.tzinfo is UTC:  # as it mostly is, and a conversion would take as long as the reading
        return found
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def known_fields(cls: Any) -> frozenset[str]:
    """Return the names of an attrs class's fields that JSON has; unknown ones go to ``extra``."""
    return frozenset(field.name for field in attrs.fields(cls)) - {"extra"}


def keep_unknown(cls: type[T], converter: "cattrs.Converter", **hooks: Hook) -> Hook:
    """Return the hook of an attrs class; unknown fields go to its ``extra``, if it has one.

    Args:
        cls: The class.
        converter: Structures the fields.
        hooks: Hooks of single fields, by name.
    """
    from cattrs.gen import make_dict_structure_fn, override  # noqa: PLC0415  see the module

    overrides: dict[str, Any] = {name: override(struct_hook=hook) for name, hook in hooks.items()}
    known = known_fields(cls)
    keeps = hasattr(attrs.fields(cast("Any", cls)), "extra")
    if keeps:
        overrides["extra"] = override(omit=True)
    inner = make_dict_structure_fn(
        cls, converter, _cattrs_detailed_validation=converter.detailed_validation, **overrides
    )

    def structure(value: Any, kind: Any) -> Any:
        if type(value) is not dict:
            raise _refuse(value, "an object")
        result = inner(value, kind)
        if keeps and not (value.keys() <= known):
            unknown = {name: item for name, item in value.items() if name not in known}
            return attrs.evolve(cast("Any", result), extra=unknown)
        return result

    return structure


def _only(kind: type, name: str, factory: Callable[..., Any]) -> Callable[..., Hook]:
    """Return a factory of container hooks that accept values of type `kind` alone."""

    def make(cls: Any, converter: "cattrs.Converter") -> Hook:
        inner = factory(cls, converter)

        def structure(value: Any, target: Any) -> Any:
            if type(value) is not kind:
                raise _refuse(value, name)
            return inner(value, target)

        return structure

    return make


class Decoder:
    """Structures JSON values into attrs classes.

    Args:
        register: Adds the hooks of the caller's types to a converter.
    """

    def __init__(self, register: Callable[["cattrs.Converter"], None]) -> None:
        self._register = register

    def decode(self, value: Any, cls: Any, path: str = "$") -> Any:
        """Return the value as an instance of `cls`.

        Args:
            value: Parsed JSON.
            cls: An attrs class, or a list of one.
            path: JSON path of the value.

        Raises:
            ResponseError: The value does not fit; the error names the JSON path of the first fault.
        """
        # What is raised is raised outside of every `except`: its context would hold the answer.
        with contextlib.suppress(Exception):
            return self._quick.structure(value, cls)
        # The slower second pass locates the fault.
        try:
            return self._detailed.structure(value, cls)
        except Exception as exc:  # noqa: BLE001  cattrs lets every exception of a hook through
            where, reason = _locate(exc)
        raise ResponseError(reason, path + where)

    @functools.cached_property
    def _quick(self) -> "cattrs.Converter":
        return self._make(detailed=False)

    @functools.cached_property
    def _detailed(self) -> "cattrs.Converter":
        return self._make(detailed=True)

    def _make(self, *, detailed: bool) -> "cattrs.Converter":
        import cattrs  # noqa: PLC0415  see the module
        from cattrs import cols  # noqa: PLC0415

        converter = cattrs.Converter(detailed_validation=detailed)
        primitives: dict[Any, Hook] = {
            str: _exactly(str, "a string"),
            bool: _exactly(bool, "a boolean"),
            int: _integer,
            float: number,
            datetime: moment,
        }
        for kind, hook in primitives.items():
            converter.register_structure_hook(kind, hook)
        factory = converter.register_structure_hook_factory
        factory(attrs.has, keep_unknown)
        factory(cols.is_sequence, _only(list, "an array", cols.list_structure_factory))
        factory(cols.is_mapping, _only(dict, "an object", cols.mapping_structure_factory))
        self._register(converter)
        return converter


def _locate(error: BaseException) -> tuple[str, str]:
    """Return the JSON path and the reason of the first leaf in cattrs' tree of errors."""
    import cattrs  # noqa: PLC0415  see the module

    path = ""
    while isinstance(error, cattrs.ClassValidationError | cattrs.IterableValidationError):
        noted, others = error.group_exceptions()
        if not noted:
            error = others[0]
            continue
        error, note = noted[0]
        if isinstance(note, cattrs.AttributeValidationNote):
            path += f".{note.name}"
        elif isinstance(note.index, int):
            path += f"[{note.index}]"
        else:
            # A key of a mapping comes from the server and may hold a secret.
            key = str(note.index)
            path += f".{key}" if key.isidentifier() and len(key) <= _LONGEST_KEY else f".{HIDDEN}"
    if isinstance(error, KeyError):
        return path, "is missing"
    return path, str(error)
