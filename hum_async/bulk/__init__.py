"""Qualification jobs: many addresses, from a file to a file, and their results in Python."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hum_async.bulk.diff.compare import AddressChange, ChangeKind
    from hum_async.bulk.diff.snapshot import Snapshot
    from hum_async.bulk.diff.stream import Diff, diff_results
    from hum_async.bulk.diff.summary import DiffSide, DiffSummary
    from hum_async.bulk.frames.address_columns import FrameColumns, address_columns
    from hum_async.bulk.frames.qualification import qualify_frame
    from hum_async.bulk.frames.schemas import result_meta, spark_schema
    from hum_async.bulk.qualification import JobStatistics, QualificationStream, qualify
    from hum_async.bulk.report_page.changes import changes_section
    from hum_async.bulk.report_page.content import ReportSection
    from hum_async.bulk.report_page.writing import WrittenReport, report_html, write_report
    from hum_async.bulk.results.convert import to_arrow, to_pandas, to_polars
    from hum_async.bulk.results.progress import show_progress
    from hum_async.bulk.results.reading import read_results
    from hum_async.bulk.results.stored import Results

__all__ = [
    "AddressChange",
    "ChangeKind",
    "Diff",
    "DiffSide",
    "DiffSummary",
    "FrameColumns",
    "JobStatistics",
    "QualificationStream",
    "ReportSection",
    "Results",
    "Snapshot",
    "WrittenReport",
    "address_columns",
    "changes_section",
    "diff_results",
    "qualify",
    "qualify_frame",
    "read_results",
    "report_html",
    "result_meta",
    "show_progress",
    "spark_schema",
    "to_arrow",
    "to_pandas",
    "to_polars",
    "write_report",
]

_HOMES = {
    "AddressChange": "diff.compare",
    "ChangeKind": "diff.compare",
    "Diff": "diff.stream",
    "DiffSide": "diff.summary",
    "DiffSummary": "diff.summary",
    "FrameColumns": "frames.address_columns",
    "JobStatistics": "qualification",
    "QualificationStream": "qualification",
    "ReportSection": "report_page.content",
    "Results": "results.stored",
    "Snapshot": "diff.snapshot",
    "address_columns": "frames.address_columns",
    "changes_section": "report_page.changes",
    "diff_results": "diff.stream",
    "WrittenReport": "report_page.writing",
    "qualify": "qualification",
    "qualify_frame": "frames.qualification",
    "read_results": "results.reading",
    "result_meta": "frames.schemas",
    "report_html": "report_page.writing",
    "show_progress": "results.progress",
    "spark_schema": "frames.schemas",
    "to_arrow": "results.convert",
    "to_pandas": "results.convert",
    "to_polars": "results.convert",
    "write_report": "report_page.writing",
}


# Imported when first used, so that `hum check`, which reads files and asks nobody, need not
# wait for aiohttp.
def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"hum_async.bulk.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
