"""Reads results back: whole from a journal, or else as the columns of an output tell them."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice, repeat
from pathlib import Path
from typing import Any

import attrs

from hum_async._purchases.codec import unpack
from hum_async._purchases.journals import open_reader
from hum_async._purchases.place import Place, named, place_of
from hum_async._purchases.reader import JournalReader
from hum_async.bulk.columns import (
    AddressColumns,
    MappingError,
    mapped_columns,
    plan_columns,
    rate_header,
)
from hum_async.bulk.files.compose import results_of
from hum_async.bulk.files.manifest import manifest_in, read_manifest
from hum_async.bulk.files.outputs import beside
from hum_async.bulk.files.own_files import checksum
from hum_async.bulk.result_columns import utc_second
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel
from hum_async.bulk.results.columns_read import in_cents, providers_of, read_values, result_of
from hum_async.bulk.results.records import ResultRecord
from hum_async.bulk.results.stored import Results
from hum_async.bulk.tables import Cell, Table, as_text, mapped_os_errors, open_table
from hum_async.errors import InputError
from hum_async.models import Address, Provider, Qualification, ServiceAddress

_SQLITE = b"SQLite format 3\0"
_SAMPLE = 200
"""Rows by which the columns of an address are found."""
_RECORD = "hum_record"
_SERVED = "hum_served_"
_MANIFEST = ".manifest.json"
_JOURNAL = ".journal.sqlite"


def read_results(
    path: str | os.PathLike[str], *, journal: str | os.PathLike[str] | None = None
) -> Results[int]:
    """Read the results of a job: from any of its outputs, or from its journal.

    Results are whole where the journal is there: beside the output, where its manifest says, or
    where `journal` says. Without it they are put together from the columns of the output:
    ``complete`` is False, providers are their names, and a long table tells more than a wide one.

    A journal holds no addresses of the input. If its manifest and the input are there and
    unchanged, there is a result for each row of the input; otherwise there is one for each address
    that was bought, in the order of purchase, whose `address` is the one that Hum understood.

    Args:
        path: An output in any format, its ``.failed.csv``, its long table, or a journal.
        journal: The journal of an output, or ``postgresql://host/db?job=NAME``; None looks for a
            file.

    Returns:
        A sequence of `Qualification`, with `to_arrow()`, `to_polars()` and `to_pandas()`. Each key
        is the number of the row in the input less one.

    Raises:
        InputError: The file cannot be read, or holds no results.
        JournalError: The journal cannot be read, or it is damaged.
    """
    file = Path(path)
    if is_journal(file):
        return _of_journal(file)
    kept_in = named(journal)
    del journal  # perhaps with a password
    with open_output(file, journal=place_of(kept_in)) as found:
        return Results(
            found.records,
            columns=found.columns,
            levels=found.levels,
            complete=found.complete,
            api=found.api,
        )


def is_journal(path: Path) -> bool:
    """Whether a file is a journal, or another database of SQLite.

    Raises:
        InputError: It cannot be read.
    """
    with mapped_os_errors(f"read {path}"), path.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


# --- a journal ------------------------------------------------------------------------------------


def _of_journal(path: Path) -> Results[int]:
    with open_reader(path) as journal:
        rows = input_of(journal)
        if rows is None:
            records = (ResultRecord(result) for _, result in purchases_of(journal))
            return Results(records, api=journal.api)
        table = rows[0]
        kept = [table.header[at] for at in table.kept]
        return Results(rows_of(journal, *rows), columns=kept, api=journal.api)


def input_of(journal: JournalReader) -> tuple[Table, AddressColumns] | None:
    """Return the input of a journal's last job and its columns; None if it is not there as it was.

    It is known by the manifest.
    """
    beside_it = manifest_in(journal)
    if beside_it is None:
        return None
    try:
        source = read_manifest(beside_it)["files"]["input"]
        file = beside_it.parent / str(source["name"])
        if checksum(file) != source["sha256"]:
            return None
        table = open_table(
            str(file),
            encoding=source.get("encoding"),
            sheet=source.get("sheet"),
            fmt=source.get("format"),
            header_row=source.get("header_row"),
        )
        return table, mapped_columns(table.header, source["columns"])
    except (InputError, MappingError, KeyError, TypeError, AttributeError):
        # It is not there as it was, or the manifest is none.
        return None


def rows_of(
    journal: JournalReader, table: Table, columns: AddressColumns
) -> Iterator[ResultRecord]:
    """Yield each row of a journal's input that has a result."""
    found = results_of(table, columns, journal.find, dedupe=journal.dedupe)
    for number, row in enumerate(found):
        if row.result is not None:
            result = attrs.evolve(row.result, key=number)
            yield ResultRecord(result, row.cells, row=number + 1, note=row.reading.note)


def purchases_of(journal: JournalReader) -> Iterator[tuple[bytes, Qualification]]:
    """Yield the results of a journal with the digests of their addresses, as they were bought.

    Their `address` is the one that Hum understood.
    """
    for number, entry in enumerate(journal.settled()):
        result = unpack(entry.packed or b"", key=number, address=Address(""), digest=entry.digest)
        yield entry.digest, attrs.evolve(result, address=_address_of(result.service_address))


def _address_of(place: ServiceAddress | None) -> Address:
    if place is None:
        return Address("")
    return Address(
        place.street or place.normalized or "",
        city=place.city,
        state=place.state,
        zip=place.zip,
        latitude=place.latitude,
        longitude=place.longitude,
    )


def job_of(path: Path) -> tuple[Table, AddressColumns, Path]:
    """Return the rows, the columns of the address and the journal of a job, by any of its files.

    Args:
        path: An output of the job, or its journal.

    Raises:
        InputError: The file holds no results, or does not say which columns hold the address, or
            its journal is not there.
        JournalError: The journal cannot be read.
    """
    if is_journal(path):
        with open_reader(path) as journal:
            found = input_of(journal)
        if found is None:
            raise InputError(f"the input of {path} is not there as it was; name an output instead")
        return *found, path
    table = open_table(str(path), rate_header=rate_header)
    if "hum_outcome" not in table.header or _RECORD in table.header:
        raise InputError(f"{path} is no output of hum qualify; name one, or a journal")
    manifest = _manifest_of(path)
    columns = _columns_of(table, _mapping_in(manifest))
    if columns is None:
        raise InputError(
            f"{path} does not show which of its columns hold the address; keep the manifest of the "
            "job beside it, or name its journal"
        )
    place = _journal_of(path, manifest)
    if place is None:
        raise InputError(
            f"{path} has no journal beside it, nor where its manifest says; name the journal"
        )
    return table, columns, place


# --- an output ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class StoredRecords:
    """The results of an output that is open.

    Attributes:
        records: The results with their rows; read once.
        columns: Names of the input's columns.
        levels: The levels of service that have a column.
        complete: Whether offerings and plans may be there; a long table never has them whole.
        addressed: Whether it can be told which columns hold the address.
        api: Which API answered, as the manifest names it; None without one.
    """

    records: Iterator[ResultRecord]
    columns: Sequence[str]
    levels: tuple[ServiceLevel, ...]
    complete: bool = True
    addressed: bool = True
    api: str | None = None


@contextlib.contextmanager
def open_output(
    path: Path, *, journal: Place | None = None, whole: bool = True
) -> Iterator[StoredRecords]:
    """Open an output, so that its results are read one after the other.

    Args:
        path: An output in any format, its ``.failed.csv``, or its long table.
        journal: The journal of the output; None looks for it.
        whole: Take whole results from the journal where it is there.

    Raises:
        InputError: The file cannot be read, or holds no results; also while it is read.
        JournalError: The journal cannot be read, or it is damaged; also while it is read.
    """
    table = open_table(str(path), rate_header=rate_header, may_be_empty=True)
    if "hum_outcome" not in table.header:
        raise InputError(
            f"{path} holds no results: it has no column hum_outcome; name an output of "
            "hum qualify, or a journal"
        )
    kept = set(table.kept)
    added = [name for at, name in enumerate(table.header) if at not in kept]
    if twice := sorted({name for name in added if added.count(name) > 1}):
        raise InputError(f"{path} has the column {twice[0]} twice; take one of them out")
    manifest = _manifest_of(path)
    columns = _columns_of(table, _mapping_in(manifest))
    if _RECORD in table.header:
        yield attrs.evolve(_long_records(table, columns), api=_api_in(manifest))
        return
    if whole and journal is None:
        journal = _journal_of(path, manifest)
    with contextlib.ExitStack() as opened:
        results: Iterator[Qualification | None] = repeat(None)
        if whole and journal is not None and columns is not None:
            reader = opened.enter_context(open_reader(journal))
            found = results_of(table, columns, reader.find, dedupe=reader.dedupe)
            results = (row.result for row in found)
        yield StoredRecords(
            records=_wide_records(table, columns, results),
            columns=[table.header[at] for at in table.kept],
            levels=_levels_of(table.header),
            addressed=columns is not None,
            api=_api_in(manifest),
        )


def _wide_records(
    table: Table, columns: AddressColumns | None, whole: Iterator[Qualification | None]
) -> Iterator[ResultRecord]:
    kept = set(table.kept)
    added = [at for at in range(len(table.header)) if at not in kept]
    names = [table.header[at] for at in added]
    for number, cells in enumerate(table.rows()):
        values = read_values(names, [cells[at] for at in added], name=table.name)
        row = values.get("hum_row") or number + 1
        if "hum_min_price_cents" not in values:
            # As version 1 of the schema has them.
            values |= {"hum_row": row, "hum_min_price_cents": in_cents(values)}
        address = Address("") if columns is None else columns.address(cells)
        told = _told(values, address, key=row - 1, name=table.name)
        found = next(whole)
        same = found is not None and _is_same(found, told)
        result = attrs.evolve(found, key=row - 1) if found is not None and same else told
        own = [cells[at] for at in table.kept]
        note = values.get("hum_note")
        yield ResultRecord(result, own, row, None if same else values, note)


def _told(
    values: Mapping[str, Any],
    address: Address,
    *,
    key: int,
    name: str,
    providers: tuple[Provider, ...] | None = None,
) -> Qualification[int]:
    """Return the result that a row tells of.

    Raises:
        InputError: It has no outcome, or one that this version does not know.
    """
    try:
        return result_of(values, address, key=key, providers=providers)
    except ValueError:
        raise InputError(
            f"{name} holds no results as a job writes them: row {key + 1} of its input has no "
            "hum_outcome that this version knows"
        ) from None


def _is_same(whole: Qualification, told: Qualification) -> bool:
    """Whether a result of the journal is the one that the output tells of, and not a later one."""
    moments = (utc_second(whole.observed_at), utc_second(told.observed_at))
    return whole.outcome == told.outcome and moments[0] == moments[1]


def _long_records(table: Table, columns: AddressColumns | None) -> StoredRecords:
    start = table.header.index(_RECORD)
    own, names = table.header[:start], table.header[start:]

    def row_of(cells: Sequence[Cell]) -> tuple[object, ...]:
        if "hum_row" in names:
            return (cells[start + names.index("hum_row")],)
        # Older tables do not number their rows; one row's records stand together.
        moment = cells[start + names.index("hum_observed_at")]
        return (*map(as_text, cells[:start]), moment)

    def records() -> Iterator[ResultRecord]:
        for number, (_, group) in enumerate(groupby(table.rows(), row_of)):
            rows = list(group)
            values = [read_values(names, cells[start:], name=table.name) for cells in rows]
            row = values[0].get("hum_row") or number + 1
            address = Address("") if columns is None else columns.address(rows[0])
            found = providers_of(values)
            result = _told(values[0], address, key=row - 1, name=table.name, providers=found)
            yield ResultRecord(result, rows[0][:start], row)

    return StoredRecords(
        records=records(),
        columns=own,
        levels=_levels_of(names),
        complete=False,
        addressed=columns is not None,
    )


@attrs.frozen
class _Manifest:
    """The manifest of the job that wrote an output, and where it is."""

    path: Path
    content: Mapping[str, Any]


def _manifest_of(path: Path) -> _Manifest | None:
    """Return the manifest in the folder of an output that names it; None if there is none."""
    for found in (beside(path, _MANIFEST), *sorted(path.parent.glob(f"*{_MANIFEST}"))):
        with contextlib.suppress(InputError, KeyError, TypeError, AttributeError):
            content = read_manifest(found)
            if path.name in {file["name"] for file in content["files"].values()}:
                return _Manifest(found, content)
    return None


def _mapping_in(manifest: _Manifest | None) -> Mapping[str, str] | None:
    """Return which columns a job took for the address; None if no manifest says so."""
    if manifest is None:
        return None
    found = manifest.content["files"].get("input", {}).get("columns")
    return found if isinstance(found, dict) else None


def _api_in(manifest: _Manifest | None) -> str | None:
    """Return which API answered; None if no manifest says so."""
    found = None if manifest is None else manifest.content.get("api")
    return found if isinstance(found, str) else None


def _journal_of(path: Path, manifest: _Manifest | None) -> Path | None:
    """Return the journal of an output: beside it, or where its manifest says; None if not there."""
    usual = [beside(path, _JOURNAL)]
    if manifest is not None and isinstance(name := manifest.content.get("journal"), str):
        usual.append(manifest.path.parent / name)
    return next((each for each in usual if each.is_file()), None)


def _columns_of(table: Table, mapping: Mapping[str, str] | None) -> AddressColumns | None:
    """Return the columns of the address; None if they cannot be told."""
    if mapping is not None:
        with contextlib.suppress(MappingError):
            return mapped_columns(table.header, mapping)
    own = table.header[: table.header.index(_RECORD)] if _RECORD in table.header else table.header
    try:
        rows = [cells[: len(own)] for cells in islice(table.rows(), _SAMPLE)]
        return plan_columns(own, rows, source=table.name).columns
    except InputError:
        return None


def _levels_of(names: Sequence[str]) -> tuple[ServiceLevel, ...]:
    """Return the levels of service that have a column."""
    found = (name.removeprefix(_SERVED) for name in names if name.startswith(_SERVED))
    return tuple(ServiceLevel.parse(text.replace("_", "/")) for text in found) or SERVED_LEVELS
