"""The counts of a comparison."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from hum_async.bulk.diff.compare import ChangeKind
from hum_async.models import Outcome


@attrs.frozen(kw_only=True)
class DiffSide:
    """The counts of older or of newer results.

    Attributes:
        name: What the user calls them.
        addresses: Number of distinct addresses.
        repeated: Number of further rows of these addresses, whose first one counts.
        unusable: Number of rows that no job can ask for, and that are not compared.
        outcomes: Number of addresses by outcome.
        first: Time of the oldest answer; None if there is none.
        last: Time of the newest answer; None if there is none.
    """

    name: str
    addresses: int
    repeated: int = 0
    unusable: int = 0
    outcomes: Mapping[Outcome, int] = attrs.field(factory=dict, hash=False)
    first: datetime | None = None
    last: datetime | None = None


@attrs.frozen(kw_only=True)
class DiffSummary:
    """The counts of a comparison.

    Attributes:
        old: The older results.
        new: The newer results.
        both: Number of addresses that both have.
        unchanged: Number of those of which nothing has changed.
        carried: Number of those whose answer is the same one, because they were not asked again.
        kinds: Number of addresses by what has changed; one address may be in several.
        gained: Number of addresses that a provider gained, by its name, the most first.
        lost: Number of addresses that a provider lost, by its name, the most first.
        outcomes: Number of addresses by their outcome before and after, where it has changed.
    """

    old: DiffSide
    new: DiffSide
    both: int
    unchanged: int
    carried: int
    kinds: Mapping[ChangeKind, int] = attrs.field(hash=False)
    gained: Mapping[str, int] = attrs.field(hash=False)
    lost: Mapping[str, int] = attrs.field(hash=False)
    outcomes: Mapping[tuple[Outcome, Outcome], int] = attrs.field(hash=False)

    @property
    def not_comparable(self) -> int:
        """Number of addresses whose data sets differ in kind."""
        return self.kinds.get(ChangeKind.NOT_COMPARABLE, 0)

    @property
    def changed(self) -> int:
        """Number of addresses that both have, and of which something has changed."""
        return self.both - self.unchanged - self.not_comparable

    @property
    def newest_first(self) -> bool:
        """Whether what was given as the older results was asked for after the others."""
        old, new = self.old.last, self.new.last
        return old is not None and new is not None and old > new
