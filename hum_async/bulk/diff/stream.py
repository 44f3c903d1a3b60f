"""`diff_results`: brings older and newer results of the same addresses together."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.diff.compare import AddressChange, ChangeKind, change_of
from hum_async.bulk.diff.page import diff_section
from hum_async.bulk.diff.snapshot import Snapshot
from hum_async.bulk.diff.sources import Given, Source, rules_for
from hum_async.bulk.diff.summary import DiffSide, DiffSummary
from hum_async.bulk.diff.table import SnapshotTable
from hum_async.bulk.diff.tabular import change_json, summary_json

if TYPE_CHECKING:
    from datetime import datetime

    from hum_async.models import Outcome


@attrs.frozen
class Diff:
    """What `diff_results` returns.

    Attributes:
        summary: The counts.
        changes: What has changed, in the order of the newer results, and at last the addresses
            that only the older ones have.
    """

    summary: DiffSummary
    changes: tuple[AddressChange, ...] = attrs.field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``json.dumps`` takes; docs/diff.md describes it."""
        return summary_json(self.summary) | {"changes": [*map(change_json, self.changes)]}

    def _repr_html_(self) -> str:
        """Return a section for a notebook: the counts and the first changes, escaped."""
        return diff_section(self.summary, self.changes)


class _Counts:
    """Counts one side while it is read."""

    def __init__(self) -> None:
        self.addresses = self.repeated = self.unusable = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None

    def count(self, snapshot: Snapshot) -> None:
        self.addresses += 1
        self.outcomes[snapshot.outcome] += 1
        if (seen := snapshot.observed_at) is not None:
            self.first = min(self.first or seen, seen)
            self.last = max(self.last or seen, seen)

    def side(self, name: str) -> DiffSide:
        return DiffSide(
            name=name,
            addresses=self.addresses,
            repeated=self.repeated,
            unusable=self.unusable,
            outcomes={outcome: self.outcomes[outcome] for outcome in self.outcomes},
            first=self.first,
            last=self.last,
        )


class DiffStream:
    """Compares results; yields what has changed, one address after the other.

    It holds about 170 bytes for each older result and 40 for each newer one, whatever their number
    of changes.

    Args:
        old: The older results: the name of an output or a journal, or any results.
        new: The newer results.
        dedupe: How addresses are compared; None as the journals do, and else ``"usps"``.
        any_data: Compare data sets of different kinds as well.

    Raises:
        InputError: A file cannot be read; also while iterating.
        JournalError: A journal cannot be read; also while iterating.
    """

    def __init__(
        self, old: Given, new: Given, *, dedupe: Dedupe | None = None, any_data: bool = False
    ) -> None:
        self._sources = Source.of(old, name="older"), Source.of(new, name="newer")
        self._rules: KeyRules = rules_for(self._sources, dedupe)
        self._any_data = any_data
        self._old, self._new = _Counts(), _Counts()
        self._both = self._unchanged = self._carried = 0
        self._kinds: Counter[ChangeKind] = Counter()
        self._gained: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._outcomes: Counter[tuple[Outcome, Outcome]] = Counter()

    def __iter__(self) -> Iterator[AddressChange]:
        """Yield what has changed; to be iterated over once."""
        table = self._read_old()
        seen = SeenAddresses()
        for digest, new in self._sources[1].snapshots(self._rules):
            if digest is None:
                self._new.unusable += 1
                continue
            if seen.first(digest, 1) is not None:
                self._new.repeated += 1
                continue
            self._new.count(new)
            if (change := self._compared(table.take(digest), new)) is not None:
                yield change
        for old in table.left():
            if (change := self._compared(old, None)) is not None:
                yield change

    @property
    def summary(self) -> DiffSummary:
        """The counts of what was compared so far."""
        return DiffSummary(
            old=self._old.side(self._sources[0].name),
            new=self._new.side(self._sources[1].name),
            both=self._both,
            unchanged=self._unchanged,
            carried=self._carried,
            kinds={kind: self._kinds[kind] for kind in ChangeKind if self._kinds[kind]},
            gained=dict(self._gained.most_common()),
            lost=dict(self._lost.most_common()),
            outcomes=dict(self._outcomes.most_common()),
        )

    def _read_old(self) -> SnapshotTable:
        table = SnapshotTable()
        for digest, snapshot in self._sources[0].snapshots(self._rules):
            if digest is None:
                self._old.unusable += 1
            elif table.add(digest, snapshot):
                self._old.count(snapshot)
            else:
                self._old.repeated += 1
        return table

    def _compared(self, old: Snapshot | None, new: Snapshot | None) -> AddressChange | None:
        change = change_of(old, new, any_data=self._any_data)
        if old is not None and new is not None:
            self._both += 1
            self._unchanged += change is None
            again = old.observed_at != new.observed_at or old.observed_at is None
            self._carried += change is None and not again
        if change is None:
            return None
        self._kinds.update(change.kinds)
        self._gained.update(change.gained)
        self._lost.update(change.lost)
        if ChangeKind.OUTCOME in change.kinds and old is not None and new is not None:
            self._outcomes[old.outcome, new.outcome] += 1
        return change


def diff_results(
    old: Given, new: Given, *, dedupe: Dedupe | None = None, any_data: bool = False
) -> Diff:
    """Compare older and newer results of the same addresses.

    Addresses are matched as jobs match them, so that a spelling does not matter. A journal holds
    digests in place of addresses, and is compared by them. Of an address in several rows the first
    one counts. What is not known is no change.

    Args:
        old: The older results: the name of an output in any format or of a journal, or any
            iterable of `Qualification`, such as `read_results` returns.
        new: The newer results.
        dedupe: ``"usps"`` or ``"exact"``, as of `qualify`; None compares as the journals do, and
            else by ``"usps"``.
        any_data: Compare answers although their data sets differ in kind. Otherwise such an
            address is `ChangeKind.NOT_COMPARABLE`, because it need not be the world that differs.

    Raises:
        InputError: A file cannot be read, holds no results, or does not say of which addresses.
        JournalError: A journal cannot be read.
    """
    stream = DiffStream(old, new, dedupe=dedupe, any_data=any_data)
    changes = tuple(stream)
    return Diff(stream.summary, changes)
