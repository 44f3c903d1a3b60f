"""Opens the journal that the options of a job name."""

from hum_async._purchases.opening import open_job
from hum_async._purchases.place import Place
from hum_async._purchases.store import JobStore
from hum_async.bulk.options import JobOptions


async def open_journal(journal: Place, options: JobOptions, *, api: str) -> JobStore:
    """Open the journal of a job.

    Args:
        journal: The journal, or the job in a database.
        options: What the job takes from it.
        api: Name of the API that the job uses.

    Raises:
        ConfigurationError: The driver of the database is not installed, or its URL names no job.
        JournalError: It cannot be used, or the one that it takes results from.
    """
    return await open_job(
        journal,
        api=api,
        max_age=options.max_age,
        reuse_from=options.reuse_from,
        dedupe=options.dedupe,
        campaign_id=options.campaign_id,
        max_sessions=options.max_sessions,
    )
