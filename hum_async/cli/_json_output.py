"""What commands print with ``--json``: one object, whose keys docs/json-output.md describes."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from hum_async._purchases.lots import LotCounts
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import JobSummary, RunStatus, WorkerStatus
from hum_async.bulk.columns import ColumnPlan, Source, text_of
from hum_async.bulk.files.verification import Verdict
from hum_async.bulk.job_status import JobStatus
from hum_async.bulk.preflight import Preflight, estimate, report_values
from hum_async.bulk.tables import Table
from hum_async.cli._console import data
from hum_async.cli._help import WORK
from hum_async.models import Ping

AsJson = Annotated[
    bool,
    Parameter(
        name="--json", negative=(), group=WORK, help="Print one JSON object instead of a text."
    ),
]


def print_json(values: Mapping[str, Any]) -> None:
    """Print an object on one line, as ASCII, whatever standard output can show."""
    data.out(json.dumps(parsable(values)), highlight=False)


def parsable(value: Any) -> Any:
    """Return a value whose texts every parser takes.

    A name of a file that is not UTF-8 holds lone surrogates; they become what Python calls them.
    """
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, Mapping):
        return {parsable(name): parsable(each) for name, each in value.items()}
    return [parsable(each) for each in value] if isinstance(value, list | tuple) else value


def check_values(
    table: Table, plan: ColumnPlan, found: Preflight, *, rate: float | None
) -> dict[str, Any]:
    """Return what ``hum check`` found.

    Args:
        table: The input.
        plan: What its columns are taken for.
        found: The result of the preflight.
        rate: Requests per second to reckon with; None if it is not known.
    """
    return {
        "file": table.name,
        "sheet": table.sheet,
        "header_row": table.header_row,
        "rows": found.rows,
        "blank_rows": table.blank,
        "columns": plan.columns.mapping(table.header),
        "carried": [text_of([Source(at)], plan.header) for at in plan.carried],
        "doubts": [doubt.message for doubt in plan.doubts],
        "refused": found.refused,
        "suspicious": found.suspicious,
        "duplicates": found.duplicates,
        "duplicates_spelled_differently": found.spelled,
        "restored_zip_codes": found.restored,
        "correctable_cells": found.correctable,
        "sessions": found.sessions,
        "seconds": None if rate is None else estimate(found.sessions, rate=rate),
        "kinds": [
            {
                "kind": str(each.kind),
                "severity": str(each.severity),
                "count": each.count,
                "first_row": each.first_row,
            }
            for each in found.kinds
        ],
        "findings": [report_values(finding) for finding in found.findings],
    }


def status_values(found: JobStatus) -> dict[str, Any]:
    """Return the status of a job."""
    tally = found.tally
    state = "finished" if found.finished_at is not None else "stopped"
    return {
        "journal": str(found.place),
        "state": "running" if found.holder is not None else state,
        "ledger": found.ledger,
        "process": found.holder,
        "api": found.api,
        "finished_at": found.finished_at,
        "rows_done": found.rows_done,
        "rows_total": found.rows_total,
        "seen_at": found.seen_at,
        "rows_per_s": found.rate,
        "seconds_left": found.eta,
        "found_rate": found.found_rate,
        "addresses": {str(outcome): count for outcome, count in found.outcomes.items()},
        "sessions": {
            "bought": tally.bought,
            "open": tally.open,
            "uncertain": tally.uncertain,
            "copied": tally.copied,
            "bought_again": dict(found.superseded),
            "forgotten": found.forgotten,
        },
        "cost": _text_of(found.cost),
        "cost_today": _text_of(found.cost_today),
        "price_per_session": _text_of(found.price),
        "requests": found.requests,
        "runs": [_run_values(each) for each in found.runs],
        "workers": [_worker_values(each) for each in found.workers],
        "lots": None if found.lots is None else _lots_values(found.lots),
    }


def _text_of(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _run_values(run: RunStatus) -> dict[str, Any]:
    return {
        "began_at": run.began_at,
        "seen_at": run.seen_at,
        "library_version": run.library_version,
        "requests": run.requests,
        "rows_done": run.rows_done,
        "rows_reused": run.rows_reused,
        "seconds": run.seconds,
    }


def _worker_values(worker: WorkerStatus) -> dict[str, Any]:
    return attrs.asdict(worker) | {"rows_per_s": worker.rate}


def _lots_values(lots: LotCounts) -> dict[str, Any]:
    return {
        "total": lots.layout.lots,
        "rows": lots.layout.size,
        "done": lots.done,
        "in_hand": lots.in_hand,
        "set_aside": [
            {"number": lot.number + 1, "first_row": lot.first + 1, "last_row": lot.end}
            for lot in lots.set_aside
        ],
    }


def jobs_values(database: DatabaseUrl, jobs: Sequence[JobSummary]) -> dict[str, Any]:
    """Return the jobs of a database."""
    return {
        "database": database.label,
        "schema": database.schema,
        "jobs": [attrs.asdict(job) for job in jobs],
    }


def verify_values(journal: str, verdict: Verdict) -> dict[str, Any]:
    """Return the findings of a verification."""
    return {
        "journal": journal,
        "ok": not verdict.problems,
        "passed": verdict.passed,
        "problems": verdict.problems,
    }


def ping_values(answer: Ping, *, base_url: str, seconds: float) -> dict[str, Any]:
    """Return the answer of the health check."""
    return {
        "ok": True,
        "base_url": base_url,
        "seconds": round(seconds, 4),
        "message": answer.message,
        "request_status": answer.request_status,
        "timestamp": None if answer.timestamp is None else answer.timestamp.isoformat(),
    }
