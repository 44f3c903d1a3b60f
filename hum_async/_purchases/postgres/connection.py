"""Connections to a database, and the errors of its driver as ours, in one place.

Nothing outlives a transaction on a connection, so that a pooler in transaction mode may stand
between: no prepared statements, no session settings, no locks that are held over time.
"""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async.errors import ConfigurationError, JournalError

T = TypeVar("T")

Connection = Any
"""A connection of asyncpg, which has no types."""

PATIENCE = 120.0
"""Seconds for which a database that cannot be reached is tried again. A restart or a fail-over
takes less, and sessions live for 15 minutes at least (hum-api 5)."""

_MAX_WAIT = 2.0
_CLOSING = 5.0
_VACUUM = 3600.0


class Unreachable(JournalError):
    """The database cannot be reached now; it is worth trying again."""


class Database:
    """A database, whose errors are JournalErrors with advice.

    Args:
        url: Where it is.
        connections: Connections at the same time at most.
        patience: Seconds for which `run` tries again.

    It serves one event loop after another.
    """

    def __init__(
        self, url: DatabaseUrl, *, connections: int = 4, patience: float = PATIENCE
    ) -> None:
        self.url = url
        self._driver, self._connect = _driver()
        self._connections = connections
        self._patience = patience
        self._pool: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        # It has let us in before.
        self._known = False

    async def run(
        self, work: Callable[[Connection], Awaitable[T]], *, patience: float | None = None
    ) -> T:
        """Do work in a transaction, again while the database cannot be reached.

        Args:
            work: What is done with the connection. It may be done although the connection broke
                before that was known, so doing it twice must be the same as once.
            patience: Seconds for which it is tried again; None as the database was given.

        Raises:
            JournalError: The database refuses it, or could not be reached for too long.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + (self._patience if patience is None else patience)
        wait = 0.05
        while True:
            try:
                async with self.transaction() as connection:
                    return await work(connection)
            except Unreachable:
                if clock() + wait >= until:
                    raise
            # Workers that lost it together must not come back together.
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  jitter
            wait = min(2 * wait, _MAX_WAIT)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Give a connection in a transaction that is committed at the end, and durable then.

        Raises:
            Unreachable: The database cannot be reached. The transaction may have been committed.
            JournalError: The database refuses something.
        """
        connected = False
        try:
            pool = await self._pool_here()
            async with pool.acquire() as connection:
                connected = True
                # Whoever is cancelled may be so while it begins or ends.
                try:
                    await connection.execute(self._begin())
                    self._known = True
                    yield connection
                    await connection.execute("COMMIT")
                except BaseException:
                    await self._roll_back(connection)
                    raise
        except asyncio.CancelledError:
            raise
        except Exception as exc:
            if (mapped := self._mapped(exc, connected=connected)) is None:
                raise
            failure = mapped
        else:
            return
        # Raised outside of the `except`: the driver's errors may quote what was sent.
        raise failure

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """Give a connection that is nobody else's, in no transaction.

        Raises:
            Unreachable: The database cannot be reached.
            JournalError: The database refuses something.
        """
        patience, connected = max(self.url.lease / 2, 2.0), False
        try:
            connection = await self._connect(
                self.url.dsn.reveal(),
                statement_cache_size=0,
                timeout=patience,
                command_timeout=patience,
            )
            connected = True
            try:
                yield connection
            finally:
                connection.terminate()
        except asyncio.CancelledError:
            raise
        except Exception as exc:
            if (mapped := self._mapped(exc, connected=connected)) is None:
                raise
            failure = mapped
        else:
            return
        raise failure

    async def vacuum(self, table: str) -> None:
        """Let the server remove the rows of a table that nobody can see any more.

        Args:
            table: One of our tables.

        Raises:
            Unreachable: The database cannot be reached.
            JournalError: The database refuses it.
        """
        # It cannot run in a transaction, and takes as long as the table is large.
        async with self.connected() as connection:
            await connection.execute(f"VACUUM {self.url.schema}.{table}", timeout=_VACUUM)

    async def aclose(self) -> None:
        """Close the connections. Idempotent."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        if self._loop is not asyncio.get_running_loop():
            _abandon(pool)
            return
        try:
            async with asyncio.timeout(_CLOSING):
                await pool.close()
        except (TimeoutError, OSError, self._driver.PostgresError, self._driver.InterfaceError):
            pool.terminate()

    async def _pool_here(self) -> Any:
        """Return the pool of this event loop."""
        loop = asyncio.get_running_loop()
        if self._pool is not None and self._loop is loop:
            return self._pool
        if self._pool is not None:
            # The loop that it belonged to has ended, and its connections with it.
            _abandon(self._pool)
        self._loop = loop
        self._pool = self._driver.create_pool(
            self.url.dsn.reveal(),
            min_size=0,
            max_size=self._connections,
            connect=self._connect,
            # A pooler gives each transaction another connection of the server.
            statement_cache_size=0,
            reset=_leave_as_it_is,
            timeout=max(self.url.lease / 2, 2.0),
            command_timeout=max(self.url.lease / 2, 2.0),
        )
        pool = self._pool
        try:
            await pool
        except BaseException:
            self._pool = None
            raise
        return pool

    def _begin(self) -> str:
        """Return what begins a transaction, in one message.

        A worker that is stopped in the middle must not hold its locks for ever, and a database
        that was told to be fast must still keep what was bought.
        """
        milliseconds = round(self.url.lease * 1000)
        return (
            f"BEGIN; SET LOCAL search_path TO {self.url.schema}, pg_catalog; "
            f"SET LOCAL idle_in_transaction_session_timeout TO {milliseconds}; "
            "SELECT set_config('synchronous_commit', 'on', true) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )

    async def _roll_back(self, connection: Connection) -> None:
        """End a transaction without its changes; a broken connection has done so itself."""
        if connection.is_closed():
            return
        try:
            await connection.execute("ROLLBACK")
        except BaseException as exc:
            # Whatever is wrong with it, nobody else must get it.
            connection.terminate()
            if not isinstance(exc, Exception):
                raise

    def _mapped(self, exc: Exception, *, connected: bool) -> JournalError | None:
        """Return an error of the driver as ours; None for an error that is not the driver's.

        Args:
            exc: The error.
            connected: There was a connection already.
        """
        pg = self._driver
        if isinstance(exc, JournalError):
            return None
        if isinstance(exc, pg.PostgresError):
            return self._refused(exc)
        # A port that is none, in the URL or in PGPORT, is not told otherwise.
        no_url = not connected and isinstance(exc, ValueError | ArithmeticError)
        if no_url or isinstance(exc, pg.exceptions.ClientConfigurationError):
            return JournalError(
                f"the URL of the database {self.url.label} cannot be used; write it as "
                "postgresql://host/database?job=NAME, and give a password by PGPASSWORD or "
                "~/.pgpass; see also whether a variable such as PGPORT is set wrongly"
            )
        if isinstance(exc, pg.InterfaceError | pg.InternalClientError | OSError | TimeoutError):
            return self._unreachable(exc)
        return None

    def _refused(self, exc: Any) -> JournalError:
        """Return what the server said, with advice; by the first digits of its SQLSTATE."""
        state = str(exc.sqlstate or "")
        if state.startswith(_PASSING):
            return self._unreachable(exc)
        for beginning, advice in _ADVICE.items():
            if state.startswith(beginning):
                # A password that is changed, and the file that holds it, change one after another.
                passes = self._known and beginning in _LOCKED_OUT
                kind = Unreachable if passes else JournalError
                return kind(advice.format(where=self.url.label, schema=self.url.schema))
        return JournalError(
            f"the database {self.url.label} refuses to work ({type(exc).__name__}, {state}); what "
            "was committed is safe: mend the cause, see the server's log, then run the same again"
        )

    def _unreachable(self, exc: Exception) -> Unreachable:
        why = _reason(exc)
        return Unreachable(
            f"cannot reach the database {self.url.label} ({why}); check that it runs and that this "
            "machine may connect; what was committed is safe: run the same again after that"
        )


_PASSING = ("08", "40", "53", "55P03", "57", "58", "25006", "25P03", "25P04")
"""Beginnings of SQLSTATEs after which the same may succeed: no connection, a deadlock, no room, a
lock, a server that starts or ends, one that was promoted, a transaction that was idle or long."""

_LOCKED_OUT = ("28", "3D")
"""The same of a database that was used before: somebody is changing who may use it, or where."""

_ADVICE = {
    "28": "the database {where} does not let this user in: give the name and password by PGUSER "
    "and PGPASSWORD, ~/.pgpass or a service file, and see the server's pg_hba.conf",
    "3D": "there is no database {where}; create it with createdb, or name another",
    "42501": "the user may not use the schema {schema} of the database {where}: let its owner "
    "make the schema and GRANT USAGE and CREATE ON SCHEMA for the first start, and the tables' "
    "rights after that",
    "42704": "the database {where} does not know a parameter that its URL names; leave out what "
    "libpq alone knows, such as connect_timeout",
    "42P01": "this user does not see all tables in the schema {schema} of the database {where}: "
    "let their owner GRANT USAGE ON SCHEMA and the tables' rights; if a table is lost, restore it "
    "from a backup, or name another schema (?schema=NAME)",
}
"""What to do, by the beginning of a SQLSTATE."""


def _reason(exc: Exception) -> str:
    """Return the kind of an error alone: a message may quote what was sent."""
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused"
    if isinstance(exc, socket.gaierror):
        return "its host name is not known"
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if getattr(exc, "sqlstate", None) == "57014":
        return "it ended a statement: see its statement_timeout"
    return type(exc).__name__


async def _leave_as_it_is(_: Connection) -> None:
    """Reset nothing: no setting of ours outlives its transaction."""


def _abandon(pool: Any) -> None:
    # What is left of a loop that is closed cannot be closed any more, only forgotten.
    with contextlib.suppress(Exception):
        pool.terminate()


def _driver() -> tuple[Any, Callable[..., Awaitable[Connection]]]:
    """Return asyncpg, and what connects with it."""
    try:
        import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415  an extra

        from hum_async._network.postgres import connect  # noqa: PLC0415  needs the extra
    except ImportError:
        raise ConfigurationError(
            "purchases in PostgreSQL need asyncpg: pip install asyncpg"
        ) from None
    return asyncpg, connect
