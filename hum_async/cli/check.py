"""``hum check``: what is wrong with a file of addresses, before anything is bought."""

from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async.bulk.files.columns import AddressColumns
from hum_async.bulk.preflight import (
    REPORT_COLUMNS,
    TEXTS,
    Finding,
    Preflight,
    examine,
    report_values,
)
from hum_async.bulk.tables import STANDARD, Cell, Sink, Table, open_sink
from hum_async.cli._api import PathOrDash, Positive
from hum_async.cli._console import data, messages, say, shown
from hum_async.cli._input import InputOptions
from hum_async.cli._preflight_view import show
from hum_async.cli._run import ExitCode, UsageError, run

_DEFAULT_INPUT = InputOptions()


def check(  # noqa: PLR0913  each is an option of the command
    input: PathOrDash,  # noqa: A002  the name that users see
    *,
    report: PathOrDash | None = None,
    corrected: PathOrDash | None = None,
    rate: Positive | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=0))] = 20,
    table: InputOptions = _DEFAULT_INPUT,
) -> int:
    """Say which rows of a file will be refused, which look wrong, and what a job will buy.

    Needs no key and sends nothing. The exit code is 3 if rows will be refused.

    Args:
        input: File of addresses, as for qualify; - is standard input.
        report: Write all findings to this file; - is standard output. Row 1 is the first below the
            header.
        corrected: Write the table again with what can be corrected without a doubt: lost zeros of
            ZIP codes, names of states, spaces, whole addresses in the street's cell.
        rate: Requests per second to reckon with.
        limit: How many findings to show.
        table: How to read the input.
    """
    return run(
        lambda: _prepare(
            input, report=report, corrected=corrected, rate=rate, limit=limit, options=table
        )
    )


def _prepare(
    source: str,
    *,
    report: str | None,
    corrected: str | None,
    options: InputOptions,
    **settings: Any,
) -> Coroutine[Any, Any, ExitCode]:
    if report is not None and report == corrected:
        raise UsageError("--report and --corrected cannot be the same; name two files")
    table, columns = options.open(source)
    options.describe(table, columns)
    # Here and not in the coroutine: no event loop keeps Ctrl-C from ending it.
    with ExitStack() as outputs, messages.status("Looking at every row ..."):
        on_finding = on_corrected = None
        if report is not None:
            sink = outputs.enter_context(_whole(_open_report(report, table)))
            on_finding = _Findings(sink).write
        if corrected is not None:
            sink = outputs.enter_context(_whole(_open_corrected(corrected, table, columns)))
            on_corrected = _Rows(sink).write
        found = examine(
            table,
            columns,
            keep=settings["limit"],
            on_finding=on_finding,
            on_corrected=on_corrected,
        )
    return _tell(found, report=report, corrected=corrected, **settings)


def _open_report(target: str, table: Table) -> Sink:
    return open_sink(target, header=(), added=REPORT_COLUMNS, source=table)


def _open_corrected(target: str, table: Table, columns: AddressColumns) -> Sink:
    text = [table.header[at] for field, at in columns.at.items() if field in TEXTS]
    return open_sink(target, header=table.header, added=(), source=table, text=text)


@contextmanager
def _whole(sink: Sink) -> Iterator[Sink]:
    """Finish a file; if something goes wrong, leave what was there before."""
    try:
        yield sink
    except BaseException:
        sink.discard()
        raise
    sink.close()


class _Findings:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, finding: Finding) -> None:
        self._sink.write((), report_values(finding))


class _Rows:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, cells: list[Cell]) -> None:
        self._sink.write(cells, {})


async def _tell(
    found: Preflight,
    *,
    report: str | None,
    corrected: str | None,
    rate: float | None,
    limit: int,
) -> ExitCode:
    on_screen = STANDARD not in {report, corrected}
    show(found, rate=rate, limit=limit, console=data if on_screen else messages)
    if report not in {None, STANDARD}:
        say(f"Report: {shown(str(report))}")
    if corrected is not None:
        cells = found.correctable + found.restored
        where = "" if corrected == STANDARD else f": {shown(corrected)}"
        say(f"Corrected {cells:,} {'cell' if cells == 1 else 'cells'}{where}")
    return ExitCode.FAILED_ROWS if found.refused else ExitCode.OK
