"""The log of every request, in order of arrival, and the figures over it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import overload

import attrs


@attrs.frozen(kw_only=True)
class RequestRecord:
    """One request that the simulator received.

    Attributes:
        at: Simulated seconds from the first start until the whole request had arrived.
        sent_at: The same instant in seconds of the event loop.
        method: HTTP method.
        path: Path as sent, percent-encoded.
        route: For example "GET /sessions/{token}"; "unknown" for an endpoint that does not exist.
        status: HTTP status of the answer; 0 without one (reset, cancelled or still waiting).
        token: Session token in the path, or of the session that a POST created.
        address_key: Normalised address of a POST with a valid address.
        fault: Name of the fault applied to the request, as in `Faults`.
        pause: Event-loop seconds for which a 429 asked to wait; None without Retry-After.
    """

    at: float
    sent_at: float
    method: str
    path: str
    route: str
    status: int = 0
    token: str | None = None
    address_key: str | None = None
    fault: str | None = None
    pause: float | None = None


@attrs.frozen(kw_only=True)
class Statistics:
    """Counts since the first start.

    Attributes:
        requests: Requests received.
        by_method: Requests by HTTP method.
        by_status: Requests by HTTP status of the answer; 0 counts requests without an answer.
        throttled: Requests answered 429.
        sessions_created: Sessions created by POST or `Simulator.add_session`.
        sessions_open: Sessions neither closed nor expired.
        sessions_closed: Sessions closed by DELETE or `Simulator.close`.
        sessions_expired: Sessions expired by their lifetime or `Simulator.expire`.
        sessions_bought: Sessions created by POST, which Hum may bill.
    """

    requests: int
    by_method: Mapping[str, int]
    by_status: Mapping[int, int]
    throttled: int
    sessions_created: int
    sessions_open: int
    sessions_closed: int
    sessions_expired: int
    sessions_bought: int


class RequestLog(Sequence[RequestRecord]):
    """Every request in order of arrival: a live, read-only sequence."""

    def __init__(self) -> None:
        self._records: list[RequestRecord] = []

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> RequestRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[RequestRecord]: ...
    def __getitem__(self, index: int | slice) -> RequestRecord | list[RequestRecord]:
        return self._records[index]

    def __repr__(self) -> str:
        return f"<RequestLog of {len(self)} requests>"

    def add(self, record: RequestRecord) -> int:
        """Record a request that has arrived.

        Returns:
            Its index, for `set_status`.
        """
        self._records.append(record)
        return len(self._records) - 1

    def set_status(self, index: int, *, status: int) -> None:
        """Record the HTTP status of the answer to a request."""
        self._records[index] = attrs.evolve(self._records[index], status=status)

    def select(self, **wanted: str | int | None) -> list[RequestRecord]:
        """Return the records whose attributes equal the wanted values; `None` matches any."""
        given = {name: value for name, value in wanted.items() if value is not None}
        return [
            record
            for record in self._records
            if all(getattr(record, name) == value for name, value in given.items())
        ]

    def by_method(self) -> dict[str, int]:
        """Return the number of requests by HTTP method."""
        return dict(Counter(record.method for record in self._records))

    def by_status(self) -> dict[int, int]:
        """Return the number of requests by HTTP status of the answer."""
        return dict(Counter(record.status for record in self._records))
