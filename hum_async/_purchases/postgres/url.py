"""The URL of a database: which job of it, in which schema. Nothing shows its password."""

from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from hum_async._network.store_urls import (
    DATABASE_SCHEMES,
    ENCODING,
    OURS,
    SCHEMA,
    checked_schema,
    hosts_of,
    split_store_url,
)
from hum_async._redact import Secret
from hum_async.errors import ConfigurationError

LEASE = 30.0
"""Seconds for which a worker that is not heard of counts as alive. A session lives for 15 minutes
at least (hum-api 5), so that whoever takes it over comes in time."""

_SCHEMES = tuple(f"{each}://" for each in DATABASE_SCHEMES)
_JOB_LENGTH = 100


def is_database_url(place: object) -> bool:
    """Whether a place of purchases is a PostgreSQL database rather than a file."""
    return isinstance(place, str) and place.lower().startswith(_SCHEMES)


@attrs.frozen
class DatabaseUrl:
    """Where purchases are in PostgreSQL.

    Attributes:
        dsn: What the driver connects to, perhaps with a password.
        label: The same for messages: host, port and name of the database alone.
        job: Name of the job; None if the URL names none.
        schema: The schema that holds all tables.
        lease: Seconds for which a worker that is not heard of counts as alive.
    """

    dsn: Secret = attrs.field(eq=False)
    label: str
    job: str | None = None
    schema: str = SCHEMA
    lease: float = LEASE

    def __str__(self) -> str:
        return self.label if self.job is None else f"{self.label}, job {self.job}"

    @property
    def store_of_limit(self) -> Secret:
        """URL by which a shared limit is kept in the same schema of the same database."""
        dsn = self.dsn.reveal()
        return Secret(f"{dsn}{'&' if '?' in dsn else '?'}schema={self.schema}")

    def of_job(self, job: str) -> "DatabaseUrl":
        """Return the same with another job.

        Raises:
            ConfigurationError: No job can be called that.
        """
        return attrs.evolve(self, job=_checked_job(job))


def parse_database_url(url: str | Secret) -> DatabaseUrl:
    """Read ``postgresql://host/database?job=june&schema=hum``.

    All but the parameters ``job``, ``schema`` and ``lease`` (seconds) is libpq's: what is left out
    comes from ``PGHOST``, ``PGUSER``, ``PGPASSWORD``, ``~/.pgpass`` or a service file.

    Raises:
        ConfigurationError: It is no such URL. The message does not quote it.
    """
    secret = url if isinstance(url, Secret) else Secret(url)
    # An error tracker records the variables of each frame that an exception passes.
    del url
    parts, ours = _read(secret)
    if parts is None:
        raise ConfigurationError(
            "the URL of the database cannot be read; write it as postgresql://host/database?job=NAME"
            f", and give a password by PGPASSWORD or ~/.pgpass; {ENCODING}"
        )
    return DatabaseUrl(
        dsn=parts,
        label=_label(parts),
        job=_checked_job(ours["job"]) if "job" in ours else None,
        schema=checked_schema(ours.get("schema", SCHEMA)),
        lease=_checked_lease(ours.get("lease", str(LEASE))),
    )


def _read(secret: Secret) -> tuple[Secret | None, dict[str, str]]:
    """Return the URL without our parameters, and those; None if it cannot be read."""
    split = split_store_url(secret)
    if split is None:
        return None, {}
    try:
        query = parse_qsl(split.query, keep_blank_values=True, strict_parsing=bool(split.query))
    except ValueError:
        return None, {}
    theirs = urlencode([pair for pair in query if pair[0] not in OURS])
    # urlunsplit drops the slashes of an empty host, which the driver needs.
    bare = urlunsplit(SplitResult("", split.netloc, split.path, theirs, ""))
    slashes = "" if bare.startswith("//") else "//"
    return Secret(f"postgresql:{slashes}{bare}"), {k: v for k, v in query if k in OURS}


def _label(dsn: Secret) -> str:
    split = urlsplit(dsn.reveal())
    host = hosts_of(split) or "the local server"
    name = split.path.strip("/")
    return f"{host}/{name}" if name else host


def _checked_job(name: str) -> str:
    if not name.strip() or len(name) > _JOB_LENGTH or not name.isprintable():
        raise ConfigurationError(
            f"the name of a job has 1 to {_JOB_LENGTH} printable characters, not {name!r}; "
            "write ?job=NAME into the URL of the database"
        )
    return name


def _checked_lease(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1.0 <= seconds <= 600.0:  # noqa: PLR2004  as of `LEASE`
        raise ConfigurationError(f"lease must be 1 to 600 seconds, not {text!r}")
    return seconds
