"""Decides what a POST that was refused for no reason of its address means for a job.

The status says that every POST would be refused (`PostEffect.REFUSED_CLIENT`). Servers and
firewalls also send such a status for one address alone, and a job that ended with the first one
would end there each time it is run.
"""

import attrs

from hum_async._api.statuses import advice
from hum_async.errors import ApiError, ApiUnavailable

IN_A_ROW = 8
"""Addresses refused one after the other, from which on every address is."""


@attrs.define(eq=False)
class RefusedPosts:
    """The addresses that were refused in this run. Their rows stay open."""

    _addresses: set[bytes] = attrs.field(factory=set)
    _in_a_row: int = 0
    _last: ApiError | None = None

    def __bool__(self) -> bool:
        return bool(self._addresses)

    def __contains__(self, address: bytes) -> bool:
        return address in self._addresses

    def refused(self, address: bytes, error: ApiError) -> None:
        """Count a refusal.

        Raises:
            ApiUnavailable: The API refuses every address.
        """
        self._addresses.add(address)
        self._last = error
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW:
            raise self._told("every new session", "stopped before more rows meet it")

    def accepted(self) -> None:
        """Record that a POST was processed: not every address is refused."""
        self._in_a_row = 0

    def error(self) -> ApiUnavailable:
        """Return the error of a job that has no more than refused rows left."""
        if (count := len(self._addresses)) == 1:
            return self._told("1 address", "its row stays open, and all others have their results")
        return self._told(
            f"{count:,} addresses", "their rows stay open, and all others have their results"
        )

    def _told(self, what: str, state: str) -> ApiUnavailable:
        error = self._last
        if error is None:
            raise RuntimeError("nothing was refused")
        said = f": {error.message}" if error.message else ""
        return ApiUnavailable(
            f"the API refuses {what} (HTTP {error.status}{said}); {state}: "
            f"{advice(error.status)}, then run the same command again",
            retry_after=error.retry_after,
        )
