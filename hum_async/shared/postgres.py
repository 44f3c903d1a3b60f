"""A register in PostgreSQL: one row of an unlogged table, replaced by a statement that compares.

Each call is one statement and keeps nothing in the session, so that it works through pgbouncer in
transaction mode, and no lock is held while a process is stopped.
"""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types

from hum_async._network.postgres import connect
from hum_async._network.postgres_migrations import begin_migration
from hum_async._network.store_urls import SCHEMA
from hum_async._redact import Secret
from hum_async.shared.register import Reading, StoreError

_EXISTS = "SELECT to_regclass('{table}') IS NOT NULL"
_CREATE = """
CREATE UNLOGGED TABLE IF NOT EXISTS {table} (
    name text PRIMARY KEY,
    state bytea NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 20);
"""
_FORGET = "DELETE FROM {table} WHERE changed_at < clock_timestamp() - interval '1 day'"
_READ = """
SELECT
    (SELECT state FROM {table} WHERE name = $1),
    extract(epoch FROM clock_timestamp())::float8,
    false
"""
_INSERT = """
WITH replaced AS (
    INSERT INTO {table} (name, state) VALUES ($1, $2)
    ON CONFLICT (name) DO NOTHING RETURNING 1
)
SELECT
    (SELECT state FROM {table} WHERE name = $1),
    extract(epoch FROM clock_timestamp())::float8,
    EXISTS (SELECT FROM replaced)
"""
_UPDATE = """
WITH replaced AS (
    UPDATE {table} SET state = $2, changed_at = clock_timestamp()
    WHERE name = $1 AND state = $3 RETURNING 1
)
SELECT
    (SELECT state FROM {table} WHERE name = $1),
    extract(epoch FROM clock_timestamp())::float8,
    EXISTS (SELECT FROM replaced)
"""


class PostgresRegister:
    """A `Register` in PostgreSQL 13 or later.

    Args:
        url: ``postgresql://``, as asyncpg takes it.
        name: Whose limit it is.
        schema: The schema of the table.
    """

    def __init__(self, url: Secret, name: str, *, schema: str = SCHEMA) -> None:
        self._url = url
        self._name = name
        self._schema = schema
        self._connection: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def read(self) -> Reading:
        """Return the value and the time."""
        return await self._call(_READ)

    async def replace(self, old: bytes | None, new: bytes) -> Reading:
        """Replace the value if it is still `old`, as one step; else return what it is."""
        if old is None:
            return await self._call(_INSERT, new)
        return await self._call(_UPDATE, new, old)

    async def aclose(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None and self._loop is asyncio.get_running_loop():
            try:
                await connection.close(timeout=1.0)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                connection.terminate()

    async def _call(self, statement: str, *arguments: bytes) -> Reading:
        try:
            connection = await self._connected()
            state, time, replaced = await connection.fetchrow(
                statement.format(table=f"{self._schema}.shared_limit"), self._name, *arguments
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as exc:
            raise StoreError(type(exc).__name__) from None
        except asyncio.CancelledError:
            # It is not known how far the statement went.
            self._forget_connection()
            raise
        return Reading(state, time, replaced)

    async def _connected(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._connection is not None and (
            self._loop is not loop or self._connection.is_closed()
        ):
            self._forget_connection()
        if self._connection is None:
            # No statement is prepared: a pooler may give the next one another session.
            connection = await connect(self._url.reveal(), statement_cache_size=0)
            try:
                await _migrate(connection, self._schema)
            except BaseException:
                connection.terminate()
                raise
            self._connection, self._loop = connection, loop
        return self._connection

    def _forget_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self._loop is asyncio.get_running_loop():
            connection.terminate()


async def _migrate(connection: Any, schema: str) -> None:
    """Make the table, unless it is there; of several processes, one does."""
    table = f"{schema}.shared_limit"
    if not await connection.fetchval(_EXISTS.format(table=table)):
        async with connection.transaction():
            await begin_migration(connection, schema)
            await connection.execute(_CREATE.format(table=table))
    await connection.execute(_FORGET.format(table=table))
