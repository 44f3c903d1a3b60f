"""What an address needs, by what the journal knows of it. Synchronous."""

from collections.abc import Collection, Hashable
from enum import Enum, auto

import attrs

from hum_async._purchases.records import Entry
from hum_async.errors import TransportError
from hum_async.models import Address, Outcome, Qualification


class ResumeAction(Enum):
    """What is to be done for an address."""

    BUY = auto()
    ADOPT = auto()
    TAKE = auto()
    WRITE_OFF = auto()


@attrs.frozen
class ResumeRules:
    """What of earlier runs counts.

    Attributes:
        run: Number of this run.
        retry: Outcomes of earlier runs that are looked up anew.
        since: Results that were observed earlier (ISO 8601, UTC) are too old; None: none are.
    """

    run: int
    retry: Collection[Outcome] = ()
    since: str | None = None

    def action(self, entry: Entry | None) -> tuple[ResumeAction, str | None]:
        """Return what an address needs, and why what is known of it does not count, if so."""
        if entry is None:
            return ResumeAction.BUY, None
        if (reason := self._does_not_count(entry)) is not None:
            return ResumeAction.BUY, reason
        if entry.outcome is not None:
            return ResumeAction.TAKE, None
        return (ResumeAction.ADOPT if entry.token is not None else ResumeAction.WRITE_OFF), None

    def is_earlier(self, entry: Entry) -> bool:
        """Whether it was not this run that asked."""
        return entry.copied or entry.run != self.run

    def _does_not_count(self, entry: Entry) -> str | None:
        if not self.is_earlier(entry):
            return None
        # A POST whose answer never came is uncertain, whether or not somebody has said so yet.
        outcome = entry.outcome or (None if entry.token else Outcome.UNCERTAIN)
        if outcome in self.retry:
            return "retried"
        dated = entry.outcome not in {None, Outcome.UNCERTAIN}
        if dated and self.since is not None and (entry.observed_at or "") < self.since:
            return "too old"
        return None


def written_off(entry: Entry, *, key: Hashable, address: Address) -> Qualification:
    """Return the result of an address whose POST was sent by a run that ended before its answer."""
    return Qualification(
        key=key,
        address=address,
        outcome=Outcome.UNCERTAIN,
        requests=max(1, entry.requests),
        error=TransportError(
            "the job ended before the answer came; a session may have been bought. Asking again "
            "may buy a second one: --retry-uncertain, or retry={Outcome.UNCERTAIN}"
        ),
    )
