"""Reads from an .xlsx file what the reader of its values does not tell.

These are errors such as #REF!, formulas without a stored value, and rows that are not shown.
"""

import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO

import attrs

from hum_async._unusable import UnusableText

_PIECE = 1 << 20
_NEEDED = re.compile(rb"""\bt=["']e["']|<(?:\w+:)?f[ />]|\bhidden=["'](?:1|true)""")
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")
_UNSTORED = "is a formula whose value the file does not hold; open it in a spreadsheet and save it"


@attrs.frozen
class SheetFacts:
    """What the reader of a sheet's values does not tell.

    Attributes:
        texts: The texts of cells without a value: errors, and formulas as `UnusableText`; by row
            and by column, from 0.
        hidden: Numbers of the rows that are not shown, from 0.
    """

    texts: Mapping[int, Mapping[int, str]] = attrs.field(factory=dict)
    hidden: frozenset[int] = frozenset()


def facts_of(path: Path, sheet: str) -> SheetFacts:
    """Return the facts of a sheet; none for a file of another format or shape.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part_of(archive, sheet)
            if part is None:
                return SheetFacts()
            with archive.open(part) as stream:
                needed = _is_needed(stream)
            if not needed:
                return SheetFacts()
            with archive.open(part) as stream:
                return _facts(stream)
    except (zipfile.BadZipFile, KeyError, ET.ParseError, ValueError):
        # Whatever is wrong with it, the values can be read, and no more is lost than before.
        return SheetFacts()


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    names = set(archive.namelist())
    book, links = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {book, links} <= names:
        return None
    targets = {
        link.get("Id"): str(link.get("Target"))
        for link in _elements(archive, links, "Relationship")
    }
    for element in _elements(archive, book, "sheet"):
        if element.get("name") == sheet:
            ids = [value for key, value in element.items() if key.endswith("}id")]
            target = targets.get(ids[0]) if ids else None
            if target is not None:
                return str(PurePosixPath("xl") / target).removeprefix("/")
    return None


def _elements(archive: zipfile.ZipFile, part: str, name: str) -> list[ET.Element]:
    root = ET.fromstring(archive.read(part))  # noqa: S314  expat bounds the expansion of entities
    return [element for element in root.iter() if _local(element.tag) == name]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_needed(stream: IO[bytes]) -> bool:
    before = b""
    while piece := stream.read(_PIECE):
        if _NEEDED.search(before + piece):
            return True
        before = piece[-32:]
    return False


def _facts(stream: IO[bytes]) -> SheetFacts:
    texts: dict[int, dict[int, str]] = {}
    hidden: set[int] = set()
    row = -1
    for event, element in ET.iterparse(stream, ("start", "end")):  # noqa: S314  as above
        if _local(element.tag) != "row":
            continue
        if event == "start":
            row = int(element.get("r", row + 2)) - 1
            if element.get("hidden") in {"1", "true"}:
                hidden.add(row)
            continue
        if found := _texts_of(element):
            texts[row] = found
        element.clear()
    return SheetFacts(texts, frozenset(hidden))


def _texts_of(row: ET.Element) -> dict[int, str]:
    found = {}
    at = -1
    for cell in row:
        reference = _REFERENCE.fullmatch(cell.get("r", ""))
        at = _column(reference[1]) if reference else at + 1
        parts = {_local(part.tag): part.text or "" for part in cell}
        kind, value = cell.get("t"), parts.get("v", "")
        if kind == "e":
            found[at] = value or "#VALUE!"
        elif "f" in parts and not value and "is" not in parts and kind != "str":
            found[at] = UnusableText(f"={parts['f']}", _UNSTORED)
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
