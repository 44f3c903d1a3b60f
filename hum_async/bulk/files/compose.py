"""Composes the outputs of a job from the rows of its input and the results in its journal.

The outputs depend on nothing else, so they can be composed again at any time. Every call blocks;
run it in the journal's thread.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar, overload

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._api.addresses import checked_or_error
from hum_async._purchases.codec import unpack
from hum_async._purchases.records import FAILED_OUTCOMES, Entry, digest_of_key
from hum_async.bulk.cell_meaning import AddressReading
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.dedupe import SeenNumbers
from hum_async.bulk.files.long_output import LongOutput
from hum_async.bulk.files.price_columns import count_prices
from hum_async.bulk.plain_rows import PlainRows
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.result_facts import ResultFacts, stored_facts
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel
from hum_async.bulk.tables import Cell, Finished, SealedFile, Sink, Table, mapped_os_errors
from hum_async.errors import AddressError, HumError, InputError
from hum_async.models import Address, Outcome, Qualification

_CHUNK = 256
_OPENED = 2048
"""Results that are kept for rows with the same address; they take some 4 MB."""
NAMED = 10
"""Rows without a result up to which each is named."""

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

Find = Callable[[Sequence[bytes]], Mapping[bytes, Entry]]


@attrs.frozen(kw_only=True)
class Outputs:
    """The open outputs of a job; None for those that it does not have.

    Attributes:
        rows: Output of every row with its result.
        failed: Output of the failed rows.
        long: The long table: a row for each offering and plan of a provider.
        levels: The levels of service that have a column.
    """

    rows: Sink | None = None
    failed: Sink | None = None
    long: LongOutput | None = None
    levels: tuple[ServiceLevel, ...] = SERVED_LEVELS

    def each(self) -> Iterator[Finished]:
        """Yield the outputs that the job has."""
        yield from (sink for sink in (self.rows, self.failed, self.long) if sink is not None)

    def discard(self) -> None:
        """Drop the rows; files that were there before stay as they were."""
        for sink in self.each():
            sink.discard()


@attrs.define
class Composed:
    """Counts of the rows that were written.

    Attributes:
        rows: Number of rows with a result.
        without: Number of rows of the input without a result.
        missing: Numbers of the first of them, from 1.
        failed: Number of rows that failed.
        long: Number of rows of the long table.
        long_columns: The columns that it adds.
        nothing: Number of cells that say in a word, such as NULL, that there is no value.
        data_sets: Number of rows by data set.
        first: Time of observation of the oldest result; None if there is none.
        last: Time of observation of the newest result; None if there is none.
    """

    rows: int = 0
    without: int = 0
    missing: list[int] = attrs.field(factory=list)
    failed: int = 0
    long: int = 0
    long_columns: tuple[str, ...] = ()
    nothing: int = 0
    data_sets: Counter[str] = attrs.field(factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def count(self, result: Qualification | ResultFacts) -> None:
        """Count the row of a result."""
        self.rows += 1
        self.failed += result.outcome in FAILED_OUTCOMES
        if result.data_set is not None:
            self.data_sets[result.data_set] += 1
        if (seen := result.observed_at) is not None:
            self.first = min(self.first or seen, seen)
            self.last = max(self.last or seen, seen)

    def miss(self, number: int) -> None:
        """Count the row with this number, which has no result."""
        self.without += 1
        if self.without <= NAMED:
            self.missing.append(number)


def compose(  # noqa: PLR0913  the parts of an output, most by name
    table: Table,
    columns: AddressColumns,
    find: Find,
    *,
    dedupe: KeyRules,
    outputs: Outputs,
    stop: threading.Event,
    before_naming: Callable[[Sequence[SealedFile]], None] = lambda _: None,
) -> Composed | None:
    """Write every row that has a result, and finish the outputs.

    Args:
        table: The input.
        columns: Columns of the address.
        find: Returns the journal's entries of addresses, by address digest.
        dedupe: How the journal compares addresses.
        outputs: The outputs.
        stop: Another thread sets it to stop; then the outputs are discarded.
        before_naming: Called when all outputs are complete, before the first one gets its name.

    Returns:
        Counts of the rows that were written; None if it was stopped.

    Raises:
        InputError: An output cannot be written. All that are not finished are discarded.
    """
    written = Composed()
    try:
        results = partial(results_of, table, columns, find, dedupe=dedupe)
        for number, row in enumerate(_rows(results, outputs.long, written, stop), 1):
            if stop.is_set():
                outputs.discard()
                return None
            written.nothing += len(row.reading.nothing)
            if row.result is not None:
                _write(row, row.result, number, outputs, written)
            else:
                written.miss(number)
        sealed = [sink.seal() for sink in outputs.each()]
        before_naming([file for file in sealed if file is not None])
        for sink in outputs.each():
            sink.close()
    except BaseException:
        # Outputs that are finished already stay.
        outputs.discard()
        raise
    return written


def _rows(
    results: Callable[..., Iterator["ResultRow[Any]"]],
    long: LongOutput | None,
    written: Composed,
    stop: threading.Event,
) -> Iterator["ResultRow[Any]"]:
    """Return the rows of the other outputs; the long table needs whole results, and is written."""
    if long is None:
        return results(unpack=stored_facts)
    written.long_columns = long.prepare(count_prices(_unless(stop, results())))
    return _writing_long(results(), long, written)


def _writing_long(
    rows: Iterable["ResultRow[Qualification]"], long: LongOutput, written: Composed
) -> Iterator["ResultRow[Qualification]"]:
    """Yield rows, and write to the long table what each of them holds."""
    for number, row in enumerate(rows, 1):
        if row.result is not None:
            written.long += long.write(row.cells, row.result, number)
        yield row


def _unless(
    stop: threading.Event, rows: Iterable["ResultRow[Qualification]"]
) -> Iterator[Qualification]:
    """Yield the results of rows until it is stopped."""
    for row in rows:
        if stop.is_set():
            return
        if row.result is not None:
            yield row.result


@attrs.frozen
class ResultRow(Generic[ResultT]):
    """A row of the input with its result.

    Attributes:
        cells: The cells that the output repeats.
        result: The result, as it was unpacked, or of an address that was refused; None if there is
            none yet.
        reading: What the cells mean.
    """

    cells: list[Cell]
    result: ResultT | Qualification | None
    reading: AddressReading


def next_rows(rows: Iterator[list[Cell]], name: str, *, most: int = _CHUNK) -> list[list[Cell]]:
    """Return the next rows of an input; none at its end.

    Args:
        rows: The rows.
        name: Name of the input, for messages.
        most: Number of rows at most.

    Raises:
        InputError: The input is no longer there, or cannot be read any more.
    """
    try:
        with mapped_os_errors(f"read {name}"):
            return list(islice(rows, min(most, _CHUNK)))
    except UnicodeError:
        # The file had no such error when it was opened.
        raise InputError(f"{name} was changed while it was read; run again") from None


class Unpack(Protocol[ResultT_co]):
    """Makes something of a stored result: all of it, or the facts that the columns show."""

    def __call__(self, packed: bytes, *, address: Address, digest: bytes) -> ResultT_co:
        """Return what is stored, for a row with this address; raise JournalError if damaged."""
        ...


_whole: Unpack[Qualification] = partial(unpack, key=None)


@overload
def results_of(
    table: Table, columns: AddressColumns, find: Find, *, dedupe: KeyRules
) -> Iterator[ResultRow[Qualification]]: ...


@overload
def results_of(
    table: Table,
    columns: AddressColumns,
    find: Find,
    *,
    dedupe: KeyRules,
    unpack: Unpack[ResultFacts],
) -> Iterator[ResultRow[ResultFacts]]: ...


def results_of(
    table: Table,
    columns: AddressColumns,
    find: Find,
    *,
    dedupe: KeyRules,
    unpack: Unpack[Any] = _whole,
) -> Iterator[ResultRow[Any]]:
    """Yield every row of the input with its result.

    Args:
        table: The input.
        columns: Columns of the address.
        find: Returns a store's entries of addresses, each with its number, by address digest.
        dedupe: How the store compares addresses.
        unpack: What to make of a stored result.
    """
    rows = table.rows()
    given = SeenNumbers()
    plain_rows = PlainRows(columns, dedupe)
    opened: dict[tuple[bytes, bytes], Any] = {}
    while chunk := next_rows(rows, table.name):
        read = [_read(cells, columns, plain_rows) for cells in chunk]
        found = find(list({digest for _, _, digest in read if digest}))
        if len(opened) > _OPENED:
            opened.clear()
        for cells, (reading, address, digest) in zip(chunk, read, strict=True):
            result = None
            if isinstance(address, AddressError):
                result = _refused(reading.address, address)
            elif (entry := found.get(digest)) is not None and entry.packed is not None:
                # A purchase stands for its address: one that counts, an address has but once.
                again = not given.add(entry.number)
                # The row may have been bought anew meanwhile.
                known = opened.get((digest, entry.packed)) if again else None
                result = (
                    unpack(entry.packed, address=address, digest=entry.digest)
                    if known is None
                    else attrs.evolve(known, address=address)
                )
                if again:
                    # The first row of the address shows what the look-up cost.
                    result = attrs.evolve(result, requests=0, elapsed=0.0)
                    opened[digest, entry.packed] = result
            restored = columns.restored(cells)
            yield ResultRow([restored[at] for at in table.kept], result, reading)


def _read(
    cells: list[Cell], columns: AddressColumns, plain_rows: PlainRows
) -> tuple[AddressReading, Address | AddressError, bytes]:
    """Return what a row means, its checked address or the error in it, and its digest."""
    plain = plain_rows.find(cells)
    if plain is not None:
        reading = AddressReading(address=plain.address)
        return reading, plain.address, digest_of_key(plain.compared)
    reading = columns.read(cells)
    address = checked_or_error(reading.address)
    if isinstance(address, AddressError):
        return reading, address, b""
    read = plain_rows.learn(cells, reading, address)
    return reading, address, digest_of_key(read.compared)


def _refused(address: Address, error: HumError) -> Qualification:
    return Qualification(key=None, address=address, outcome=Outcome.INVALID_ADDRESS, error=error)


def _write(
    row: ResultRow[Any],
    result: Qualification | ResultFacts,
    number: int,
    outputs: Outputs,
    written: Composed,
) -> None:
    cells = row.cells
    values = result_values(result, row.reading.note, row=number, levels=outputs.levels)
    if outputs.rows is not None:
        outputs.rows.write(cells, values)
    written.count(result)
    if outputs.failed is not None and result.outcome in FAILED_OUTCOMES:
        outputs.failed.write(cells, values)
