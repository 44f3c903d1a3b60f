"""All rows of a table looked at once: what a job would refuse, doubt, and buy."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import attrs

from hum_async._purchases.records import address_digest
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.files.columns import AddressColumns
from hum_async.bulk.preflight._findings import Finding, FindingKind, Severity
from hum_async.bulk.preflight._refusals import refusals
from hum_async.bulk.preflight._row import Columns, Row
from hum_async.bulk.preflight._shape import judge_columns
from hum_async.bulk.preflight._suspicions import SUSPICIONS
from hum_async.bulk.tables import Cell, Table
from hum_async.models import Address

REPORT_COLUMNS = ("row", "column", "kind", "severity", "message", "fix")
"""What a report says of each finding."""

_PROBE = 1000
"""Rows by which the columns are judged."""
_SHORTEST = 10.0
"""Seconds that one look-up takes, however few there are (hum-api 5: 5 to 15)."""


@attrs.frozen
class KindCount:
    """How often one kind of thing was found.

    Attributes:
        severity: What it means for its rows.
        kind: What it is.
        count: How often it was found.
        first_row: Where it was found first; None if it is about the whole table.
    """

    severity: Severity
    kind: FindingKind
    count: int
    first_row: int | None


@attrs.frozen(kw_only=True)
class Preflight:
    """What was found in a table.

    Attributes:
        rows: Rows of the table.
        refused: Rows that will not be sent.
        suspicious: Rows that will be sent although something looks wrong with them.
        duplicates: Rows with the address of a row above, which cost nothing.
        sessions: Different addresses, which is what will be bought.
        restored: ZIP codes that were numbers and got their leading zeros back.
        correctable: Cells that `corrected` changes, those not counted.
        kinds: What was found how often, what matters most before the rest.
        findings: The first ones, in the same order; none that are for information only.
    """

    rows: int
    refused: int
    suspicious: int
    duplicates: int
    sessions: int
    restored: int
    correctable: int
    kinds: tuple[KindCount, ...]
    findings: tuple[Finding, ...]


def examine(
    table: Table,
    columns: AddressColumns,
    *,
    keep: int = 20,
    on_finding: Callable[[Finding], object] | None = None,
    on_corrected: Callable[[list[Cell]], object] | None = None,
) -> Preflight:
    """Go over the rows of a table once.

    Args:
        table: The input.
        columns: Where its rows hold the address.
        keep: How many findings to keep; the others are counted.
        on_finding: Called with each finding, those of the whole table first.
        on_corrected: Called with each row as `corrected` leaves it, in order.
    """
    where = Columns(table.header, columns.at)
    tally = _Tally(keep, on_finding)
    seen = SeenAddresses()
    rows = iter(table.rows())
    probe = list(islice(rows, _PROBE))
    overall = judge_columns(where, [columns.address(cells) for cells in probe])
    tally.count_table(overall)
    muted = _said_by(overall, where)
    for number, cells in enumerate(chain(probe, rows), 1):
        address = columns.address(cells)
        row = Row(number, columns=where, cells=cells, address=address, muted=muted)
        good = refusals(row)
        for suspicion in SUSPICIONS:
            suspicion(row)
        if good is not None:
            _look_back(row, good, seen)
        tally.count_row(row)
        if on_corrected is not None:
            on_corrected(corrected(cells, row.findings, columns=columns))
    return tally.result(sessions=len(seen))


def corrected(
    cells: Sequence[Cell], findings: Iterable[Finding], *, columns: AddressColumns
) -> list[Cell]:
    """Return a row with what was found corrected where that is safe; all else as it was.

    Args:
        cells: The row as it was read.
        findings: What `examine` found in it.
        columns: Where it holds the address.
    """
    row = columns.restored(cells)
    for finding in findings:
        for change in finding.changes:
            row[change.at] = change.value
    return row


def estimate(sessions: int, *, rate: float, requests_per_address: float = 3.3) -> float:
    """Return how long a job takes, in seconds.

    Args:
        sessions: Addresses that have to be bought.
        rate: Requests per second that the API takes.
        requests_per_address: What one takes on average, from its POST to its DELETE.
    """
    return max(sessions * requests_per_address / rate, _SHORTEST) if sessions else 0.0


def report_values(finding: Finding) -> dict[str, Any]:
    """Return a finding as a row of a report, by `REPORT_COLUMNS`."""
    values = (
        finding.row,
        finding.column,
        str(finding.kind),
        str(finding.severity),
        finding.message,
        finding.fix,
    )
    return dict(zip(REPORT_COLUMNS, values, strict=True))


def _look_back(row: Row, address: Address, seen: SeenAddresses) -> None:
    first = seen.first(address_digest(address), row.number)
    if first is not None:
        message = f"same address as row {first}; it is bought once"
        row.add(FindingKind.DUPLICATE, Severity.INFO, message)


def _got_zeros(row: Row) -> bool:
    at = row.columns.at.get("zip")
    number = at is not None and isinstance(row.cells[at], int | float | Decimal)
    return number and row.text("zip").startswith("0")


def _said_by(overall: Sequence[Finding], columns: Columns) -> frozenset[FindingKind]:
    """Return what need not be said of each row because it was said of the whole table."""
    kinds = {finding.kind for finding in overall}
    if any(finding.column == columns.name("street1") for finding in overall):
        kinds.add(FindingKind.HOUSE_NUMBER)
    return frozenset(kinds)


class _Tally:
    """What was found so far."""

    def __init__(self, keep: int, on_finding: Callable[[Finding], object] | None) -> None:
        self._keep = keep
        self._on_finding = on_finding
        self._rows = self._refused = self._suspicious = self._duplicates = 0
        self._restored = self._correctable = 0
        self._counts = Counter[tuple[Severity, FindingKind]]()
        self._first_rows: dict[tuple[Severity, FindingKind], int | None] = {}
        self._kept: dict[Severity, list[Finding]] = {severity: [] for severity in Severity}

    def count_table(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._note(finding)

    def count_row(self, row: Row) -> None:
        self._rows += 1
        self._restored += _got_zeros(row)
        severities = set()
        for finding in row.findings:
            severities.add(finding.severity)
            self._duplicates += finding.kind is FindingKind.DUPLICATE
            self._correctable += len(finding.changes)
            self._note(finding)
        self._refused += row.refused
        self._suspicious += Severity.SUSPICIOUS in severities and not row.refused

    def _note(self, finding: Finding) -> None:
        kind = (finding.severity, finding.kind)
        self._counts[kind] += 1
        self._first_rows.setdefault(kind, finding.row)
        kept = self._kept[finding.severity]
        if finding.severity is not Severity.INFO and len(kept) < self._keep:
            kept.append(finding)
        if self._on_finding is not None:
            self._on_finding(finding)

    def result(self, *, sessions: int) -> Preflight:
        kept = [*self._kept[Severity.REFUSED], *self._kept[Severity.SUSPICIOUS]]
        # What holds for the whole table explains what holds for its rows.
        kept.sort(key=lambda finding: finding.row is not None)
        kinds = [
            KindCount(severity, kind, count=count, first_row=self._first_rows[severity, kind])
            for (severity, kind), count in self._counts.items()
        ]
        return Preflight(
            rows=self._rows,
            refused=self._refused,
            suspicious=self._suspicious,
            duplicates=self._duplicates,
            sessions=sessions,
            restored=self._restored,
            correctable=self._correctable,
            kinds=tuple(sorted(kinds, key=_rank)),
            findings=tuple(kept[: self._keep]),
        )


def _rank(kind: KindCount) -> tuple[bool, int, int]:
    return kind.first_row is not None, list(Severity).index(kind.severity), -kind.count
