"""Scenarios by name: what a test wants to see happen, as settings of the simulator."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import attrs

from hum_async.simulator._fates import Magic
from hum_async.simulator._faults import Faults
from hum_async.simulator._retry_after import RetryAfter

Generation = Literal["polling", "immediate"]


@attrs.frozen(kw_only=True)
class Scenario:
    """What happens, and the settings that make it happen.

    Attributes:
        description: What happens, in one sentence.
        every_address: Fate of the addresses that are not magic themselves; None for various ones.
        generation: As for `Simulator`; None leaves it.
        speed: As for `Simulator`; None leaves it.
        rate: Requests per event-loop second, from a bucket that is empty at first; None leaves it.
        retry_after: The Retry-After header of a 429 that comes of the rate; None leaves it.
        faults: Probabilities of faults; None leaves them.
    """

    description: str
    every_address: Magic | None = None
    generation: Generation | None = None
    speed: float | None = None
    rate: float | None = None
    retry_after: RetryAfter = None
    faults: Faults | None = None


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "usual": Scenario(description="What the arguments say, and no more."),
        "one agent fails": Scenario(
            description="Every address is geocoded, and its internet agent ends as failed.",
            every_address=Magic.NO_PROVIDERS,
        ),
        "429 storm": Scenario(
            description="The first request is answered 429 with Retry-After: 1, and so are all "
            "beyond two a second.",
            rate=2.0,
            retry_after=1,
        ),
        "session expires": Scenario(
            description="The first poll of every session is answered 410.",
            every_address=Magic.EXPIRED,
            generation="polling",
        ),
        "immediate": Scenario(
            description="The POST waits for the providers and carries them: nothing to poll.",
            generation="immediate",
        ),
        "slow": Scenario(
            description="Every search takes 25 real seconds, and sessions are polled meanwhile.",
            every_address=Magic.SLOW,
            generation="polling",
            speed=1.0,
        ),
        "outage": Scenario(
            description="Every connection is reset before its request takes effect.",
            faults=Faults(reset_before=1.0),
        ),
    }
)
"""Every scenario by its name."""


def find_scenario(name: str) -> Scenario:
    """Return the scenario of a name.

    Raises:
        ValueError: There is none; the message lists the names.
    """
    try:
        return SCENARIOS[name]
    except (KeyError, TypeError):
        names = ", ".join(f'"{known}"' for known in SCENARIOS)
        raise ValueError(f"there is no scenario {name!r}; pass one of {names}") from None
