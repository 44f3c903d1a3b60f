"""Decides what an address needs, given its entry in the purchase store. Synchronous."""

from collections.abc import Collection, Hashable
from enum import Enum, auto

import attrs

from hum_async._api.statuses import MAY_BE_BOUGHT
from hum_async._purchases.records import Entry
from hum_async.errors import TransportError
from hum_async.models import Address, Outcome, Qualification


class ResumeAction(Enum):
    """What an address needs."""

    BUY = auto()
    """Create a session."""
    ADOPT = auto()
    """Poll the session of an earlier run, which has no result."""
    TAKE = auto()
    """Use the stored result."""
    WRITE_OFF = auto()
    """Report `UNCERTAIN`: an earlier run sent the POST and recorded no answer."""
    WAIT = auto()
    """Look again a moment later: another process is at it."""


@attrs.frozen
class ResumeRules:
    """Which purchases of earlier runs still count.

    Attributes:
        run: Number of this run.
        retry: Outcomes of earlier runs that are looked up again.
        since: Earliest time (ISO 8601, UTC) at which a result that counts was asked for; None for
            any. That the API names another time makes no result old: asking again would bring the
            same.
    """

    run: int
    retry: Collection[Outcome] = ()
    since: str | None = None

    def action(self, entry: Entry | None) -> tuple[ResumeAction, str | None]:
        """Return what an address needs, and the reason to supersede its entry, or None.

        An entry that only another job's journal holds is not there to be superseded.
        """
        if entry is None:
            return ResumeAction.BUY, None
        if entry.live:
            return ResumeAction.WAIT, None
        if (reason := self._reason_to_supersede(entry)) is not None:
            if entry.can_be_taken_up:
                return ResumeAction.ADOPT, None
            return ResumeAction.BUY, None if entry.copied else reason
        if entry.outcome is not None:
            return ResumeAction.TAKE, None
        return (ResumeAction.ADOPT if entry.token is not None else ResumeAction.WRITE_OFF), None

    def is_earlier(self, entry: Entry) -> bool:
        """Whether the entry was made by an earlier run or copied from another job."""
        return entry.copied or entry.run != self.run

    def _reason_to_supersede(self, entry: Entry) -> str | None:
        if not self.is_earlier(entry):
            return None
        # An unanswered POST of an earlier run is uncertain, even if no run has recorded that yet.
        outcome = entry.outcome or (None if entry.token else Outcome.UNCERTAIN)
        if outcome in self.retry:
            return "retried"
        dated = entry.outcome not in {None, Outcome.UNCERTAIN}
        if dated and self.since is not None and entry.asked_at < self.since:
            return "too old"
        return None


def written_off(entry: Entry, *, key: Hashable, address: Address) -> Qualification:
    """Return the `UNCERTAIN` result of an address whose POST has no recorded answer."""
    return Qualification(
        key=key,
        address=address,
        outcome=Outcome.UNCERTAIN,
        requests=max(1, entry.requests),
        error=TransportError(f"its process ended before the answer came; {MAY_BE_BOUGHT}"),
    )
