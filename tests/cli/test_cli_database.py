"""What operations people do with a job in a database: look at it, prove it, compose it, erase."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from hum_async import Address, Outcome, Qualification
from hum_async._purchases.postgres.job import Taking
from hum_async._purchases.postgres.store import PostgresStore, open_database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async._purchases.records import Asked, Opened, Settled, address_digest
from hum_async.bulk import read_results
from hum_async.models import Provider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from servers import PostgresServer

SECRET = "s3cr3t"


def home(number: int) -> Address:
    return Address(f"{number + 100} Served St", zip="00501")


def found(number: int, outcome: Outcome = Outcome.SERVED) -> Qualification:
    return Qualification(
        key=number,
        address=home(number),
        outcome=outcome,
        token=f"token-{number}",
        requests=3,
        providers=(Provider(name="Fiber Co"),),
    )


@attrs.define
class Shared:
    """A job in a database, into which a test writes as a worker would."""

    url: str
    portal: BlockingPortal

    @contextlib.contextmanager
    def at_work(self, work: Callable[[PostgresStore], Awaitable[None]]) -> Iterator[None]:
        """Take part in the job ``june``, do `work`, and leave after the block."""
        url = parse_database_url(self.url).of_job("june")
        store = self.portal.call(open_database, url, Taking(api="api.test"))
        try:
            self.portal.call(work, store)
            yield
        finally:
            self.portal.call(store.aclose)

    def work(self, work: Callable[[PostgresStore], Awaitable[None]]) -> None:
        """Take part in the job while `work` lasts."""
        with self.at_work(work):
            pass


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Shared]:
    options = {"loop_factory": asyncio.SelectorEventLoop}
    with start_blocking_portal(backend_options=options) as portal:
        yield Shared(postgres_url, portal)


async def buy_three(store: PostgresStore) -> None:
    """Settle two addresses, and leave one open and one unanswered."""
    for number in range(4):
        await store.record(Asked(address_digest(home(number))))
    for number in range(3):
        await store.record(Opened(address_digest(home(number)), f"token-{number}"))
    await store.record(
        Settled(address_digest(home(0)), found(0)),
        Settled(address_digest(home(1)), found(1, Outcome.NO_PROVIDERS)),
    )


def job(shared: Shared) -> tuple[str, ...]:
    return ("--database", shared.url, "--job", "june")


# --- which database, and which job ----------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@db/hum",
        f"postgresql://ann@db/hum?password={SECRET}",
        f"postgresql://ann:{SECRET}@[db/hum",
        f"postgresql://:{SECRET}@db/hum",
    ],
)
@pytest.mark.parametrize("command", ["status", "verify", "compose", "forget"])
def test_a_password_on_the_command_line_is_refused_with_advice(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path, command: str, url: str
) -> None:
    words = {
        "compose": (addresses("101 Served St"), "-o", str(tmp_path / "out.csv")),
        "forget": ("--older-than", "30d"),
    }
    ended = call(command, *words.get(command, ()), "--database", url, "--job", "june")
    assert ended.code == 2
    assert "PGPASSWORD" in ended.err
    assert "pgpass" in ended.err
    assert SECRET not in ended.err + ended.out


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg", "mysql"])
@pytest.mark.parametrize("command", ["status", "verify", "qualify"])
def test_a_url_where_a_file_is_wanted_is_not_quoted(
    call: Callable[..., Any], addresses: Callable[..., str], command: str, scheme: str
) -> None:
    url = f"{scheme}://ann:{SECRET}@db/hum"
    words = (addresses("101 Served St"), "--journal", url) if command == "qualify" else (url,)
    ended = call(command, *words)
    assert ended.code == 2
    assert "--database" in ended.err
    assert SECRET not in ended.err + ended.out


def test_a_password_in_the_environment_is_taken_and_never_printed(
    call: Callable[..., Any], shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.work(buy_three)
    secret = shared.url.replace("hum@", f"hum:{SECRET}@")
    monkeypatch.setenv("HUM_DATABASE", secret)
    ended = call("status", "--job", "june")
    assert ended.code == 0
    assert "job june" in ended.out
    assert SECRET not in ended.out + ended.err
    monkeypatch.setenv("HUM_DATABASE", secret.rpartition("/")[0] + "/nowhere")
    ended = call("status", "--job", "june")
    assert ended.code == 1
    assert "createdb" in ended.err
    assert SECRET not in ended.out + ended.err


def test_a_job_is_named_once_and_so_is_what_it_is_in(
    call: Callable[..., Any], shared: Shared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = call("verify", *job(shared), str(tmp_path / "job.sqlite"))
    assert (ended.code, "not both" in ended.err) == (2, True)
    assert "--job NAME" in call("verify", "--database", shared.url).err
    assert "--database" in call("status", "--job", "june").err
    assert call("status").code == 2
    assert call("verify").code == 2
    assert "postgresql://" in call("status", "--database", "mysql://db/hum").err
    ended = call("status", *job(shared))
    assert (ended.code, "no job 'june'" in ended.err) == (1, True)
    # A file that is named goes before the environment.
    monkeypatch.setenv("HUM_DATABASE", shared.url)
    assert "there is no journal" in call("status", str(tmp_path / "job.sqlite")).err
    assert "--job NAME" in call("verify").err


# --- status ---------------------------------------------------------------------------------------


def test_status_tells_who_is_at_the_job_and_what_it_has_cost(
    call: Callable[..., Any], shared: Shared
) -> None:
    with shared.at_work(buy_three):
        during = json.loads(call("status", *job(shared), "--json").out)
    assert during["state"] == "running"
    (worker,) = during["workers"]
    assert (worker["state"], worker["pid"]) == ("alive", os.getpid())
    assert (worker["open"], worker["spent"]) == (1, 4)
    assert during["sessions"] | {"bought_again": {}} == {
        "bought": 3, "open": 1, "uncertain": 1, "copied": 0, "bought_again": {}, "forgotten": 0,
    }  # fmt: skip
    assert during["addresses"] == {"SERVED": 1, "NO_PROVIDERS": 1}
    after = json.loads(call("status", *job(shared), "--json").out)
    assert after["state"] == "stopped"
    assert after["workers"][0]["state"] == "left"
    listed = json.loads(call("status", "--database", shared.url, "--json").out)
    assert [(each["name"], each["workers"]) for each in listed["jobs"]] == [("june", 0)]


def test_a_lot_that_was_set_aside_is_named_and_that_is_1(
    call: Callable[..., Any], shared: Shared, postgres_server: PostgresServer
) -> None:
    async def lay_out(store: PostgresStore) -> None:
        await store.share_input().lay_out(digest="d", rows=40, again=False)

    shared.work(lay_out)
    postgres_server.query(
        "UPDATE hum.lot SET tries = 3 WHERE number = 1", shared.url.rpartition("/")[2]
    )
    ended = call("status", *job(shared))
    assert ended.code == 1
    assert "Set aside: lot 2 (rows 3 to 4); 3 workers died at it" in ended.out
    values = json.loads(call("status", *job(shared), "--json").out)
    assert values["lots"] == {
        "total": 20, "rows": 2, "done": 0, "in_hand": 0,
        "set_aside": [{"number": 2, "first_row": 3, "last_row": 4}],
    }  # fmt: skip


# --- verify, compose, forget ----------------------------------------------------------------------


def test_compose_writes_what_is_there_and_verify_compares_it(
    call: Callable[..., Any], addresses: Callable[..., str], shared: Shared, tmp_path: Path
) -> None:
    shared.work(buy_three)
    source = addresses(*(f"{number + 100} Served St" for number in range(3)))
    out = tmp_path / "out.csv"
    ended = call("compose", source, "-o", str(out), *job(shared))
    assert ended.code == 3
    assert "2 rows with a result" in ended.err, ended.err
    assert "1 row has no result yet: row 3" in ended.err
    with out.open(encoding="utf-8", newline="") as stream:
        rows = [(row["street"], row["hum_outcome"]) for row in csv.DictReader(stream)]
    assert rows == [("100 Served St", "SERVED"), ("101 Served St", "NO_PROVIDERS")]
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["journal"] is None
    assert manifest["database"]["job"] == "june"
    assert SECRET not in json.dumps(manifest)
    ended = call("verify", *job(shared))
    assert ended.code == 3
    assert "1 session has no result yet" in ended.out

    async def settle(store: PostgresStore) -> None:
        entries = await store.find([(address_digest(home(n)), home(n)) for n in (2, 3)])
        assert entries[address_digest(home(2))].token == "token-2"
        await store.record(Settled(address_digest(home(2)), found(2)))
        await store.finish()

    shared.work(settle)
    assert call("compose", source, "-o", str(out), *job(shared)).code == 0
    whole = read_results(out, journal=f"{shared.url}?job=june")
    assert whole.complete
    assert [result.providers[0].name for result in whole] == ["Fiber Co"] * 3
    assert not read_results(out).complete
    ended = call("verify", *job(shared))
    assert ended.code == 0, ended.out
    assert ended.out.count("ok ") == 5


def test_nothing_is_forgotten_while_machines_share_the_rows(
    call: Callable[..., Any], shared: Shared
) -> None:
    async def share(store: PostgresStore) -> None:
        await store.share_input().lay_out(digest="d", rows=40, again=False)
        await buy_three(store)

    with shared.at_work(share):
        for what in (["100 Served St, 00501"], ["--older-than", "30d"]):
            ended = call("forget", *what, *job(shared))
            assert ended.code == 1
            assert "1 worker of" in ended.err
            assert "hum status" in ended.err
    assert call("forget", "100 Served St, 00501", *job(shared)).out == "Forgot 1 result\n"


def test_what_is_forgotten_counts_as_never_bought(
    call: Callable[..., Any], shared: Shared, postgres_server: PostgresServer
) -> None:
    shared.work(buy_three)
    ended = call("forget", "100 Served St, 00501", *job(shared))
    assert (ended.code, ended.out) == (0, "Forgot 1 result\n")
    assert call("forget", "100 Served St, 00501", *job(shared)).code == 3
    values = json.loads(call("status", *job(shared), "--json").out)
    assert values["sessions"]["forgotten"] == 1
    assert values["addresses"] == {"NO_PROVIDERS": 1}
    name = shared.url.rpartition("/")[2]
    held = postgres_server.query("SELECT result FROM hum.purchase WHERE result IS NOT NULL", name)
    assert len(held.splitlines()) == 2
    receipt = "SELECT token, superseded FROM hum.purchase WHERE superseded IS NOT NULL"
    assert postgres_server.query(receipt, name) == "token-0|forgotten"
    postgres_server.query("UPDATE hum.purchase SET asked_at = asked_at - interval '2 days'", name)
    assert call("forget", "--older-than", "1d", *job(shared)).out == "Forgot 1 result\n"
    assert call("forget", "--older-than", "1d", *job(shared)).code == 0
