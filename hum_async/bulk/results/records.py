"""A result with its row, as a table has it."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from hum_async.bulk.tables import Cell
from hum_async.models import Qualification


@attrs.frozen
class ResultRecord:
    """A result with its row.

    Attributes:
        result: The result.
        cells: Cells of the input's columns.
        row: Number of the row in the input, from 1; None if there is no input.
        values: Values of the result columns as the file has them; None where they follow from the
            result.
        note: How the row's cells were read, if not as they say.
    """

    result: Qualification[Any]
    cells: Sequence[Cell] = attrs.field(default=(), repr=False)
    row: int | None = None
    values: Mapping[str, Any] | None = attrs.field(default=None, repr=False)
    note: str | None = attrs.field(default=None, repr=False)
