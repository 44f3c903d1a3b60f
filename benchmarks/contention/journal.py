"""What a server saw of one run, and what follows from it. Synchronous and without a clock."""

import math
from array import array
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import attrs
from _report import percentile

from contention.scenario import Scenario

__all__ = ["Journal", "count_inside_pauses"]


def count_inside_pauses(
    answers: Iterable[tuple[float, int]], *, pause: float, allowance: float
) -> int:
    """Return how many requests arrived while the server had asked for silence.

    Every 429 asks for it, so a client that keeps sending keeps its own pause going.

    Args:
        answers: Time of arrival and status of each request, in order. The server answers at once,
            so that is also when a 429 was sent.
        pause: Seconds that a 429 asks for.
        allowance: Seconds after the first 429 of a pause in which arrivals do not count.
    """
    inside, began, ends = 0, -math.inf, -math.inf
    for at, status in answers:
        if at >= ends:
            began = at  # only matters if this one is refused: then a pause begins with it
        elif at > began + allowance:
            inside += 1
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            ends = at + pause
    return inside


@attrs.define
class Journal:
    """One line per request of a run: when it arrived, how it was answered, whom it asked for.

    Args:
        scenario: What the run is about.
        done_times: When each token is done, in seconds from the start of the run.
    """

    scenario: Scenario
    done_times: Mapping[str, float]
    _times: array = attrs.field(factory=lambda: array("d"), init=False)
    _statuses: array = attrs.field(factory=lambda: array("H"), init=False)
    _tokens: list[str] = attrs.field(factory=list, init=False)

    def record(self, at: float, status: int, token: str) -> None:
        """Note one request."""
        self._times.append(at)
        self._statuses.append(status)
        self._tokens.append(token)

    def lags(self) -> list[float]:
        """Return, of each token that was told to be done, how long that took."""
        told: dict[str, float] = {}
        for at, status, token in zip(self._times, self._statuses, self._tokens, strict=True):
            if status == HTTPStatus.OK:
                told.setdefault(token, at)
        return [at - self.done_times[token] for token, at in told.items()]

    def figures(self) -> dict[str, Any]:
        """Return what the table shows of a run, as far as the server can know."""
        lags, refused = self.lags(), self._statuses.count(HTTPStatus.TOO_MANY_REQUESTS)
        return {
            "done": len(lags),
            "requests": len(self._times),
            "429 %": 100.0 * refused / max(1, len(self._times)),
            "sent in a pause": count_inside_pauses(
                zip(self._times, self._statuses, strict=True),
                pause=self.scenario.retry_after,
                allowance=self.scenario.allowance,
            ),
            "lag p50 s": percentile(lags, 0.5) if lags else None,
            "lag p95 s": percentile(lags, 0.95) if lags else None,
        }
