"""`qualify`: many addresses under one limit, each bought once."""

import os
from collections.abc import AsyncIterable, Collection, Hashable, Iterable
from collections.abc import Callable as Function
from pathlib import Path
from types import TracebackType
from typing import Self

from yarl import URL

from hum_async._polling.policies import LearnedPolling, PollPolicy
from hum_async._purchases.sqlite.writer import open_store
from hum_async.bulk.input_rows import Row
from hum_async.bulk.job_engine import Job, JobStatistics
from hum_async.bulk.purchasing import Terms
from hum_async.client import HumClient
from hum_async.models import Outcome, Qualification, SessionUpdate

__all__ = ["JobStatistics", "QualificationStream", "api_name", "qualify"]

MAX_OPEN = 2000
"""Sessions that are open, or answered and not yet read, at the same time."""


def qualify(  # noqa: PLR0913  all but two by name
    client: HumClient,
    addresses: Iterable[Row] | AsyncIterable[Row],
    *,
    journal: str | os.PathLike[str] | None = None,
    policy: PollPolicy | None = None,
    max_open: int | None = None,
    close: bool = True,
    retry: Collection[Outcome] = (),
    max_age: float | None = None,
    reuse_from: str | os.PathLike[str] | None = None,
    max_sessions: int | None = None,
    on_update: Function[[Hashable, SessionUpdate], None] | None = None,
) -> "QualificationStream":
    """Look up many addresses; iterate over the results with ``async for``.

    Args:
        client: Whose API, key and limiter are used; it is not closed.
        addresses: `Address` or ``(key, Address)``, any iterable or async iterable; read only as
            fast as sessions can be opened. Without a key a row's key is its position.
        journal: File in which everything bought is written down before it is used, made if there
            is none. ApiRequest again with the same file to resume, whatever ended the last run: rows
            that are settled come first, from the journal and without a request; sessions that
            were open are taken over; a POST that nobody saw the answer of is `UNCERTAIN`. Rows
            are recognised by their address, so the input may have changed. None: results are kept
            in memory while the job runs.
        policy: When to poll; None learns it (`LearnedPolling`).
        max_open: Sessions open at the same time at most; None for 2,000.
        close: End each session as soon as its result is safe: in the journal; without one, when
            its row has been read and the next one was asked for.
        retry: Outcomes of earlier runs that are looked up anew, such as ``{Outcome.FAILED}``.
            `Outcome.UNCERTAIN` among them may buy a second session.
        max_age: Seconds. Results that the journal holds from an earlier job, one that had come to
            its end, are looked up anew if they are older; None takes them whatever their age.
        reuse_from: Journal of another job, whose results are taken where there is none yet; its
            failed rows are not.
        max_sessions: Sessions that may be bought, all runs with this journal together; None for no
            bound. A purchase that is uncertain counts.
        on_update: Called with a row's key and each `SessionUpdate` of its session; must not raise.

    Returns:
        An async iterator of `Qualification`, in order of completion. What happens to a row is told
        as its `Outcome`. The same address is bought once; each of its rows gets the result. Close
        it, or use it as async context manager, if you may leave before its end.

    Raises:
        AuthenticationError: While iterating: the key is not accepted. Nothing more is sent; what
            is under way is waited for first, because it may have been paid.
        JournalError: While iterating: the journal cannot be used or written any more.
        ApiUnavailable: While iterating, with a journal only: the API asks to wait for more than two
            minutes. ApiRequest again after that time. Without a journal the job waits.
        SessionLimitReached: While iterating: rows are left, and `max_sessions` are bought.
        ConfigurationError: The client cannot work.
        ValueError: An argument is out of its range.
    """
    for name, value in (("max_open", max_open), ("max_sessions", max_sessions)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, not {value!r}")
    if max_age is not None and not max_age >= 0:
        raise ValueError(f"max_age must be 0 seconds or more, not {max_age!r}")
    if journal is None and reuse_from is not None:
        raise ValueError("reuse_from needs a journal to copy into; pass journal= as well")
    terms = Terms(
        policy=LearnedPolling() if policy is None else policy,
        max_open=MAX_OPEN if max_open is None else max_open,
        close=close,
        retry=frozenset(retry),
        max_sessions=max_sessions,
        on_update=on_update,
    )
    store = open_store(
        None if journal is None else Path(journal),
        api=api_name(client.base_url),
        max_age=max_age,
        reuse_from=None if reuse_from is None else Path(reuse_from),
    )
    return QualificationStream(Job(client.caller, addresses, terms=terms, store=store))


def api_name(base_url: str) -> str:
    """Return what a journal calls an API: all servers on this machine are one to it."""
    host = URL(base_url).host or ""
    return "a server on this machine" if host in {"127.0.0.1", "localhost", "::1"} else host


class QualificationStream:
    """What `qualify` returns: an async iterator of `Qualification`."""

    __slots__ = ("__weakref__", "_job")

    def __init__(self, job: Job) -> None:
        self._job = job

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Qualification:
        """Return the next result; without a journal, this tells that the one before is safe."""
        return await self._job.next_result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._job.abandon()

    def statistics(self) -> JobStatistics:
        """Return how far the job is."""
        return self._job.statistics()

    def stop(self) -> None:
        """Buy nothing more; the stream ends when what is under way has been looked up."""
        self._job.stop()

    async def aclose(self) -> None:
        """Stop at once. Idempotent.

        Open sessions are left: with a journal the next run takes them over, without one they
        expire. A POST under way is cut off, and its row will be `UNCERTAIN`; `stop` avoids that.
        """
        await self._job.aclose()
