"""The interface of a purchase store, and what an implementation must guarantee."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar

from yarl import URL

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.event_log import EventLog
from hum_async._purchases.lots import JobLots
from hum_async._purchases.prices import Spending
from hum_async._purchases.publications import Publication
from hum_async._purchases.reader import JournalFiles
from hum_async._purchases.records import Change, Closed, Entry
from hum_async.models import Address, Qualification

T = TypeVar("T")


class PurchaseStore(Protocol):
    """Keeps the purchases and results of a job.

    An implementation guarantees:

    * Order: changes take effect in the order of the calls to `record`, and within a call in the
      order of its arguments. If the store fails, no later change is stored either.
    * Independence: a call with a result that has no stored form fails alone, with ResponseError.
    * Atomicity: the changes of one call are stored together or not at all.
    * Durability: if the store is `durable`, the changes survive a crash of the process and of the
      machine once the future that `record` returned is done.
    * One purchase: at most one purchase per address is not superseded, of all processes together.

    `find` need not see changes whose future is not done.

    Attributes:
        run: Number of this run.
        taken_since: Earliest time (ISO 8601, UTC) at which a result of an earlier job that is taken
            was asked for; None takes all.
        dedupe: How the addresses are compared whose digests the store holds.
    """

    run: int
    taken_since: str | None
    dedupe: KeyRules

    @property
    def requests(self) -> int:
        """HTTP requests sent by this run so far; the job keeps it current."""
        ...

    @requests.setter
    def requests(self, number: int) -> None: ...

    @property
    def found_rate(self) -> float | None:
        """Found rate in requests per second: the last run's if it is recent, then this run's.

        The job keeps it current. None if no rate was found.
        """
        ...

    @found_rate.setter
    def found_rate(self, rate: float | None) -> None: ...

    @property
    def durable(self) -> bool:
        """Whether recorded changes survive this process."""
        ...

    @property
    def shared(self) -> bool:
        """Whether others may use the store at the same time, in this process or another one."""
        ...

    @property
    def known(self) -> int:
        """Number of addresses with a purchase of an earlier run that counts."""
        ...

    @property
    def spent(self) -> int:
        """Number of sessions for which earlier runs and other processes may have been billed.

        It changes while other processes buy.
        """
        ...

    async def find(self, addresses: Sequence[tuple[bytes, Address]]) -> dict[bytes, Entry]:
        """Return entries by digest, of addresses that are given with their digest.

        Spellings of one address share a digest; an earlier job may know one of them.
        """
        ...

    async def result(self, entry: Entry, *, key: Hashable, address: Address) -> Qualification:
        """Return the result of a settled entry with the key and address of a row."""
        ...

    def record(self, *changes: Change) -> asyncio.Future[None]:
        """Store changes; the future is done when they are safe. It need not be awaited.

        The future raises JournalError if the store has failed, and ResponseError if one of the
        results has no stored form; then none of these changes is stored, and all others are. That
        of an `Asked` raises Taken or BoundReached if another process was first.
        """
        ...

    async def note_price(self, price: int, *, today: str) -> Spending:
        """Note what a session costs from now on, in millionths; return what was spent before.

        Args:
            price: The price.
            today: The day (ISO 8601, UTC).
        """
        ...

    def bound(self, most: int | None) -> None:
        """Refuse to buy more sessions than this in all; None refuses none.

        A store that one process uses leaves that to it.
        """
        ...

    def may_send(self) -> bool:
        """Return whether a POST that is recorded may still leave.

        A process that was stopped for long may have been taken for dead, and its purchases given to
        others.
        """
        ...

    def let_go(self, address: bytes) -> None:
        """Leave a purchase without a result to others, because nobody in this process is at it.

        Without effect on an address that has its result, or is not bought by this process.
        """
        ...

    async def left_open(self) -> list[Closed]:
        """Return the sessions that earlier runs left open although their results are safe.

        Whoever closes one takes it out of the list first: some stores return the same list to all.
        Only those that may still live: a session expires after 30 minutes without a request
        (hum-api 5).
        """
        ...

    async def finish(self) -> None:
        """Record that every row of the job has its result."""


class ClosableStore(PurchaseStore, Protocol):
    """A store that is open until it is closed."""

    @property
    def failed(self) -> bool:
        """Whether it stores nothing any more; opening it again may help."""
        ...

    @property
    def event_log(self) -> EventLog | None:
        """The events of all processes that use the store; None if one at a time uses it."""
        ...

    def check_dedupe(self, wanted: Dedupe | None) -> None:
        """Raise JournalError if addresses shall be compared otherwise than the store does."""
        ...

    async def note_campaign(self, campaign_id: str) -> None:
        """Note the label of what is bought from now on."""
        ...

    async def published(self, *, since: str) -> list[Publication]:
        """Return the ids that were given since then (ISO 8601, UTC), and forget all older ones."""
        ...

    async def epoch(self) -> str:
        """Return 8 hexadecimal digits that the store has kept since it was made."""
        ...

    async def flush(self) -> None:
        """Wait until what was recorded so far is stored, or has failed."""
        ...

    async def aclose(self) -> None:
        """Store what was recorded, and close."""
        ...


class JobStore(ClosableStore, Protocol):
    """The store of a job from a table to files."""

    def share_input(self) -> JobLots | None:
        """Read a part of the input alone; return the lots by which the workers share it.

        Nobody knows then how many of this part's addresses earlier runs have bought: `known` is 0.
        None if there is one worker, which reads all of it.
        """
        ...

    async def note_progress(
        self, *, done: int, reused: int, total: int | None, seconds: float
    ) -> None:
        """Record the progress of this run, for `hum status`.

        Args:
            done: Rows with a result.
            reused: Those of them whose result was there already.
            total: Rows of the input; None if it is not known.
            seconds: Seconds since this run began.
        """
        ...

    async def forget_open(self) -> None:
        """Supersede what earlier runs left without a result: its sessions are lost."""
        ...

    async def work(self, work: Callable[[JournalFiles], T]) -> T:
        """Call what blocks with the journal, in another thread; return its result."""
        ...


def api_name(base_url: str) -> str:
    """Return what a journal calls an API: all servers on this machine are one to it."""
    host = URL(base_url).host or ""
    return "a server on this machine" if host in {"127.0.0.1", "localhost", "::1"} else host
