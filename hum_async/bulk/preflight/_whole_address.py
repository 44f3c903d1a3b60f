"""Says that the street's cell holds a whole address, and corrects the cells to its parts."""

from hum_async.bulk.preflight._findings import FindingKind, Severity
from hum_async.bulk.preflight._row import Row


def find_whole_address(row: Row) -> None:
    """Add a finding if the street's cell was read as a whole address."""
    if row.reading.split:
        row.add(
            FindingKind.ONE_CELL,
            Severity.INFO,
            "street1 holds a whole address, and is sent as its parts",
            field="street1",
            changes=_corrections(row),
        )


def _corrections(row: Row) -> dict[str, str]:
    """Return the new cells by field; none if a column is missing."""
    parts = dict(row.reading.split)
    if "street2" in parts and "street2" not in row.columns.at:
        parts["street1"] = f"{row.text('street1')}, {parts.pop('street2')}"
    return parts if parts.keys() <= row.columns.at.keys() else {}
