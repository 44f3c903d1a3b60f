"""The tables of all jobs in one schema of a database, and how they come to their present form.

A purchase is a row of `purchase`, as in a SQLite journal, and belongs to the worker that makes it.
A worker is one process with a lease on the server's clock: the clocks of the workers do not count.
No table holds an address, only digests and results that are packed without one.
"""

from hum_async._network.postgres_migrations import begin_migration
from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async.errors import JournalError

_TABLES = """
CREATE TABLE job (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  ledger boolean NOT NULL DEFAULT false,
  run bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  input_digest text,
  input_rows bigint
);
CREATE TABLE setting (
  job bigint NOT NULL REFERENCES job ON DELETE CASCADE,
  name text NOT NULL,
  value jsonb NOT NULL DEFAULT 'null',
  PRIMARY KEY (job, name)
);
CREATE TABLE worker (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job bigint NOT NULL REFERENCES job ON DELETE CASCADE,
  run bigint NOT NULL,
  host text NOT NULL,
  pid integer NOT NULL,
  library_version text NOT NULL,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lease double precision NOT NULL,
  lease_until timestamptz NOT NULL,
  lost boolean NOT NULL DEFAULT false,
  ended_at timestamptz,
  batch bigint NOT NULL DEFAULT 0,
  spent bigint NOT NULL DEFAULT 0,
  requests bigint NOT NULL DEFAULT 0,
  rows_done bigint NOT NULL DEFAULT 0,
  rows_reused bigint NOT NULL DEFAULT 0,
  rows_total bigint
) WITH (fillfactor = 50);
CREATE INDEX worker_job ON worker (job);
CREATE TABLE lot (
  job bigint NOT NULL REFERENCES job ON DELETE CASCADE,
  number integer NOT NULL,
  worker bigint,
  done boolean NOT NULL DEFAULT false,
  tries integer NOT NULL DEFAULT 0,
  PRIMARY KEY (job, number)
) WITH (fillfactor = 70);
CREATE INDEX lot_left ON lot (job, number) WHERE NOT done;
CREATE TABLE purchase (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job bigint NOT NULL,
  address bytea NOT NULL,
  worker bigint NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  token text,
  outcome text,
  requests integer NOT NULL DEFAULT 0,
  observed_at text,
  result bytea,
  copied boolean NOT NULL DEFAULT false,
  superseded text,
  released boolean NOT NULL DEFAULT false,
  closed boolean NOT NULL DEFAULT false
) WITH (fillfactor = 60);
CREATE UNIQUE INDEX one_purchase ON purchase (job, address) WHERE superseded IS NULL;
CREATE INDEX purchase_asked_at ON purchase USING brin (asked_at);
CREATE TABLE published (
  job bigint NOT NULL REFERENCES job ON DELETE CASCADE,
  id text NOT NULL,
  address bytea NOT NULL,
  at timestamptz NOT NULL,
  told bigint,
  PRIMARY KEY (job, id)
);
"""
"""Tables:

* `job`: a job or a ledger by its name; `run` counts the times that somebody began while nobody was
  at it. The digest of its input and the number of its rows keep another input out.
* `setting`: what a journal notes, by name, as in SQLite.
* `worker`: a process at a job. `lost` once another one took it for dead, `ended_at` once it left.
  `batch` is the number of its last commit; `spent` the sessions it may be billed for.
* `lot`: rows of the input by number, which one worker at a time takes in hand. An index finds those
  that are left among many that are done.
* `purchase`: as in SQLite. One that is `released` has no result, and nobody is at it although its
  worker lives. An index refuses a second purchase of an address that counts; room is
  left in each page for the changes of its rows.
* `published`: the ids by which look-ups are known to browsers.
"""

_EVENTS = """
CREATE TABLE shown_lookup (
  job bigint NOT NULL REFERENCES job ON DELETE CASCADE,
  id text NOT NULL,
  address bytea NOT NULL,
  worker bigint,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended boolean NOT NULL DEFAULT false,
  read_until timestamptz,
  PRIMARY KEY (job, id)
) WITH (fillfactor = 70);
CREATE INDEX shown_lookup_running ON shown_lookup (job, worker) WHERE NOT ended;
CREATE INDEX shown_lookup_address ON shown_lookup (job, address);
CREATE TABLE event_place (
  job bigint PRIMARY KEY REFERENCES job ON DELETE CASCADE,
  last bigint NOT NULL DEFAULT 0
);
CREATE TABLE event (
  job bigint NOT NULL,
  position bigint NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  payload bytea NOT NULL,
  source bigint NOT NULL,
  serial bigint NOT NULL,
  PRIMARY KEY (job, position),
  UNIQUE (source, serial),
  FOREIGN KEY (job, id) REFERENCES shown_lookup ON DELETE CASCADE
);
CREATE INDEX event_lookup ON event (job, id);
"""
"""Tables:

* `shown_lookup`: a look-up that hubs show to browsers by its id, and the worker that has it;
  `read_until` is when it counts as left by all browsers, where that matters.
* `event_place`: the place of the last event.
* `event`: what is shown of a look-up, as compressed JSON; `source` and `serial` say which call of
  which process it comes from, so that no commit is made twice.
"""

MIGRATIONS = (_TABLES, _EVENTS)
"""What makes each version out of the one before it. Never change one that was released."""

VERSION = len(MIGRATIONS)

ALIVE = (
    "(NOT w.lost AND w.ended_at IS NULL AND (w.lease_until > clock_timestamp() OR "
    "pg_postmaster_start_time() > clock_timestamp() - make_interval(secs => w.lease)))"
)
"""SQL: whether the worker `w` is alive. No lease runs out while the server is away: it must have
been up for a lease before it holds silence against anybody."""


async def prepare(connection: Connection, url: DatabaseUrl) -> None:
    """Bring the tables to this version, in a transaction; many workers may start at once.

    Raises:
        JournalError: A newer version of this library made them.
    """
    if await version_of(connection, url) == VERSION:
        return
    await begin_migration(connection, url.schema)
    if (version := await version_of(connection, url)) is None:
        await connection.execute("CREATE TABLE schema_version (version integer NOT NULL)")
        await connection.execute("INSERT INTO schema_version VALUES (0)")
        version = 0
    check_version(version, url)
    for migration in MIGRATIONS[version:]:
        await connection.execute(migration)
    await connection.execute("UPDATE schema_version SET version = $1", VERSION)


def check_version(version: int, url: DatabaseUrl) -> None:
    """Raise JournalError if a newer version of this library made the tables."""
    if version > VERSION:
        raise JournalError(
            f"the schema {url.schema} of the database {url.label} was made by a newer version of "
            f"hum_async (format {version}, this one uses {VERSION}); install that version here "
            "too, or name another schema (?schema=NAME)"
        )


async def version_of(connection: Connection, url: DatabaseUrl) -> int | None:
    """Return the version of the tables; None if there are none."""
    made = await connection.fetchval(
        "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_version'",
        url.schema,
    )
    if made is None:
        return None
    version: int = await connection.fetchval("SELECT version FROM schema_version")
    return version
