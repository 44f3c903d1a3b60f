"""Writes a report: a sample of the rows where all of them would make it too large for an e-mail."""

import os
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from hum_async._wording import counted
from hum_async.bulk.report_page.content import ReportContent, ReportSection
from hum_async.bulk.report_page.facts import RowFacts, facts_of, shown
from hum_async.bulk.report_page.figures import ReportFigures
from hum_async.bulk.report_page.seal import check_replaceable, sealed
from hum_async.bulk.result_schema import ServiceLevel
from hum_async.bulk.results.frames import needed
from hum_async.bulk.results.stored import Results
from hum_async.bulk.tables import Output, mapped_os_errors
from hum_async.models import Qualification

MOST_ROWS = 2000
"""Rows that the map and the table of a report show at most."""
MOST_BYTES = 500_000
"""Bytes of a report, which may have to shorten its sample for that."""
_LONGEST_TITLE = 200


@attrs.frozen
class WrittenReport:
    """What `write_report` returns.

    Attributes:
        rows: Number of rows that are counted.
        shown: Number of rows that its map and its table show.
        size: Bytes of the file.
        missing: What the results do not tell, as the page states it; None if they are whole.
    """

    rows: int
    shown: int
    size: int
    missing: str | None = None


def write_report(  # noqa: PLR0913  all but two by name
    results: Iterable[Qualification[Any]],
    output: str | os.PathLike[str],
    *,
    title: str | None = None,
    served: Iterable[str] = (),
    source: str | None = None,
    sections: Iterable[ReportSection] = (),
    overwrite: bool = False,
) -> WrittenReport:
    """Write an HTML page that shows results: one file that needs no network and no other file.

    It counts all rows. Its map and its table show all of them up to 2,000, and of more a sample,
    which the page states. It holds addresses, and neither session tokens nor links that name one.

    Args:
        results: What `read_results` returned, or any results.
        output: The file, such as ``report.html``; ``-`` is standard output.
        title: Title of the page.
        served: Levels of service such as ``["100/20", "25/3"]``, the default: who reaches the
            fastest is served, who does not reach the slowest is unserved. In the page both can be
            moved.
        source: What the page names as the file of the results.
        sections: Further sections.
        overwrite: Replace a file that is no report of the same source, or that was edited since.

    Raises:
        InputError: The file is there, and it is no report of the same source as it was written.
        InputError: The file cannot be written, or Jinja2 is not installed.
        ValueError: A level of service is none.
    """
    known = Results.of(results)
    text, shown_rows = _fitting(known, title, served, source, tuple(sections))
    whole = sealed(text, source=source)
    target = os.fspath(output)
    if not overwrite:
        check_replaceable(Path(target), source=source)
    with mapped_os_errors(f"write {target}"):
        file = Output(target)
    file.put(whole)
    file.close()
    return WrittenReport(len(known), shown_rows, len(whole.encode()), _missing(known))


def report_html(
    results: Iterable[Qualification[Any]],
    *,
    title: str | None = None,
    served: Iterable[str] = (),
    source: str | None = None,
    sections: Iterable[ReportSection] = (),
) -> str:
    """Return the page that `write_report` writes, to serve it or to attach it to a mail.

    The arguments are those of `write_report`.

    Raises:
        InputError: Jinja2 is not installed.
        ValueError: A level of service is none.
    """
    text, _ = _fitting(Results.of(results), title, served, source, tuple(sections))
    return text


def _fitting(
    known: Results[Any],
    title: str | None,
    served: Iterable[str],
    source: str | None,
    sections: tuple[ReportSection, ...],
) -> tuple[str, int]:
    """Return a page that is small enough, and the number of rows that it shows."""
    needed("jinja2", "a report")
    from hum_async.bulk.report_page.page import render  # noqa: PLC0415  an extra

    order = list(range(len(known)))
    # The same results give the same page, so the sample must not be another one each time.
    random.Random(len(order)).shuffle(order)  # noqa: S311  no secret
    drawn = sorted(order[:MOST_ROWS])
    figures, facts = _counted(known, set(drawn))
    content = ReportContent(
        title=shown(title or "", _LONGEST_TITLE)
        or f"Internet service at {counted(len(known), 'address')}",
        source=None if source is None else shown(source),
        api=None if known.api is None else shown(known.api),
        made_at=datetime.now(UTC),
        figures=figures,
        levels=tuple(map(ServiceLevel.parse, served)) or known.levels,
        has_offers=known.has_offers,
        missing=_missing(known),
        sections=sections,
    )
    count = len(drawn)
    while True:
        rows = [facts[at] for at in sorted(order[:count])]
        text = render(content, rows)
        size = len(text.encode())
        if size <= MOST_BYTES or not count:
            return text, count
        count = min(count - 1, int(count * 0.95 * MOST_BYTES / size))


def _counted(results: Results[Any], drawn: set[int]) -> tuple[ReportFigures, dict[int, RowFacts]]:
    figures = ReportFigures()
    facts = {}
    for at, record in enumerate(results.records):
        row = facts_of(record, number=at + 1)
        figures.add(row)
        if at in drawn:
            facts[at] = row
    return figures, facts


def _missing(results: Results[Any]) -> str | None:
    """Return what results do not tell that are not whole; None if they are."""
    if results.complete:
        return None
    if results.is_long:
        return (
            "A long table holds only the rows that have providers; a report of the output or of "
            "the journal shows all."
        )
    return (
        "Without the journal of the job these results are what the columns of a table say, which "
        "do not tell the speed and price of each provider; hum report --journal FILE names it."
    )
