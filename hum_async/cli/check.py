"""``hum check``: finds errors in a file of addresses, before anything is bought."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._addresses.usps_key import Dedupe
from hum_async._wording import counted
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.files.outputs import check_distinct, file_of
from hum_async.bulk.files.own_files import OutputExists, holds_something
from hum_async.bulk.preflight import REPORT_COLUMNS, TEXTS, Finding, examine, report_values
from hum_async.bulk.tables import STANDARD, Cell, Sink, Table, open_sink
from hum_async.cli._argument_types import PathOrDash, Positive
from hum_async.cli._console import data, escaped, messages, say
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import FILES, WORK
from hum_async.cli._input import InputOptions
from hum_async.cli._json_output import AsJson, check_values, print_json
from hum_async.cli._output_name import check_names, check_standard, is_standard
from hum_async.cli._preflight_view import show_preflight
from hum_async.cli._run import UsageError, run

_DEFAULT_INPUT = InputOptions()


def check(  # noqa: PLR0913  each is an option of the command
    input: Annotated[PathOrDash, Parameter(group=FILES)],  # noqa: A002  the name that users see
    *,
    report: Annotated[PathOrDash | None, Parameter(group=FILES)] = None,
    corrected: Annotated[PathOrDash | None, Parameter(group=FILES)] = None,
    rate: Annotated[Positive | None, Parameter(group=WORK)] = None,
    overwrite: Annotated[bool, Parameter(negative=(), group=FILES)] = False,
    dedupe: Annotated[Dedupe, Parameter(group=WORK)] = "usps",
    limit: Annotated[int, Parameter(validator=Number(gte=0), group=WORK)] = 20,
    json: AsJson = False,
    table: InputOptions = _DEFAULT_INPUT,
) -> int:
    """Say which rows of a file will be refused, which look wrong, and what a job will buy.

    Needs no key and sends nothing. The exit code is 3 if rows will be refused, and 2 if columns
    are in doubt, where qualify would stop.

    Args:
        input: File of addresses, as for qualify; - is standard input.
        report: Write all findings to this file; - is standard output. Row 1 is the first below the
            header.
        corrected: Write the table again with what can be corrected without a doubt: lost zeros of
            ZIP codes, names of states, spaces, whole addresses in the street's cell.
        overwrite: Replace files that are there already.
        rate: Requests per second to reckon with.
        dedupe: What a job buys once: an address however it is spelled, after USPS Publication 28
            (usps), or only as it is written (exact).
        limit: How many findings to show.
        json: Print one JSON object.
        table: How to read the input.
    """
    # Standard output has several names.
    report, corrected = (STANDARD if is_standard(each) else each for each in (report, corrected))

    def prepare() -> ExitCode:
        if report is not None and report == corrected:
            raise UsageError("--report and --corrected cannot be the same; name two files")
        check_standard(report=report, corrected_table=corrected, json=STANDARD if json else None)
        check_names(report, corrected)
        source, plan = table.open(input)
        columns = plan.columns
        _check_outputs(source, report, corrected, overwrite=overwrite)
        table.describe(source, plan)
        stops = table.stops(plan)
        with (
            _open_report(report, source) as on_finding,
            _open_corrected(corrected, source, columns) as on_corrected,
            messages.status("Looking at every row ..."),
        ):
            found = examine(
                source,
                columns,
                dedupe=dedupe,
                keep=limit,
                on_finding=on_finding,
                on_corrected=on_corrected,
            )
        if json:
            print_json(check_values(source, plan, found, rate=rate))
        else:
            on_screen = STANDARD not in {report, corrected}
            show_preflight(found, rate=rate, limit=limit, console=data if on_screen else messages)
        if report not in {None, STANDARD}:
            say(f"Report: {escaped(str(report))}")
        if corrected is not None:
            cells = found.correctable + found.restored
            where = "" if corrected == STANDARD else f": {escaped(corrected)}"
            say(f"Corrected {counted(cells, 'cell')}{where}")
        if stops:
            return ExitCode.USAGE
        return ExitCode.FAILED_ROWS if found.refused else ExitCode.OK

    return run(prepare)


def _check_outputs(
    table: Table, report: str | None, corrected: str | None, *, overwrite: bool
) -> None:
    """Check that nothing is lost by writing the outputs.

    Raises:
        OutputExists: A file is there already.
        InputError: Two files are the same.
    """
    outputs = {"report": file_of(report), "corrected table": file_of(corrected)}
    check_distinct({"input": table.path, **outputs})
    for path in outputs.values():
        if not overwrite and path is not None and holds_something(path):
            raise OutputExists(f"{path} is there already; name another file or say --overwrite")


@contextmanager
def _open_report(target: str | None, table: Table) -> Iterator[Callable[[Finding], object] | None]:
    if target is None:
        yield None
        return
    with _finishing(open_sink(target, header=(), added=REPORT_COLUMNS, source=table)) as sink:
        yield lambda finding: sink.write((), report_values(finding))


@contextmanager
def _open_corrected(
    target: str | None, table: Table, columns: AddressColumns
) -> Iterator[Callable[[list[Cell]], object] | None]:
    if target is None:
        yield None
        return
    text = [table.header[at] for field, at in columns.at.items() if field in TEXTS]
    sink = open_sink(target, header=table.header, added=(), source=table, text=text)
    with _finishing(sink):
        yield lambda cells: sink.write(cells, {})


@contextmanager
def _finishing(sink: Sink) -> Iterator[Sink]:
    """Close an output after the block, or discard it if the block raises."""
    try:
        yield sink
    except BaseException:
        sink.discard()
        raise
    sink.close()
