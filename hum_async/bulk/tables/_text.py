"""The encodings of text files."""

import codecs
from pathlib import Path
from typing import TextIO

import attrs

from hum_async.errors import InputError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The longer marks are first: that of UTF-32 begins with that of UTF-16."""
_LENIENT = "hum-cp1252"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that are not UTF-8 as Windows-1252; a byte that neither has is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_LENIENT, _as_windows)


@attrs.frozen
class Encoding:
    """How the bytes of a file become text.

    Attributes:
        name: Name of the codec.
        errors: Name of the handler of bytes that it cannot decode.
    """

    name: str
    errors: str = "strict"

    @property
    def mixed(self) -> "Encoding | None":
        """The same for a file with lines of Windows-1252 in it; None if it cannot have any."""
        return Encoding(self.name, _LENIENT) if self.name in {"utf-8", "utf-8-sig"} else None

    def open(self, path: Path) -> TextIO:
        """Open a file; its line ends stay as they are."""
        return path.open(encoding=self.name, errors=self.errors, newline="")


def encoding_of(path: Path, named: str | None) -> Encoding:
    """Return the encoding of a file: by its mark, by its zeros, or else UTF-8.

    Args:
        path: The file.
        named: The encoding that the user named; it goes before what the file looks like.

    Raises:
        InputError: There is no encoding of that name.
    """
    with path.open("rb") as stream:
        start = stream.read(64)
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if named is None:
        return Encoding(marked or _by_zeros(start) or "utf-8")
    try:
        known = codecs.lookup(named).name
        "a".encode(named)  # raises LookupError for a codec that is no text encoding
    except LookupError as exc:
        raise InputError(f"there is no encoding {named!r}; try utf-8 or cp1252") from exc
    # The byte order mark must not become part of the first column's name.
    family = known.removesuffix("-le").removesuffix("-be")
    return Encoding(marked if marked and marked.removesuffix("-sig") == family else named)


def _by_zeros(start: bytes) -> str | None:
    """Return the UTF-16 encoding of text without a byte order mark: every second byte is zero."""
    for encoding, zeros, letters in (
        ("utf-16-le", start[1::2], start[::2]),
        ("utf-16-be", start[::2], start[1::2]),
    ):
        if len(zeros) > 1 and not any(zeros) and all(letters):
            return encoding
    return None


def is_binary(path: Path) -> bool:
    """Return whether a file that is not UTF-8 is no text at all: many of its bytes are zeros."""
    with path.open("rb") as stream:
        start = stream.read(1 << 12)
    return start.count(0) * 50 > len(start)


def bad_line(path: Path, encoding: Encoding) -> str:
    """Return the number of the first line that cannot be decoded, as text."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(encoding.name)
            except UnicodeError:
                # In UTF-16, the lines of the bytes are not the lines of the text.
                return "unknown" if encoding.name.startswith(("utf-16", "utf-32")) else str(number)
    return "unknown"


def mixed_note(path: Path, name: str, encoding: Encoding) -> str:
    """Return the advice about a file of which some lines are not UTF-8."""
    return (
        f"{name} is not UTF-8 throughout (line {bad_line(path, encoding)}); what is not was read "
        "as Windows-1252; if letters are wrong, name its --encoding"
    )
