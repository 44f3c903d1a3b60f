"""Stops a job when the API answers nothing any more, before every row is spoilt."""

import logging
from datetime import UTC, datetime

from hum_async._api.retry import passes
from hum_async.errors import (
    ApiError,
    ApiUnavailable,
    HumError,
    InvalidAddress,
    RateLimited,
    ResponseError,
    TransportError,
)
from hum_async.models import Qualification

logger = logging.getLogger("hum_async.bulk")
logger.addHandler(logging.NullHandler())

_MAX_FAILURES = 25
"""Look-ups in a row that may fail by fault of the API before a job stops."""


class OutageBreaker:
    """Stops a job when every look-up fails by fault of the API, before all rows are spoilt."""

    def __init__(self) -> None:
        self.tripped = False
        self._since = datetime.now(UTC)
        self._failures = 0
        self._last: HumError | None = None

    def record(self, result: Qualification) -> None:
        """Count a result: failures in a row trip the breaker."""
        error = result.error
        faulty = isinstance(error, TransportError | ResponseError) or (
            isinstance(error, ApiError)
            and not isinstance(error, InvalidAddress | RateLimited)
            and passes(error)
        )
        # A failure of an earlier run says nothing of the API as it is now.
        fresh = faulty and result.observed_at is not None and result.observed_at >= self._since
        if not faulty:
            self._failures = 0
        elif fresh:
            self._failures += 1
        self._last = error if faulty else self._last
        if self._failures >= _MAX_FAILURES and not self.tripped:
            self.tripped = True
            logger.warning("the job stops: the last %d look-ups all failed", _MAX_FAILURES)

    def check(self, *, done: int, total: int, again: str = "run the same command again") -> None:
        """Raise if the breaker has stopped the job and rows are left.

        Args:
            done: Number of rows with a result.
            total: Number of rows.
            again: How the job is started again, for the message.

        Raises:
            ApiUnavailable: It has.
        """
        if self.tripped and done < total:
            raise ApiUnavailable(
                f"the last {_MAX_FAILURES} look-ups all failed ({self._last}); stopped, lest more "
                f"rows fail or become uncertain: {again} when the API works"
            )
