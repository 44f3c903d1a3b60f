"""The control interface: endpoints of the simulator alone, for tests in another process.

| request                                    | answer                                     |
|--------------------------------------------|--------------------------------------------|
| GET /_simulator/journal                    | a list of requests, as in `RequestRecord`  |
| GET /_simulator/statistics                 | the figures, as in `Statistics`            |
| POST /_simulator/advance `{"seconds": 30}` | `{"now": ...}` after the jump              |

They need no key, count against no limit and do not appear in the journal. A browser's request from
a page of elsewhere is answered 403, and numbers that no clock can take 400.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import attrs
import orjson

from hum_async.simulator._bodies import error_body
from hum_async.simulator._clock import SimulatedClock
from hum_async.simulator._request_log import RequestRecord, Statistics

PREFIX = "/_simulator/"


class Control:
    """Answers the requests of the control interface.

    Args:
        request_log: The requests so far.
        statistics: Returns the current figures.
        clock: The clock that `advance` moves.
    """

    def __init__(
        self,
        request_log: Sequence[RequestRecord],
        *,
        statistics: Callable[[], Statistics],
        clock: SimulatedClock,
    ) -> None:
        self._request_log = request_log
        self._statistics = statistics
        self._clock = clock

    def answer(self, method: str, *, path: str, body: bytes) -> tuple[int, bytes]:
        """Return the answer to a request.

        Args:
            method: HTTP method.
            path: Path as sent, beginning with `PREFIX`.
            body: Request body.

        Returns:
            HTTP status and JSON.
        """
        status, content = self._content(f"{method} {path.removeprefix(PREFIX)}", body)
        return status, orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)

    @staticmethod
    def refuse(reason: str) -> tuple[int, bytes]:
        """Return the answer to a request that may not use the interface."""
        return HTTPStatus.FORBIDDEN, orjson.dumps(error_body(reason))

    def _content(self, endpoint: str, body: bytes) -> tuple[int, Any]:
        if endpoint == "GET journal":
            return HTTPStatus.OK, [attrs.asdict(record) for record in self._request_log]
        if endpoint == "GET statistics":
            return HTTPStatus.OK, attrs.asdict(self._statistics())
        if endpoint == "POST advance":
            return self._advance(body)
        return HTTPStatus.NOT_FOUND, error_body("The simulator has no such endpoint.")

    def _advance(self, body: bytes) -> tuple[int, Any]:
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return _bad_request(f"the body is not JSON ({error})")
        if not isinstance(content, dict) or "seconds" not in content:
            return _bad_request('the body is not an object with the field "seconds"')
        try:
            self._clock.advance(content["seconds"])
        except (ValueError, TypeError) as error:
            return _bad_request(str(error))
        return HTTPStatus.OK, {"now": self._clock.now}


def _bad_request(reason: str) -> tuple[int, Any]:
    message = f'Send {{"seconds": n}} with a number n of 0 or more: {reason}.'
    return HTTPStatus.BAD_REQUEST, error_body(message)
