"""What was asked: every request in order, and the figures over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import overload

import attrs


@attrs.frozen(kw_only=True)
class RequestRecord:
    """One request the simulator received.

    Attributes:
        at: Simulated seconds since the start when it had arrived in full.
        sent_at: The same instant in event-loop seconds.
        method: HTTP method.
        path: Path as it came over the wire, still percent-encoded.
        route: For example "GET /sessions/{token}"; "unknown" for a path without a route.
        status: Status of the answer; 0 when there was none (reset, cancelled or still waiting).
        token: SimulatedSession token of the path, or of the session a POST created.
        address_key: Normalised address of a POST that could be read.
        fault: Name of the fault that struck, as in `Faults`.
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


@attrs.frozen(kw_only=True)
class Statistics:
    """Figures over everything since the start.

    Attributes:
        requests: Requests received.
        by_method: Requests by HTTP method.
        by_status: Requests by status of the answer; 0 counts those without one.
        throttled: Requests answered 429.
        sessions_created: Sessions created, by POST or by `add_session`.
        sessions_open: Sessions that still answer.
        sessions_closed: Sessions closed by DELETE or `close`.
        sessions_expired: Sessions past their lifetime or expired by force.
        sessions_bought: Sessions created by POST, which a provider may bill.
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
        """Note a request that has arrived.

        Returns:
            Its number, for `settle`.
        """
        self._records.append(record)
        return len(self._records) - 1

    def settle(self, number: int, *, status: int) -> None:
        """Note the status a request was answered with."""
        self._records[number] = attrs.evolve(self._records[number], status=status)

    def select(self, **wanted: str | int | None) -> list[RequestRecord]:
        """List the records whose attributes equal all wanted values that are not `None`."""
        tests = [(name, value) for name, value in wanted.items() if value is not None]
        return [r for r in self._records if all(getattr(r, n) == v for n, v in tests)]

    def by_method(self) -> dict[str, int]:
        """Count requests by HTTP method."""
        return dict(Counter(record.method for record in self._records))

    def by_status(self) -> dict[int, int]:
        """Count requests by status."""
        return dict(Counter(record.status for record in self._records))
