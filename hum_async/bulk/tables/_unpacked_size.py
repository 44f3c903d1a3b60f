"""Bounds what a compressed input may unpack to, so that a small file cannot fill disk or memory.

A table of addresses is 3 to 30 times as large as its compressed form. What is more than 200 times
as large and more than 64 MiB is no table; nothing is more than 16 GiB. Who knows better unpacks the
file and names what is in it, which has no bound.
"""

import zipfile
import zlib
from pathlib import Path
from typing import IO

import attrs

from hum_async.errors import InputError

_FREE = 64 << 20
"""Bytes that any file may unpack to."""
_RATIO = 200
_MOST = 16 << 30
_PIECE = 1 << 20


@attrs.define
class SizeBound:
    """Counts unpacked bytes.

    Attributes:
        name: Name of the input in messages.
        packed: Bytes of the compressed input.
        what: What to do instead.
    """

    name: str
    packed: int
    what: str = "unpack it yourself and name the file that is in it"
    _size: int = 0

    def add(self, size: int) -> None:
        """Count bytes.

        Raises:
            InputError: There are more than a table can have.
        """
        self._size += size
        most = min(max(_FREE, _RATIO * self.packed), _MOST)
        if self._size > most:
            raise InputError(
                f"{self.name} is {self.packed:,} bytes and unpacks to more than {most:,}, as no "
                f"table of addresses does; if it is one, {self.what}"
            )

    def copy(self, packed: IO[bytes], target: IO[bytes]) -> None:
        """Unpack a stream to a file.

        Raises:
            InputError: There is more than a table can have.
        """
        while piece := packed.read(_PIECE):
            self.add(len(piece))
            target.write(piece)


def check_book(path: Path, name: str) -> None:
    """Check that the parts of a workbook, which is a zip file, unpack to a size that it may have.

    What its directory says of the sizes is not believed.

    Raises:
        InputError: They are larger.
        OSError: The file cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return
    bound = SizeBound(name, path.stat().st_size, "save the sheet as CSV")
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as book:
            for part in book.infolist():
                if part.compress_type == zipfile.ZIP_DEFLATED:
                    _inflate(stream, part, bound)
    except (zipfile.BadZipFile, zlib.error):
        # Its reader tells what is wrong with it.
        return


def _inflate(stream: IO[bytes], part: zipfile.ZipInfo, bound: SizeBound) -> None:
    stream.seek(part.header_offset)
    header = stream.read(30)
    # Lengths of the name and of the extra field: section 4.3.7 of the ZIP format.
    stream.seek(sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28)), 1)
    inflater, left = zlib.decompressobj(-zlib.MAX_WBITS), part.compress_size
    while left > 0 and not inflater.eof:
        piece = stream.read(min(left, 1 << 16))
        if not piece:
            return
        left -= len(piece)
        while piece and not inflater.eof:
            bound.add(len(inflater.decompress(piece, _PIECE)))
            piece = inflater.unconsumed_tail
