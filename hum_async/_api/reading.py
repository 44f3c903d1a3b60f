"""Reads the bytes of an answer as JSON, however they are wrapped, and finds a session token in it.

The API sends UTF-8 (RFC 8259 8.1). Proxies put byte order marks before it, pack it unasked, or
write it in another charset; none of that makes a paid answer unreadable.
"""

import re
import zlib
from typing import Any

import orjson

from hum_async._redact import HIDDEN
from hum_async.errors import ResponseError

_MAX = 4 * 1024 * 1024  # bytes of a packed body after decompression, as `transport.MAX_BODY`
_LONGEST_KEY = 30  # a longer key might be a token
_PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")  # gzip, zlib
_LAYERS = 3  # proxies pack again what is packed
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_LARGEST = 2**63

# Digits and the point as "0", what begins an exponent as "e": the signs of a number beyond 64 bits
# can then be sought as plain bytes, a dozen times as fast as with a pattern.
_DIGITS_AS_0 = bytes(
    ord("0") if chr(byte) in "0123456789." else ord("e") if chr(byte) in "eE" else ord(" ")
    for byte in range(256)
)
_LONG = b"0" * 18
_TOKEN = re.compile(r'"session_token"\s*:\s*"((?:[^"\\\x00-\x1f]|\\.){1,512})"')


def fits_64_bits(value: float) -> bool:
    """Return whether a number fits in a 64-bit integer, so that a column and a journal can keep it.

    A number with a fraction always does, because a float beyond 64 bits has none. The least integer
    is refused as a float: it is what orjson makes of smaller ones.
    """
    return -_LARGEST < value < _LARGEST or (value == -_LARGEST and isinstance(value, int))


def load(body: bytes) -> Any:
    """Return the JSON of a body.

    Raises:
        ResponseError: It is not JSON, or it holds a number beyond 64 bits.
    """
    plain, text = parse(body)
    refuse_large(plain, text)
    return plain


def parse(body: bytes) -> tuple[Any, bytes]:
    """Return the JSON of a body, and the body as UTF-8, unpacked and without a byte order mark.

    Raises:
        ResponseError: It is not JSON.
    """
    plain, fault = _parsed(body)
    if fault is None:
        return plain, body
    text = _unwrapped(body)
    plain, other = _parsed(text)
    if other is not None:
        # Not chained, and raised outside the `except`: orjson's error holds the whole body.
        raise ResponseError(f"not JSON (at byte {fault} of {len(body)})")
    return plain, text


def refuse_large(plain: Any, text: bytes) -> None:
    """Refuse numbers beyond 64 bits.

    Args:
        plain: The JSON.
        text: The bytes that it was read from.

    Raises:
        ResponseError: It holds one.
    """
    if _may_hold_large(text):
        _refuse_large(plain, "$")


def _may_hold_large(body: bytes) -> bool:
    """Whether a body may hold a number beyond 64 bits; most do not, and no such body is missed."""
    seen = body.translate(_DIGITS_AS_0)
    return _LONG in seen or b"0e" in seen


def load_leniently(body: bytes) -> Any:
    """Return the JSON of a body; None if it is none."""
    plain, fault = _parsed(body)
    return plain if fault is None else _parsed(_unwrapped(body))[0]


def find_token(body: bytes) -> str | None:
    """Return the session token of an answer to POST that cannot be decoded; None if it has none.

    hum-api 2.2 has it in ``meta``, and older generations in ``data`` as well.
    """
    answer = load_leniently(body)
    if isinstance(answer, dict):
        for part in (answer.get("meta"), answer.get("data"), answer):
            token = part.get("session_token") if isinstance(part, dict) else None
            if isinstance(token, str) and token:
                return token
    # Elsewhere, cut off, or inside of something else. Two would leave it open which one it is.
    found = set(_TOKEN.findall(_text_of(_unwrapped(body))))
    return _unescaped(found.pop()) if len(found) == 1 else None


def _unescaped(text: str) -> str | None:
    value, fault = _parsed(f'"{text}"'.encode())
    return value if fault is None else None


def _parsed(body: bytes) -> tuple[Any, int | None]:
    """Return the JSON, or the position of the first byte that is none."""
    try:
        return orjson.loads(body), None
    except orjson.JSONDecodeError as exc:
        return None, exc.pos


def _unwrapped(body: bytes) -> bytes:
    """Return a body as UTF-8, unpacked and without a byte order mark."""
    for _ in range(_LAYERS):
        if not body.startswith(_PACKED):
            break
        # This number of bits takes gzip and zlib alike.
        unpacker = zlib.decompressobj(32 + zlib.MAX_WBITS)
        try:
            body = unpacker.decompress(body, _MAX)
        except zlib.error:
            return body
    return _text_of(body).encode()


def _text_of(body: bytes) -> str:
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace").lstrip("\ufeff")
    try:
        return body.decode()
    except UnicodeDecodeError:
        # Every byte is a letter in this charset; no structure of JSON is beyond ASCII.
        return body.decode("cp1252", "replace")


def _refuse_large(value: Any, path: str) -> None:
    # Not recursive: JSON may be nested more deeply than Python calls.
    left = [(value, path)]
    while left:
        value, path = left.pop()
        if isinstance(value, dict):
            left += [(item, f"{path}.{_shown(name)}") for name, item in value.items()]
        elif isinstance(value, list):
            left += [(item, f"{path}[{at}]") for at, item in enumerate(value)]
        elif isinstance(value, int | float) and not fits_64_bits(value):
            raise ResponseError("is a number beyond 64 bits", path)


def _shown(name: str) -> str:
    return name if name.isidentifier() and len(name) <= _LONGEST_KEY else HIDDEN
