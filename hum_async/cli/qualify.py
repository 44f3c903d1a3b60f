"""``hum qualify``: checks the arguments and prepares the job."""

import contextlib
from typing import Annotated

import attrs
from cyclopts import Parameter

from hum_async._purchases.place import Place
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.files.outputs import JobOutputs, file_of
from hum_async.bulk.forecast import Forecast
from hum_async.bulk.options import Close
from hum_async.bulk.preflight import examine
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel
from hum_async.bulk.tables import STANDARD, Table, is_stream
from hum_async.cli._api import SimulatedApiOptions, read_key
from hum_async.cli._argument_types import OutputFormat, PathOrDash, ServiceLevels
from hum_async.cli._console import messages
from hum_async.cli._database import DatabaseOptions
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import FILES, WORK
from hum_async.cli._input import InputOptions
from hum_async.cli._journal_options import JournalOptions, is_interactive, journal_place, start_over
from hum_async.cli._output_name import check_names, check_standard, output_name
from hum_async.cli._preflight_view import show_preflight, show_warnings
from hum_async.cli._qualify_command import QualifyCommand, open_events
from hum_async.cli._run import Command, UsageError, run

_EXAMINED = 200_000
"""Rows that a job looks at before it buys, which takes up to 20 s."""

_DEFAULT_API = SimulatedApiOptions()
_DEFAULT_JOURNAL = JournalOptions()
_DEFAULT_INPUT = InputOptions()
_DEFAULT_DATABASE = DatabaseOptions()


def qualify(  # noqa: PLR0913  each is an option of the command
    input: Annotated[PathOrDash, Parameter(group=FILES)],  # noqa: A002  the name that users see
    *,
    output: Annotated[PathOrDash | None, Parameter(alias="-o", group=FILES)] = None,
    format: Annotated[OutputFormat | None, Parameter(group=FILES)] = None,  # noqa: A002  as above
    long: Annotated[PathOrDash | None, Parameter(group=FILES)] = None,
    served: Annotated[ServiceLevels | None, Parameter(negative=(), group=FILES)] = None,
    events: Annotated[PathOrDash | None, Parameter(group=FILES)] = None,
    overwrite: Annotated[bool, Parameter(negative=(), group=FILES)] = False,
    dry_run: Annotated[bool, Parameter(negative=(), group=WORK)] = False,
    close: Annotated[Close | bool, Parameter(group=WORK, metavar="CHOICE")] = "always",
    quiet: Annotated[bool, Parameter(alias="-q", negative=(), group=WORK)] = False,
    table: InputOptions = _DEFAULT_INPUT,
    journal: JournalOptions = _DEFAULT_JOURNAL,
    database: DatabaseOptions = _DEFAULT_DATABASE,
    api: SimulatedApiOptions = _DEFAULT_API,
) -> int:
    """Look up every address of a file; write the file again with the results.

    Run the same command again to go on after whatever has stopped it: what is in the journal beside
    the output is not bought again.

    Args:
        input: CSV, JSON lines, Excel or Parquet file with a header, or - for standard input.
            Columns are recognised by their usual names (street, address1, unit, city, state ...)
            and by what they hold; where that leaves a doubt, the command stops and says how to go
            on.
        output: File to write; - is standard output. On a terminal the default is a file beside the
            input, in.results.csv for in.csv; in a pipe or with > it is standard output.
        format: Of the output; goes by the file's name if not given.
        long: Also write a row for each provider's offerings and plans to this file.
        served: Speeds in Mbps down and up, as 100/20,25/3 (the default), that get a column:
            hum_served_100_20 says whether one connection reaches both.
        events: Write every update and result as JSON lines to this file, or to - (standard
            output), as they happen.
        overwrite: Replace outputs that this job did not write, or that were edited since.
        dry_run: Say what would be refused, bought and how long it would take; send nothing.
        close: End each session with a DELETE when its result is safe, as the API recommends: always
            (3.1 requests per address), idle, only when no other request waits (2.1 of the limit,
            so a third less time), or never, as --no-close. Sessions left open expire by themselves
            after 30 minutes. --dry-run says what each takes for this file.
        quiet: Show no progress and no summary.
        table: How to read the input.
        journal: What the job remembers.
        database: A job that several machines share. With -o the command writes the results of all
            in the end; without it this machine works only, and ends with the job.
        api: How to reach the API.
    """
    with contextlib.ExitStack() as files:
        return run(
            lambda: _prepare(
                _Call(
                    input=input,
                    output=output,
                    format=format,
                    long=long,
                    levels=served or SERVED_LEVELS,
                    events=events,
                    overwrite=overwrite,
                    dry_run=dry_run,
                    close=close,
                    quiet=quiet,
                    table=table,
                    journal=journal,
                    place=database.place(journal.journal),
                    api=api,
                ),
                files,
            )
        )


@attrs.frozen(kw_only=True)
class _Call:
    """The arguments of a call of the command; `place` is the journal or database that it names."""

    input: str
    output: str | None
    format: OutputFormat | None
    long: str | None
    levels: tuple[ServiceLevel, ...]
    events: str | None
    overwrite: bool
    dry_run: bool
    close: Close | bool
    quiet: bool
    table: InputOptions
    journal: JournalOptions
    place: Place | None
    api: SimulatedApiOptions

    @property
    def shared(self) -> bool:
        """Whether several machines share the job."""
        return isinstance(self.place, DatabaseUrl)

    @property
    def works_only(self) -> bool:
        """Whether nothing is written here."""
        return self.shared and self.output is None


def _prepare(call: _Call, files: contextlib.ExitStack) -> Command | ExitCode:
    """Check the arguments and the input; return the job, or an exit code for no job."""
    check_names(call.output, fmt=call.format)
    check_names(call.long)
    if call.works_only and (call.long is not None or call.format is not None):
        raise UsageError("name an output with -o: without it, this machine works only")
    key = None if call.dry_run else read_key(call.api)
    source, plan = call.table.open(call.input)
    if not call.quiet:
        call.table.describe(source, plan)
    stops = call.table.stops(plan)
    if call.dry_run:
        code = _show_forecast(call, source, plan.columns, files)
        return ExitCode.USAGE if stops else code
    if stops:
        return ExitCode.USAGE
    return _job(call, source, plan.columns, files, key=key).run()


def _show_forecast(
    call: _Call, source: Table, columns: AddressColumns, files: contextlib.ExitStack
) -> ExitCode:
    """Show what a job would do, whose journal is beside its output, as it would be."""
    # Nothing can be beside a pipe.
    nameless = call.output is None and (call.input == STANDARD or is_stream(call.input))
    named = STANDARD if nameless else call.output
    target = output_name(source, call.input, output=named, fmt=call.format)
    streams = target == STANDARD or is_stream(target)
    path = files.enter_context(journal_place(call.place, output=target, streams=streams))
    options = call.journal.job_options(
        path, keep=True, close=call.close, simulated=call.api.simulate
    )
    with Forecast.of(options, fresh=call.journal.fresh) as forecast:
        found = examine(source, columns, dedupe=forecast.dedupe, on_address=forecast.add)
        show_preflight(found, rate=call.api.rate, close=options.close, forecast=forecast)
    return ExitCode.FAILED_ROWS if found.refused else ExitCode.OK


def _job(
    call: _Call,
    source: Table,
    columns: AddressColumns,
    files: contextlib.ExitStack,
    *,
    key: str | None,
) -> QualifyCommand:
    """Return the job, with what it reads and writes at hand; `files` closes that."""
    outputs = _outputs(call, source, columns)
    path = files.enter_context(
        journal_place(call.place, output=outputs.target, streams=outputs.streams)
    )
    own = outputs.check(
        journal=path, overwrite=call.overwrite, **{"file of events": file_of(call.events)}
    )
    may_ask = is_interactive(call.input)
    start_over(path, call.journal, yes=call.table.yes, may_ask=may_ask)
    if not call.quiet:
        _show_warnings(call, source, columns)
    # Before the event loop: Ctrl-C ends the wait for somebody who reads a pipe.
    pipes = outputs.open_pipes()
    files.callback(pipes.discard)
    log = open_events(call.events, files)
    keep = call.place is not None or not outputs.streams
    options = call.journal.job_options(
        path, keep=keep, close=call.close, simulated=call.api.simulate
    )
    return QualifyCommand(
        outputs=outputs,
        own=own,
        options=options,
        journal=path,
        keeps_journal=keep,
        shared=call.shared,
        works_only=call.works_only,
        pipes=pipes,
        events=file_of(call.events),
        log=log,
        api=call.api,
        key=key,
        input=call.table,
        quiet=call.quiet,
    )


def _outputs(call: _Call, source: Table, columns: AddressColumns) -> JobOutputs:
    # Where nothing is written, nothing is named.
    wanted = STANDARD if call.works_only else call.output
    target = output_name(source, call.input, output=wanted, fmt=call.format)
    results = None if call.works_only else target
    check_standard(results=results, long_table=call.long, events=call.events)
    return JobOutputs(
        table=source,
        columns=columns,
        target=target,
        fmt=call.format,
        long=call.long,
        levels=call.levels,
    )


def _show_warnings(call: _Call, source: Table, columns: AddressColumns) -> None:
    with messages.status("Looking at every row ..."):
        dedupe = call.journal.dedupe or "usps"
        found = examine(source, columns, dedupe=dedupe, most=_EXAMINED)
    show_warnings(found, command=call.table.check_command(call.input))
