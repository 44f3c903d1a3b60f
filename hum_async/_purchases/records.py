"""The states of a purchase, the changes between them, and what a store returns about one.

A purchase is one address's session, from the moment before its POST is sent::

    Asked ----> Opened ----> Settled
      |                         ^
      +-------------------------+
      |
      +-------> Withdrawn

* `Asked`: the POST is about to be sent.
* `Opened`: the POST was answered. The session has a token.
* `Settled`: the address has a result. It comes straight after `Asked` if the POST failed, or if
  it is unknown whether it created a session (`UNCERTAIN`).
* `Withdrawn`: the POST certainly created no session. The purchase is deleted, and a purchase that
  it had superseded counts again.
* `Released` notes that a purchase without a result is nobody's at present. Where several processes
  share a store, that is how they tell it from one that another process is making.
* `Closed` only notes that nothing is left to do: a settled purchase whose session was not closed
  is closed by the next run, as long as the session may live, unless it was left to expire.
* `Copied` creates a settled purchase from another job's journal, without a session.

A purchase in any state can be superseded: by a later `Asked` that names the reason (`instead_of`),
or because its session is lost. A superseded purchase stays on record, because it may have been
billed, but it no longer counts.

No address is bought twice, for three reasons. `Asked` is stored before the POST is sent, so a crash
cannot lose a purchase. A unique index of the journal allows one purchase per address that is not
superseded. A POST without an answer is `UNCERTAIN`: it is sent again only if the user asks for it,
and then the new purchase supersedes the uncertain one.
"""

from datetime import timedelta
from hashlib import blake2b

import attrs

from hum_async._addresses.usps_key import KeyRules, address_key
from hum_async._purchases.publications import Published, Told
from hum_async.models import SESSION_LIFETIME, Address, Outcome, Qualification

MAY_LIVE = SESSION_LIFETIME + timedelta(minutes=5)
"""Age up to which a session may still live: its last request came some minutes after its first."""

FAILED_OUTCOMES = frozenset(
    {
        Outcome.INVALID_ADDRESS,
        Outcome.TIMED_OUT,
        Outcome.EXPIRED,
        Outcome.UNCERTAIN,
        Outcome.FAILED,
    }
)
"""Outcomes of rows whose address got no answer. All other outcomes are answers."""

FORGOTTEN = "forgotten"
"""Why a purchase does not count any more whose result was erased."""


ADDRESS_KEYS: dict[KeyRules, str] = {"exact": "exact", "usps": "usps-2", "usps-1": "usps-1"}
"""What stores call the rules by which they compare addresses. Other rules would get another number:
their digests are not comparable."""


def address_digest(address: Address, rules: KeyRules = "usps") -> bytes:
    """Return 16 bytes that identify a checked address in a store, by how addresses are compared."""
    return digest_of_key(address_key(address, rules))


def digest_of_key(key: str) -> bytes:
    """Return the 16 bytes that identify an address in a store, from its `address_key`."""
    return blake2b(key.encode(), digest_size=16).digest()


# --- changes of a purchase ------------------------------------------------------------------------


@attrs.frozen
class Asked:
    """A POST is about to be sent. `instead_of` is the reason to supersede an earlier purchase.

    `replaces`: the number of that purchase, as `Entry.number` told it. A store of several processes
    supersedes no other: another process may have bought the address since.
    """

    address: bytes
    instead_of: str | None = None
    replaces: int = 0


@attrs.frozen
class Withdrawn:
    """The POST certainly created no session. `restores`: its `Asked` superseded a purchase."""

    address: bytes
    restores: bool = False


@attrs.frozen
class Opened:
    """The POST was answered: the session has a token."""

    address: bytes
    token: str = attrs.field(repr=False)
    requests: int = 1


@attrs.frozen
class Settled:
    """The address has a result; `packed` is the same in the store's own form.

    `expires`: its session is left to expire by itself, so that no later run need close it.
    """

    address: bytes
    result: Qualification
    packed: bytes | None = attrs.field(default=None, repr=False)
    expires: bool = False


@attrs.frozen
class Released:
    """Nobody in this process is at the purchase any more; another process may take it up."""

    address: bytes


@attrs.frozen
class Closed:
    """The session of a settled purchase was closed, or need not be any more."""

    address: bytes
    token: str = attrs.field(repr=False)


@attrs.frozen
class Copied:
    """A result was copied from another job's journal."""

    address: bytes
    entry: "Entry"


Change = Asked | Withdrawn | Opened | Settled | Released | Closed | Copied | Published | Told


@attrs.frozen
class Entry:
    """The purchase of an address that counts, as a store returns it.

    Attributes:
        token: Token of the session; None while no answer to the POST is recorded.
        outcome: Outcome of the result; None while there is no result.
        run: Number of the run that asked for it.
        requests: HTTP requests spent on it.
        observed_at: Time at which the API gave the result, ISO 8601 in UTC.
        packed: The result in the store's own form; None while there is no result.
        copied: The entry comes from another job's journal and is not yet in this one.
        digest: The address, as in the store that the entry comes from.
        asked_at: Time at which it was asked for, ISO 8601 in UTC, by the clock of this machine, or
            of the database.
        live: Somebody else who is alive is making the purchase now, in another process.
        theirs: Another process has made the purchase in this run.
        number: Number of the purchase in its store; 0 where a store has none.
    """

    token: str | None = attrs.field(repr=False)
    outcome: Outcome | None
    run: int
    requests: int
    observed_at: str | None
    packed: bytes | None = attrs.field(repr=False)
    copied: bool = False
    digest: bytes = b""
    asked_at: str = ""
    live: bool = False
    theirs: bool = False
    number: int = 0

    @property
    def can_be_taken_up(self) -> bool:
        """Whether the look-up ended without its result, and its session may still have it."""
        return self.token is not None and self.outcome in {Outcome.FAILED, Outcome.TIMED_OUT}

    @property
    def reusable(self) -> bool:
        """Whether another job can use the result: it is an answer about the address."""
        return self.outcome is not None and self.outcome not in FAILED_OUTCOMES


@attrs.frozen
class Tally:
    """Counts of the purchases in a journal.

    Attributes:
        bought: Sessions that the API confirmed.
        uncertain: Purchases that may or may not have created a session.
        open: Sessions without a result.
        settled: Addresses with a result.
        copied: Results copied from another job's journal.
        known: Addresses with a purchase that counts.
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
