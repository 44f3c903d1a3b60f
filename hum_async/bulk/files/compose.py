"""The output of a job: every row of the input, in its order, with what the journal knows of it.

Because it is made of nothing but these two, it can be made again at any time. Everything here
blocks; run it in the journal's thread.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import attrs

from hum_async._api.addresses import checked
from hum_async._purchases.codec import unpack
from hum_async._purchases.records import FAILED_OUTCOMES, Entry, address_digest
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.files.columns import AddressColumns
from hum_async.bulk.files.long_table import long_rows
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.tables import Cell, Sink, Table
from hum_async.errors import AddressError, HumError
from hum_async.models import Address, Outcome, Qualification

_CHUNK = 256

Find = Callable[[Sequence[bytes]], Mapping[bytes, Entry]]


@attrs.frozen(kw_only=True)
class Outputs:
    """Where a job's rows go.

    Attributes:
        rows: Every row with its result; None if somebody else writes them.
        failed: The rows that failed.
        long: A row for each provider's offerings and plans.
    """

    rows: Sink | None = None
    failed: Sink | None = None
    long: Sink | None = None

    def each(self) -> Iterator[Sink]:
        """Yield those that there are."""
        yield from (sink for sink in (self.rows, self.failed, self.long) if sink is not None)

    def discard(self) -> None:
        """Leave what was under their names as it was."""
        for sink in self.each():
            sink.discard()


@attrs.define
class Composed:
    """What was written.

    Attributes:
        rows: Rows of the output.
        without: Rows of the input that have no result.
        failed: Of these, rows that failed.
        long: Rows of the long table.
        data_sets: Rows by version of Hum's data.
        first: When the oldest result was observed; None if there is none.
        last: When the newest was.
    """

    rows: int = 0
    without: int = 0
    failed: int = 0
    long: int = 0
    data_sets: Counter[str] = attrs.field(factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def count(self, result: Qualification) -> None:
        """Count one row."""
        self.rows += 1
        self.failed += result.outcome in FAILED_OUTCOMES
        if result.data_set is not None:
            self.data_sets[result.data_set] += 1
        if (seen := result.observed_at) is not None:
            self.first = min(self.first or seen, seen)
            self.last = max(self.last or seen, seen)


def compose(
    table: Table,
    columns: AddressColumns,
    find: Find,
    *,
    outputs: Outputs,
    stop: threading.Event,
) -> Composed | None:
    """Write every row that has a result; rows without one are left out.

    Args:
        table: The input.
        columns: Where its rows hold the address.
        find: Looks addresses up in the journal.
        outputs: Where rows go; finished when this returns.
        stop: Set it from another thread to have done with it; the outputs stay as they were.

    Returns:
        What was written; None if it was stopped.

    Raises:
        InputError: An output cannot be written; none has changed that was not finished before.
    """
    written = Composed()
    try:
        for cells, result in results_of(table, columns, find):
            if stop.is_set():
                outputs.discard()
                return None
            if result is not None:
                _write(cells, result, outputs, written)
            else:
                written.without += 1
    except BaseException:
        outputs.discard()
        raise
    for sink in outputs.each():
        sink.close()
    return written


def results_of(
    table: Table, columns: AddressColumns, find: Find
) -> Iterator[tuple[list[Cell], Qualification | None]]:
    """Yield each row's kept cells, and its result as far as there is one."""
    rows = table.rows()
    seen = SeenAddresses()
    number = 0
    while chunk := [columns.restored(cells) for cells in islice(rows, _CHUNK)]:
        addresses = [_checked(columns.address(cells)) for cells in chunk]
        digests = [
            address_digest(address) if isinstance(address, Address) else b""
            for address in addresses
        ]
        found = find(list({digest for digest in digests if digest}))
        for cells, address, digest in zip(chunk, addresses, digests, strict=True):
            number += 1
            kept = [cells[at] for at in table.kept]
            if isinstance(address, AddressError):
                yield kept, _refused(columns.address(cells), address)
            elif (entry := found.get(digest)) is not None and entry.packed is not None:
                result = unpack(entry.packed, key=None, address=address)
                if seen.first(digest, number) is not None:
                    # What it cost stands in the row that had the address first.
                    result = attrs.evolve(result, requests=0, elapsed=0.0)
                yield kept, result
            else:
                yield kept, None


def _checked(address: Address) -> Address | AddressError:
    try:
        return checked(address)
    except AddressError as exc:
        return exc


def _refused(address: Address, error: HumError) -> Qualification:
    return Qualification(key=None, address=address, outcome=Outcome.INVALID_ADDRESS, error=error)


def _write(
    cells: Sequence[Cell], result: Qualification, outputs: Outputs, written: Composed
) -> None:
    values: dict[str, Any] = result_values(result)
    if outputs.rows is not None:
        outputs.rows.write(cells, values)
    written.count(result)
    if outputs.failed is not None and result.outcome in FAILED_OUTCOMES:
        outputs.failed.write(cells, values)
    if outputs.long is not None:
        for record in long_rows(result):
            outputs.long.write(cells, record)
            written.long += 1
