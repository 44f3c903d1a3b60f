"""The URL of a database, its tables, and what is said when it cannot be used."""

import asyncio
import builtins
import gc
import subprocess
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest
from servers import HOST, PgBouncer, PostgresServer, free_port

from hum_async._purchases.postgres.connection import Database, Unreachable
from hum_async._purchases.postgres.schema import VERSION, prepare
from hum_async._purchases.postgres.url import is_database_url, parse_database_url
from hum_async.errors import ConfigurationError, JournalError


@pytest.mark.parametrize(
    ("url", "label", "job", "schema", "dsn"),
    [
        ("postgresql://db/hum?job=june", "db/hum", "june", "hum", "postgresql://db/hum"),
        (
            "postgres://ann:pw@db:5433/x?schema=jobs&sslmode=require&job=a%20b",
            "db:5433/x",
            "a b",
            "jobs",
            "postgresql://ann:pw@db:5433/x?sslmode=require",
        ),
        (
            "postgresql:///?service=mine&job=j",
            "the local server",
            "j",
            "hum",
            "postgresql:///?service=mine",
        ),
        ("postgresql://a:1,b:2/hum", "a:1,b:2/hum", None, "hum", "postgresql://a:1,b:2/hum"),
    ],
)
def test_a_url_names_the_job_and_leaves_the_rest_to_the_driver(
    url: str, label: str, job: str | None, schema: str, dsn: str
) -> None:
    found = parse_database_url(url)
    assert (found.label, found.job, found.schema, found.dsn.reveal()) == (label, job, schema, dsn)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cr3t@db/hum?job=",
        "postgresql://ann:s3cr3t@db/hum?job=a%0Ab",
        "postgresql://ann:s3cr3t@db/hum?schema=x;drop",
        "postgresql://ann:s3cr3t@db/hum?lease=soon",
        "postgresql://ann:s3cr3t@[db/hum",
        "postgresql://ann:s3cr3t@db/hum?job",
    ],
)
def test_no_message_about_a_url_holds_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_database_url(url)
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


def test_a_place_of_purchases_is_a_database_by_its_scheme() -> None:
    assert is_database_url("postgresql://db/hum")
    assert is_database_url("Postgres://db/hum")
    assert not is_database_url("june.sqlite")


async def test_many_workers_may_make_the_tables_at_once(postgres_url: str) -> None:
    url = parse_database_url(postgres_url)
    workers = [Database(url) for _ in range(4)]
    try:
        await asyncio.gather(*(each.run(lambda c: prepare(c, url)) for each in workers))
        async with workers[0].transaction() as connection:
            assert await connection.fetchval("SELECT version FROM schema_version") == VERSION
    finally:
        for each in workers:
            await each.aclose()


async def test_the_tables_of_a_newer_version_are_left_alone(postgres_url: str) -> None:
    url = parse_database_url(f"{postgres_url}?schema=other")
    database = Database(url)
    try:
        await database.run(lambda c: prepare(c, url))
        async with database.transaction() as connection:
            await connection.execute("UPDATE schema_version SET version = version + 1")
        with pytest.raises(JournalError, match=r"schema other.*newer version of hum_async"):
            await database.run(lambda c: prepare(c, url))
    finally:
        await database.aclose()


async def test_what_cannot_be_reached_is_named_without_the_password() -> None:
    url = parse_database_url(f"postgresql://ann:s3cr3t@{HOST}:{free_port()}/hum")
    database = Database(url, patience=0.0)
    with pytest.raises(Unreachable, match=r"cannot reach.*connection refused") as caught:
        await database.run(lambda c: prepare(c, url))
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))
    assert "s3cr3t" not in repr(url)


async def test_a_database_that_does_not_exist_is_not_tried_again(
    postgres_server: PostgresServer,
) -> None:
    url = parse_database_url(postgres_server.url("nowhere"))
    with pytest.raises(JournalError, match="createdb") as caught:
        await Database(url).run(lambda c: prepare(c, url))
    assert not isinstance(caught.value, Unreachable)


@pytest.mark.parametrize("port", ["99999"])
async def test_a_port_that_is_none_is_told_as_what_it_is(port: str) -> None:
    for url in (
        f"postgresql://ann:s3cr3t@127.0.0.1:{port}/hum",
        f"postgresql:///hum?host=127.0.0.1&port={port}",
    ):
        database = Database(parse_database_url(url), patience=0.0)
        with pytest.raises(JournalError, match="PGPORT"):
            await database.run(lambda connection: connection.fetchval("SELECT 1"))
        with pytest.raises(JournalError, match="PGPORT"):
            async with database.connected():
                pass
        await database.aclose()


async def test_an_error_of_the_work_itself_is_not_taken_for_one_of_the_database(
    postgres_url: str,
) -> None:
    database = Database(parse_database_url(postgres_url))
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            1 / 0  # noqa: B018
    await database.aclose()


async def test_a_parameter_that_the_server_does_not_know_is_told(postgres_url: str) -> None:
    database = Database(parse_database_url(f"{postgres_url}?connect_timeout=5"))
    with pytest.raises(JournalError, match=r"leave out .* connect_timeout"):
        await database.run(lambda connection: connection.fetchval("SELECT 1"))
    await database.aclose()


@pytest.mark.slow
async def test_a_password_may_be_changed_while_a_database_is_used(tmp_path: Path) -> None:
    passwords = tmp_path / "pgpass"

    def known(password: str) -> None:
        passwords.write_text(f"*:*:*:*:{password}\n")
        passwords.chmod(0o600)

    with PostgresServer() as server:
        server.query("CREATE ROLE ann LOGIN PASSWORD 'first'")
        rules = server.home / "data" / "pg_hba.conf"
        rules.write_text("host all hum all trust\nhost all all all scram-sha-256\n")
        server.query("SELECT pg_reload_conf()")
        url = f"{server.url()}?passfile={passwords}".replace("hum@", "ann@")
        known("wrong")
        stranger = Database(parse_database_url(url))
        with pytest.raises(JournalError, match="does not let this user in") as caught:
            await stranger.run(lambda c: c.fetchval("SELECT 1"))
        assert not isinstance(caught.value, Unreachable)
        known("first")
        await stranger.run(lambda c: c.fetchval("SELECT 1"))
        server.query("ALTER ROLE ann PASSWORD 'second'")
        await stranger.aclose()  # new connections are made
        waiting = asyncio.create_task(stranger.run(lambda c: c.fetchval("SELECT 1")))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        known("second")
        assert await waiting == 1
        known("wrong")
        await stranger.aclose()
        with pytest.raises(Unreachable, match="does not let this user in"):
            await stranger.run(lambda c: c.fetchval("SELECT 1"), patience=0.1)
        await stranger.aclose()


async def test_who_may_not_use_a_schema_is_told_so(postgres_url: str) -> None:
    url = parse_database_url(f"{postgres_url}?schema=theirs&job=june")
    owner = Database(url)
    await owner.run(lambda connection: prepare(connection, url))
    async with owner.transaction() as connection:
        await connection.execute("CREATE ROLE guest LOGIN")
    await owner.aclose()
    guest = Database(parse_database_url(f"{postgres_url}?schema=theirs".replace("hum@", "guest@")))
    with pytest.raises(JournalError, match="GRANT USAGE ON SCHEMA"):
        await guest.run(
            lambda connection: connection.fetchval("SELECT version FROM schema_version")
        )
    await guest.aclose()


async def test_a_server_that_ends_long_statements_is_told_so(postgres_url: str) -> None:
    database = Database(parse_database_url(f"{postgres_url}?statement_timeout=10ms"))
    with pytest.raises(Unreachable, match="statement_timeout"):
        await database.run(
            lambda connection: connection.execute("SELECT pg_sleep(1)"), patience=0.0
        )
    await database.aclose()


@pytest.mark.slow
def test_a_process_that_was_interrupted_before_it_could_close_ends(postgres_url: str) -> None:
    program = (
        "import sys\n"
        "from hum_async._purchases.postgres.calls import DatabaseCalls\n"
        "from hum_async._purchases.postgres.url import parse_database_url\n"
        "calls = DatabaseCalls(parse_database_url(sys.argv[1]))\n"
        "print(calls.run(lambda connection: connection.fetchval('SELECT 1')))\n"
        "raise KeyboardInterrupt\n"
    )
    ended = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", program, postgres_url],
        capture_output=True,
        text=True,
        timeout=30.0,
        check=False,
    )
    assert ended.stdout == "1\n"
    assert ended.stderr.splitlines()[-1] == "KeyboardInterrupt"


async def test_transactions_pass_a_pooler_in_transaction_mode(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    with PgBouncer(postgres_server) as bouncer:
        url = parse_database_url(bouncer.url(postgres_url.rpartition("/")[2]))
        workers = [Database(url) for _ in range(5)]
        try:
            await asyncio.gather(*(each.run(lambda c: prepare(c, url)) for each in workers))
        finally:
            for each in workers:
                await each.aclose()


def test_a_database_serves_one_event_loop_after_another(postgres_url: str) -> None:
    url = parse_database_url(postgres_url)
    database = Database(url)

    async def use() -> None:
        await database.run(lambda c: prepare(c, url))

    async def use_and_close() -> None:
        await use()
        await database.aclose()

    asyncio.run(use())
    asyncio.run(use_and_close())
    # The connections of the first loop can only be forgotten: nothing runs on it any more.
    with warnings.catch_warnings(action="ignore"):
        gc.collect()


def test_a_missing_driver_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "asyncpg":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match="pip install asyncpg"):
        Database(parse_database_url("postgresql://db/hum"))
