"""``hum journal copy``: a job that was begun in a file goes on in a database, and back."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, Outcome, Qualification
from hum_async._purchases.journals import open_reader
from hum_async._purchases.place import named, place_of
from hum_async._purchases.records import (
    Asked,
    Closed,
    Copied,
    Entry,
    Opened,
    Settled,
    address_digest,
)
from hum_async._purchases.sqlite.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STREETS = ("100 Served St", "100 Not Found Ln", "", "100 SERVED st.", "102 Served St")


def digest(number: int) -> bytes:
    return address_digest(Address(f"{number} Main St", zip="00501"))


def result(number: int, outcome: Outcome) -> Qualification:
    address = Address(f"{number} Main St", zip="00501")
    token = None if outcome is Outcome.UNCERTAIN else f"token-{number}"
    return Qualification(key=0, address=address, outcome=outcome, token=token, requests=3)


@pytest.fixture
def every_state(tmp_path: Path) -> Path:
    """Return a journal with a purchase in each state, over two runs."""
    path = tmp_path / "job.sqlite"
    with contextlib.closing(Journal(path, api="api.test")) as journal:
        journal.apply([Asked(digest(n)) for n in range(6)], requests=9)
        journal.apply([Opened(digest(n), f"token-{n}") for n in range(4)])
        journal.apply([Settled(digest(0), result(0, Outcome.SERVED))])
        journal.apply([Closed(digest(0), "token-0")])
        journal.apply([Settled(digest(1), result(1, Outcome.FAILED))])
        journal.apply([Settled(digest(2), result(2, Outcome.TIMED_OUT))])
        journal.apply([Settled(digest(4), result(4, Outcome.UNCERTAIN))])
        journal.note_rate(123.5)
        known = journal.find([digest(0)])[digest(0)]
        taken = Entry(None, Outcome.SERVED, 1, 0, None, known.packed, digest=digest(0),
                      asked_at=known.asked_at)  # fmt: skip
        journal.apply([Copied(digest(7), taken)])
    with contextlib.closing(Journal(path)) as journal:
        journal.apply([Asked(digest(1), "retried"), Opened(digest(1), "again-1")])
        journal.note_progress(done=3, reused=1, total=9, seconds=2.0)
        journal.set("campaign_id", "june")
        journal.set("manifest", "out.manifest.json")
    return path


def told(place: str) -> dict[str, Any]:
    """Return what a journal tells, but for the times of its runs."""
    where = place_of(named(place))
    assert where is not None
    with open_reader(where) as journal:
        runs = [(run.requests, run.rows_done, run.rows_total) for run in journal.runs()]
        names = ("campaign_id", "taken_since", "finished_at", "found_rate", "found_rate_at")
        manifest = journal.setting("manifest")
        return {
            "purchases": list(journal.purchases()),
            "tally": journal.tally(),
            "api": journal.api,
            "dedupe": journal.dedupe,
            "runs": runs,
            "settings": [journal.setting(name) for name in names],
            "manifest": manifest and (journal.folder / manifest).resolve(),
        }


def test_a_journal_comes_back_from_a_database_as_it_was(
    call: Callable[..., Any], every_state: Path, postgres_url: str, tmp_path: Path
) -> None:
    database = f"{postgres_url}?job=june"
    before = told(str(every_state))
    assert len(before["purchases"]) == 8
    ended = call("journal", "copy", str(every_state), database)
    assert (ended.code, ended.err) == (0, ""), ended.err
    assert "Copied 8 purchases to" in ended.out
    assert told(database) == before
    back = tmp_path / "there and" / "back.sqlite"
    back.parent.mkdir()
    assert call("journal", "copy", database, str(back)).code == 0
    assert told(str(back)) == before
    # It is sound, and the tokens of its open sessions are bound to their addresses.
    with contextlib.closing(Journal(back, api="api.test")) as journal:
        found = journal.find([digest(n) for n in range(8)])
    assert found[digest(3)].token == "token-3"
    assert found[digest(1)].token == "again-1"
    assert sorted(path.name for path in back.parent.iterdir()) == ["back.sqlite"]
    assert back.stat().st_mode & 0o077 == 0


def test_a_job_goes_on_in_the_database_and_buys_nothing_again(
    call: Callable[..., Any], addresses: Callable[..., str], postgres_url: str, tmp_path: Path
) -> None:
    source, out = addresses(*STREETS), str(tmp_path / "out.csv")
    limit = ("--max-sessions", "1")
    assert call("qualify", source, "--simulate", "-o", out, *limit).code == 5
    database = f"{postgres_url}?job=june"
    journal = str(tmp_path / "out.journal.sqlite")
    assert call("journal", "copy", journal, database).code == 0
    ended = call("qualify", source, "--dry-run", "--database", database, "--max-sessions", "2")
    assert "1 address in the journal already" in ended.out
    assert "1 session will be bought" in ended.out


def test_a_url_of_something_else_is_not_quoted(call: Callable[..., Any], every_state: Path) -> None:
    ended = call("journal", "copy", str(every_state), "mysql://ann:hunter2@db/hum")
    assert ended.code == 2
    assert "postgresql://host" in ended.err
    assert "hunter2" not in ended.err


def test_what_is_there_is_not_replaced_and_what_is_used_is_not_copied(
    call: Callable[..., Any], every_state: Path, postgres_url: str, tmp_path: Path
) -> None:
    database = f"{postgres_url}?job=june"
    assert call("journal", "copy", str(every_state), database).code == 0
    ended = call("journal", "copy", str(every_state), database)
    assert (ended.code, "there already" in ended.err) == (1, True)
    ended = call("journal", "copy", database, str(every_state))
    assert (ended.code, "there already" in ended.err) == (1, True)
    with contextlib.closing(Journal(every_state)):
        ended = call("journal", "copy", str(every_state), f"{postgres_url}?job=july")
    assert (ended.code, "in use" in ended.err) == (1, True)
    ended = call("journal", "copy", str(tmp_path / "nothing.sqlite"), f"{postgres_url}?job=july")
    assert (ended.code, "no journal" in ended.err) == (1, True)
    ended = call("journal", "copy", f"{postgres_url}?job=may", str(tmp_path / "new.sqlite"))
    assert (ended.code, "no job 'may'" in ended.err) == (1, True)
    assert call("journal", "copy", str(every_state), postgres_url).code == 2
    typed = postgres_url.replace("hum@", "hum:s3cr3t@")
    ended = call("journal", "copy", str(every_state), f"{typed}?job=july")
    assert (ended.code, "s3cr3t" in ended.err) == (2, False)
    # Nothing of the refused ones is left.
    assert "1 job" in call("status", "--database", postgres_url).out
    assert not list(tmp_path.glob("*.part"))


def test_a_damaged_journal_is_told_and_not_copied(
    call: Callable[..., Any], every_state: Path, postgres_url: str
) -> None:
    with contextlib.closing(sqlite3.connect(every_state)) as db, db:
        db.execute("UPDATE purchase SET outcome = NULL WHERE outcome = 'TIMED_OUT'")
    ended = call("journal", "copy", str(every_state), f"{postgres_url}?job=june")
    assert (ended.code, "damaged" in ended.err) == (1, True)
    assert "0 jobs" in call("status", "--database", postgres_url).out
