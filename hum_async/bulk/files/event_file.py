"""A job's events as JSON lines: every `SessionUpdate` and every result, as they happen.

Rows are told by number and sessions by the first letters of their token; no line holds an address.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import IO, Any

import orjson

from hum_async._redact import mask_token
from hum_async.errors import InputError
from hum_async.models import Qualification, SessionUpdate

_WITH_ADDRESS = frozenset({"hum_service_address"})


class EventFile:
    """Writes events to a stream.

    Args:
        stream: Where to; it is flushed after each event.
        name: What to call it in an error.
    """

    def __init__(self, stream: IO[bytes], *, name: str) -> None:
        self._stream = stream
        self._name = name

    def update(self, row: Hashable, update: SessionUpdate) -> None:
        """Write what a session told; `row` is the position of its row."""
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
        """Write a row's result."""
        shown = {name: value for name, value in values.items() if name not in _WITH_ADDRESS}
        self._write("result", row=_number(row), **shown)

    def job(self, what: str, **figures: Any) -> None:
        """Write that the job began or ended."""
        self._write(what, **figures)

    def _write(self, event: str, **fields: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = orjson.dumps({"event": event, "at": at, **fields}, default=str) + b"\n"
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError as exc:
            raise InputError(
                f"cannot write events to {self._name}: {exc.strerror or exc}; the results so far "
                "are in the journal: run the same command again"
            ) from exc


def _number(row: Hashable) -> Any:
    return row + 1 if isinstance(row, int) else row
