"""Writes a job's events as JSON lines: every `SessionUpdate` and every result, as they happen.

Events name rows by number and sessions by a masked token. No event holds an address.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import IO, Any

import orjson

from hum_async._redact import mask_token
from hum_async.bulk.result_columns import json_values
from hum_async.bulk.tables import mapped_os_errors
from hum_async.models import Qualification, SessionUpdate

_WITH_ADDRESS = frozenset({"hum_service_address", "hum_latitude", "hum_longitude", "hum_row"})


class EventFile:
    """Writes events to a stream.

    Args:
        stream: The stream; it is flushed after each event.
        name: Name of the stream in errors.
    """

    def __init__(self, stream: IO[bytes], *, name: str) -> None:
        self._stream = stream
        self._name = name

    def update(self, row: Hashable, update: SessionUpdate) -> None:
        """Write an update of a session; `row` is the position of its row, from 0."""
        session = update.session
        self._write(
            "update",
            row=_number(row),
            session=mask_token(update.token),
            kind=update.kind,
            agents=dict(session.agents) if session else {},
            changes=[
                {"agent": change.agent, "before": change.before, "after": change.after}
                for change in update.changes
            ],
            polls=update.polls,
            elapsed_s=round(update.elapsed, 3),
            error=None if update.error is None else str(update.error),
        )

    def result(self, row: int, _: Qualification, values: dict[str, Any]) -> None:
        """Write the result columns of a row; `row` is its position, from 0."""
        values = json_values(values)
        shown = {name: value for name, value in values.items() if name not in _WITH_ADDRESS}
        self._write("result", row=_number(row), **shown)

    def job(self, event: str, **counts: int) -> None:
        """Write that the job started or ended, with counts of its rows."""
        self._write(event, **counts)

    def _write(self, event: str, **fields: object) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = orjson.dumps({"event": event, "at": at, **fields}, default=str) + b"\n"
        advice = "; the results so far are in the journal: run the same command again"
        with mapped_os_errors(f"write events to {self._name}", advice):
            self._stream.write(line)
            self._stream.flush()


def _number(row: Hashable) -> Hashable:
    return row + 1 if isinstance(row, int) else row
