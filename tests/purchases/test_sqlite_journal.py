"""The journal file: what is on disk when, who may open it, and what it refuses."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hum_async import Address, Outcome, Qualification
from hum_async._purchases.codec import pack, unpack
from hum_async._purchases.records import (
    Asked,
    Copied,
    Opened,
    Settled,
    Tally,
    Withdrawn,
    address_digest,
)
from hum_async._purchases.sqlite.journal import Journal
from hum_async._purchases.sqlite.lock import LockFile, holder_of
from hum_async._purchases.sqlite.schema import VERSION, integrity_errors, open_reading
from hum_async.errors import (
    AddressError,
    ApiError,
    JournalError,
    RateLimited,
    ResponseError,
    TransportError,
)
from hum_async.models import (
    AgentStatus,
    Money,
    Offering,
    Plan,
    Promo,
    Provider,
    ServiceAddress,
    SpeedRange,
)

if TYPE_CHECKING:
    from pathlib import Path

HOME = Address("1 Main St", zip="48226")
A, B, C = (address_digest(Address(f"{n} Main St", zip="48226")) for n in range(3))


def served(**more: Any) -> Qualification:
    values = {"key": 0, "address": HOME, "outcome": Outcome.SERVED, "token": "token", "requests": 3}
    return Qualification(**(values | more))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "job.sqlite"


def fingerprint(path: Path) -> tuple[bytes, int, list[str]]:
    """Return all that opening a file could alter."""
    return (
        path.read_bytes(),
        path.stat().st_mtime_ns,
        sorted(file.name for file in path.parent.iterdir()),
    )


# --- what it knows --------------------------------------------------------------------------------


def test_a_purchase_goes_its_way_and_survives_the_process(path: Path) -> None:
    journal = Journal(path)
    journal.apply([Asked(A), Asked(B), Asked(C)])
    journal.apply([Opened(A, "token-a"), Opened(B, "token-b"), Withdrawn(C)])
    journal.apply([Settled(A, served(token="token-a"))], requests=5)
    journal.close()
    journal = Journal(path)
    found = journal.find([A, B, C])
    assert set(found) == {A, B}
    assert (found[A].outcome, found[A].requests, found[A].reusable) == (Outcome.SERVED, 3, True)
    assert (found[B].outcome, found[B].token) == (None, "token-b")
    assert journal.tally() == Tally(bought=2, uncertain=0, open=1, settled=1, copied=0, known=2)
    journal.close()


def test_a_second_purchase_of_an_address_is_refused_by_the_file_itself(path: Path) -> None:
    journal = Journal(path)
    journal.apply([Asked(A)])
    with pytest.raises(JournalError, match="second purchase"):
        journal.apply([Asked(B), Asked(A)])
    # A commit is whole or not there.
    assert set(journal.find([A, B])) == {A}
    journal.apply([Settled(A, served(token=None, outcome=Outcome.UNCERTAIN))])
    journal.apply([Asked(A, instead_of="retried"), Opened(A, "token")])
    assert journal.tally() == Tally(bought=1, uncertain=1, open=1, settled=0, copied=0, known=1)
    assert journal.tally().spent == 2
    journal.close()


def test_something_that_never_began_cannot_go_on(path: Path) -> None:
    journal = Journal(path)
    for change in (Opened(A, "token"), Withdrawn(A), Settled(A, served())):
        with pytest.raises(JournalError, match="0 purchases"):
            journal.apply([change])
    journal.close()


def test_a_copied_result_costs_nothing(path: Path, tmp_path: Path) -> None:
    other = Journal(tmp_path / "other.sqlite")
    other.apply([Asked(A), Settled(A, served())])
    entry = other.find([A])[A]
    other.close()
    journal = Journal(path)
    journal.apply([Copied(A, entry)])
    assert journal.tally() == Tally(bought=0, uncertain=0, open=0, settled=1, copied=1, known=1)
    found = journal.find([A])[A]
    assert unpack(found.packed or b"", key=0, address=HOME, digest=A) == served()
    journal.close()


def test_a_million_addresses_can_be_asked_for_at_once(path: Path) -> None:
    journal = Journal(path)
    digests = [number.to_bytes(16, "big") for number in range(3000)]
    journal.apply([Asked(digest) for digest in digests])
    assert len(journal.find(digests)) == 3000
    journal.close()


# --- a result as bytes ----------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
MAYBE = st.none() | TEXTS
EXTRA = st.dictionaries(TEXTS, st.none() | st.integers(-9, 9) | TEXTS | st.lists(TEXTS), max_size=2)
MONEY = st.builds(Money, st.integers(0, 10**6), st.sampled_from(["USD", "EUR"]))
SPEED = st.builds(SpeedRange, st.floats(0, 1e4), st.floats(0, 1e4))
PLANS = st.builds(
    Plan,
    MAYBE,
    MAYBE,
    MAYBE,
    MAYBE,
    st.none() | SPEED,
    st.none() | SPEED,
    MAYBE,
    st.dictionaries(TEXTS, MONEY, max_size=2),
    EXTRA,
)
OFFERINGS = st.builds(
    Offering, MAYBE, MAYBE, st.none() | st.floats(0, 1e4), st.none() | st.floats(0, 1e4), EXTRA
)
PROVIDERS = st.builds(
    Provider,
    TEXTS,
    id=MAYBE,
    security_token=MAYBE,
    min_price=st.none() | MONEY,
    promos=st.lists(st.builds(Promo, MAYBE, MAYBE), max_size=2).map(tuple),
    offerings=st.lists(OFFERINGS, max_size=2).map(tuple),
    catalog=st.lists(PLANS, max_size=2).map(tuple),
    extra=EXTRA,
)
PLACES = st.builds(ServiceAddress, MAYBE, zip=MAYBE, latitude=st.none() | st.floats(-90, 90))
RESULTS = st.builds(
    Qualification,
    key=st.just("k"),
    address=st.just(HOME),
    outcome=st.sampled_from(Outcome),
    providers=st.lists(PROVIDERS, max_size=2).map(tuple),
    service_address=st.none() | PLACES,
    token=MAYBE,
    data_set=MAYBE,
    requests=st.integers(0, 100),
    elapsed=st.floats(0, 1e6),
    observed_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    library_version=TEXTS,
)


@settings(max_examples=60)
@given(RESULTS)
def test_every_result_comes_back_as_it_was(result: Qualification) -> None:
    assert unpack(pack(result), key="k", address=HOME) == result


@pytest.mark.parametrize(
    "error",
    [
        RateLimited(429, "slow down", "request-1", 2.5),
        ApiError(418),
        ResponseError("not a number", "$.data[0]"),
        AddressError("missing", "zip"),
        TransportError("reset"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_comes_back_as_it_was(error: Any) -> None:
    again = unpack(pack(served(error=error, outcome=Outcome.FAILED)), key=0, address=HOME).error
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_status_that_nobody_knows_comes_back_as_it_was() -> None:
    plan = Plan(extra={"status": AgentStatus("dreaming")})
    result = served(providers=(Provider("P", catalog=(plan,)),))
    assert unpack(pack(result), key=0, address=HOME) == result


@pytest.mark.parametrize("packed", [b"", b"nonsense", pack(served())[:-5]])
def test_damaged_bytes_are_told_without_their_content(packed: bytes) -> None:
    with pytest.raises(JournalError, match=r"damaged.*backup") as caught:
        unpack(packed, key=0, address=HOME)
    assert caught.value.__cause__ is None


# --- who may open it ------------------------------------------------------------------------------


def test_a_second_process_is_refused_with_the_name_of_the_first(path: Path) -> None:
    journal = Journal(path)
    program = (
        "from pathlib import Path; from hum_async._purchases.sqlite.journal import Journal;"
        f"Journal(Path({str(path)!r}))"
    )
    ended = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert f"in use by process {os.getpid()} on {socket.gethostname()} since" in ended.stderr
    assert (holder_of(path) or {})["pid"] == os.getpid()
    journal.close()
    assert holder_of(path) is None
    Journal(path).close()
    assert [file.name for file in path.parent.iterdir()] == ["job.sqlite"]


def test_a_lock_goes_with_the_process_that_held_it(path: Path) -> None:
    program = (
        "import os; from pathlib import Path; from hum_async._purchases.sqlite.journal import *;"
        f"journal = Journal(Path({str(path)!r})); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603  our own program
    assert path.with_name("job.sqlite.lock").exists()
    assert holder_of(path) is None
    Journal(path).close()


def test_a_lock_that_is_let_go_twice_is_let_go_once(path: Path) -> None:
    lock = LockFile(path)
    lock.release()
    other = LockFile(path)
    lock.release()
    with pytest.raises(JournalError, match="in use"):
        LockFile(path)
    other.release()


@pytest.mark.parametrize(("version", "word"), [(VERSION + 1, "newer"), (0, "older")])
def test_a_journal_of_another_version_is_refused_and_left_as_it_was(
    path: Path, version: int, word: str
) -> None:
    Journal(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    before = fingerprint(path)
    for attempt in (Journal, open_reading):
        with pytest.raises(JournalError, match=rf"{word} version.*--fresh"):
            attempt(path)
    assert fingerprint(path) == before


@pytest.mark.parametrize("content", [b"id,street,zip\n1,1 Main St,48226\n", b"\0" * 200])
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_was(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    before = fingerprint(path)
    for attempt in (Journal, open_reading):
        with pytest.raises(JournalError, match="not a journal"):
            attempt(path)
    assert fingerprint(path) == before


def test_somebody_elses_database_is_refused_and_left_as_it_was(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    before = fingerprint(path)
    with pytest.raises(JournalError, match="not a journal"):
        Journal(path)
    assert fingerprint(path) == before


def test_an_empty_file_is_refused_and_left_as_it_is(path: Path) -> None:
    path.touch()
    for log in (b"", b"x" * 100):
        path.with_name("job.sqlite-wal").write_bytes(log)
        with pytest.raises(JournalError, match=r"is empty.*--fresh"):
            Journal(path)
    assert path.stat().st_size == 0
    with pytest.raises(JournalError, match="is empty"):
        open_reading(path)


def test_a_journal_that_was_not_finished_being_made_is_made_anew(path: Path) -> None:
    path.with_name("job.sqlite.new").write_bytes(b"half of it")
    Journal(path).close()
    assert [file.name for file in path.parent.iterdir()] == ["job.sqlite"]


@pytest.mark.parametrize(
    "damage",
    [
        "outcome = 'NONSENSE'",
        "outcome = NULL",
        "result = NULL",
        "result = 'text'",
        "observed_at = x'ff'",
        "token = x'ff'",
        "requests = 'many'",
        "run = 'one'",
        "outcome = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_row_with_values_that_no_journal_writes_is_damage(path: Path, damage: str) -> None:
    journal = Journal(path)
    journal.apply([Asked(A), Settled(A, served())])
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute(f"UPDATE purchase SET {damage}")  # noqa: S608  the text is ours
    with pytest.raises(JournalError):
        journal.find([A])
    journal.close()


def test_a_result_under_another_address_is_not_delivered(path: Path) -> None:
    journal = Journal(path)
    journal.apply([Asked(A), Settled(A, served()), Asked(B), Settled(B, served())])
    packed = {digest: entry.packed for digest, entry in journal.find([A, B]).items()}
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE purchase SET result = ? WHERE address = ?", (packed[A], B))
    found = journal.find([A, B])
    journal.close()
    assert unpack(found[A].packed or b"", key=0, address=HOME, digest=A) == served()
    with pytest.raises(JournalError, match="checksum"):
        unpack(found[B].packed or b"", key=0, address=HOME, digest=B)


def test_a_result_that_is_nested_too_deeply_cannot_be_stored() -> None:
    nested: Any = []
    for _ in range(2000):
        nested = [nested]
    with pytest.raises(ResponseError, match="cannot be stored"):
        pack(served(providers=(Provider(name="A", extra={"later": nested}),)))


def test_a_result_without_a_checksum_is_one_of_an_older_journal() -> None:
    packed = pack(served(), digest=A)
    assert unpack(packed[:-16], key=0, address=HOME, digest=A) == served()
    for wrong in (packed[:-1], packed + b"x", packed[:-16] + bytes(16)):
        with pytest.raises(JournalError, match="checksum"):
            unpack(wrong, key=0, address=HOME, digest=A)


def test_a_purchase_that_the_index_hides_is_found_when_the_journal_is_opened(path: Path) -> None:
    journal = Journal(path)
    journal.apply([Asked(bytes([n]) * 16) for n in range(40)])
    journal.close()
    content = path.read_bytes()
    at = content.rindex(bytes([7]) * 16)
    path.write_bytes(content[: at + 3] + b"!" + content[at + 4 :])
    with pytest.raises(JournalError, match="damaged"):
        Journal(path)


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot write beside"):
        Journal(tmp_path / "nowhere" / "job.sqlite")
    with pytest.raises(JournalError, match="there is no journal"):
        open_reading(tmp_path / "job.sqlite")


def test_it_can_be_read_while_it_is_written(path: Path) -> None:
    journal = Journal(path)
    journal.apply([Asked(A), Opened(A, "token")])
    reading = open_reading(path)
    assert reading.execute("SELECT count(*) FROM purchase").fetchone() == (1,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reading.execute("DELETE FROM purchase")
    reading.close()
    journal.close()


# --- when the disk is full ------------------------------------------------------------------------


def test_a_full_disk_is_told_and_what_was_committed_stays(path: Path) -> None:
    """The kernel itself refuses to let the file grow."""
    program = f"""
import resource, signal
from pathlib import Path
from hum_async._purchases.records import Asked
from hum_async._purchases.sqlite.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path({str(path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
done = 0
try:
    for number in range(100_000):
        journal.apply([Asked(number.to_bytes(16, "big"))])
        done += 1
finally:
    print(done, flush=True)
"""
    ended = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "JournalError: cannot use the journal" in ended.stderr
    assert "what was committed to it is safe" in ended.stderr
    done = int(ended.stdout)
    assert done > 10
    journal = Journal(path)
    with contextlib.closing(open_reading(path)) as db:
        assert integrity_errors(db) == []
    assert len(journal.find([number.to_bytes(16, "big") for number in range(done)])) == done
    journal.apply([Asked(A)])
    journal.close()


def test_a_damaged_file_is_told(path: Path) -> None:
    journal = Journal(path)
    journal.apply([Asked(number.to_bytes(16, "big")) for number in range(2000)])
    journal.close()
    content = bytearray(path.read_bytes())
    content[8192:40_000] = b"\xff" * (40_000 - 8192)
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"is damaged.*--fresh"):  # noqa: PT012  whichever is first
        journal = Journal(path)
        try:
            journal.apply([Asked(A)])
            journal.find([number.to_bytes(16, "big") for number in range(2000)])
        finally:
            journal.close()


def test_what_is_set_is_remembered(path: Path) -> None:
    journal = Journal(path, api="api.letshum.com")
    since = journal.begin_job(3600.0)
    assert since is not None
    assert datetime.fromisoformat(since) < datetime.now(UTC)
    assert journal.begin_job(60.0) == since
    journal.finish_job()
    assert journal.begin_job(None) is None
    journal.note_progress(done=3, reused=1, total=10, seconds=1.5)
    journal.close()
    with open_reading(path) as db:
        row = db.execute("SELECT rows_done, rows_total, seconds FROM run").fetchone()
    db.close()
    assert row == (3, 10, 1.5)


def test_each_commit_is_flushed_to_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "job.sqlite")
    # A power cut cannot be had: it is what SQLite calls FULL, and no less.
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)  # noqa: SLF001
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)  # noqa: SLF001
    journal.close()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with a name are POSIX's")
def test_a_pipe_or_a_folder_is_no_journal_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / os.devnull):
        with pytest.raises(JournalError, match="is not a file"):
            Journal(path)
        with pytest.raises(JournalError, match="is not a file"):
            open_reading(path)
