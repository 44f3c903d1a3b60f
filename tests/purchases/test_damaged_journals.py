"""Damage anywhere in a journal is told or harmless: nothing is bought again, nothing is wrong."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, JournalError, Outcome, Qualification, RateLimiter
from hum_async._purchases.records import Asked, Opened, Settled, Withdrawn, address_digest
from hum_async._purchases.sqlite.erasure import forget
from hum_async._purchases.sqlite.journal import Journal
from hum_async._purchases.sqlite.schema import open_reading
from hum_async._purchases.sqlite.soundness import THOROUGH, check_sound
from hum_async.bulk import qualify
from hum_async.testing import ScriptedTransport, SentRequest, json_response

if TYPE_CHECKING:
    from pathlib import Path

    from hum_async.models import RawResponse

pytestmark = pytest.mark.virtual

ROWS = [(number, Address(f"{number} Main St", zip="48226")) for number in range(40)]
PAGE = 4096


def hum_transport(posts: list[str]) -> ScriptedTransport:
    def answer(request: SentRequest) -> RawResponse:
        if request.method != "POST":
            return json_response(200, {})
        number = request.body["street1"].split()[0]
        posts.append(number)
        provider = {"provider_name": f"P{number}", "url": "https://x.example/" + "y" * 50}
        return json_response(201, {"data": [provider], "meta": {"session_token": f"t{number}"}})

    return ScriptedTransport(answer)


def client(posts: list[str]) -> HumClient:
    return HumClient(transport=hum_transport(posts), limiter=RateLimiter(rate=1e6))


async def results(posts: list[str], journal: Path, **options: Any) -> dict[Any, Any]:
    async with client(posts) as hum:
        job = qualify(hum, ROWS, journal=journal, **options)
        return {result.key: result async for result in job}


def damage(good: bytes, dice: random.Random) -> bytes:
    raw, pages = bytearray(good), len(good) // PAGE
    match dice.choice(("flip", "flip", "bytes", "cut", "zero", "header", "swap", "tail")):
        case "flip":
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        case "bytes":
            for _ in range(8):
                raw[dice.randrange(len(raw))] = dice.randrange(256)
        case "cut":
            return bytes(raw[: dice.randrange(len(raw))])
        case "zero":
            at = dice.randrange(pages) * PAGE
            raw[at : at + PAGE] = bytes(PAGE)
        case "header":
            raw[dice.randrange(100)] = dice.randrange(256)
        case "swap":
            one, other = (dice.randrange(1, pages) * PAGE for _ in range(2))
            first, second = raw[one : one + PAGE], raw[other : other + PAGE]
            raw[one : one + PAGE], raw[other : other + PAGE] = second, first
        case _:
            raw += dice.randbytes(3000)
    return bytes(raw)


@pytest.mark.parametrize(
    "cases", [50, pytest.param(2000, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
async def test_a_damaged_journal_is_told_or_gives_what_it_holds(tmp_path: Path, cases: int) -> None:
    path = tmp_path / "job.sqlite"
    await results([], path)
    good = path.read_bytes()
    dice = random.Random(cases)  # noqa: S311  reproducible on purpose
    told = 0
    for case in range(cases):
        for file in tmp_path.iterdir():  # noqa: ASYNC240  nothing else runs
            file.unlink()
        path.write_bytes(damage(good, dice))
        posts: list[str] = []
        try:
            found = await results(posts, path)
        except JournalError:
            told += 1
            continue
        assert posts == [], case
        for key, result in found.items():
            assert result.outcome is Outcome.SERVED
            assert [provider.name for provider in result.providers] == [f"P{key}"]
    assert 0 < told < cases


@pytest.mark.parametrize("thorough", [THOROUGH, 0], ids=["small", "large"])
async def test_an_index_that_hides_purchases_is_told_of_a_journal_of_any_size(
    tmp_path: Path, thorough: int
) -> None:
    path = tmp_path / "job.sqlite"
    Journal(path).close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'one_purchase'"
        start = (db.execute(query).fetchone()[0] - 1) * PAGE
    empty = path.read_bytes()[start : start + PAGE]
    await results([], path)
    with contextlib.closing(open_reading(path)) as db:
        check_sound(path, db, thorough=thorough)
    raw = bytearray(path.read_bytes())
    raw[start : start + PAGE] = empty
    path.write_bytes(raw)
    with contextlib.closing(open_reading(path)) as db, pytest.raises(JournalError, match="damaged"):
        check_sound(path, db, thorough=thorough)
    with pytest.raises(JournalError, match="damaged"):
        Journal(path)


@pytest.mark.parametrize("outcome", [None, Outcome.FAILED])
@pytest.mark.parametrize("known", [True, False], ids=["bound", "of an older version"])
def test_a_damaged_token_of_an_open_session_is_told_and_buys_nothing(
    tmp_path: Path, outcome: Outcome | None, *, known: bool
) -> None:
    path, address = tmp_path / "job.sqlite", Address("1 Main St", zip="48226")
    digest = address_digest(address)
    journal = Journal(path)
    journal.apply([Asked(digest), Opened(digest, "token")])
    if outcome is not None:
        failed = Qualification(key=0, address=address, outcome=outcome, token="token")
        journal.apply([Settled(digest, failed)])
    assert journal.find([digest])[digest].token == "token"
    journal.close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        if not known:
            db.execute("DROP TABLE token_sum")
            db.execute("ALTER TABLE run DROP COLUMN address_key")
        db.execute("UPDATE purchase SET token = 'tokem'")
    journal = Journal(path)
    try:
        if known:
            with pytest.raises(JournalError, match="damaged"):
                journal.find([digest])
        else:
            assert journal.find([digest])[digest].token == "tokem"
    finally:
        journal.close()


EDITS = [
    "DELETE FROM setting",
    "DELETE FROM setting WHERE name = 'address_key'",
    "DELETE FROM setting WHERE name = 'taken_since'",
    "UPDATE setting SET value = 'usps-1' WHERE name = 'address_key'",
    "DROP TABLE setting",
    "DELETE FROM token_sum",
    "DROP TABLE token_sum",
    "DROP INDEX one_purchase",
    "DELETE FROM run",
    "UPDATE purchase SET address = x'00' WHERE id = 1",
    "UPDATE purchase SET address = 'sixteen letters.' WHERE id = 1",
    "UPDATE purchase SET outcome = NULL WHERE outcome = 'SERVED'",
    "UPDATE purchase SET result = NULL WHERE outcome = 'SERVED'",
    "UPDATE purchase SET outcome = NULL, result = NULL WHERE outcome = 'SERVED'",
    "UPDATE purchase SET superseded = 'failed' WHERE id = 1",
    "UPDATE purchase SET superseded = 'retried' WHERE id = 1",
    "UPDATE purchase SET superseded = 'gone' WHERE outcome = 'SERVED'",
]


@pytest.fixture
async def finished_but_one(tmp_path: Path) -> Path:
    """A journal with results, and with one session that is still open."""
    path = tmp_path / "job.sqlite"
    async with client([]) as hum:
        async for _ in qualify(hum, ROWS[:5], journal=path):
            pass
    journal, digest = Journal(path), address_digest(ROWS[5][1])
    journal.apply([Asked(digest), Opened(digest, "t5")])
    journal.close()
    return path


@pytest.mark.parametrize("edit", EDITS)
async def test_rows_that_no_journal_has_are_told_when_it_is_opened(
    finished_but_one: Path, tmp_path: Path, edit: str
) -> None:
    with contextlib.closing(sqlite3.connect(finished_but_one)) as db, db:
        db.execute(edit)
    posts: list[str] = []
    with pytest.raises(JournalError, match=r"is damaged.*--fresh"):
        await results(posts, finished_but_one)
    with pytest.raises(JournalError):
        await results(posts, tmp_path / "new.sqlite", reuse_from=finished_but_one)
    with pytest.raises(JournalError, match="is damaged"):
        await HumClient(transport=hum_transport(posts), purchases=finished_but_one).__aenter__()
    assert posts == []


async def test_purchases_that_were_replaced_or_given_up_are_no_damage(
    finished_but_one: Path,
) -> None:
    digests = [address_digest(address) for _, address in ROWS[:7]]
    journal = Journal(finished_but_one)
    journal.forget_open()
    journal.apply([Asked(digests[0], "retried"), Asked(digests[1], "too old"), Asked(digests[6])])
    journal.apply([Opened(digests[0], "t0"), Withdrawn(digests[1], restores=True)])
    journal.close()
    forget(finished_but_one, digests=[digests[2]])
    Journal(finished_but_one).close()
