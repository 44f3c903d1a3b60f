"""A `Qualification` as bytes for the journal, and back: everything but its key and its address.

The caller supplies key and address when it reads a result, so a journal holds no input address.
"""

import zlib
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import cache
from hashlib import blake2b
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

import orjson

from hum_async import errors
from hum_async.errors import HumError, JournalError, ResponseError
from hum_async.models import Address, AgentStatus, Outcome, Qualification

if TYPE_CHECKING:
    import cattrs

FormT = TypeVar("FormT")

_APART = ("key", "address")
_CHECKSUM = 16
_FIRST = "0.1.0"
"""The version whose results do not say by which they were looked up."""
_LEVEL = 1  # higher levels save 5 % of the space for three times the CPU time


def pack(result: Qualification, *, digest: bytes = b"") -> bytes:
    """Return a result as compressed JSON, and behind it a checksum that binds it to its address.

    Args:
        result: The result.
        digest: What identifies the address in the store.

    Raises:
        ResponseError: The result holds a value that has no stored form.
    """
    try:
        raw = _converter().unstructure(result, Qualification[Hashable])
        for name in _APART:
            raw.pop(name, None)
        # It is the default only as long as this version runs.
        raw["library_version"] = result.library_version
        packed = zlib.compress(orjson.dumps(raw), _LEVEL)
    except (TypeError, ValueError, RecursionError) as exc:
        reason = type(exc).__name__  # its message might quote the result
    else:
        return packed + _checksum(packed, digest)
    raise ResponseError(f"the result cannot be stored ({reason})")


def rebind(packed: bytes, *, old: bytes, new: bytes) -> bytes:
    """Return a packed result, bound to another digest of its address.

    Raises:
        JournalError: The bytes are damaged, or not those of that address.
    """
    blob = _opened(packed, old)[0]
    return blob + _checksum(blob, new)


def _checksum(packed: bytes, digest: bytes) -> bytes:
    return blake2b(packed, key=digest, digest_size=_CHECKSUM).digest()


def _opened(packed: bytes, digest: bytes) -> tuple[bytes, bytes]:
    """Return the compressed result without its checksum, and its JSON.

    A result of a version that wrote no checksum has nothing behind it.
    """
    blob = raw = b""
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(packed)
        blob, found = packed, unpacker.unused_data
        if found:
            blob = packed[: -len(found)]
        sound = unpacker.eof and found in {b"", _checksum(blob, digest)}
    except (zlib.error, TypeError, ValueError):
        sound = False
    if not sound:
        raise _unreadable("its checksum is wrong")
    return blob, raw


def _unreadable(why: str) -> JournalError:
    return JournalError(
        f"a result in the journal cannot be read ({why}); the file is damaged: "
        "restore it from a backup, or start over with --fresh"
    )


def unpack(packed: bytes, *, key: Hashable, address: Address, digest: bytes = b"") -> Qualification:
    """Return a packed result with the key and address of a row.

    Args:
        packed: Bytes that `pack` returned.
        key: Key of the row.
        address: Address of the row.
        digest: What identifies the address in the store.

    Raises:
        JournalError: The bytes are damaged, or those of another address.
    """
    return unpack_as(Qualification[Hashable], packed, key=key, address=address, digest=digest)


def unpack_as(
    form: type[FormT], packed: bytes, *, key: Hashable, address: Address, digest: bytes
) -> FormT:
    """Return a packed result in another form than `Qualification`.

    Args:
        form: A class of attrs, whose fields are fields of `Qualification` or a part of them.
        packed: Bytes that `pack` returned.
        key: Key of the row.
        address: Address of the row.
        digest: What identifies the address in the store.

    Raises:
        JournalError: The bytes are damaged, or those of another address.
    """
    _, content = _opened(packed, digest)
    try:
        raw = {"library_version": _FIRST} | orjson.loads(content)
        raw["key"], raw["address"] = key, address
        return _converter().structure(raw, form)
    except Exception as exc:  # noqa: BLE001  damaged bytes can raise anything
        kind = type(exc).__name__
    # Raised outside of the `except`: the context may quote the result.
    raise _unreadable(kind)


def receipt_of(packed: bytes, digest: bytes) -> bytes:
    """Return a packed result without anything that it says of its address or its providers.

    Raises:
        JournalError: The bytes are damaged, or those of another address.
    """
    nobody = Address("")
    known = unpack(packed, key=None, address=nobody, digest=digest)
    receipt = Qualification(
        key=None,
        address=nobody,
        outcome=known.outcome,
        token=known.token,
        requests=known.requests,
        elapsed=known.elapsed,
        data_set=known.data_set,
        observed_at=known.observed_at,
        library_version=known.library_version,
    )
    return pack(receipt, digest=digest)


def prepare() -> None:
    """Import cattrs and build what reads and writes results, so that the first need not wait."""
    _converter().get_structure_hook(Qualification[Hashable])


@cache
def _converter() -> "cattrs.Converter":
    import cattrs.preconf.orjson  # noqa: PLC0415  takes a fifth of our import time

    converter = cattrs.preconf.orjson.make_converter(omit_if_default=True)
    as_it_is: Any = lambda value, _: value  # noqa: E731  shared by several hooks
    # A key can be anything, and an address must stay out of the journal.
    converter.register_structure_hook_factory(_is_optional, lambda cls: _optional(cls, converter))
    converter.register_structure_hook_factory(_is_tuple, lambda cls: _tuple(cls, converter))
    converter.register_structure_hook(Address, as_it_is)
    converter.register_unstructure_hook(Address, lambda _: None)
    converter.register_structure_hook_func(lambda cls: cls is Hashable, as_it_is)
    converter.register_unstructure_hook_func(lambda cls: cls is Hashable, lambda _: None)
    converter.register_structure_hook_func(lambda cls: cls == Mapping[str, Any], as_it_is)
    converter.register_structure_hook(AgentStatus, lambda value, _: AgentStatus(value))
    converter.register_structure_hook(Outcome, lambda value, _: Outcome(value))
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_structure_hook(HumError, lambda value, _: _error_from_json(value))
    converter.register_unstructure_hook(HumError, _error_to_json)
    return converter


# cattrs looks for the hook of what is optional, or in a tuple, for each value; here it is looked
# for once for each type, which saves `unpack` a third of its time.


def _is_optional(cls: Any) -> bool:
    return get_origin(cls) in {Union, UnionType} and len(_but_none(cls)) == 1


def _but_none(cls: Any) -> list[Any]:
    return [each for each in get_args(cls) if each is not NoneType]


def _optional(cls: Any, converter: "cattrs.Converter") -> Callable[[Any, Any], Any]:
    (inner,) = _but_none(cls)
    hook = converter.get_structure_hook(inner)
    return lambda value, _: None if value is None else hook(value, inner)


def _is_tuple(cls: Any) -> bool:
    return get_origin(cls) is tuple and get_args(cls)[1:] == (...,)


def _tuple(cls: Any, converter: "cattrs.Converter") -> Callable[[Any, Any], Any]:
    inner, _ = get_args(cls)
    hook = converter.get_structure_hook(inner)
    return lambda values, _: tuple([hook(value, inner) for value in values])


def _error_to_json(error: HumError) -> dict[str, Any]:
    # Not pickled: a journal from another machine must not be able to run code.
    # A class that is not public is stored as the public one that it is derived from.
    name = next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in errors.__all__)
    return {"type": name, "args": list(error.args), "state": dict(error.__dict__)}


def _error_from_json(raw: dict[str, Any]) -> HumError:
    cls = getattr(errors, raw["type"], HumError) if raw["type"] in errors.__all__ else HumError
    error: HumError = cls.__new__(cls, *raw["args"])
    error.args = tuple(raw["args"])
    error.__dict__.update(raw["state"])
    return error
