"""What a member of a shared limit reports, and the lease that it gets. Values alone."""

import math
from collections.abc import Sequence

import attrs

from hum_async._limits.rate_limit_headers import RateLimitHeaders


@attrs.frozen
class Answer:
    """What a member tells of an answer, in times of its own clock.

    Attributes:
        at: When it arrived.
        sent: When its request was sent; None if that is not known.
        refused: It was a refusal.
        retry_after: Seconds that a refusal asks to wait.
        headers: The limit that its headers name.
        jitter: 0 to 1, as of `PauseGate.pause`.
    """

    at: float
    sent: float | None
    refused: bool = False
    retry_after: float | None = None
    headers: RateLimitHeaders | None = None
    jitter: float = 0.0


@attrs.frozen
class Bounds:
    """What a member asks of the limit; of several members the lowest of each holds.

    Attributes:
        rate: Requests per second; None finds the limit.
        max_rate: Upper bound of a rate that is found; None for none.
        burst: Requests that may go together after a rest.
    """

    rate: float | None = None
    max_rate: float | None = None
    burst: int = 1


@attrs.frozen
class Report:
    """What a member tells and asks for, in times of its own clock.

    Attributes:
        member: Its name.
        bounds: What it asks of the limit.
        wants: Requests that wait for an instant, of each `Priority`.
        ready: Seconds from the exchange until it can use an instant.
        exchange: Seconds that its exchanges take.
        answers: What it heard since the last exchange.
        unused: How many instants have passed unused.
        returned: Instants to come that it does not need.
        paused_until: End of a pause that it keeps already.
        found_rate: A rate that it knows to hold, for a limit that has not found one.
        leaving: It will not come back.
    """

    member: str
    bounds: Bounds = Bounds()
    wants: tuple[int, ...] = (0, 0, 0)
    ready: float = 0.0
    exchange: float = 0.0
    answers: Sequence[Answer] = ()
    unused: int = 0
    returned: Sequence[float] = ()
    paused_until: float = -math.inf
    found_rate: float | None = None
    leaving: bool = False


@attrs.frozen
class Lease:
    """What a member gets, in times of its own clock.

    Attributes:
        instants: When it may send, in order.
        urgent: Those of them that it got for `Priority.INTERACTIVE`.
        size: Instants that it could have had.
        again_at: When to ask again if it got less than it wanted.
        refresh: Seconds after which what it knows may be out of date.
        paused_until: End of the last pause.
        row_ends: When the next instant begins that nobody has.
        rate: Requests per second of all members together.
        found_rate: The same if it was found, and is known to hold.
        searching: A limit is looked for, and none has been found.
        members: Members that are listed.
    """

    instants: tuple[float, ...]
    urgent: tuple[float, ...]
    size: int
    again_at: float
    refresh: float
    paused_until: float
    row_ends: float
    rate: float
    found_rate: float | None
    searching: bool
    members: int
