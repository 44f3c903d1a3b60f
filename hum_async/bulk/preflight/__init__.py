"""The preflight: finds rows that will be refused or look wrong, before anything is bought."""

from hum_async.bulk.preflight._decision import decide_columns
from hum_async.bulk.preflight._examine import (
    REPORT_COLUMNS,
    KindCount,
    Preflight,
    corrected,
    estimate,
    examine,
    report_values,
)
from hum_async.bulk.preflight._findings import Change, Finding, FindingKind, Severity
from hum_async.bulk.preflight._row import TEXTS

__all__ = [
    "REPORT_COLUMNS",
    "TEXTS",
    "Change",
    "Finding",
    "FindingKind",
    "KindCount",
    "Preflight",
    "Severity",
    "corrected",
    "decide_columns",
    "estimate",
    "examine",
    "report_values",
]
