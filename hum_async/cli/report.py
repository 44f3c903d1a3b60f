"""``hum report``: shows the results of a job as one HTML file."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hum_async._wording import counted
from hum_async.bulk import WrittenReport, changes_section, read_results, write_report
from hum_async.bulk.files.outputs import beside, check_distinct, file_of
from hum_async.bulk.tables import STANDARD
from hum_async.cli._argument_types import PathOrDash, ServiceLevels
from hum_async.cli._console import escaped, messages, say
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._output_name import is_standard
from hum_async.cli._run import run
from hum_async.errors import InputError

_KILO = 1000
_OTHER_FORMATS = frozenset(
    [
        ".csv",
        ".doc",
        ".docx",
        ".geojson",
        ".json",
        ".jsonl",
        ".md",
        ".parquet",
        ".pdf",
        ".png",
        ".svg",
        ".tsv",
        ".txt",
        ".xls",
        ".xlsx",
    ]
)
"""Endings that would promise what the file is not."""


def report(  # noqa: PLR0913  each is an option of the command
    results: Path,
    /,
    *,
    output: Annotated[PathOrDash | None, Parameter(alias="-o")] = None,
    title: str | None = None,
    served: Annotated[ServiceLevels | None, Parameter(negative=())] = None,
    journal: Path | None = None,
    since: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative=())] = False,
) -> int:
    """Show the results of a job as one HTML file, which needs no network: to open, mail or print.

    It says what was asked and what came out, who serves the addresses with which technology, speed
    and price, where they lie on a map, and what to do about failed rows. Of more than 2,000 rows
    the map and the table show a sample; all figures count every row.

    Args:
        results: An output of hum qualify in any format, its long table, or its journal.
        output: File to write; - is standard output. On a terminal the default is a file beside the
            results, results.report.html for results.csv; in a pipe or with > it is standard output.
        title: Title of the report.
        served: Speeds in Mbps down and up, as 100/20,25/3 (the default): who reaches the fastest is
            served, who does not reach the slowest is unserved. In the report they can be moved.
        journal: The journal of the job, if it is not where the manifest says. Without it a report
            does not say which provider offers which speed.
        since: Older results of the same addresses: also say what has changed since then, as hum
            diff does.
        overwrite: Replace a file that is no report of these results, or that was edited since.
        quiet: Say nothing of what was written.
    """

    def prepare() -> ExitCode:
        target = _target(results, output)
        check_distinct(
            {
                "results": results,
                "report": file_of(target),
                "journal": journal,
                "older results": since,
            }
        )
        with _working(f"Reading {results} ...", quiet=quiet):
            found = read_results(results, journal=journal)
        with _working(f"Counting {counted(len(found), 'row')} ...", quiet=quiet):
            sections = [] if since is None else [changes_section(since, results)]
            written = write_report(
                found,
                target,
                title=title,
                served=map(str, served or ()),
                source=results.name,
                sections=sections,
                overwrite=overwrite,
            )
        if not quiet:
            show_written(written, target)
        return ExitCode.OK

    return run(prepare)


def _working(what: str, *, quiet: bool) -> AbstractContextManager[object]:
    """Show on a terminal what is being done, which takes a minute for 100,000 rows."""
    return nullcontext() if quiet else messages.status(escaped(what))


def show_written(written: WrittenReport, target: str) -> None:
    """Print what was written.

    Args:
        written: The report.
        target: Where it was written to.
    """
    name = "standard output" if target == STANDARD else target
    say(
        f"Report of {counted(written.rows, 'address')}: {escaped(name)} "
        f"({max(written.size // _KILO, 1):,} KB)"
    )
    if written.shown < written.rows:
        say(f"Its map and its table show a sample of {counted(written.shown, 'row')}")
    if written.missing is not None:
        say(written.missing)


def _target(results: Path, output: str | None) -> str:
    """Return where the report goes: on a terminal to a file, elsewhere where the shell says."""
    if output is not None:
        if Path(output).suffix.lower() in _OTHER_FORMATS:
            raise InputError(
                f"a report is HTML: name it {Path(output).stem}.html (a browser prints it to PDF)"
            )
        return STANDARD if is_standard(output) else output
    if sys.stdout is None or not sys.stdout.isatty():
        return STANDARD
    return str(beside(results, ".report.html"))
