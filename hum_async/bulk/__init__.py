"""Qualification jobs: many addresses, from a file to a file, and their results in Python."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hum_async.bulk.qualification import JobStatistics, QualificationStream, qualify
    from hum_async.bulk.results.convert import to_arrow, to_pandas, to_polars
    from hum_async.bulk.results.progress import show_progress
    from hum_async.bulk.results.reading import read_results
    from hum_async.bulk.results.stored import Results

__all__ = [
    "JobStatistics",
    "QualificationStream",
    "Results",
    "qualify",
    "read_results",
    "show_progress",
    "to_arrow",
    "to_pandas",
    "to_polars",
]

_HOMES = {
    "JobStatistics": "qualification",
    "QualificationStream": "qualification",
    "Results": "results.stored",
    "qualify": "qualification",
    "read_results": "results.reading",
    "show_progress": "results.progress",
    "to_arrow": "results.convert",
    "to_pandas": "results.convert",
    "to_polars": "results.convert",
}


# Imported when first used, so that `hum check`, which reads files and asks nobody, need not
# wait for aiohttp.
def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"hum_async.bulk.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
