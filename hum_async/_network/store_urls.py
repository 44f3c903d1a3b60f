"""URLs of databases and caches: which can be read without a doubt, and what of them may be shown.

Where a password holds ``#``, ``/``, ``?`` or ``@`` that are not percent-encoded, a part of it looks
like a host, a path or a parameter. Such a URL is refused before anything of it is shown.
"""

import re
from urllib.parse import SplitResult, urlsplit

from hum_async._redact import Secret
from hum_async.errors import ConfigurationError

DATABASE_SCHEMES = ("postgresql", "postgres")

OURS = ("job", "schema", "lease")
"""Parameters of the URL of a database that are ours; the database knows the others."""

ENCODING = (
    "in a user or password write # as %23, / as %2F, ? as %3F, @ as %40, : as %3A and % as %25"
)
"""What to do about a URL that cannot be read."""

SCHEMA = "hum"
"""The schema of our tables, if the URL of a database names no other."""

_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)

# "[::1]:5432" or "db", of which the URL of a database may name several.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:]*)(?::\d{0,5})?", re.ASCII)


def split_store_url(url: Secret) -> SplitResult | None:
    """Return the parts of a URL; None if it cannot be read, or only by a guess."""
    text = url.reveal().strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    socket = parts.scheme == "unix" and not parts.netloc
    # An @ behind the host says that a part of the password was taken for the host.
    cut = "@" in parts.path or ("@" in parts.query and not parts.path)
    doubtful = "#" in text or parts.netloc.count("@") > 1 or (cut and not socket)
    if doubtful or not text.lower().startswith(f"{parts.scheme}://"):
        return None
    return parts if all(map(_HOST.fullmatch, hosts_of(parts).split(","))) else None


def hosts_of(parts: SplitResult) -> str:
    """Return hosts and ports alone, without user and password."""
    return parts.netloc.rpartition("@")[2]


def checked_schema(name: str) -> str:
    """Return the name of a schema, which stands in SQL as it is.

    Raises:
        ConfigurationError: No schema can be called that.
    """
    if not _SCHEMA.fullmatch(name):
        raise ConfigurationError(
            f"the name of a schema has lower-case letters, digits and _ alone, not {name!r}; "
            "write ?schema=NAME into the URL of the database"
        )
    return name
