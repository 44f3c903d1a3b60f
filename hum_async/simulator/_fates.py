"""What becomes of an address: decided by the seed and the address alone, in any order.

Ordinary addresses: 86 % served by 1 to 4 providers, 8 % without providers, 3 % geocoded to several
matches, 3 % not geocoded. A search takes a lognormal time, never more than 27 s (unless its median
is longer), so that it ends within 30 s of polling; geocoding ends at 25 to 40 % of it.

Magic addresses are chosen by the street name of `street1`, with any house number, in any case:

| street1               | what happens                                                           |
|-----------------------|------------------------------------------------------------------------|
| 100 Served St         | served                                                                 |
| 100 No Providers Ave  | geocoded, but the internet agent ends as `failed`                      |
| 100 Ambiguous Rd      | geocoding ends as `multiple`, internet stays `pending`                 |
| 100 Not Found Ln      | geocoding ends as `failed`, internet stays `pending`                   |
| 100 Invalid Way       | POST answers 422                                                       |
| 100 Bad Request Way   | POST answers 400                                                       |
| 100 Never Done Dr     | pending for ever; an immediate POST never answers                      |
| 100 Expired Ct        | the first poll answers 410                                             |
| 100 Slow Pl           | served, after 25 s                                                     |
| 100 Instant St        | served at once                                                         |
| 100 Server Error Blvd | POST answers 500 and creates nothing                                   |
| 100 Unavailable Blvd  | the first POST answers 503 with Retry-After: 1; then served            |
| 100 Vanished Blvd     | POST creates the session, then resets the connection                   |
| 100 Flaky St          | served, but every second GET of the session answers 500                |
| 100 Throttled St      | served, but the first GET answers 429 with Retry-After: 1              |
| 100 Unknown Status St | served, but the internet agent ends with the undocumented `partial`    |
| 100 New Agent St      | served, with an agent and with fields that nothing documents           |
"""

from __future__ import annotations

import enum
import math
import random
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from hum_async.simulator._providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hum_async.simulator._address_rules import PostedAddress

LONGEST_SEARCH = 27.0
_SLOW_SEARCH = 25.0
_MOST_PROVIDERS = 4


class Magic(enum.StrEnum):
    """A street name that stands for a behaviour."""

    SERVED = "Served St"
    NO_PROVIDERS = "No Providers Ave"
    AMBIGUOUS = "Ambiguous Rd"
    NOT_FOUND = "Not Found Ln"
    INVALID = "Invalid Way"
    BAD_REQUEST = "Bad Request Way"
    NEVER_DONE = "Never Done Dr"
    EXPIRED = "Expired Ct"
    SLOW = "Slow Pl"
    INSTANT = "Instant St"
    SERVER_ERROR = "Server Error Blvd"
    UNAVAILABLE = "Unavailable Blvd"
    VANISHED = "Vanished Blvd"
    FLAKY = "Flaky St"
    THROTTLED = "Throttled St"
    UNKNOWN_STATUS = "Unknown Status St"
    NEW_AGENT = "New Agent St"


MAGIC: Mapping[str, Magic] = MappingProxyType({f"100 {magic}": magic for magic in Magic})
"""Every magic `street1`, ready to send, and the behaviour it stands for."""

_BY_STREET = {magic.casefold(): magic for magic in Magic}


@attrs.frozen(kw_only=True)
class Fate:
    """What the agents will find, and when.

    Attributes:
        magic: The magic street, if it is one.
        geocoding: Final status of the geocoding agent.
        internet: Final status of the internet agent; stays "pending" without a match.
        geocoded_after: Seconds from creation until geocoding ends.
        settled_after: Seconds from creation until the session answers 200; may be infinite.
        providers: Positions in `PROVIDERS`, best first.
    """

    magic: Magic | None
    geocoding: str
    internet: str
    geocoded_after: float
    settled_after: float
    providers: tuple[int, ...] = ()


def decide_outcome(
    address: PostedAddress, *, seed: int, median: float = 9.0, sigma: float = 0.4
) -> Fate:
    """Decide what becomes of an address.

    Args:
        address: The address; only its `key` and street name matter.
        seed: Seed of the simulated world.
        median: Median time of a search in simulated seconds, 0 or more.
        sigma: Spread of the logarithm of that time, 0 or more.
    """
    rng = random.Random(f"{seed}/{address.key}")  # noqa: S311 - reproducible on purpose
    magic = magic_of(address)
    fate = rng.random()
    total = _search_time(magic, rng=rng, median=median, sigma=sigma)
    geocoded = total * rng.uniform(0.25, 0.40)
    served = tuple(rng.sample(range(len(PROVIDERS)), rng.randint(1, _MOST_PROVIDERS)))
    geocoding, internet = _final_statuses(magic, fate=fate)
    return Fate(
        magic=magic,
        geocoding=geocoding,
        internet=internet,
        geocoded_after=geocoded,
        settled_after=total if geocoding == "matched" else geocoded,
        providers=served if internet in {"matched", "partial"} else (),
    )


def magic_of(address: PostedAddress) -> Magic | None:
    """Tell which behaviour a street name stands for, if any."""
    return _BY_STREET.get(address.street_name)


def _search_time(magic: Magic | None, *, rng: random.Random, median: float, sigma: float) -> float:
    longest = LONGEST_SEARCH if median <= LONGEST_SEARCH else math.inf
    ordinary = min(longest, median * math.exp(rng.gauss(0.0, sigma)))
    fixed = {Magic.NEVER_DONE: math.inf, Magic.SLOW: _SLOW_SEARCH, Magic.INSTANT: 0.0}
    return ordinary if magic is None else fixed.get(magic, ordinary)


def _final_statuses(magic: Magic | None, *, fate: float) -> tuple[str, str]:
    """Name the final statuses of geocoding and internet; `fate` is uniform in 0..1."""
    if magic is None:
        shares = ((0.86, Magic.SERVED), (0.94, Magic.NO_PROVIDERS), (0.97, Magic.AMBIGUOUS))
        magic = next((kind for share, kind in shares if fate < share), Magic.NOT_FOUND)
    special = {
        Magic.NO_PROVIDERS: ("matched", "failed"),
        Magic.AMBIGUOUS: ("multiple", "pending"),
        Magic.NOT_FOUND: ("failed", "pending"),
        Magic.UNKNOWN_STATUS: ("matched", "partial"),
    }
    return special.get(magic, ("matched", "matched"))
