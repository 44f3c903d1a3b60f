"""The simulator's own endpoints, which the API does not have: for tests in another process.

| request                                    | answer                                     |
|--------------------------------------------|--------------------------------------------|
| GET /_simulator/journal                    | a list of requests, as in `RequestRecord`  |
| GET /_simulator/statistics                 | the figures, as in `Statistics`            |
| POST /_simulator/advance `{"seconds": 30}` | `{"now": ...}` after the jump              |

They need no key, count against no limit and do not appear in the journal.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from hum_async.simulator._bodies import error_body

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hum_async.simulator._clock import SimulatedClock
    from hum_async.simulator._request_log import RequestRecord, Statistics

PREFIX = "/_simulator/"


class Control:
    """Answers the simulator's own endpoints.

    Args:
        journal: The requests so far.
        statistics: Computes the figures.
        clock: The clock to advance.
    """

    def __init__(
        self,
        journal: Sequence[RequestRecord],
        *,
        statistics: Callable[[], Statistics],
        clock: SimulatedClock,
    ) -> None:
        self._journal = journal
        self._statistics = statistics
        self._clock = clock

    def answer(self, method: str, *, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request.

        Args:
            method: HTTP method.
            path: Path as sent, beginning with `PREFIX`.
            body: Request body.

        Returns:
            HTTP status and JSON.
        """
        status, content = self._content(f"{method} {path.removeprefix(PREFIX)}", body)
        return status, orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)

    def _content(self, endpoint: str, body: bytes) -> tuple[int, Any]:
        if endpoint == "GET journal":
            return HTTPStatus.OK, [attrs.asdict(record) for record in self._journal]
        if endpoint == "GET statistics":
            return HTTPStatus.OK, attrs.asdict(self._statistics())
        if endpoint == "POST advance":
            return self._advance(body)
        return HTTPStatus.NOT_FOUND, error_body("The simulator has no such endpoint.")

    def _advance(self, body: bytes) -> tuple[int, Any]:
        try:
            self._clock.advance(orjson.loads(body)["seconds"])
        except (ValueError, KeyError, TypeError):
            message = 'Send {"seconds": n} with n 0 or more.'
            return HTTPStatus.BAD_REQUEST, error_body(message)
        return HTTPStatus.OK, {"now": self._clock.now}
