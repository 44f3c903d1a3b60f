"""Changes tables in PostgreSQL one process after another: the lock, and the schema they are in."""

from typing import Any

_LOCK = 0x68756D4A  # any number that nobody else takes

_SCHEMA_IS_THERE = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)"


async def begin_migration(connection: Any, schema: str) -> None:
    """Wait until no other process changes tables of ours, and make the schema unless it is there.

    The others wait until the transaction ends, and find the work done.

    Args:
        connection: A connection of asyncpg, in a transaction.
        schema: The schema; checked, because it stands in SQL as it is.
    """
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    # Whoever may use a schema that is there need not be allowed to make one.
    if not await connection.fetchval(_SCHEMA_IS_THERE, schema):
        await connection.execute(f"CREATE SCHEMA {schema}")
