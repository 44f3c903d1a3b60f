"""Where purchases are kept: a SQLite file or a PostgreSQL database, by what the user names."""

import os
import re
from pathlib import Path

from hum_async._purchases.postgres.url import DatabaseUrl, is_database_url, parse_database_url
from hum_async._redact import Secret
from hum_async.errors import ConfigurationError

Place = Path | DatabaseUrl
"""Where purchases are: in a file, or a job in a database."""

_URL = re.compile(r"\s*(?:postgres(?:ql)?:|[a-z][a-z0-9+.-]+:/)", re.IGNORECASE)


def named(given: str | os.PathLike[str] | None) -> Path | Secret | None:
    """Return what a user names in a form that shows no password: a file, or the URL of a database.

    Whoever has it deletes what was given: an error tracker records the variables of each frame that
    an exception passes.
    """
    if given is None:
        return None
    # As a path, a URL of something else would be quoted by messages, with its password.
    return Secret(given) if isinstance(given, str) and looks_like_url(given) else Path(given)


def place_of(given: Path | Secret | None) -> Place | None:
    """Return the place that `named` returned.

    Raises:
        ConfigurationError: The URL cannot be read, or is of something else. The message does not
            quote it.
    """
    if not isinstance(given, Secret):
        return given
    if is_database_url(given.reveal()):
        return parse_database_url(given)
    raise ConfigurationError(
        "purchases are kept in a file or in PostgreSQL: name a path, or write "
        "postgresql://host/database?job=NAME, without blanks before it and without the name of a "
        "driver"
    )


def looks_like_url(text: str) -> bool:
    """Whether a text is a URL rather than a path; the letter of a drive of Windows makes none."""
    return _URL.match(text) is not None
