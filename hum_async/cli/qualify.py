"""``hum qualify``: checks the arguments and prepares the job."""

import contextlib
from typing import Annotated

from cyclopts import Parameter

from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async.bulk.files.outputs import JobOutputs, file_of
from hum_async.bulk.forecast import Forecast
from hum_async.bulk.options import Close
from hum_async.bulk.preflight import examine
from hum_async.bulk.result_schema import SERVED_LEVELS
from hum_async.bulk.tables import STANDARD, is_stream
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
    files = contextlib.ExitStack()

    def prepare() -> Command | ExitCode:
        check_names(output, fmt=format)
        check_names(long)
        place = database.place(journal.journal)
        shared = isinstance(place, DatabaseUrl)
        works_only = shared and output is None
        if works_only and (long is not None or format is not None):
            raise UsageError("name an output with -o: without it, this machine works only")
        key = None if dry_run else read_key(api)
        source, plan = table.open(input)
        columns = plan.columns
        if not quiet:
            table.describe(source, plan)
        stops = table.stops(plan)
        if dry_run:
            # As the job would be: its journal is beside its output. Nothing can be beside a pipe.
            nameless = output is None and (input == STANDARD or is_stream(input))
            named = STANDARD if nameless else output
            target = output_name(source, input, output=named, fmt=format)
            streams = target == STANDARD or is_stream(target)
            path = files.enter_context(journal_place(place, output=target, streams=streams))
            options = journal.job_options(path, keep=True, close=close, simulated=api.simulate)
            with Forecast.of(options, fresh=journal.fresh) as forecast:
                found = examine(source, columns, dedupe=forecast.dedupe, on_address=forecast.add)
                show_preflight(found, rate=api.rate, close=options.close, forecast=forecast)
            if stops:
                return ExitCode.USAGE
            return ExitCode.FAILED_ROWS if found.refused else ExitCode.OK
        if stops:
            return ExitCode.USAGE
        # Where nothing is written, nothing is named.
        wanted = STANDARD if works_only else output
        target = output_name(source, input, output=wanted, fmt=format)
        check_standard(results=None if works_only else target, long_table=long, events=events)
        outputs = JobOutputs(
            table=source,
            columns=columns,
            target=target,
            fmt=format,
            long=long,
            levels=served or SERVED_LEVELS,
        )
        path = files.enter_context(journal_place(place, output=target, streams=outputs.streams))
        own = outputs.check(
            journal=path, overwrite=overwrite, **{"file of events": file_of(events)}
        )
        start_over(path, journal, yes=table.yes, may_ask=is_interactive(input))
        if not quiet:
            with messages.status("Looking at every row ..."):
                found = examine(source, columns, dedupe=journal.dedupe or "usps", most=_EXAMINED)
            show_warnings(found, command=table.check_command(input))
        # Before the event loop: Ctrl-C ends the wait for somebody who reads a pipe.
        pipes = outputs.open_pipes()
        files.callback(pipes.discard)
        log = open_events(events, files)
        keep = place is not None or not outputs.streams
        command = QualifyCommand(
            outputs=outputs,
            own=own,
            options=journal.job_options(path, keep=keep, close=close, simulated=api.simulate),
            journal=path,
            keeps_journal=keep,
            shared=shared,
            works_only=works_only,
            pipes=pipes,
            events=file_of(events),
            log=log,
            api=api,
            key=key,
            input=table,
            quiet=quiet,
        )
        return command.run()

    with files:
        return run(prepare)
