"""Cancelled at each step on PostgreSQL, nothing leaves a connection, a task or an error behind."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from stepping import cancelled

from hum_async._network.store_urls import SCHEMA
from hum_async._purchases.postgres.connection import Database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async._redact import Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


async def read_a_limit(url: str) -> None:
    register = pytest.importorskip("hum_async.shared.postgres").PostgresRegister(
        Secret(url), "mine", schema=SCHEMA
    )
    async with aclosing(register):
        await register.read()


async def use_a_pool(url: str) -> None:
    async with aclosing(Database(parse_database_url(url))) as database:
        await database.run(lambda connection: connection.fetchval("SELECT 1"))


async def use_a_connection_of_its_own(url: str) -> None:
    async with Database(parse_database_url(url)).connected() as connection:
        await connection.fetchval("SELECT 1")


async def others(url: str) -> Any:
    async with Database(parse_database_url(url)).connected() as connection:
        return await connection.fetchval(OTHERS)


@pytest.mark.slow
@pytest.mark.parametrize("again", [0, 1])
@pytest.mark.parametrize("use", [read_a_limit, use_a_pool, use_a_connection_of_its_own])
async def test_nothing_is_left(
    postgres_url: str, use: Callable[[str], Awaitable[None]], again: int
) -> None:
    # Errors that nobody saw, and tasks, fail each test when it ends.
    await use(postgres_url)
    at, was_cancelled = 0, True
    while was_cancelled:
        at += 1
        was_cancelled, _ = await cancelled(use(postgres_url), *{at, at + again})
    assert at > 3
    async with asyncio.timeout(20.0):
        # The server takes a moment to see that one is gone.
        while await others(postgres_url):  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.05)
