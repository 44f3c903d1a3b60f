"""The options of a job: given once, passed through whole."""

from collections.abc import Callable, Collection, Hashable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

import attrs

from hum_async._addresses.usps_key import Dedupe
from hum_async._api.campaigns import checked_campaign_id
from hum_async._polling.policies import PollPolicy
from hum_async._purchases.place import Place
from hum_async._purchases.prices import Amount, decimal_of, micros_of
from hum_async.limiter import Priority
from hum_async.models import Outcome, SessionUpdate

MAX_OPEN = 3000
"""Sessions that are open, or answered and not yet read, at the same time. At 200 requests/s and one
late look for each, 1,800 are open, and 2,700 where none is closed; and fewer would leave slots idle
in the wave that begins a job."""

MAX_JOB_PAUSE = 120.0
"""Seconds that a job with a journal waits at most when the API asks it to. A limit per minute asks
for less; more means a quota of hours, or maintenance, and then the operator decides better than a
job that hangs. No pause of the limiter is longer than five minutes, so that the job would come back
too early again and again."""

Close = Literal["always", "idle", "never"]
"""Whether a session whose result is safe is ended with a DELETE: always; only in a slot that no
other request wants; or never. What is not ended expires 30 minutes after its last request
(hum-api 5)."""

REQUESTS_PER_ADDRESS: dict[Close, float] = {"always": 3.1, "idle": 2.1, "never": 2.1}
"""Requests that an address takes of a limit, measured (benchmarks/README.md): POST, 1.1 polls and
the DELETE. What ``"idle"`` sends besides takes slots that would be lost."""

OnUpdate = Callable[[Hashable, SessionUpdate], None]


def _max_open(value: int | None) -> int:
    return MAX_OPEN if value is None else value


def close_of(value: Close | bool) -> Close:  # noqa: FBT001  as users give it
    """Return how sessions are closed; True is always, False never.

    Raises:
        ValueError: It is none of these.
    """
    if value is True or value is False:
        return "always" if value else "never"
    if value not in get_args(Close):
        raise ValueError(f'close must be "always", "idle" or "never", not {value!r}')
    return value


def _amount(value: Amount | None) -> Decimal | None:
    return None if value is None else decimal_of(micros_of(value))


def _outcomes(values: Collection[Outcome]) -> frozenset[Outcome]:
    return frozenset(values)


def _at_least_one(_: object, attribute: "attrs.Attribute[Any]", value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, not {value!r}")


@attrs.frozen(kw_only=True)
class JobOptions:
    """The options of a job.

    Attributes:
        journal: File or database of the purchases; None keeps them in memory while the job runs.
        policy: When to poll; None learns it, and follows the work that is left.
        max_open: Sessions that are open, or answered and not yet read, at the same time.
        close: End each session when its result is safe: ``"always"`` (or True), only in slots that
            nobody else wants (``"idle"``), or ``"never"`` (or False).
        retry: Outcomes of earlier runs that are looked up anew.
        max_age: Seconds; results of earlier jobs that are older are looked up anew. None: none are.
        reuse_from: Journal of another job, whose results are taken for addresses that are new here.
        max_sessions: Sessions bought in all, earlier runs included; None for no bound.
        price_per_session: What a session costs; None if that does not matter.
        max_cost: What the sessions bought in all may cost, earlier runs included; None for no
            bound.
        max_cost_per_day: The same of a day in UTC.
        on_update: Called with a row's key and each update of its session.
        max_pause: Seconds; a job with a journal ends if the API asks it to wait for longer. None:
            it waits. Without a journal it always waits, because open sessions would be lost.
        forget_open: Sessions that earlier runs left open are known to be lost.
        dedupe: How addresses are compared, so that each is bought once: ``"usps"``, however they
            are spelled (USPS Publication 28), or ``"exact"``. None: as the journal was begun.
        priority: How urgent the requests are; None for `BULK`, or what the client was given.
        campaign_id: The caller's label for all sessions that are bought.

    Raises:
        ConfigurationError: The campaign_id cannot be sent.
        ValueError: A value is out of its range, or `reuse_from` is given without a journal.
    """

    journal: Place | None = None
    policy: PollPolicy | None = None
    max_open: int = attrs.field(default=None, converter=_max_open, validator=_at_least_one)
    close: Close = attrs.field(default="always", converter=close_of)
    retry: frozenset[Outcome] = attrs.field(default=frozenset(), converter=_outcomes)
    max_age: float | None = None
    reuse_from: Path | None = None
    max_sessions: int | None = attrs.field(default=None, validator=_at_least_one)
    price_per_session: Decimal | None = attrs.field(default=None, converter=_amount)
    max_cost: Decimal | None = attrs.field(default=None, converter=_amount)
    max_cost_per_day: Decimal | None = attrs.field(default=None, converter=_amount)
    on_update: OnUpdate | None = None
    max_pause: float | None = MAX_JOB_PAUSE
    forget_open: bool = False
    dedupe: Dedupe | None = None
    priority: Priority | None = None
    campaign_id: str | None = attrs.field(default=None, converter=checked_campaign_id)

    def __attrs_post_init__(self) -> None:
        """Refuse what makes no sense together."""
        if self.max_age is not None and not self.max_age >= 0:
            raise ValueError(f"max_age must be 0 seconds or more, not {self.max_age!r}")
        if self.price_per_session is None and (self.max_cost or self.max_cost_per_day):
            raise ValueError("max_cost needs the price of a session; pass price_per_session= too")
        if self.journal is None and self.reuse_from is not None:
            raise ValueError("reuse_from needs a journal to copy into; pass journal= as well")
