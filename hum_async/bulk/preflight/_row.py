"""One row while it is looked at: its parts, and what was said of them."""

from collections.abc import Mapping, Sequence

import attrs

from hum_async.bulk.files.columns import FIELDS
from hum_async.bulk.preflight._findings import Change, Finding, FindingKind, Severity
from hum_async.bulk.tables import Cell
from hum_async.models import Address

TEXTS = FIELDS[:5]
"""The parts of an address that are text."""


@attrs.frozen
class Columns:
    """Where a table has the parts of an address.

    Attributes:
        header: Names of all columns.
        at: Positions by part.
    """

    header: Sequence[str]
    at: Mapping[str, int]

    def name(self, field: str | None) -> str | None:
        """Return the name of a part's column."""
        return None if field is None else self.header[self.at[field]]

    def sentence(self, field: str, message: str) -> str:
        """Return a message that begins with the part, with its column named too."""
        name = self.name(field)
        if name == field:
            return message
        return message.replace(field, f"{field} (column {name})", 1)


class Row:
    """One row while it is looked at.

    Args:
        number: Its number, from 1.
        columns: Where its parts are.
        cells: As they were read.
        address: As it would be sent.
        muted: Suspicions that were said of the whole table and are not repeated.
    """

    def __init__(
        self,
        number: int,
        *,
        columns: Columns,
        cells: Sequence[Cell],
        address: Address,
        muted: frozenset[FindingKind] = frozenset(),
    ) -> None:
        self.number = number
        self.columns = columns
        self.cells = cells
        self.address = address
        self.muted = muted
        self.findings: list[Finding] = []
        self.refused = False
        self.told: set[str | None] = set()
        """Parts about which something was said already that matters more."""
        self._texts = {field: " ".join((getattr(address, field) or "").split()) for field in TEXTS}

    def text(self, field: str) -> str:
        """Return a part with single spaces; "" if there is none."""
        return self._texts[field]

    def has(self, kind: FindingKind) -> bool:
        """Return whether something of this kind was said."""
        return any(finding.kind is kind for finding in self.findings)

    def changes(self, at: int) -> bool:
        """Return whether something that was said changes a cell."""
        return any(change.at == at for finding in self.findings for change in finding.changes)

    def add(
        self,
        kind: FindingKind,
        severity: Severity,
        message: str,
        *,
        field: str | None = None,
        changes: Mapping[str, str] | None = None,
    ) -> None:
        """Say something of a part of this row, or of all of it.

        Args:
            kind: What it is.
            severity: What it means.
            message: Begins with the name of the part if there is one.
            field: The part.
            changes: New contents by part.
        """
        if severity is Severity.SUSPICIOUS and kind in self.muted:
            return
        columns = self.columns
        made = tuple(
            Change(columns.at[part], columns.header[columns.at[part]], value)
            for part, value in (changes or {}).items()
        )
        if field is not None:
            message = columns.sentence(field, message)
        self.findings.append(
            Finding(self.number, columns.name(field), kind, severity, message, made)
        )
        self.refused |= severity is Severity.REFUSED
        self.told.add(field)
