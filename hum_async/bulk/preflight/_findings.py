"""The findings of a preflight: their kinds, severities and corrections."""

from enum import StrEnum

import attrs


class Severity(StrEnum):
    """The consequence of a finding for its row."""

    REFUSED = "refused"
    """The row is not sent."""
    SUSPICIOUS = "suspicious"
    """The row is sent and billed, although it may be the wrong address."""
    INFO = "info"
    """The row needs no correction."""


class FindingKind(StrEnum):
    """The kind of a finding."""

    WRONG_COLUMN = "wrong_column"
    SEVERAL = "several"
    MISSING = "missing"
    ZIP_ZEROS = "zip_zeros"
    ZIP_FORM = "zip_form"
    STATE_NAME = "state_name"
    STATE_UNKNOWN = "state_unknown"
    NOT_COVERED = "not_covered"
    TOO_LONG = "too_long"
    COORDINATES = "coordinates"
    ONE_CELL = "one_cell"
    ZIP_AND_STATE = "zip_and_state"
    MAIL_ONLY = "mail_only"
    HOUSE_NUMBER = "house_number"
    PLACEHOLDER = "placeholder"
    CHARACTERS = "characters"
    DATE = "date"
    SPREADSHEET = "spreadsheet"
    NO_PART = "no_part"
    DUPLICATE = "duplicate"
    SPELLING = "spelling"


@attrs.frozen
class Change:
    """The correction of one cell.

    Attributes:
        at: Position of the column.
        column: Name of the column.
        value: New content of the cell.
    """

    at: int
    column: str
    value: str


@attrs.frozen
class Finding:
    """A finding about one row or about the whole table.

    Attributes:
        row: Number of the row below the header, from 1; None for the whole table.
        column: Name of the column; None if the finding is about several.
        kind: Kind of the finding.
        severity: Consequence for the row.
        message: A sentence that names field and column and never quotes a cell.
        changes: Corrections that `corrected` makes; none if only a person can decide.
    """

    row: int | None
    column: str | None
    kind: FindingKind
    severity: Severity
    message: str
    changes: tuple[Change, ...] = ()

    @property
    def fix(self) -> str | None:
        """The corrections as text, which may quote a cell; None if there are none."""
        if [change.column for change in self.changes] == [self.column]:
            return self.changes[0].value
        return "; ".join(f"{change.column} = {change.value}" for change in self.changes) or None
