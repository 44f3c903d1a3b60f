"""Unpacks a compressed input to a temporary file, whatever its name."""

import atexit
import bz2
import contextlib
import gzip
import importlib
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any

from hum_async.bulk.tables._unpacked_size import SizeBound
from hum_async.errors import InputError

_DEPTH = 3
"""How often an input may be packed: a ``.csv.gz`` within a ``.zip``."""
_BOOKS = ("[Content_Types].xml", "mimetype", "xl/")
"""Members of a zip file that is a workbook."""
_SUFFIXES = {".gz", ".bz2", ".xz", ".lzma", ".zst", ".zip", ".tgz"}


def _zstd(path: Path) -> Any:
    try:
        return importlib.import_module("compression.zstd").open(path)
    except ImportError as exc:
        raise InputError(
            f"{path.name} is compressed with zstd, which this Python cannot read; run: unzstd FILE"
        ) from exc


_PACKERS: dict[bytes, tuple[str, Callable[[Path], Any]]] = {
    b"\x1f\x8b\x08": ("gzip", gzip.open),
    b"BZh": ("bzip2", bz2.open),
    b"\xfd7zXZ\x00": ("xz", lzma.open),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
}


def unpacked(path: Path, source: str, *, name: str) -> tuple[Path, str]:
    """Return the file to read instead of a compressed one, and the name that tells its format.

    Args:
        path: The file.
        source: Its name, as the user gave it.
        name: Its name in messages.

    Raises:
        InputError: The file is damaged, holds no file or several, or is larger unpacked than a
            table can be.
        OSError: The file cannot be read, or there is no place for its content.
    """
    packed = path.stat().st_size
    for _ in range(_DEPTH):
        bound = SizeBound(name, packed)
        with path.open("rb") as stream:
            start = stream.read(10)
        found = next((packer for mark, packer in _PACKERS.items() if start.startswith(mark)), None)
        # A text may begin with "BZh", but not go on like this.
        if found is not None and (start[:3] != b"BZh" or start[4:10] == b"1AY&SY"):
            path = _copied(bound, found[0], _open_packed(found[1], path))
            source = _without_suffix(source)
        elif (
            start.startswith((b"PK\x03\x04", b"PK\x05\x06"))
            and (member := _member(path, name)) is not None
        ):
            path = _copied(bound, "zip", _open_member(path, member))
            source = member
        else:
            break
    return path, source


def _without_suffix(source: str) -> str:
    path = PurePosixPath(source)
    return source.removesuffix(path.suffix) if path.suffix.casefold() in _SUFFIXES else source


def _open_packed(opener: Callable[[Path], Any], path: Path) -> Callable[[], Any]:
    return lambda: opener(path)


def _open_member(path: Path, member: str) -> Callable[[], Any]:
    return lambda: zipfile.ZipFile(path).open(member)


def _member(path: Path, name: str) -> str | None:
    """Return the only file of a zip file; None if it is a workbook or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return None
    if any(member.startswith(_BOOKS) for member in names):
        return None
    # macOS adds a file of its own for each file.
    files = [
        member
        for member in names
        if not member.endswith("/") and not member.startswith(("__MACOSX/", "."))
    ]
    if not files:
        raise InputError(f"{name} is an empty zip file")
    if len(files) != 1:
        shown = ", ".join(files[:5]) + (" ..." if len(files) > 5 else "")  # noqa: PLR2004
        raise InputError(f"{name} holds {len(files)} files ({shown}); unpack it and name one")
    return files[0]


def _copied(bound: SizeBound, kind: str, open_: Callable[[], IO[bytes]]) -> Path:
    with tempfile.NamedTemporaryFile(prefix="hum-", suffix=".input", delete=False) as copy:
        path = Path(copy.name)
        atexit.register(path.unlink, missing_ok=True)
        with _mapped(bound.name, kind), open_() as packed:
            bound.copy(packed, copy)
    return path


@contextlib.contextmanager
def _mapped(name: str, kind: str) -> Any:
    try:
        yield
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as exc:
        raise InputError(f"{name} is a damaged {kind} file: {exc}") from exc
    except RuntimeError as exc:
        # So zipfile tells that a password is needed.
        raise InputError(f"{name} cannot be unpacked: it needs a password") from exc
    except OSError as exc:
        if exc.errno is None:
            raise InputError(f"{name} is a damaged {kind} file: {exc}") from exc
        raise
