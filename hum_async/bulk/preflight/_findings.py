"""What can be said of a row before anything is bought."""

from collections.abc import Sequence
from enum import StrEnum

import attrs


class Severity(StrEnum):
    """What a finding means for its row."""

    REFUSED = "refused"
    """The row will not be sent."""
    SUSPICIOUS = "suspicious"
    """The row will be sent, and paid for; it may not be the address that was meant."""
    INFO = "info"
    """Nothing is lost by leaving it as it is."""


class FindingKind(StrEnum):
    """What was found."""

    WRONG_COLUMN = "wrong_column"
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
    DUPLICATE = "duplicate"
    SPELLING = "spelling"


@attrs.frozen
class Change:
    """What one cell should hold instead.

    Attributes:
        at: Position of its column.
        column: Name of its column.
        value: The new content.
    """

    at: int
    column: str
    value: str


@attrs.frozen
class Finding:
    """One thing that was found, in one row or in the whole table.

    Attributes:
        row: Number of the row below the header, from 1; None is the whole table.
        column: The column it is about; None if it is about several.
        kind: What it is.
        severity: What it means for the row.
        message: A sentence that names field and column and never repeats what is in a cell.
        changes: What `corrected` does about it; nothing where only a person can tell.
    """

    row: int | None
    column: str | None
    kind: FindingKind
    severity: Severity
    message: str
    changes: tuple[Change, ...] = ()

    @property
    def fix(self) -> str | None:
        """The correction as text, which does repeat what is in a cell; None if there is none."""
        return _as_text(self.changes, self.column) if self.changes else None


def _as_text(changes: Sequence[Change], column: str | None) -> str:
    if len(changes) == 1 and changes[0].column == column:
        return changes[0].value
    return "; ".join(f"{change.column} = {change.value}" for change in changes)
