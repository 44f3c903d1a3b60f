"""Decides in which order results are asked for again. Synchronous; docs/diff.md says why.

The chance that a result has changed is estimated as a product: of what kind it is, of how old it
is, and of how much more has changed around it than was to be expected. What has changed most
probably goes next, and each answer changes the estimate of its neighbours.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable
from enum import Enum, auto
from statistics import median

import attrs

from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async.models import Outcome


class Kind(Enum):
    """What kind of a result it is, by how soon it may change."""

    UNANSWERED = auto()
    """The look-up failed: there is no answer yet."""
    WITHOUT_PROVIDERS = auto()
    """No provider was found, or not even the address."""
    WITHOUT_FIBER = auto()
    """It is served, but not by fiber."""
    UNKNOWN = auto()
    """It is served, and by what is not known."""
    WITH_FIBER = auto()
    """It has fiber already."""


CHANCE = {
    Kind.UNANSWERED: 0.9,
    Kind.WITHOUT_PROVIDERS: 0.3,
    Kind.WITHOUT_FIBER: 0.3,
    Kind.UNKNOWN: 0.2,
    Kind.WITH_FIBER: 0.12,
}
"""How probably a result of the usual age has changed where nothing is known of its neighbours. Only
their proportions count."""

_WEIGHTS = (10.0, 30.0, 30.0, 0.2)
"""How many expected changes it takes to learn about the whole country, a state, the area of three
digits of a ZIP code, and a ZIP code: the narrower, the sooner."""
_OLDEST, _YOUNGEST = 4.0, 0.25
"""Ages, in usual ages, beyond which it does not matter any more."""
_MATTERS = 0.1
"""Part by which the estimate of a wide area has to change to matter."""
_NEIGHBOURS = 256
"""Groups around a change that are looked at again at once."""

Area = tuple[str, ...]


@attrs.frozen(kw_only=True)
class Candidate:
    """A result that is due.

    Attributes:
        number: What it is called.
        kind: Its kind.
        age: Seconds since it was asked for.
        area: Where it is: state, three digits of its ZIP code, five digits; as far as is known.
    """

    number: int
    kind: Kind
    age: float
    area: Area = ()


def kind_of_result(outcome: Outcome, *, fiber: bool | None = None) -> Kind:
    """Return the kind of a result.

    Args:
        outcome: Its outcome.
        fiber: Whether any provider offers fiber; None if that is not known.
    """
    if outcome in FAILED_OUTCOMES:
        return Kind.UNANSWERED
    if outcome is not Outcome.SERVED:
        return Kind.WITHOUT_PROVIDERS
    if fiber is None:
        return Kind.UNKNOWN
    return Kind.WITH_FIBER if fiber else Kind.WITHOUT_FIBER


@attrs.define
class _Seen:
    """What was found in an area, and what was to be expected."""

    changes: int = 0
    expected: float = 0.0


class RequalifyOrder:
    """The order in which results are asked for again.

    Args:
        candidates: What is due.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._of: dict[int, Candidate] = {each.number: each for each in candidates}
        ages = [each.age for each in self._of.values()]
        self._usual_age = max(median(ages), 1.0) if ages else 1.0
        self._seen: defaultdict[Area, _Seen] = defaultdict(_Seen)
        self._groups: defaultdict[tuple[Area, Kind], deque[Candidate]] = defaultdict(deque)
        for each in sorted(self._of.values(), key=lambda each: (-each.age, each.number)):
            self._groups[each.area, each.kind].append(each)
        self._around: defaultdict[Area, list[tuple[Area, Kind]]] = defaultdict(list)
        self._known: dict[Area, float] = {}
        # The score of each group by which it is in the heap; other entries are out of date.
        self._live: dict[tuple[Area, Kind], float] = {}
        self._heap: list[tuple[float, int, tuple[Area, Kind]]] = []
        for group in self._groups:
            self._around[group[0]].append(group)
            if group[0]:
                self._around[group[0][:-1]].append(group)
            self._push(group)

    def next(self) -> int | None:
        """Return what is asked for next; None if nothing is left. It is not returned again."""
        while self._heap:
            said, _, group = heapq.heappop(self._heap)
            if self._live.get(group) != -said:
                continue  # it was looked at again since
            del self._live[group]
            if not (waiting := self._groups[group]):
                continue
            if self._score(group) < -said:
                # Its neighbours have disappointed.
                self._push(group)
                continue
            chosen = waiting.popleft()
            self._push(group)
            return chosen.number
        return None

    def skip(self, number: int) -> None:
        """Take out what was asked for already, by an earlier run."""
        candidate = self._of[number]
        self._groups[candidate.area, candidate.kind].remove(candidate)

    def found(self, number: int, *, changed: bool) -> None:
        """Learn from an answer.

        Args:
            number: What was asked for.
            changed: Whether it had changed.
        """
        candidate = self._of[number]
        for length in range(len(candidate.area) + 1):
            seen = self._seen[candidate.area[:length]]
            seen.changes += changed
            seen.expected += CHANCE[candidate.kind]
        if changed:
            near = {*self._around[candidate.area], *self._around[candidate.area[:-1]]}
            for group in sorted(near, key=lambda each: (each[0], each[1].value))[:_NEIGHBOURS]:
                self._push(group)

    def chance(self, number: int) -> float:
        """Return how probably a result has changed, as far as is known now; not above 1."""
        candidate = self._of[number]
        return min(1.0, self._chance(candidate))

    def _score(self, group: tuple[Area, Kind]) -> float:
        return self._chance(self._groups[group][0])

    def _chance(self, candidate: Candidate) -> float:
        age = min(max(candidate.age / self._usual_age, _YOUNGEST), _OLDEST)
        return CHANCE[candidate.kind] * age * self._around_it(candidate)

    def _around_it(self, candidate: Candidate) -> float:
        """Return how many times more has changed around it than was to be expected.

        A narrow area is judged by what was seen there and, as long as that is little, by the wider
        one.
        """
        if candidate.kind is Kind.UNANSWERED:
            return 1.0
        factor = 1.0
        for length in range(len(candidate.area) + 1):
            factor = self._factor(candidate.area[:length], factor)
        return factor

    def _factor(self, area: Area, wider: float) -> float:
        seen = self._seen.get(area)
        if seen is None:
            return wider
        weight = _WEIGHTS[min(len(area), len(_WEIGHTS) - 1)]
        found = (seen.changes + weight * wider) / (seen.expected + weight)
        if len(area) >= len(_WEIGHTS) - 1:
            return found
        # Of a wide area, each answer changes the estimates of very many: little changes can wait.
        known = self._known.get(area)
        if known is None or abs(found - known) > _MATTERS * known:
            self._known[area] = known = found
        return known

    def _push(self, group: tuple[Area, Kind]) -> None:
        waiting = self._groups[group]
        if not waiting:
            return
        score = self._score(group)
        if score > self._live.get(group, -1.0):
            self._live[group] = score
            heapq.heappush(self._heap, (-score, waiting[0].number, group))
