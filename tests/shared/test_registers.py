"""What a store of a shared limit has to do, in memory, in Redis and in PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from memory_register import MemoryStore
from servers import PgBouncer, PostgresServer, RedisServer

from hum_async._purchases.postgres.connection import Database
from hum_async._purchases.postgres.schema import prepare
from hum_async._purchases.postgres.url import parse_database_url
from hum_async._redact import Secret
from hum_async.errors import ConfigurationError
from hum_async.shared import Register, SharedRateLimiter
from hum_async.shared.stores import register_in


@pytest.fixture(
    params=[
        "memory",
        "redis",
        "valkey",
        pytest.param("postgres", marks=pytest.mark.database),
        pytest.param("pgbouncer", marks=pytest.mark.database),
    ]
)
def url(request: pytest.FixtureRequest) -> str | None:
    match request.param:
        case "redis":
            return str(request.getfixturevalue("redis_url"))
        case "valkey":
            return str(request.getfixturevalue("redis_url")).replace("redis://", "valkey://")
        case "postgres":
            return f"{request.getfixturevalue('postgres_url')}?job=june&lease=30"
        case "pgbouncer":
            database = str(request.getfixturevalue("postgres_url")).rpartition("/")[2]
            return str(request.getfixturevalue("pooler").url(database))
    return None


@pytest.fixture(scope="module")
def pooler(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    with PgBouncer(postgres_server) as pooler:
        yield pooler


@pytest.fixture
async def registers(url: str | None) -> AsyncIterator[list[Register]]:
    """Return three ways to one value."""
    store = MemoryStore()
    found = [store.register() if url is None else register_in(Secret(url), "x") for _ in range(3)]
    yield found
    for each in found:
        await each.aclose()


async def test_there_is_nothing_at_first(registers: list[Register]) -> None:
    readings = await asyncio.gather(*(each.read() for each in registers))
    assert [each.state for each in readings] == [None] * 3


async def test_a_value_is_replaced_by_who_has_seen_it_and_by_nobody_else(
    registers: list[Register],
) -> None:
    one, other, _ = registers
    assert (await one.replace(None, b"1")).replaced
    refused = await other.replace(None, b"2")
    assert (refused.replaced, refused.state) == (False, b"1")
    assert (await other.replace(b"1", b"2")).replaced
    refused = await one.replace(b"1", b"3")
    assert (refused.replaced, refused.state) == (False, b"2")
    assert (await one.read()).state == b"2"


async def test_of_all_who_have_seen_a_value_one_replaces_it(registers: list[Register]) -> None:
    async def count(register: Register) -> None:
        for _ in range(10):
            reading = await register.read()
            while not reading.replaced:
                new = b"%d" % (int(reading.state or b"0") + 1)
                reading = await register.replace(reading.state, new)

    await asyncio.gather(*map(count, registers))
    assert (await registers[0].read()).state == b"30"


async def test_its_clock_goes_ahead(registers: list[Register]) -> None:
    times = [(await each.read()).time for each in registers for _ in range(3)]
    assert times == sorted(times)
    assert times[0] < times[-1] < times[0] + 60.0


async def test_it_is_opened_again_after_it_was_closed(registers: list[Register]) -> None:
    for _ in range(2):
        await registers[0].replace(None, b"kept")
        await registers[0].aclose()
        await registers[0].aclose()
    assert (await registers[0].read()).state == b"kept"


def test_one_loop_after_another_may_use_it(url: str | None) -> None:
    store = MemoryStore()
    register = store.register() if url is None else register_in(Secret(url), "x")

    async def once() -> None:
        await register.read()
        await register.aclose()

    asyncio.run(once())
    asyncio.run(once())


async def test_limits_of_different_names_are_different_values(url: str | None) -> None:
    if url is None:
        pytest.skip("a register in memory has no name")
    one, other = register_in(Secret(url), "one"), register_in(Secret(url), "other")
    await one.replace(None, b"1")
    assert (await other.read()).state is None
    await one.aclose()
    await other.aclose()


async def test_a_limiter_works_through_it(url: str | None) -> None:
    if url is None:
        pytest.skip("shown at length elsewhere")
    one = SharedRateLimiter(url, rate=1000.0, name="y")
    async with one, SharedRateLimiter(url, rate=1000.0, name="y") as other:
        for limiter in (one, other, one):
            for _ in range(3):
                async with limiter.slot():
                    pass
        assert one.statistics().alone is other.statistics().alone is None
        assert one.statistics().processes == 2


async def test_tables_are_made_once_by_many(postgres_url: str) -> None:
    registers = [register_in(Secret(postgres_url), "x") for _ in range(8)]
    await asyncio.gather(*(each.read() for each in registers))
    for each in registers:
        await each.aclose()


async def test_a_schema_is_enough_for_whoever_may_make_none(postgres_url: str) -> None:
    own = parse_database_url(f"{postgres_url}?schema=ours&job=june")
    owner = Database(own)
    async with owner.transaction() as connection:
        await connection.execute("CREATE ROLE of_ours LOGIN")
        await connection.execute("CREATE SCHEMA ours AUTHORIZATION of_ours")
    await owner.aclose()
    url = postgres_url.replace("hum@", "of_ours@")
    database = parse_database_url(f"{url}?schema=ours")
    limiter = SharedRateLimiter(database.store_of_limit.reveal(), rate=1000.0)
    async with limiter, limiter.slot():
        assert limiter.statistics().alone is None
    purchases = Database(database)
    await purchases.run(lambda connection: prepare(connection, database))
    await purchases.aclose()
    with pytest.raises(ConfigurationError, match="schema"):
        SharedRateLimiter(f"{url}?schema=Ours")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["redis", "postgres"])
async def test_a_store_that_is_killed_comes_back(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hum_async.limits")
    with RedisServer() if kind == "redis" else PostgresServer() as server:
        url = server.url if isinstance(server, RedisServer) else server.new_database()
        async with SharedRateLimiter(url, rate=100.0) as limiter:

            async def use(seconds: float) -> None:
                async with asyncio.timeout(seconds):
                    while True:
                        async with limiter.slot():
                            pass

            with pytest.raises(TimeoutError):
                await use(0.5)
            await asyncio.to_thread(server.kill)
            with pytest.raises(TimeoutError):
                await use(1.0)
            assert limiter.statistics().alone is not None
            await asyncio.to_thread(server.start)
            # It is tried again every few seconds.
            for _ in range(30):
                with pytest.raises(TimeoutError):
                    await use(0.5)
                if limiter.statistics().alone is None:
                    break
            assert limiter.statistics().alone is None
            assert limiter.statistics().granted >= 150
    assert "goes on alone" in caplog.text


@pytest.mark.slow
async def test_a_store_that_hangs_is_given_up_and_found_again() -> None:
    with RedisServer() as server:
        async with SharedRateLimiter(server.url, rate=100.0) as limiter:
            async with limiter.slot():
                pass
            server.pause()
            for _ in range(60):
                async with limiter.slot():
                    pass
            assert limiter.statistics().alone is not None
            server.go_on()
            for _ in range(200):
                async with limiter.slot():
                    pass
            assert limiter.statistics().alone is None


@pytest.mark.parametrize("scheme", ["redis", "postgresql"])
async def test_a_store_that_refuses_us_is_said_without_the_password(
    scheme: str, redis_server: RedisServer, postgres_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    port = redis_server.port if scheme == "redis" else postgres_server.port
    url = f"{scheme}://nobody:hunter2@127.0.0.1:{port}/0"
    async with SharedRateLimiter(url, rate=100.0) as limiter:
        async with limiter.slot():
            pass
        assert limiter.statistics().alone is not None
    assert f"{scheme}://127.0.0.1:{port}/0" in caplog.text
    assert "hunter2" not in caplog.text
