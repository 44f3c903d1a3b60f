"""Which levels of service a row reaches, for all stops that a reader can move a threshold to.

What is reached is monotonic: who reaches 100/20 reaches 25/3. So for each download stop two
numbers say it all: how many upload stops are reached for certain, and how many perhaps.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import attrs

from hum_async.bulk.coverage import Coverage, Service
from hum_async.bulk.result_schema import ServiceLevel

DOWNLOADS = (1, 5, 10, 25, 50, 100, 200, 300, 500, 1000, 2000, 5000)
"""Mbps."""
UPLOADS = (1, 3, 5, 10, 20, 35, 50, 100, 200, 500, 1000, 2000)
"""Mbps."""
_COLUMN = "hum_served_"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@attrs.frozen
class Reach:
    """What decides whether a row reaches a level.

    Attributes:
        pairs: Speeds down and up of its connections in Mbps, None for one that is not known.
        known: Whether the look-up answered who serves the address.
        levels: Levels that it is known to reach, or not, in place of its connections.
    """

    pairs: frozenset[tuple[float | None, float | None]]
    known: bool
    levels: frozenset[tuple[ServiceLevel, bool]] = frozenset()

    def reaches(self, level: ServiceLevel) -> bool | None:
        """Return whether it reaches a level; None if that is not known."""
        for other, is_reached in self.levels:
            if is_reached and other.download >= level.download and other.upload >= level.upload:
                return True
            if not is_reached and other.download <= level.download and other.upload <= level.upload:
                return False
        if not self.known:
            return None
        found = {Service(None, None, down, up).reaches(level) for down, up in self.pairs}
        if self.levels and True in found:
            return None  # highest speeds, perhaps of two connections
        return True if True in found else None if None in found else False


def reach_of(coverage: Coverage) -> Reach:
    """Return what a whole result reaches."""
    pairs = frozenset((service.download, service.upload) for service in coverage.services)
    return Reach(pairs, coverage.known)


def reach_of_columns(values: Mapping[str, Any], *, known: bool, served: bool) -> Reach:
    """Return what the columns of a row say that it reaches.

    Args:
        values: Values of the result columns.
        known: Whether the look-up answered who serves the address.
        served: Whether there are providers.
    """
    if not served:
        return Reach(frozenset(), known)
    told = frozenset(
        (ServiceLevel.parse(name.removeprefix(_COLUMN).replace("_", "/")), value)
        for name, value in values.items()
        if name.startswith(_COLUMN) and value is not None
    )
    highest = values.get("hum_max_download_mbps"), values.get("hum_max_upload_mbps")
    # Of which connection they are is not known, so they only rule out what is above.
    return Reach(frozenset({highest}), known, told or frozenset({(_NOTHING, True)}))


_NOTHING = ServiceLevel(0, 0)


@attrs.frozen
class Stops:
    """The stops of the thresholds.

    Attributes:
        downloads: Mbps, ascending.
        uploads: Mbps, ascending.
    """

    downloads: tuple[int, ...]
    uploads: tuple[int, ...]

    @classmethod
    def of(cls, levels: Iterable[ServiceLevel]) -> "Stops":
        """Return the usual stops and those of some levels."""
        return cls._with(list(levels), DOWNLOADS, UPLOADS)

    @classmethod
    def _with(
        cls, levels: Sequence[ServiceLevel], downloads: Sequence[int], uploads: Sequence[int]
    ) -> "Stops":
        return cls(
            tuple(sorted({*downloads, *(level.download for level in levels)})),
            tuple(sorted({*uploads, *(level.upload for level in levels)})),
        )

    @classmethod
    def finer_to_coarser(cls, levels: Sequence[ServiceLevel]) -> Iterator["Stops"]:
        """Yield stops, always with some levels among them: all, fewer, and these levels alone."""
        yield cls.of(levels)
        yield cls._with(levels, DOWNLOADS[3::3], UPLOADS[1::3])
        yield cls._with(levels, (), ())

    def signer(self) -> Callable[[Reach], str]:
        """Return a function that says what a row reaches as a text of two digits a stop.

        For each download stop: the number of upload stops that are reached, and the number of
        those that are reached or may be. Rows that reach the same have the same text.
        """

        @lru_cache(maxsize=65_536)
        def sign(reach: Reach) -> str:
            each = self._told(reach) if reach.levels or not reach.known else self._offered(reach)
            return "".join(_DIGITS[reached] + _DIGITS[maybe] for reached, maybe in each)

        return sign

    def _told(self, reach: Reach) -> Iterator[tuple[int, int]]:
        for down in self.downloads:
            found = [reach.reaches(ServiceLevel(down, up)) for up in self.uploads]
            yield _leading(found, (True,)), _leading(found, (True, None))

    def _offered(self, reach: Reach) -> Iterator[tuple[int, int]]:
        """Yield the same of connections alone, without asking for each level."""
        every = len(self.uploads)
        pairs = [
            (down, every if up is None else bisect_right(self.uploads, up), up is not None)
            for down, up in reach.pairs
        ]
        for stop in self.downloads:
            reached = maybe = 0
            for down, ups, certain in pairs:
                if down is None or down >= stop:
                    maybe = max(maybe, ups)
                    if certain and down is not None:
                        reached = max(reached, ups)
            yield reached, maybe


SERVICES = ("served", "underserved", "unserved", "unknown")
"""What a row is by two levels, as `service_of` says."""


def shares(
    reaches: Mapping[Reach, int], upper: ServiceLevel, lower: ServiceLevel
) -> dict[str, int]:
    """Count rows by what they are, one of `SERVICES`.

    Args:
        reaches: Number of rows by what decides it.
        upper: Who reaches it is served.
        lower: Who does not reach it is unserved.
    """
    counts: Counter[str] = Counter()
    for reach, count in reaches.items():
        counts[service_of(reach, upper, lower)] += count
    return {name: counts[name] for name in SERVICES}


def service_of(reach: Reach, upper: ServiceLevel, lower: ServiceLevel) -> str:
    """Return what a row is.

    It is served if it reaches the upper level, unserved if it does not reach the lower one, and
    underserved in between. It is unknown where the answer does not say enough.
    """
    is_upper, is_lower = reach.reaches(upper), reach.reaches(lower)
    if is_upper:
        return "served"
    if is_lower is False:
        return "unserved"
    return "underserved" if is_lower and is_upper is False else "unknown"


def _leading(values: Sequence[bool | None], wanted: Sequence[bool | None]) -> int:
    return next((at for at, value in enumerate(values) if value not in wanted), len(values))


def upper_and_lower(levels: Sequence[ServiceLevel]) -> tuple[ServiceLevel, ServiceLevel]:
    """Return the fastest of some levels and the slowest, which may be the same."""
    ranked = sorted(levels)
    return ranked[-1], ranked[0]
