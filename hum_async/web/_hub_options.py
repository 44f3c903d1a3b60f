"""What a hub can be told, and what it tells of itself."""

from typing import Literal, TypedDict

import attrs

from hum_async._polling.policies import PollPolicy
from hum_async._values import Value
from hum_async.limiter import Priority


@attrs.frozen(eq=False, repr=False)
class HubStatistics(Value):
    """A hub at one moment.

    Attributes:
        running: Look-ups without a result.
        remembered: Look-ups that can be read, ended ones included.
        subscribers: Streams that are open.
        started: Look-ups begun so far.
        reused: Times that an earlier look-up answered for the same address.
        refused: Look-ups and streams refused because there were too many.
        abandoned: Look-ups ended because their last subscriber had left.
        requests: HTTP requests sent to the API.
    """

    running: int
    remembered: int
    subscribers: int
    started: int
    reused: int
    refused: int
    abandoned: int
    requests: int


class HubOptions(TypedDict, total=False):
    """Keyword arguments of `SessionHub`, for functions that pass them on."""

    policy: PollPolicy | None
    max_running: int
    max_subscribers: int
    max_ended: int
    reuse_for: float
    keep_for: float
    on_abandon: Literal["keep", "close"]
    abandon_after: float
    close: bool
    signals: bool
    priority: Priority | None
    timeout: float | None
    campaign_id: str | None


def check_numbers(*numbers: int) -> None:
    """Raise ValueError if one of the bounds on numbers is out of its range."""
    if min(numbers) < 1:
        raise ValueError("max_running, max_subscribers and max_ended must be at least 1")


def check_seconds(*seconds: float, timeout: float | None) -> None:
    """Raise ValueError if one of the times is out of its range."""
    if min(seconds) < 0:
        raise ValueError("reuse_for, keep_for and abandon_after must not be below 0 seconds")
    if timeout is not None and not timeout > 0:
        raise ValueError(f"timeout must be above 0 seconds, not {timeout!r}")
