"""``hum qualify``: a file of addresses in, the same file with results out."""

import sys
from collections.abc import Coroutine
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from hum_async.bulk.columns import AddressColumns, MappingError, find_columns
from hum_async.bulk.job import JobReport, run_job
from hum_async.bulk.tables import STANDARD, CsvTable, open_sink, open_table
from hum_async.cli._api import PathOrDash, SimulatedApiOptions, open_client, read_key
from hum_async.cli._console import say, shown
from hum_async.cli._progress import showing_progress
from hum_async.cli._run import ExitCode, run
from hum_async.cli._summary import show_summary
from hum_async.client import HumClient
from hum_async.errors import (
    ApiError,
    AuthenticationError,
    InputError,
    RateLimited,
    ServerError,
)

__all__ = ["qualify"]

_DEFAULT_API = SimulatedApiOptions()


def qualify(  # noqa: PLR0913  each is an option of the command
    input: PathOrDash,  # noqa: A002  the name that users see
    *,
    output: Annotated[str, Parameter(alias="-o", allow_leading_hyphen=True)] = STANDARD,
    format: Literal["csv", "jsonl"] | None = None,  # noqa: A002  the name that users see
    map: Annotated[tuple[str, ...], Parameter(negative=())] = (),  # noqa: A002  as above
    encoding: str | None = None,
    close: bool = True,
    quiet: Annotated[bool, Parameter(alias="-q", negative=())] = False,
    api: SimulatedApiOptions = _DEFAULT_API,
) -> int:
    """Look up every address of a CSV file; write the file again with the results.

    Args:
        input: CSV file with a header, or - for standard input. Columns are recognised by their
            usual names (street, address1, unit, city, state, zip ...).
        output: File to write; - is standard output.
        format: Of the output; goes by the file's name if not given.
        map: Say which column holds a part of the address, as street1=COLUMN; may be repeated.
        encoding: Of the input, if it is neither UTF-8 nor UTF-16.
        close: End each session when its row is done.
        quiet: Show no progress and no summary.
        api: How to reach the API.
    """
    return run(
        lambda: _prepare(
            input,
            output=output,
            fmt=format,
            mapping=map,
            encoding=encoding,
            close=close,
            quiet=quiet,
            api=api,
        )
    )


def _prepare(
    source: str,
    *,
    mapping: tuple[str, ...],
    encoding: str | None,
    quiet: bool,
    api: SimulatedApiOptions,
    **settings: Any,
) -> Coroutine[Any, Any, ExitCode]:
    named = _mapping(mapping)
    key = read_key(api)
    table = open_table(source, encoding=encoding)
    columns = find_columns(table.header, mapping=named, source=table.name)
    if not quiet:
        _introduce(table, columns)
    return _qualify(table, columns, key=key, quiet=quiet, api=api, **settings)


async def _qualify(  # noqa: PLR0913  as above
    table: CsvTable,
    columns: AddressColumns,
    *,
    output: str,
    fmt: str | None,
    close: bool,
    quiet: bool,
    api: SimulatedApiOptions,
    key: str | None,
) -> ExitCode:
    report = JobReport(total=table.count)
    async with open_client(api, key=key, quiet=quiet) as client:
        await _preflight(client)
        sink = open_sink(output, table=table, fmt=fmt)
        try:
            on_screen = output == STANDARD and sys.stdout.isatty()
            with showing_progress(report, quiet=quiet, rows_on_screen=on_screen) as view:
                await run_job(
                    client,
                    table=table,
                    columns=columns,
                    sink=sink,
                    report=report,
                    close=close,
                    on_progress=view.update,
                )
        except InputError:
            # It says itself where the rows are that could be written.
            output = STANDARD
            raise
        finally:
            written = output if output != STANDARD and report.done else None
            if not quiet:
                show_summary(report, output=written, simulated=api.simulate)
    if report.done and report.unreachable == report.done:
        return ExitCode.COULD_NOT_RUN
    return ExitCode.FAILED_ROWS if report.failed else ExitCode.OK


def _mapping(options: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for option in options:
        field, equals, column = option.partition("=")
        if not (field and equals and column):
            raise MappingError(f"--map takes FIELD=COLUMN, not {option!r}")
        mapping[field.strip()] = column
    return mapping


def _introduce(table: CsvTable, columns: AddressColumns) -> None:
    found = ", ".join(f"{field} = {table.header[at]}" for field, at in columns.at.items())
    say(shown(f"{table.name}: {table.count:,} rows; {found}"))


async def _preflight(client: HumClient) -> None:
    """Find out before a job that the API is there and takes the key."""
    try:
        await client.ping()
    except ApiError as exc:
        if isinstance(exc, AuthenticationError | ServerError | RateLimited):
            raise
        # It is there and takes the key; that it has no health check need not stop a job.
