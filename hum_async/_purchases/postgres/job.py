"""A job in a database, and the worker by which a process takes part in it.

Each function is one step of a transaction.
"""

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import orjson

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.postgres.schema import ALIVE
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._purchases.reader import FINISHED_AT, TAKEN_SINCE
from hum_async._purchases.records import ADDRESS_KEYS
from hum_async._version import __version__
from hum_async.errors import JournalError

SPENT_SINCE = """
SELECT count(*) FROM purchase WHERE job = $1 AND asked_at >= $2 AND NOT copied
  AND (token IS NOT NULL OR outcome IS NULL OR outcome = 'UNCERTAIN')
"""
"""Counts the sessions of a job that may have been billed and were asked for since a time."""

_RATE_HOLDS = timedelta(days=1)
"""Age up to which a found rate is used."""


@attrs.frozen
class Taking:
    """How a process takes part in a job.

    Attributes:
        api: Name of the API; None for any.
        dedupe: How addresses are compared; None as the job does, which keeps it.
        max_age: Age in seconds up to which results of earlier jobs are taken; None for any age.
        campaign_id: The caller's label for what is bought from now on.
        ledger: Whether it is a client's ledger, not the journal of one job.
        max_sessions: Sessions that all workers together may buy, earlier runs included; None for
            no bound.
    """

    api: str | None = None
    dedupe: Dedupe | None = None
    max_age: float | None = None
    campaign_id: str | None = None
    ledger: bool = False
    max_sessions: int | None = None


@attrs.frozen
class Membership:
    """A worker of a job.

    Attributes:
        job: Number of the job.
        worker: Number of the worker.
        run: Number of the run. Workers that begin while others are alive belong to one run.
        alone: Nobody else was at the job when it began.
        dedupe: How addresses are compared.
        taken_since: Earliest time (ISO 8601, UTC) of results of earlier jobs that are taken; None
            takes all.
        found_rate: Found rate in requests per second; None if none was found lately.
        known: Addresses with a purchase of an earlier run that counts.
        spent: Sessions for which others may have been billed.
    """

    job: int
    worker: int
    run: int
    alone: bool
    dedupe: KeyRules
    taken_since: str | None
    found_rate: float | None
    known: int
    spent: int


async def join(connection: Connection, url: DatabaseUrl, taking: Taking) -> Membership:
    """Become a worker of a job, which is made if there is none of that name.

    Raises:
        JournalError: The job is of another kind or API, or compares addresses otherwise.
    """
    await connection.execute(
        "INSERT INTO job (name, ledger) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        url.job,
        taking.ledger,
    )
    # Those that begin at the same moment do so one after the other.
    job, run, ledger, has_input = await connection.fetchrow(
        "SELECT id, run, ledger, input_digest IS NOT NULL FROM job WHERE name = $1 FOR UPDATE",
        url.job,
    )
    _check_kind(url, known=ledger, wanted=taking.ledger)
    settings = await settings_of(connection, job)
    dedupe = await _agree(connection, job, url, taking, settings)
    alone = not await connection.fetchval(
        f"SELECT EXISTS (SELECT 1 FROM worker w WHERE w.job = $1 AND {ALIVE})",
        job,
    )
    if alone:
        run += 1
        await connection.execute("UPDATE job SET run = $2 WHERE id = $1", job, run)
    since = settings.get(TAKEN_SINCE)
    if since is None or (alone and settings.get(FINISHED_AT) is not None):
        age = taking.max_age
        since = "" if age is None else (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
        await set_setting(connection, job, TAKEN_SINCE, since)
    if not has_input:
        # With one, it goes on when that of this worker has been found to be the same.
        await set_setting(connection, job, FINISHED_AT, None)
    if taking.campaign_id is not None or not taking.ledger:
        await set_setting(connection, job, "campaign_id", taking.campaign_id)
    known = 0 if taking.ledger else await _known(connection, job, run)
    return Membership(
        job=job,
        worker=await enrol(connection, url, job=job, run=run),
        run=run,
        alone=alone,
        dedupe=dedupe,
        taken_since=since or None,
        found_rate=_found_rate(settings),
        known=known,
        spent=await spent(connection, job),
    )


async def enrol(connection: Connection, url: DatabaseUrl, *, job: int, run: int) -> int:
    """Add this process as a worker; return its number."""
    worker: int = await connection.fetchval(
        "INSERT INTO worker (job, run, host, pid, library_version, lease, lease_until) "
        "VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $6)) "
        "RETURNING id",
        job,
        run,
        socket.gethostname(),
        os.getpid(),
        __version__,
        url.lease,
    )
    return worker


async def spent(connection: Connection, job: int, *, without: Sequence[int] = ()) -> int:
    """Return the sessions for which the workers of a job, but for some, may have been billed."""
    total: int = await connection.fetchval(
        "SELECT coalesce(sum(spent), 0)::bigint FROM worker "
        "WHERE job = $1 AND NOT id = ANY($2::bigint[])",
        job,
        list(without),
    )
    return total


async def settings_of(connection: Connection, job: int) -> dict[str, Any]:
    """Return the settings of a job, by name."""
    rows = await connection.fetch("SELECT name, value FROM setting WHERE job = $1", job)
    return {name: orjson.loads(value) for name, value in rows}


async def set_setting(connection: Connection, job: int, name: str, value: Any) -> None:
    """Set the value of a setting."""
    await connection.execute(
        "INSERT INTO setting (job, name, value) VALUES ($1, $2, $3) "
        "ON CONFLICT (job, name) DO UPDATE SET value = EXCLUDED.value",
        job,
        name,
        orjson.dumps(value).decode(),
    )


async def kept(connection: Connection, job: int, name: str, first: str) -> str:
    """Return a setting that a job has kept since somebody asked first, who brought it."""
    await connection.execute(
        "INSERT INTO setting (job, name, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        job,
        name,
        orjson.dumps(first).decode(),
    )
    return str((await settings_of(connection, job))[name])


async def epoch(connection: Connection, job: int) -> str:
    """Return 8 hexadecimal digits that a job has kept since somebody asked first."""
    return await kept(connection, job, "epoch", secrets.token_hex(4))


def check_dedupe(url: DatabaseUrl, known: KeyRules, wanted: Dedupe | None) -> None:
    """Raise JournalError if addresses shall be compared otherwise than a job does."""
    begun: Dedupe = "exact" if known == "exact" else "usps"
    if wanted is not None and wanted != begun:
        raise JournalError(
            f"{url} was begun with --dedupe {begun}, which a job keeps; leave --dedupe {wanted} "
            "out, or give the job another name"
        )


def _check_kind(url: DatabaseUrl, *, known: bool, wanted: bool) -> None:
    if known and not wanted:
        raise JournalError(
            f"{url} is the ledger of a HumClient (purchases=), not the journal of a job; give the "
            "job another name"
        )
    if wanted and not known:
        raise JournalError(
            f"{url} is the journal of a job, which a ledger would change after its end; give "
            "purchases= another ?job="
        )


async def _agree(
    connection: Connection, job: int, url: DatabaseUrl, taking: Taking, settings: dict[str, Any]
) -> KeyRules:
    """Note which API is asked and how addresses are compared; return that.

    Raises:
        JournalError: The job was begun otherwise.
    """
    api = settings.get("api")
    if api is None:
        await set_setting(connection, job, "api", taking.api)
    elif taking.api is not None and api != taking.api:
        raise JournalError(
            f"{url} holds results of {api}, and this job asks {taking.api}; give it another name"
        )
    if "address_key" not in settings:
        begun: KeyRules = taking.dedupe or "usps"
        await set_setting(connection, job, "address_key", ADDRESS_KEYS[begun])
        return begun
    for rules, name in ADDRESS_KEYS.items():
        if name == settings["address_key"]:
            check_dedupe(url, rules, taking.dedupe)
            return rules
    raise JournalError(
        f"{url} compares addresses by rules of another version of hum_async; use that version, or "
        "give the job another name"
    )


async def _known(connection: Connection, job: int, run: int) -> int:
    known: int = await connection.fetchval(
        "SELECT count(*) FROM purchase WHERE job = $1 AND superseded IS NULL "
        "AND NOT worker = ANY(SELECT id FROM worker WHERE job = $1 AND run = $2)",
        job,
        run,
    )
    return known


def _found_rate(settings: dict[str, Any]) -> float | None:
    rate, at = settings.get("found_rate"), settings.get("found_rate_at")
    if not isinstance(rate, float) or not isinstance(at, str):
        return None
    young = datetime.now(UTC) - datetime.fromisoformat(at) <= _RATE_HOLDS
    return rate if young else None
