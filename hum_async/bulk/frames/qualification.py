"""`qualify_frame`: a data frame in, the same with result columns out, through a journal."""

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypedDict, TypeVar, Unpack, cast

import attrs

from hum_async._addresses.usps_key import Dedupe
from hum_async._api.addresses import checked_or_error
from hum_async._purchases.postgres.url import is_database_url
from hum_async._purchases.prices import Amount
from hum_async._purchases.records import address_digest
from hum_async._redact import Secret
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.frames.address_columns import FrameColumns, decided
from hum_async.bulk.frames.engine_workers import distributed_worker
from hum_async.bulk.frames.libraries import frame_of
from hum_async.bulk.options import Close
from hum_async.bulk.outage_breaker import OutageBreaker
from hum_async.bulk.qualification import qualify
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel
from hum_async.bulk.results.frames import result_table
from hum_async.client import HumClient
from hum_async.errors import AddressError, ConfigurationError, JournalError
from hum_async.limiter import Limiter, Priority
from hum_async.models import Address, Outcome, Qualification
from hum_async.shared import SharedRateLimiter

FrameT = TypeVar("FrameT")


class ClientOptions(TypedDict):
    """Keyword arguments of `HumClient`."""

    base_url: str | None
    timeout: float
    create_timeout: float


class FrameJobOptions(TypedDict, total=False):
    """Further keyword arguments of `qualify_frame`, as of `qualify`."""

    max_open: int | None
    close: Close | bool
    retry: Collection[Outcome]
    max_age: float | None
    max_sessions: int | None
    price_per_session: Amount | None
    max_cost: Amount | None
    max_cost_per_day: Amount | None
    dedupe: Dedupe | None
    priority: Priority | None
    campaign_id: str | None


def qualify_frame(  # noqa: PLR0913  all but the frame by name
    frame: FrameT,
    *,
    journal: str | os.PathLike[str],
    limiter: str | Limiter | None = None,
    map: Mapping[str, str] | FrameColumns | None = None,  # noqa: A002  as the command line calls it
    ignore: Iterable[str] = (),
    as_guessed: bool = False,
    served: Iterable[str] = (),
    base_url: str | None = None,
    timeout: float = 10.0,
    create_timeout: float = 90.0,
    **options: Unpack[FrameJobOptions],
) -> FrameT:
    """Look up each row of a data frame; return the frame with result columns behind its own.

    It blocks, and runs an event loop of its own. All that it takes can be pickled, so that engines
    such as Ray, Dask and Spark can call it for each part of their rows: docs/engines.md. The key is
    read from the environment variable ``HUM_API_KEY`` alone, and stands in no pickled task.

    Args:
        frame: A ``DataFrame`` of pandas or polars, or a ``Table`` or ``RecordBatch`` of pyarrow.
        journal: Where everything bought is written down, as of `qualify`: a SQLite file, used by
            one process at a time, or ``postgresql://host/database?job=NAME``, shared by any number
            of them. Call again with the same one to resume.
        limiter: What every request passes: a `Limiter`, or the URL of the store of a
            `hum_async.shared.SharedRateLimiter`, which keeps all processes below one limit. None:
            the database of the journal is that store; with a file, one of its own finds the limit
            out.
        map: Columns by field, such as ``{"street1": "NUMBER+STREET", "zip": "ZIP"}``, or
            ``{"address": "COLUMN"}`` for a whole address; those that it does not name are found.
            What `address_columns` returned is taken as it is, in all parts of a frame alike.
        ignore: Names of columns that are not used and raise no doubt.
        as_guessed: Go on where columns are in doubt.
        served: Levels of service that get a column, such as ``["100/20", "25/3"]``, the default.
        base_url: Where the API is; None reads ``HUM_BASE_URL``, then takes production.
        timeout: Seconds per attempt.
        create_timeout: Seconds per attempt to create a session.
        **options: As of `qualify`: `max_open`, `close`, `retry`, `max_age`, `max_sessions`,
            `price_per_session`, `max_cost`, `max_cost_per_day`, `dedupe`, `priority` and
            `campaign_id`.

    Returns:
        A frame of the same type with the same rows, order, index and columns, and the columns of
        docs/results.md behind them; result columns of an earlier job are replaced. ``hum_row``
        numbers the rows of this frame. A row that cannot be sent is an outcome, not an error.

    Raises:
        InputError: The frame is of no known type, columns are missing or in doubt, or a library is
            not installed.
        JournalError: The journal cannot be used; or a worker of Ray, Dask or Spark was given one
            that it does not share with the others, so that work which is run again there would be
            bought again.
        ConfigurationError: An event loop runs in this thread already; or the client cannot work.
        AuthenticationError: The key is not accepted.
        ApiUnavailable: The API refuses new sessions, asks to wait for long, or the last 25 look-ups
            all failed by its fault. What was bought is in the journal.
        SessionLimitReached: Rows are left, and `max_sessions` are bought.
        ValueError: An argument is out of its range.
    """
    _refuse_a_running_loop()
    _refuse_a_journal_of_one_worker(journal)
    places = _Places(journal, limiter)
    # They may hold passwords, and an error tracker records the variables of each frame that an
    # exception passes.
    del journal, limiter
    rows = frame_of(frame)
    levels = tuple(ServiceLevel.parse(each) for each in served) or SERVED_LEVELS
    found: list[dict[str, Any]] = []
    if rows.count:
        columns = decided(rows, map=map, ignore=ignore, as_guessed=as_guessed)
        readings = [columns.read(cells) for cells in rows.rows()]
        client: ClientOptions = {
            "base_url": base_url,
            "timeout": timeout,
            "create_timeout": create_timeout,
        }
        job = _look_up([each.address for each in readings], places, client, options)
        results = _counted_once(asyncio.run(job), dedupe=options.get("dedupe") or "usps")
        found = [
            result_values(result, reading.note, row=number, levels=levels)
            for number, (result, reading) in enumerate(zip(results, readings, strict=True), 1)
        ]
    return cast("FrameT", rows.with_results(result_table(found, levels)))


def _refuse_a_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise ConfigurationError(
        "qualify_frame() runs an event loop of its own, and this thread has one that runs: call "
        "await asyncio.to_thread(qualify_frame, frame, journal=...), or iterate over qualify()"
    )


def _refuse_a_journal_of_one_worker(journal: str | os.PathLike[str]) -> None:
    if not isinstance(journal, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            'name a journal, so that nothing is bought twice: journal="job.sqlite", or '
            '"postgresql://host/database?job=NAME" for several processes'
        )
    engine = None if is_database_url(journal) else distributed_worker()
    if engine is not None:
        raise JournalError(
            f"a worker of {engine} may run its rows again elsewhere, where a journal in a file is "
            "not, and each would be bought again: pass one that all workers share, "
            'journal="postgresql://host/database?job=NAME"'
        )


async def _look_up(
    addresses: Sequence[Address],
    places: "_Places",
    client: ClientOptions,
    options: FrameJobOptions,
) -> list[Qualification[int]]:
    """Return the result of each address, in their order.

    Raises:
        HumError: As `qualify_frame`.
    """
    breaker = OutageBreaker()
    found: dict[int, Qualification[int]] = {}
    async with AsyncExitStack() as stack:
        gate = await stack.enter_async_context(places.limiter())
        hum = await stack.enter_async_context(HumClient(limiter=gate, **client))
        job = qualify(hum, addresses, journal=places.journal(), **options)
        async for result in await stack.enter_async_context(job):
            found[result.key] = result
            breaker.record(result)
            if breaker.tripped:
                job.stop()
    breaker.check(done=len(found), total=len(addresses), again="call it again")
    return [found[row] for row in range(len(addresses))]


class _Places:
    """Where purchases are written down and the limit is kept, without showing it."""

    def __init__(self, journal: str | os.PathLike[str], limiter: str | Limiter | None) -> None:
        self._journal = Secret(os.fspath(journal))
        if limiter is None and is_database_url(journal):
            limiter = str(journal)
        self._limiter = Secret(limiter) if isinstance(limiter, str) else limiter

    def journal(self) -> str:
        """Return where purchases are written down."""
        return self._journal.reveal()

    @asynccontextmanager
    async def limiter(self) -> AsyncIterator[Limiter | None]:
        """Yield the limiter, and close it if it is one of its own."""
        if isinstance(self._limiter, Secret):
            async with SharedRateLimiter(self._limiter.reveal()) as shared:
                yield shared
        else:
            yield self._limiter


def _counted_once(
    results: Iterable[Qualification[int]], *, dedupe: Dedupe
) -> Iterator[Qualification[int]]:
    """Yield results, of which the first of each address alone says what the look-up cost."""
    seen = SeenAddresses()
    for number, result in enumerate(results, 1):
        address = checked_or_error(result.address)
        repeated = not isinstance(address, AddressError) and seen.first(
            address_digest(address, dedupe), number
        )
        yield attrs.evolve(result, requests=0, elapsed=0.0) if repeated else result
