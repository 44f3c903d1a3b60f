"""The section of a report that says what has changed since older results."""

from itertools import islice

from hum_async.bulk.diff.page import DIFF_STYLE, diff_body
from hum_async.bulk.diff.sources import Given
from hum_async.bulk.diff.stream import DiffStream
from hum_async.bulk.report_page.content import ReportSection
from hum_async.bulk.results.frames import needed

_LISTED = 300
"""Addresses that a section names; `hum diff -o` writes all of them."""


def changes_section(old: Given, new: Given) -> ReportSection:
    """Return a section for `write_report`: what has changed, as `diff_results` finds it.

    Args:
        old: The older results: the name of an output or a journal, or any results.
        new: The newer results, which the report shows.

    Raises:
        InputError: A file cannot be read, holds no results, or does not say of which addresses; or
            Jinja2 is not installed.
        JournalError: A journal cannot be read.
    """
    markupsafe = needed("markupsafe", "a report")
    stream = DiffStream(old, new)
    changes = iter(stream)
    listed = list(islice(changes, _LISTED))
    left = sum(1 for _ in changes)
    body = diff_body(stream.summary, listed, left=left)
    return ReportSection(
        "changes",
        "What has changed",
        markupsafe.Markup(f'<div class="hum-diff">{body}</div>'),
        style=DIFF_STYLE,
    )
