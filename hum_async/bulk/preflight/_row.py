"""One row during the preflight: the parts of its address and its findings."""

from collections.abc import Mapping, Sequence
from typing import Self

import attrs

from hum_async.bulk.cell_meaning import TEXTS, AddressReading
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.preflight._findings import Change, Finding, FindingKind, Severity
from hum_async.bulk.tables import Cell
from hum_async.models import Address

__all__ = ["TEXTS", "Columns", "Row"]


@attrs.frozen
class Columns:
    """The columns of a table that hold the address.

    Attributes:
        header: Names of all columns.
        at: Positions of the columns that hold exactly one field, by field.
        names: Names of each field's columns, as `--map` takes them.
        joined: Fields of the columns that hold a part of one, or several at once, by position.
    """

    header: Sequence[str]
    at: Mapping[str, int]
    names: Mapping[str, str]
    joined: Mapping[int, str]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that have columns; those of text if one column holds the whole address."""
        if "address" in self.names:
            return TEXTS
        return tuple(field for field in self.names if field != "place")

    @classmethod
    def of(cls, header: Sequence[str], columns: AddressColumns) -> Self:
        """Return the columns of an address in a table with this header."""
        return cls(header, columns.at, columns.mapping(header), columns.joined)

    def name(self, field: str | None) -> str | None:
        """Return the name of a field's column; that of the whole address if it has none."""
        if field is None:
            return None
        whole = self.names.get("place" if field in {"city", "state", "zip"} else "address")
        return self.names.get(field, whole or self.names.get("address", field))

    def label(self, field: str) -> str:
        """Return a field and, if its name differs, its column."""
        name = self.name(field)
        return field if name == field else f"{field} (column {name})"

    def sentence(self, field: str, message: str) -> str:
        """Return a message that begins with a field, with the field's column."""
        return message.replace(field, self.label(field), 1)


def _normalized_texts(row: "Row") -> dict[str, str]:
    return {field: " ".join((getattr(row.address, field) or "").split()) for field in TEXTS}


@attrs.define(kw_only=True, eq=False)
class Row:
    """One row during the preflight.

    Attributes:
        number: Number of the row, from 1.
        columns: Columns of the address.
        cells: The cells as they were read.
        reading: What the cells mean.
        muted: Kinds of suspicions that are not added, because the whole table has them.
        findings: The findings so far.
        refused: Whether the row is refused.
        reported: Fields that have a finding; None stands for the whole address.
    """

    number: int
    columns: Columns
    cells: Sequence[Cell]
    reading: AddressReading
    muted: frozenset[FindingKind] = frozenset()
    findings: list[Finding] = attrs.field(factory=list, init=False)
    refused: bool = attrs.field(default=False, init=False)
    reported: set[str | None] = attrs.field(factory=set, init=False)
    _texts: dict[str, str] = attrs.field(
        default=attrs.Factory(_normalized_texts, takes_self=True), init=False
    )

    @property
    def address(self) -> Address:
        """The address, unchecked."""
        return self.reading.address

    def text(self, field: str) -> str:
        """Return the text of a field with single spaces; "" if it is empty."""
        return self._texts[field]

    def has(self, kind: FindingKind) -> bool:
        """Return whether the row has a finding of this kind."""
        return any(finding.kind is kind for finding in self.findings)

    def is_corrected(self, at: int) -> bool:
        """Return whether a finding corrects the cell at this position."""
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
        """Add a finding about a field or about the whole address.

        Args:
            kind: Kind of the finding.
            severity: Consequence for the row.
            message: The message; it begins with the field if there is one.
            field: The field; None for the whole address.
            changes: New contents of cells, by field.
        """
        if severity is Severity.SUSPICIOUS and kind in self.muted:
            return
        columns = self.columns
        changes = changes or {}
        # Only a cell that holds one field and nothing else can be corrected.
        made = tuple(
            Change(columns.at[changed], columns.header[columns.at[changed]], value)
            for changed, value in changes.items()
            if changes.keys() <= columns.at.keys()
        )
        if field is not None:
            message = columns.sentence(field, message)
        self.findings.append(
            Finding(self.number, columns.name(field), kind, severity, message, made)
        )
        self.refused |= severity is Severity.REFUSED
        self.reported.add(field)
