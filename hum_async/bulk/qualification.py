"""`qualify`: many addresses under one limit, each bought once."""

import os
from collections.abc import AsyncIterable, AsyncIterator, Collection, Hashable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack, cast, overload

from hum_async._addresses.usps_key import Dedupe
from hum_async._polling.policies import PollPolicy
from hum_async._polling.stream import Source, Stream
from hum_async._purchases.ledger import Ledger
from hum_async._purchases.memory import MemoryStore
from hum_async._purchases.place import named, place_of
from hum_async._purchases.prices import Amount
from hum_async._purchases.store import PurchaseStore, api_name
from hum_async.bulk.input_rows import Row
from hum_async.bulk.job_engine import JobEngine
from hum_async.bulk.job_statistics import JobStatistics
from hum_async.bulk.journal_opening import open_journal
from hum_async.bulk.options import Close, JobOptions, OnUpdate
from hum_async.client import HumClient
from hum_async.limiter import Priority
from hum_async.models import Address, KeyT_co, Outcome, Qualification

__all__ = ["JobStatistics", "QualificationStream", "api_name", "qualify"]


KeyT = TypeVar("KeyT", bound=Hashable)


class QualifyOptions(TypedDict, total=False):
    """Keyword arguments of `qualify`."""

    journal: str | os.PathLike[str] | None
    policy: PollPolicy | None
    max_open: int | None
    close: Close | bool
    retry: Collection[Outcome]
    max_age: float | None
    reuse_from: str | os.PathLike[str] | None
    max_sessions: int | None
    price_per_session: Amount | None
    max_cost: Amount | None
    max_cost_per_day: Amount | None
    on_update: OnUpdate | None
    dedupe: Dedupe | None
    priority: Priority | None
    campaign_id: str | None


@overload
def qualify(
    client: HumClient,
    addresses: Iterable[Address | tuple[int, Address]]
    | AsyncIterable[Address | tuple[int, Address]],
    **options: Unpack[QualifyOptions],
) -> "QualificationStream[int]": ...
@overload
def qualify(
    client: HumClient,
    addresses: Iterable[tuple[str, Address]] | AsyncIterable[tuple[str, Address]],
    **options: Unpack[QualifyOptions],
) -> "QualificationStream[str]": ...
@overload
def qualify(
    client: HumClient,
    addresses: Iterable[tuple[KeyT, Address]] | AsyncIterable[tuple[KeyT, Address]],
    **options: Unpack[QualifyOptions],
) -> "QualificationStream[KeyT]": ...
@overload
def qualify(
    client: HumClient,
    addresses: Iterable[Row] | AsyncIterable[Row],
    **options: Unpack[QualifyOptions],
) -> "QualificationStream[Hashable]": ...
def qualify(  # noqa: PLR0913  all but two by name
    client: HumClient,
    addresses: Iterable[Row] | AsyncIterable[Row],
    *,
    journal: str | os.PathLike[str] | None = None,
    policy: PollPolicy | None = None,
    max_open: int | None = None,
    close: Close | bool = "always",
    retry: Collection[Outcome] = (),
    max_age: float | None = None,
    reuse_from: str | os.PathLike[str] | None = None,
    max_sessions: int | None = None,
    on_update: OnUpdate | None = None,
    dedupe: Dedupe | None = None,
    priority: Priority | None = None,
    campaign_id: str | None = None,
    price_per_session: Amount | None = None,
    max_cost: Amount | None = None,
    max_cost_per_day: Amount | None = None,
) -> "QualificationStream[Any]":
    """Look up many addresses; iterate over the results with ``async for``.

    Args:
        client: Whose API, key and limiter are used; it is not closed.
        addresses: `Address` or ``(key, Address)``, any iterable or async iterable; read only as
            fast as sessions can be opened. Without a key a row's key is its position.
        journal: File in which everything bought is written down before it is used, made if there
            is none, or a database ``"postgresql://host/database?job=NAME"``, which any number of
            processes may use for one job at the same time: each address is bought by one of them,
            and all get its result. Call again with the same journal to resume, whatever ended the
            last run: rows that are settled come first, from the journal and without a request;
            sessions that were open are taken over; a POST without an answer is `UNCERTAIN`. Rows
            are recognised by their address, so the input may have changed. None: everything goes
            through the client's ledger, if it has one (``HumClient(purchases=)``), where failures
            of earlier jobs are looked up again; otherwise results are kept in memory while the job
            runs.
        policy: When to poll; None learns it (`LearnedPolling`).
        max_open: Sessions open at the same time at most; None for 3,000.
        close: ``"always"`` (or True) ends each session as soon as its result is safe: in the
            journal; without one, when its row has been read and the next one was asked for. The
            API recommends that, and it costs a third of all requests. ``"idle"`` sends a DELETE
            only in a slot that nobody else wants, as at the beginning and the end of a job, and
            leaves the other sessions to expire by themselves, 30 minutes after their last request;
            ``"never"`` (or False) leaves all of them. No later run closes what was left like this.
        retry: Outcomes of earlier runs that are looked up anew, such as ``{Outcome.FAILED}``. The
            session of a look-up that failed or timed out is polled again, and another one is bought
            only if that one is gone.
            `Outcome.UNCERTAIN` among them may buy a second session.
        max_age: Seconds. Results that the journal holds from an earlier job, one that had come to
            its end, are looked up anew if they are older; None takes them whatever their age.
        reuse_from: Journal of another job, whose results are taken where there is none yet; its
            failed rows are not.
        max_sessions: Sessions that may be bought, all runs and processes with this journal
            together; None for no bound. A purchase that is uncertain counts.
        on_update: Called with a row's key and each `SessionUpdate` of its session; must not raise.
        dedupe: ``"usps"`` buys an address once however it is spelled, after USPS Publication 28
            ("20 Main Street #4" is "20 MAIN ST APT 4"); ``"exact"`` only folds case, spaces and
            ZIP+4. What is sent stays as written. None: as the journal was begun, and ``"usps"``
            for a new one or without one. A ledger compares by ``"usps"``.
        priority: How urgent its requests are among all that share the limiter; None for `BULK`, or
            what the client was given by `with_options`.
        campaign_id: Your own label for the sessions that are bought, 1 to 100 characters; the
            journal or ledger notes that of its last run.
        price_per_session: What a session costs, as ``Decimal("0.05")`` or ``"0.05"``. Then
            `JobStatistics` tell what was spent. The journal notes it; sessions that were bought at
            another price keep that.
        max_cost: What the sessions that are bought may cost, all runs with this journal together;
            None for no bound. It is never exceeded, whatever ends a run: a purchase counts before
            its request leaves, and an uncertain one goes on counting.
        max_cost_per_day: The same for a day in UTC, by the times at which the journal noted the
            purchases.

    Returns:
        An async iterator of `Qualification`, in order of completion. What happens to a row is told
        as its `Outcome`. The same address is bought once; each of its rows gets the result. Close
        it, or use it as async context manager, if you may leave before its end.

    Raises:
        AuthenticationError: While iterating: the key is not accepted. Nothing more is sent; what
            is under way is waited for first, because it may have been paid.
        JournalError: While iterating: the journal, or the client's ledger, cannot be used or
            written any more, or was begun with another `dedupe`.
        ApiUnavailable: While iterating: the API refuses new sessions for a reason that has nothing
            to do with the address (a redirect, 402, 404 and their like): that of 8 addresses in a
            row, or at the end those of single ones. Their rows stay open. With a journal only: the
            API asks to wait for more than two minutes. Call again after that time. Without a
            journal the job waits.
        SessionLimitReached: While iterating: rows are left, and `max_sessions` are bought, or
            another session would cost more than `max_cost` or `max_cost_per_day` leaves.
        ConfigurationError: The client cannot work; or, at once, the campaign_id cannot be sent.
        ValueError: An argument is out of its range.
    """
    kept_in = named(journal)
    del journal
    options = JobOptions(
        journal=place_of(kept_in),
        policy=policy,
        max_open=max_open,
        close=close,
        retry=retry,
        max_age=max_age,
        reuse_from=None if reuse_from is None else Path(reuse_from),
        max_sessions=max_sessions,
        on_update=on_update,
        dedupe=dedupe,
        priority=priority,
        campaign_id=campaign_id,
        price_per_session=price_per_session,
        max_cost=max_cost,
        max_cost_per_day=max_cost_per_day,
    )
    ledger = client.ledger if options.journal is None else None
    if ledger is None:
        store = _open_store(options, api=api_name(client.base_url))
    else:
        store = _part_of(ledger, options)
    engine = JobEngine(client.sender, addresses, options=options, store=store, ledger=ledger)
    return QualificationStream(engine)


@asynccontextmanager
async def _part_of(ledger: Ledger, options: JobOptions) -> AsyncIterator[PurchaseStore]:
    # The client closes it.
    yield await ledger.of_job(dedupe=options.dedupe, campaign_id=options.campaign_id)


@asynccontextmanager
async def _open_store(options: JobOptions, *, api: str) -> AsyncIterator[PurchaseStore]:
    if options.journal is None:
        yield MemoryStore(options.dedupe or "usps")
        return
    store = await open_journal(options.journal, options, api=api)
    try:
        yield store
    finally:
        await store.aclose()


class QualificationStream(Stream[Qualification[KeyT_co]]):
    """What `qualify` returns: an async iterator of `Qualification`, generic in their key.

    Without a journal, asking for the next result says that the one before it is safe. When its
    reader leaves the loop or is cancelled, nothing more is bought or sent until it is read again.
    """

    __slots__ = ("_engine",)

    def __init__(self, engine: JobEngine) -> None:
        # The engine hands keys through as they are.
        super().__init__(cast("Source[Qualification[KeyT_co]]", engine), opened_by="qualify()")
        self._engine = engine

    def __del__(self) -> None:
        self.close()

    def statistics(self) -> JobStatistics:
        """Return how far the job is."""
        return self._engine.statistics()

    def stop(self) -> None:
        """Buy nothing more; the stream ends when the look-ups under way have their results."""
        self._engine.stop()

    def close(self) -> None:
        """Stop at once, without waiting for the end; `aclose` waits. Idempotent."""
        self._engine.abandon()

    async def aclose(self) -> None:
        """Stop at once. Idempotent.

        Open sessions are left: with a journal the next run takes them over, without one they
        expire. A POST under way is cut off, and its row will be `UNCERTAIN`; `stop` avoids that.
        """
        await self._engine.aclose()
