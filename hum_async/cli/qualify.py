"""``hum qualify``: a file of addresses in, the same file with results out."""

import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.preflight import Preflight, examine
from hum_async.bulk.tables import STANDARD
from hum_async.cli._api import PathOrDash, SimulatedApiOptions, read_key
from hum_async.cli._input import InputOptions
from hum_async.cli._journal_options import (
    JournalOptions,
    is_interactive,
    journal_path,
    start_over,
)
from hum_async.cli._preflight_view import show
from hum_async.cli._qualify_command import QualifyPlan, run_plan
from hum_async.cli._run import ExitCode, UsageError, run

_DEFAULT_API = SimulatedApiOptions()
_DEFAULT_JOURNAL = JournalOptions()
_DEFAULT_INPUT = InputOptions()


def qualify(  # noqa: PLR0913  each is an option of the command
    input: PathOrDash,  # noqa: A002  the name that users see
    *,
    output: Annotated[str, Parameter(alias="-o", allow_leading_hyphen=True)] = STANDARD,
    format: Literal["csv", "jsonl", "excel", "parquet"] | None = None,  # noqa: A002  as above
    long: str | None = None,
    events: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    close: bool = True,
    quiet: Annotated[bool, Parameter(alias="-q", negative=())] = False,
    table: InputOptions = _DEFAULT_INPUT,
    journal: JournalOptions = _DEFAULT_JOURNAL,
    api: SimulatedApiOptions = _DEFAULT_API,
) -> int:
    """Look up every address of a file; write the file again with the results.

    Run the same command again to go on after whatever has stopped it: what is in the journal beside
    the output is not bought again.

    Args:
        input: CSV, JSON lines, Excel or Parquet file with a header, or - for standard input.
            Columns are recognised by their usual names (street, address1, unit, city, state ...).
        output: File to write; - is standard output.
        format: Of the output; goes by the file's name if not given.
        long: Also write a row for each provider's offerings and plans to this file.
        events: Write every update and result as JSON lines to this file, or to - (standard
            output), as they happen.
        dry_run: Say what would be refused, bought and how long it would take; send nothing.
        close: End each session when its result is safe.
        quiet: Show no progress and no summary.
        table: How to read the input.
        journal: What the job remembers.
        api: How to reach the API.
    """
    with contextlib.ExitStack() as files:
        return run(
            lambda: _prepare(
                files,
                input,
                output=output,
                fmt=format,
                long=long,
                events=events,
                dry_run=dry_run,
                close=close,
                quiet=quiet,
                table_options=table,
                journal=journal,
                api=api,
            )
        )


def _prepare(  # noqa: PLR0913  as above
    files: contextlib.ExitStack,
    source: str,
    *,
    output: str,
    fmt: str | None,
    long: str | None,
    events: str | None,
    dry_run: bool,
    close: bool,
    quiet: bool,
    table_options: InputOptions,
    journal: JournalOptions,
    api: SimulatedApiOptions,
) -> Coroutine[Any, Any, ExitCode]:
    if STANDARD == events == output:
        raise UsageError("results and events cannot both go to standard output; use -o FILE")
    key = None if dry_run else read_key(api)
    table, columns = table_options.open(source)
    if not quiet:
        table_options.describe(table, columns)
    if dry_run:
        # Here and not in the coroutine: nothing keeps Ctrl-C from ending it.
        return _shown(examine(table, columns), rate=api.rate)
    outputs = JobOutputs(table=table, columns=columns, target=output, fmt=fmt, long=long)
    path = files.enter_context(journal_path(journal, output=output, streams=outputs.streams))
    outputs.check(
        journal=path,
        **{"file of events": None if events in {None, STANDARD} else Path(str(events))},
    )
    start_over(path, journal, may_ask=is_interactive(source))
    keep = journal.journal is not None or not outputs.streams
    plan = QualifyPlan(
        table=table,
        columns=columns,
        outputs=outputs,
        options=journal.job_options(path, keep=keep, close=close, simulated=api.simulate),
        journal=path,
        keeps_journal=keep,
        events=events,
        api=api,
        key=key,
        encoding=table_options.encoding,
        sheet=table_options.sheet,
        quiet=quiet,
    )
    return run_plan(plan)


async def _shown(found: Preflight, *, rate: float | None) -> ExitCode:
    show(found, rate=rate)
    return ExitCode.FAILED_ROWS if found.refused else ExitCode.OK
