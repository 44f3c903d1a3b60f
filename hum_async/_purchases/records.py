"""What a journal knows of a purchase, and what can happen to one."""

from hashlib import blake2b

import attrs

from hum_async._api.addresses import address_key
from hum_async.models import Address, Outcome, Qualification

FAILED_OUTCOMES = frozenset(
    {
        Outcome.INVALID_ADDRESS,
        Outcome.TIMED_OUT,
        Outcome.EXPIRED,
        Outcome.UNCERTAIN,
        Outcome.FAILED,
    }
)
"""Rows that did not get an answer about their address; all others are settled."""


def address_digest(address: Address) -> bytes:
    """Return what stands for a checked address in a journal; equal for all its spellings."""
    return blake2b(address_key(address).encode(), digest_size=16).digest()


# --- what can happen to a purchase ----------------------------------------------------------------


@attrs.frozen
class Asked:
    """A POST is about to be sent; `instead_of` says why an earlier purchase does not count."""

    address: bytes
    instead_of: str | None = None


@attrs.frozen
class Withdrawn:
    """The POST certainly did not take effect."""

    address: bytes


@attrs.frozen
class Opened:
    """The POST was answered: there is a session."""

    address: bytes
    token: str = attrs.field(repr=False)
    requests: int = 1


@attrs.frozen
class Settled:
    """There is a result."""

    address: bytes
    result: Qualification


@attrs.frozen
class Copied:
    """A result was taken from another job's journal."""

    address: bytes
    entry: "Entry"
    instead_of: str | None = None


Change = Asked | Withdrawn | Opened | Settled | Copied


@attrs.frozen
class Entry:
    """What the journal knows of an address.

    Attributes:
        token: Of its session; None while the POST is not known to have been answered.
        outcome: None while there is no result.
        run: In which run it was asked for.
        requests: Spent on it.
        observed_at: When the API gave the result, ISO 8601.
        packed: The result.
        copied: It is from another job's journal and not in this one yet.
    """

    token: str | None = attrs.field(repr=False)
    outcome: Outcome | None
    run: int
    requests: int
    observed_at: str | None
    packed: bytes | None = attrs.field(repr=False)
    copied: bool = False

    @property
    def reusable(self) -> bool:
        """Whether it tells something about the address, which another job can use."""
        return self.outcome is not None and self.outcome not in FAILED_OUTCOMES


@attrs.frozen
class Tally:
    """What a journal adds up to.

    Attributes:
        bought: Sessions that the API said it created.
        uncertain: Purchases that may or may not have taken effect.
        open: Sessions without a result.
        settled: Addresses with a result.
        copied: Results taken from another journal.
        known: Addresses of which there is anything that counts.
    """

    bought: int
    uncertain: int
    open: int
    settled: int
    copied: int
    known: int = 0

    @property
    def spent(self) -> int:
        """Sessions that may have been billed."""
        return self.bought + self.uncertain
