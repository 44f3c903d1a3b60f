"""Opens what keeps purchases, a SQLite file or a PostgreSQL database, with what it needs alone."""

from pathlib import Path

from hum_async._addresses.usps_key import Dedupe
from hum_async._purchases.earlier import EarlierJournal
from hum_async._purchases.place import Place
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.store import ClosableStore, JobStore
from hum_async._tasks import run_in_thread

LEDGER_JOB = "ledger"
"""Name of the ledger in a database whose URL names no job."""


async def open_ledger(place: Place, *, api: str) -> ClosableStore:
    """Open the ledger of a client.

    Args:
        place: Where it is.
        api: Name of the API.

    Raises:
        ConfigurationError: The driver of the database is not installed.
        JournalError: It cannot be used.
    """
    # Neither is needed without a ledger.
    if isinstance(place, DatabaseUrl):
        from hum_async._purchases.postgres.job import Taking  # noqa: PLC0415
        from hum_async._purchases.postgres.store import open_database  # noqa: PLC0415

        named = place.of_job(LEDGER_JOB) if place.job is None else place
        return await open_database(named, Taking(api=api, ledger=True))
    from hum_async._purchases.sqlite.writer import open_journal  # noqa: PLC0415

    return await open_journal(place, api=api, ledger=True)


async def open_job(  # noqa: PLR0913  all but the first by name
    place: Place,
    *,
    api: str,
    max_age: float | None = None,
    reuse_from: Path | None = None,
    dedupe: Dedupe | None = None,
    campaign_id: str | None = None,
    max_sessions: int | None = None,
) -> JobStore:
    """Open the journal of a job.

    Args:
        place: Where it is.
        api: Name of the API.
        max_age: Age in seconds up to which results of earlier jobs are taken; None for any age.
        reuse_from: Journal of another job, from which results of new addresses are copied.
        dedupe: How addresses are compared; None as the journal does, which keeps it.
        campaign_id: The caller's label for what this run buys.
        max_sessions: Sessions that may be bought in all. A database counts those of all workers;
            of a file there is one, which counts them itself.

    Raises:
        ConfigurationError: The driver of the database is not installed, or its URL names no job.
        JournalError: One of the journals cannot be used.
    """
    if isinstance(place, DatabaseUrl):
        from hum_async._purchases.postgres.job import Taking  # noqa: PLC0415
        from hum_async._purchases.postgres.store import open_database  # noqa: PLC0415

        taking = Taking(
            api=api,
            dedupe=dedupe,
            max_age=max_age,
            campaign_id=campaign_id,
            max_sessions=max_sessions,
        )
        if reuse_from is None:
            return await open_database(place, taking)
        earlier = await run_in_thread(
            lambda: _earlier(reuse_from, api), undo=lambda earlier: earlier.reader.close()
        )
        try:
            return await open_database(place, taking, earlier=earlier)
        except BaseException:
            earlier.reader.close()
            raise
    from hum_async._purchases.sqlite.writer import open_journal  # noqa: PLC0415

    return await open_journal(
        place,
        api=api,
        max_age=max_age,
        reuse_from=reuse_from,
        dedupe=dedupe,
        campaign_id=campaign_id,
    )


def _earlier(path: Path, api: str) -> EarlierJournal:
    """Open the journal of another job to copy from. It blocks."""
    from hum_async._purchases.sqlite.reader import SqliteReader  # noqa: PLC0415  see above

    reader = SqliteReader(path, api=api)
    try:
        reader.check_sound()
        return EarlierJournal(reader, reader.dedupe)
    except BaseException:
        reader.close()
        raise
