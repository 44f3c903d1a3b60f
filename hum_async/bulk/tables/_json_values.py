"""Reads the values of a JSON file one by one, so that a large file needs little memory."""

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

import attrs

from hum_async.errors import InputError

_PIECE = 1 << 16
_LONGEST = 1 << 20
"""Characters of a first line that is tried as a JSON text of its own."""
_BETWEEN = re.compile(r"[\s,\0\x1a\ufeff\x1e]*")
_OPENED = re.compile(r"\[\s*(?=[\[{\]])")
_FEATURES = re.compile(r'"features"\s*:\s*\[')


@attrs.frozen
class Line:
    """A value of a JSON file.

    Attributes:
        value: The value.
        number: Number of the line on which it ends, from 1.
        first: Whether it is the first value of the file.
    """

    value: Any
    number: int
    first: bool


def json_lines(stream: TextIO, name: str) -> Iterator[Line]:
    """Yield the values of a file: one on each line, or those of a list or of GeoJSON.

    Raises:
        InputError: The file is not JSON. The message does not quote it.
    """
    start = ""
    while not start.strip("\ufeff \t\r\n") and (line := stream.readline(_LONGEST)):
        start = line
    stream.seek(0)
    try:
        first = json.loads(start.strip("\ufeff \t\r\n").removesuffix(","))
    except (ValueError, RecursionError):
        # A text over several lines, or no JSON at all.
        yield from _Values(stream, name).read()
        return
    lines_follow = isinstance(first, dict) and first.get("type") != "FeatureCollection"
    if lines_follow or (isinstance(first, list) and first and _is_flat(first)):
        yield from _by_line(stream, name)
    else:
        yield from _Values(stream, name).read()


def _is_flat(value: list[Any]) -> bool:
    return not any(isinstance(inner, list | dict) for inner in value)


def _by_line(stream: TextIO, name: str) -> Iterator[Line]:
    first = True
    # Other line ends than \n may be part of a JSON text.
    stream.reconfigure(newline="\n")  # type: ignore[attr-defined]  # a TextIOWrapper
    for number, line in enumerate(stream, 1):
        if text := line.strip("\ufeff\0\x1a\x1e \t\r\n"):
            value = _loaded(text.removesuffix(","), name, number)
            yield Line(value, number, first)
            first = False


class _RepeatedName(Exception):
    """An object gives two values to one name."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; refuse one that names a value twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        for name, value in pairs:
            if found[name] != value:
                raise _RepeatedName(name)
    return found


def _repeated(exc: _RepeatedName, name: str, number: int) -> InputError:
    return InputError(
        f"line {number} of {name} gives the name {exc.args[0]!r} two values in one object; only "
        "one would be read: give each a name of its own"
    )


def _loaded(text: str, name: str, number: int) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except _RepeatedName as exc:
        raise _repeated(exc, name, number) from None
    except (ValueError, RecursionError):
        # Not chained: the error would quote the line.
        raise InputError(f"line {number} of {name} is not JSON") from None
    check_characters(text, value, name, number)
    return value


def check_characters(text: str, value: Any, name: str, number: int) -> None:
    """Refuse halves of characters: an escape can stand for one, which no output can hold.

    Raises:
        InputError: There are some.
    """
    if "\\u" not in text:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError(
            f"line {number} of {name} holds halves of characters (\\ud800 ...)"
        ) from None


class _Values:
    """Reads values that may stretch over lines, out of the list that holds them."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def read(self) -> Iterator[Line]:
        self._more()
        self._open()
        first = True
        while self._skip():
            if self._text[self._at] == "]":
                # What follows the list, such as further members of GeoJSON, is no row.
                return
            yield Line(self._value(), self._line, first)
            first = False

    def _open(self) -> None:
        """Enter the list of all values, if there is one."""
        self._skip()
        start = _OPENED.match(self._text, self._at)
        if start is None and '"FeatureCollection"' in self._text:
            start = _FEATURES.search(self._text, self._at)
        if start is not None:
            self._pass(start.end())

    def _skip(self) -> bool:
        """Go to the next value; return whether there is one."""
        while True:
            between = _BETWEEN.match(self._text, self._at)
            self._pass(between.end() if between else self._at)
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _value(self) -> Any:
        decoder = json.JSONDecoder(object_pairs_hook=_object)
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
            except _RepeatedName as exc:
                raise _repeated(exc, self._name, self._line) from None
            except (ValueError, RecursionError):
                # Twice as much each time: a value may be long, and is decoded from its start.
                if not self._more(len(self._text)):
                    line = self._line + self._text.count("\n", self._at)
                    raise InputError(
                        f"line {line} of {self._name} is not JSON, or the text ends too early"
                    ) from None
                continue
            if end == len(self._text) and self._more():
                # A number may go on.
                continue
            text = self._text[self._at : end]
            self._pass(end)
            check_characters(text, value, self._name, self._line)
            return value

    def _pass(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _more(self, least: int = 0) -> bool:
        """Read on; return whether there was more."""
        piece = "" if self._ended else self._stream.read(max(_PIECE, least))
        self._ended = not piece
        self._text = self._text[self._at :] + piece
        self._at = 0
        return bool(piece)
