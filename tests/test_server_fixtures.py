"""The servers that tests run on can be lost and come back."""

import pytest
from servers import PgBouncer, PostgresServer, RedisServer


def test_redis_is_empty_for_each_test(redis_server: RedisServer, redis_url: str) -> None:
    assert redis_url == redis_server.url
    assert redis_server.call("DBSIZE") == ":0\r\n"


@pytest.mark.slow
def test_a_killed_redis_comes_back_empty_on_its_port() -> None:
    with RedisServer() as server:
        url = server.url
        server.call("SET", "a", "1")
        server.kill()
        server.start()
        assert server.url == url
        assert server.call("EXISTS", "a") == ":0\r\n"


@pytest.mark.slow
def test_a_crashed_postgresql_recovers_and_pgbouncer_finds_it() -> None:
    with PostgresServer() as server, PgBouncer(server) as pooler:
        url = server.new_database()
        name = url.rpartition("/")[2]
        server.query("CREATE TABLE kept (n int)", name)
        server.crash()
        server.start()
        assert server.query("SELECT count(*) FROM kept", name) == "0"
        assert pooler.url(name).endswith(f":{pooler.port}/{name}")
