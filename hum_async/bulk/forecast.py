"""Says what a job would buy and what it has already, by its journal, without changing anything."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Self

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._purchases.earlier import EarlierJournal
from hum_async._purchases.journals import is_there, open_reader
from hum_async._purchases.place import Place
from hum_async._purchases.prices import Spending, micros_of
from hum_async._purchases.reader import JournalReader, taken_since
from hum_async._purchases.records import MAY_LIVE, Entry, address_digest
from hum_async._purchases.resume_rules import ResumeAction, ResumeRules
from hum_async.bulk.job_status import spending_of
from hum_async.bulk.options import JobOptions
from hum_async.bulk.spending_limit import SpendingLimit
from hum_async.models import Address

_BATCH = 500
_NO_RUN = 0
"""No run has this number, so that every entry is an earlier one's."""


class Fate(Enum):
    """What a job does about an address."""

    NEW = auto()
    """It buys a session."""
    AGAIN = auto()
    """It buys another session: the result is too old, or it failed and is looked up again."""
    LOST = auto()
    """It buys another session: the one of an earlier run has ended by now."""
    TAKEN_UP = auto()
    """It polls the session of an earlier run, which is still open."""
    KNOWN = auto()
    """It takes the result from its journal."""
    COPIED = auto()
    """It takes the result from another job's journal."""
    UNCERTAIN = auto()
    """It leaves the address alone, because a session may have been bought."""


_BUYS = (Fate.NEW, Fate.AGAIN, Fate.LOST)


@attrs.define(eq=False)
class Forecast:
    """What a job would do about the addresses that it is told.

    Attributes:
        dedupe: How the job compares addresses.
        counts: The addresses by what becomes of them.
    """

    dedupe: KeyRules
    counts: Counter[Fate] = attrs.field(factory=Counter, init=False)
    _rules: ResumeRules = attrs.field(alias="rules")
    _options: JobOptions = attrs.field(alias="options")
    _journal: JournalReader | None = attrs.field(alias="journal")
    _earlier: EarlierJournal | None = attrs.field(alias="earlier")
    _spent: int = attrs.field(alias="spent")
    _limit: SpendingLimit = attrs.field(alias="limit")
    _asked: dict[bytes, Address] = attrs.field(factory=dict, init=False)

    @classmethod
    @contextlib.contextmanager
    def of(cls, options: JobOptions, *, fresh: bool = False) -> Iterator[Self]:
        """Open the journals of a job, read-only.

        Args:
            options: The options of the job.
            fresh: The job starts over without its journal.

        Raises:
            JournalError: A journal cannot be used, or it compares addresses otherwise.
        """
        with contextlib.ExitStack() as files:
            journal = None
            rules: KeyRules = options.dedupe or "usps"
            if not fresh and options.journal is not None and is_there(options.journal):
                journal = _opened(options.journal, files)
                rules = journal.dedupe
                journal.check_dedupe(options.dedupe)
            since = taken_since(journal, options.max_age)
            earlier = None
            if options.reuse_from is not None:
                theirs = _opened(options.reuse_from, files)
                earlier = EarlierJournal(theirs, theirs.dedupe)
            spending = Spending() if journal is None else spending_of(journal)
            if options.price_per_session is not None:
                prices = spending.prices.since(
                    spending.sessions, micros_of(options.price_per_session)
                )
                spending = attrs.evolve(spending, prices=prices)
            yield cls(
                dedupe=rules,
                rules=ResumeRules(_NO_RUN, options.retry, since or None),
                options=options,
                journal=journal,
                earlier=earlier,
                spent=spending.sessions,
                limit=SpendingLimit(datetime.now(UTC).date(), options, spending),
            )

    @property
    def sessions(self) -> int:
        """Number of sessions that the job would buy."""
        self._decide()
        needed = sum(self.counts[fate] for fate in _BUYS)
        most = self._limit.most
        return needed if most is None else min(needed, max(0, most - self._spent))

    @property
    def cost(self) -> Decimal | None:
        """What these sessions would cost; None without a price."""
        price = self._options.price_per_session
        return None if price is None else self.sessions * price

    def add(self, address: Address) -> None:
        """Add an address that is valid, and that no earlier row has."""
        self._asked[address_digest(address, self.dedupe)] = address
        if len(self._asked) >= _BATCH:
            self._decide()

    def _decide(self) -> None:
        asked, self._asked = self._asked, {}
        found: dict[bytes, Entry] = {}
        if self._journal is not None:
            found = self._journal.find(list(asked))
            self._journal.check_tokens(found)
        if self._earlier is not None:
            missing = [row for row in asked.items() if row[0] not in found]
            found |= self._earlier.find(missing, dedupe=self.dedupe)
        for digest in asked:
            self.counts[self._fate(found.get(digest))] += 1

    def _fate(self, entry: Entry | None) -> Fate:
        action, _ = self._rules.action(entry)
        if entry is None:
            return Fate.NEW
        match action:
            case ResumeAction.BUY:
                return Fate.NEW if entry.copied else Fate.AGAIN
            case ResumeAction.WAIT:
                return Fate.TAKEN_UP
            case ResumeAction.ADOPT:
                return Fate.TAKEN_UP if self._may_live(entry) else Fate.LOST
            case ResumeAction.TAKE:
                return Fate.COPIED if entry.copied else Fate.KNOWN
            case ResumeAction.WRITE_OFF:
                lost = self._options.forget_open
                return Fate.LOST if lost else Fate.UNCERTAIN

    def _may_live(self, entry: Entry) -> bool:
        if self._options.forget_open:
            return False
        return entry.asked_at >= (datetime.now(UTC) - MAY_LIVE).isoformat(timespec="milliseconds")


def _opened(place: Place, files: contextlib.ExitStack) -> JournalReader:
    journal = files.enter_context(open_reader(place))
    journal.check_sound()
    return journal
