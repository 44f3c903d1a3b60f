"""The dialects of CSV: what stands between two cells, and around them."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice

import attrs

from hum_async._unusable import UnusableText
from hum_async.bulk.tables._header import has_text

_DELIMITERS = ",;\t|"
_SAMPLE = 20
"""Lines by which the dialect is chosen."""
_LONGEST = 500
"""Lines that a cell may have where quotation marks do not match; the one that opens it is stray."""
SEPARATOR = re.compile(r"sep=([,;\t|])")
"""The line above the header by which Excel names the delimiter."""


@attrs.frozen
class Dialect:
    """How a CSV file is written.

    Attributes:
        delimiter: Character between two cells.
        quote: Character around a cell.
        padded: Blanks may stand between a delimiter and a quotation mark.
        backslash: A backslash before a quotation mark makes it a part of the cell.
        lenient: Quotation marks that do not match spoil their row; otherwise they are an error.
    """

    delimiter: str
    quote: str = '"'
    padded: bool = False
    backslash: bool = False
    lenient: bool = False

    def records(self, lines: Iterable[str]) -> Iterator[Sequence[str]]:
        """Yield the cells of every line, also of the blank ones.

        In a row with a stray quotation mark, the cells from there on are `UnusableText`.

        Raises:
            csv.Error: Quotation marks do not match, and the dialect is not lenient.
        """
        if self.lenient or self.padded or self.quote != '"':
            for record in _Reader(self, lines).records():
                yield record.cells
            return
        # A reader that is not strict would join cells or rows in silence.
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        try:
            yield from reader
        except csv.Error as exc:
            place = f"in line {reader.line_num}; check its quotation marks"
            raise csv.Error(f"{exc} ({place})") from None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        blanks = " *" if self.delimiter == "\t" else r"[ \t]*"
        before = blanks if self.padded else ""
        pair = rf"{quote}{quote}" + (r"|\\." if self.backslash else "")
        other = rf"[^{quote}\\]" if self.backslash else rf"[^{quote}]"
        opened = rf"{before}{quote}({other}*(?:(?:{pair}){other}*)*)"
        return (
            re.compile(rf"{opened}{quote}{blanks}(?={delimiter}|[\r\n]|\Z)", re.DOTALL),
            re.compile(rf"{opened}\Z", re.DOTALL),
            re.compile(rf"{before}{quote}"),
        )

    @property
    def quoted(self) -> re.Pattern[str]:
        """Matches a cell between quotation marks."""
        return self._patterns[0]

    @property
    def unclosed(self) -> re.Pattern[str]:
        """Matches the begin of a cell that goes on in the next line."""
        return self._patterns[1]

    @property
    def opening(self) -> re.Pattern[str]:
        """Matches an opening quotation mark."""
        return self._patterns[2]

    def unquoted(self, text: str) -> str:
        """Return the content of a quoted cell."""
        if self.backslash:
            marks = re.compile(rf"\\([{re.escape(self.quote)}\\])|{re.escape(self.quote * 2)}")
            return marks.sub(lambda found: found[1] or self.quote, text)
        return text.replace(self.quote * 2, self.quote)


@attrs.frozen
class _Record:
    """The cells of a line.

    Attributes:
        cells: The cells.
        quoted: Number of cells between quotation marks.
        padded: Number of cells without quotation marks that begin with blanks and one.
        spoilt: Whether a quotation mark is stray.
    """

    cells: list[str]
    quoted: int
    padded: int
    spoilt: bool


class _Reader:
    """Reads lines cell by cell, also where quotation marks do not match."""

    def __init__(self, dialect: Dialect, lines: Iterable[str]) -> None:
        self._dialect = dialect
        self._lines = iter(lines)
        self._again: list[str] = []
        self._number = 0
        self._plain = re.compile(rf"[^{re.escape(dialect.delimiter)}\r\n]*")
        # Blanks alone before the mark: the delimiter may be a tab.
        self._padding = re.compile(r" +\"")

    def records(self) -> Iterator[_Record]:
        while (line := self._next()) is not None:
            yield self._record(line)

    def _next(self) -> str | None:
        line = self._again.pop() if self._again else next(self._lines, None)
        self._number += line is not None
        return line

    def _record(self, text: str) -> _Record:
        cells: list[str] = []
        at = quoted = padded = 0
        reason = None
        if not text.strip("\r\n"):
            return _Record(cells, quoted, padded, spoilt=False)
        while True:
            text, found = self._quoted(text, at)
            if found is not None:
                cell, at = self._dialect.unquoted(found[1]), found.end()
                quoted += 1
            else:
                if reason is None and self._dialect.opening.match(text, at):
                    reason = f"has a quotation mark that does not match (line {self._number})"
                padded += self._padding.match(text, at) is not None
                plain = self._plain.match(text, at)
                end = plain.end() if plain else len(text)
                cell, at = text[at:end], end
            cells.append(cell if reason is None else UnusableText(cell, reason))
            if text[at : at + 1] != self._dialect.delimiter:
                return _Record(cells, quoted, padded, spoilt=reason is not None)
            at += 1

    def _quoted(self, text: str, at: int) -> tuple[str, re.Match[str] | None]:
        """Return the text, with as many further lines as the cell has, and the cell if quoted."""
        dialect = self._dialect
        if not dialect.opening.match(text, at):
            return text, None
        added: list[str] = []
        whole = text
        while (found := dialect.quoted.match(whole, at)) is None:
            more = dialect.unclosed.match(whole, at) and len(added) < _LONGEST
            if not more or (line := self._next()) is None:
                self._again.extend(reversed(added))
                self._number -= len(added)
                return text, None
            added.append(line)
            whole += line
        return whole, found


def dialect_of(lines: Iterable[str]) -> Dialect:
    """Return the dialect of a file by its first lines.

    The delimiter splits most of them into the same number of cells, and into most cells. One
    between quotation marks is none.
    """
    sample = list(islice((line for line in lines if has_text([line])), _SAMPLE))
    if sample and (named := SEPARATOR.fullmatch(sample[0].strip("\r\n"))):
        delimiter = named[1]
        sample = sample[1:]
    else:
        delimiter = max(_DELIMITERS, key=lambda other: _fit(sample, other))
    standard = _records_of(Dialect(delimiter, lenient=True), sample)
    if 2 * sum(record.padded > 0 for record in standard) >= len(standard) > 0:
        return Dialect(delimiter, padded=True, lenient=True)
    single = _records_of(Dialect(delimiter, quote="'", lenient=True), sample)
    cells = sum(len(record.cells) for record in single)
    spoilt = any(record.spoilt for record in single)
    if not spoilt and cells and 2 * sum(record.quoted for record in single) > cells:
        return Dialect(delimiter, quote="'", lenient=True)
    return Dialect(delimiter)


def _fit(lines: list[str], delimiter: str) -> tuple[int, int]:
    widths = Counter(map(len, csv.reader(lines, delimiter=delimiter)))
    counts = [(count, width) for width, count in widths.items() if width > 1]
    return max(counts, default=(0, 0))


def _records_of(dialect: Dialect, sample: list[str]) -> list[_Record]:
    """Return the records below the first one, without those that the sample may cut."""
    records = list(_Reader(dialect, sample).records())[1:]
    return [record for record in records if not record.spoilt] if dialect.quote == '"' else records
