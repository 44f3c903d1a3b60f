"""The fate of an address: the seed and the address decide it, whatever the order of requests.

Of ordinary addresses, 86 % are served by 1 to 4 providers, 8 % have no providers, 3 % are geocoded
to several matches and 3 % are not geocoded. The time of a search is lognormal and at most 27 s
(unless its median is longer), so that it ends within 30 s of polling; geocoding ends at 25 to 40 %
of it.

The street name of `street1` makes an address magic, with any house number and in any case:

| street1               | fate                                                                   |
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

import enum
import math
import random
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._providers import PROVIDERS

LONGEST_SEARCH = 27.0  # simulated seconds
_SLOW_SEARCH = 25.0
_MAX_PROVIDERS = 4


class Magic(enum.StrEnum):
    """A street name with a fixed fate."""

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
"""Every magic `street1`, ready to send, and the `Magic` it stands for."""

_BY_STREET = {magic.casefold(): magic for magic in Magic}


@attrs.frozen(kw_only=True)
class Fate:
    """What the agents will find for an address, and when.

    Attributes:
        magic: The magic street, or None for an ordinary address.
        geocoding: Final status of the geocoding agent.
        internet: Final status of the internet agent; "pending" without a geocoding match.
        geocoded_after: Seconds from creation until geocoding ends.
        settled_after: Seconds from creation until the session answers 200; may be infinite.
        providers: Indexes into `PROVIDERS`, best first.
        price_moves: By how many US cents a month their prices have moved.
    """

    magic: Magic | None
    geocoding: str
    internet: str
    geocoded_after: float
    settled_after: float
    providers: tuple[int, ...] = ()
    price_moves: int = 0


def decide_fate(
    address: PostedAddress,
    *,
    seed: int,
    median: float = 9.0,
    sigma: float = 0.4,
    magic: Magic | None = None,
) -> Fate:
    """Return the fate of an address.

    Args:
        address: The address; its `key` and street name decide.
        seed: Seed of the simulator.
        median: Median time of a search in simulated seconds, 0 or more.
        sigma: Standard deviation of the logarithm of that time, 0 or more.
        magic: The magic street to stand for, if the address itself names none.
    """
    rng = random.Random(f"{seed}/{address.key}")  # noqa: S311  reproducible on purpose
    magic = magic_of(address) or magic
    quantile = rng.random()
    search_time = _search_time(magic, rng=rng, median=median, sigma=sigma)
    geocoded_after = search_time * rng.uniform(0.25, 0.40)
    providers = tuple(rng.sample(range(len(PROVIDERS)), rng.randint(1, _MAX_PROVIDERS)))
    geocoding, internet = _final_statuses(magic, quantile=quantile)
    return Fate(
        magic=magic,
        geocoding=geocoding,
        internet=internet,
        geocoded_after=geocoded_after,
        settled_after=search_time if geocoding == "matched" else geocoded_after,
        providers=providers if internet in {"matched", "partial"} else (),
    )


def magic_of(address: PostedAddress) -> Magic | None:
    """Return the magic street that an address names, or None."""
    return _BY_STREET.get(address.street_name)


def _search_time(magic: Magic | None, *, rng: random.Random, median: float, sigma: float) -> float:
    longest = LONGEST_SEARCH if median <= LONGEST_SEARCH else math.inf
    ordinary = min(longest, median * math.exp(rng.gauss(0.0, sigma)))
    fixed = {Magic.NEVER_DONE: math.inf, Magic.SLOW: _SLOW_SEARCH, Magic.INSTANT: 0.0}
    return ordinary if magic is None else fixed.get(magic, ordinary)


def _final_statuses(magic: Magic | None, *, quantile: float) -> tuple[str, str]:
    """Return the final statuses of geocoding and internet.

    Args:
        magic: The magic street, or None to choose by `quantile`.
        quantile: Uniform from 0 to 1.
    """
    if magic is None:
        cumulative = ((0.86, Magic.SERVED), (0.94, Magic.NO_PROVIDERS), (0.97, Magic.AMBIGUOUS))
        magic = next((kind for share, kind in cumulative if quantile < share), Magic.NOT_FOUND)
    special = {
        Magic.NO_PROVIDERS: ("matched", "failed"),
        Magic.AMBIGUOUS: ("multiple", "pending"),
        Magic.NOT_FOUND: ("failed", "pending"),
        Magic.UNKNOWN_STATUS: ("matched", "partial"),
    }
    return special.get(magic, ("matched", "matched"))
