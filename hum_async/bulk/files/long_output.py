"""The output of the long table, whose columns are known when all results are."""

from collections import Counter
from collections.abc import Callable, Sequence

from hum_async.bulk.files.long_table import long_columns, long_rows
from hum_async.bulk.files.price_columns import NO_PRICES, Price, PriceColumns
from hum_async.bulk.result_schema import ServiceLevel
from hum_async.bulk.tables import Cell, Output, SealedFile, Sink
from hum_async.models import Qualification


class LongOutput:
    """Writes the long table.

    Args:
        open_sink: Opens its file for the columns that it adds.
        levels: The levels of service that have a column.
        held: A pipe that was opened early, because that waits for its reader; it stays open until
            the table is written, so that the reader stays.
    """

    def __init__(
        self,
        open_sink: Callable[[Sequence[str]], Sink],
        levels: tuple[ServiceLevel, ...],
        held: Output | None = None,
    ) -> None:
        self._open_sink = open_sink
        self._levels = levels
        self._held = held
        self._prices = NO_PRICES
        self._sink: Sink | None = None

    def prepare(self, prices: Counter[Price]) -> tuple[str, ...]:
        """Open the file, and return the columns that the table adds.

        Args:
            prices: How often each price occurs in its results.

        Raises:
            InputError: The file cannot be written.
        """
        self._prices = PriceColumns.of(prices)
        columns = long_columns(self._levels, self._prices)
        self._sink = self._open_sink(columns)
        return columns

    def write(self, cells: Sequence[Cell], result: Qualification, number: int) -> int:
        """Write the rows of a result, and return how many they are.

        Args:
            cells: Cells of the input's columns.
            result: The result.
            number: Number of its row in the input, from 1.

        Raises:
            InputError: The file cannot be written.
        """
        if self._sink is None:
            raise RuntimeError("prepare the long table first")
        count = 0
        for values in long_rows(result, row=number, levels=self._levels, prices=self._prices):
            self._sink.write(cells, values)
            count += 1
        return count

    def seal(self) -> SealedFile | None:
        """Finish writing, and name no file yet; return the file, None for a stream."""
        return None if self._sink is None else self._sink.seal()

    def close(self) -> None:
        """Finish the file."""
        if self._sink is not None:
            self._sink.close()
        self._let_go()

    def discard(self) -> None:
        """Drop the rows; a file that was there before stays as it was."""
        if self._sink is not None:
            self._sink.discard()
        self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.discard()
