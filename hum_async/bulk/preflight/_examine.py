"""Examines every row of a table and counts what a job would refuse, doubt and buy."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._purchases.records import digest_of_key
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.dedupe import SeenSpellings
from hum_async.bulk.options import REQUESTS_PER_ADDRESS, Close
from hum_async.bulk.plain_rows import PlainRows
from hum_async.bulk.preflight._column_check import check_columns
from hum_async.bulk.preflight._decision import SAMPLE
from hum_async.bulk.preflight._findings import Finding, FindingKind, Severity
from hum_async.bulk.preflight._refusals import find_refusals
from hum_async.bulk.preflight._row import Columns, Row
from hum_async.bulk.preflight._suspicions import SUSPICIONS
from hum_async.bulk.tables import Cell, Table
from hum_async.models import Address

REPORT_COLUMNS = ("row", "column", "kind", "severity", "message", "fix")
"""The columns of a report of findings."""

_NAMED = 5
_SHORTEST = 10.0
"""Seconds that a single look-up takes (hum-api 5: 5 to 15)."""


@attrs.define
class KindCount:
    """The number of findings of one kind and severity.

    Attributes:
        severity: Consequence for the rows.
        kind: Kind of the findings.
        count: Number of findings.
        first_row: Number of the first row; None if the finding is about the whole table.
        rows: Numbers of the first five rows.
        row_count: Number of rows, each of which may have several findings.
    """

    severity: Severity
    kind: FindingKind
    count: int
    first_row: int | None
    rows: list[int] = attrs.field(factory=list)
    row_count: int = 0


@attrs.frozen(kw_only=True)
class Preflight:
    """The result of a preflight.

    Attributes:
        rows: Number of rows of the table.
        refused: Number of rows that will not be sent.
        suspicious: Number of rows that will be sent although they have a suspicious finding.
        duplicates: Number of rows with the address of an earlier row, which cost nothing.
        spelled: Number of those rows that spell the address differently from the rows above.
        sessions: Number of different valid addresses, each of which costs a session.
        restored: Number of ZIP codes that were numbers and got their leading zeros back.
        correctable: Number of cells that `corrected` changes, without the restored ZIP codes.
        kinds: Numbers of findings by kind, the most important first.
        findings: The first findings, the most important first; none of severity INFO.
    """

    rows: int
    refused: int
    suspicious: int
    duplicates: int
    spelled: int
    sessions: int
    restored: int
    correctable: int
    kinds: tuple[KindCount, ...]
    findings: tuple[Finding, ...]


def examine(  # noqa: PLR0913  all but two by name
    table: Table,
    columns: AddressColumns,
    *,
    dedupe: KeyRules = "usps",
    keep: int = 20,
    most: int | None = None,
    on_finding: Callable[[Finding], object] | None = None,
    on_corrected: Callable[[list[Cell]], object] | None = None,
    on_address: Callable[[Address], object] | None = None,
) -> Preflight:
    """Examine the rows of a table, reading it once.

    Args:
        table: The input.
        columns: Columns of the address.
        dedupe: How a job will compare addresses.
        keep: Number of findings to keep in the result; all are counted.
        most: Number of rows to examine; None for all.
        on_finding: Called with each finding, those about the whole table first.
        on_corrected: Called with each corrected row, in the order of the table.
        on_address: Called with each valid address that no earlier row has.
    """
    where = Columns.of(table.header, columns)
    tally = _Tally(keep, on_finding)
    seen = SeenSpellings()
    rows = islice(table.rows(), most)
    sample = list(islice(rows, SAMPLE))
    overall = check_columns(where, [columns.written(cells) for cells in sample])
    for finding in overall:
        tally.count(finding)
    muted = _muted_by(overall, where)
    plain_rows = PlainRows(columns, dedupe)
    for number, cells in enumerate(chain(sample, rows), 1):
        findings: list[Finding] = []
        refused = restored = False
        address = plain_rows.find(cells)
        if address is None:
            reading = columns.read(cells)
            row = Row(number=number, columns=where, cells=cells, reading=reading, muted=muted)
            valid = _judged(row)
            findings, refused, restored = row.findings, row.refused, _has_restored_zip(row)
            if valid is not None:
                address = plain_rows.learn(cells, reading, valid, plain=not findings)
        if address is not None:
            compared, exact = digest_of_key(address.compared), digest_of_key(address.exact)
            if (known := seen.first(compared, exact, number)) is not None:
                first, alike = known
                findings.append(_duplicate(number, first, alike=alike))
                tally.spelled += not alike
            elif on_address is not None:
                on_address(address.address)
        tally.count_row(findings, refused=refused, restored=restored)
        if on_corrected is not None:
            on_corrected(corrected(cells, findings, columns=columns))
    return tally.result(sessions=len(seen))


def corrected(
    cells: Sequence[Cell], findings: Iterable[Finding], *, columns: AddressColumns
) -> list[Cell]:
    """Return a row with the corrections of its findings.

    Args:
        cells: The row as it was read.
        findings: Findings about the row.
        columns: Columns of the address.
    """
    row = columns.restored(cells)
    for finding in findings:
        for change in finding.changes:
            row[change.at] = change.value
    return row


def estimate(sessions: int, *, rate: float, close: Close = "always") -> float:
    """Return the estimated duration of a job in seconds.

    Args:
        sessions: Number of sessions to buy.
        rate: Requests per second that the API serves, above 0.
        close: Whether sessions are ended with a DELETE.
    """
    requests = sessions * REQUESTS_PER_ADDRESS[close]
    return max(requests / rate, _SHORTEST) if sessions else 0.0


def report_values(finding: Finding) -> dict[str, Any]:
    """Return a finding as a row of a report, by `REPORT_COLUMNS`."""
    values = {name: getattr(finding, name) for name in REPORT_COLUMNS}
    return values | {"kind": str(finding.kind), "severity": str(finding.severity)}


def _judged(row: Row) -> Address | None:
    """Add all findings to a row; return its checked address, None if it has an error."""
    valid = find_refusals(row)
    for suspicion in SUSPICIONS:
        suspicion(row)
    return valid


def _duplicate(number: int, first: int, *, alike: bool) -> Finding:
    otherwise = "" if alike else ", spelled differently"
    message = f"same address as row {first}{otherwise}; it is bought once"
    return Finding(number, None, FindingKind.DUPLICATE, Severity.INFO, message)


def _has_restored_zip(row: Row) -> bool:
    at = row.columns.at.get("zip")
    number = at is not None and isinstance(row.cells[at], int | float | Decimal)
    return number and row.text("zip").startswith("0")


def _muted_by(overall: Sequence[Finding], columns: Columns) -> frozenset[FindingKind]:
    """Return the kinds of findings that rows do not repeat, because the whole table has them."""
    kinds = {finding.kind for finding in overall}
    if any(finding.column == columns.name("street1") for finding in overall):
        kinds.add(FindingKind.HOUSE_NUMBER)
    return frozenset(kinds)


class _Tally:
    """Counts the rows and findings of a preflight."""

    def __init__(self, keep: int, on_finding: Callable[[Finding], object] | None) -> None:
        self._keep = keep
        self._on_finding = on_finding
        self._rows = self._refused = self._suspicious = self._duplicates = 0
        self._restored = self._correctable = 0
        self.spelled = 0
        self._kinds: dict[tuple[Severity, FindingKind], KindCount] = {}
        self._last_rows: dict[tuple[Severity, FindingKind], int] = {}
        self._kept: dict[Severity, list[Finding]] = {severity: [] for severity in Severity}

    def count_row(self, findings: Sequence[Finding], *, refused: bool, restored: bool) -> None:
        self._rows += 1
        self._restored += restored
        severities = set()
        for finding in findings:
            severities.add(finding.severity)
            self._duplicates += finding.kind is FindingKind.DUPLICATE
            self._correctable += len(finding.changes)
            self.count(finding)
        self._refused += refused
        self._suspicious += Severity.SUSPICIOUS in severities and not refused

    def count(self, finding: Finding) -> None:
        severity, kind = finding.severity, finding.kind
        new = KindCount(severity, kind, count=0, first_row=finding.row)
        known = self._kinds.setdefault((severity, kind), new)
        known.count += 1
        row = finding.row
        if row is not None and self._last_rows.get((severity, kind)) != row:
            self._last_rows[severity, kind] = row
            known.row_count += 1
            if len(known.rows) < _NAMED:
                known.rows.append(row)
        kept = self._kept[finding.severity]
        if finding.severity is not Severity.INFO and len(kept) < self._keep:
            kept.append(finding)
        if self._on_finding is not None:
            self._on_finding(finding)

    def result(self, *, sessions: int) -> Preflight:
        kept = [*self._kept[Severity.REFUSED], *self._kept[Severity.SUSPICIOUS]]
        # Findings about the whole table explain those about its rows.
        kept.sort(key=lambda finding: finding.row is not None)
        return Preflight(
            rows=self._rows,
            refused=self._refused,
            suspicious=self._suspicious,
            duplicates=self._duplicates,
            spelled=self.spelled,
            sessions=sessions,
            restored=self._restored,
            correctable=self._correctable,
            kinds=tuple(sorted(self._kinds.values(), key=_rank)),
            findings=tuple(kept[: self._keep]),
        )


def _rank(kind: KindCount) -> tuple[bool, int, int]:
    return kind.first_row is not None, list(Severity).index(kind.severity), -kind.count
