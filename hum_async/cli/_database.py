"""The options of a job in a database that several machines share."""

import os
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from hum_async._network.store_urls import holds_password
from hum_async._purchases.place import Place, looks_like_url
from hum_async._purchases.postgres.url import DatabaseUrl, is_database_url, parse_database_url
from hum_async.cli._help import PURCHASES
from hum_async.cli._run import UsageError
from hum_async.errors import ConfigurationError

VARIABLE = "HUM_DATABASE"
"""Name of the environment variable that holds the URL of the database."""


@Parameter(name="*", group=PURCHASES)
@attrs.frozen(kw_only=True)
class DatabaseOptions:
    """Which job of which database."""

    database: Annotated[
        str | None,
        Parameter(
            metavar="URL",
            help="PostgreSQL that any number of machines share a job by, as "
            "postgresql://host/database; default HUM_DATABASE. The password comes from PGPASSWORD "
            "or ~/.pgpass.",
        ),
    ] = None
    job: Annotated[
        str | None, Parameter(metavar="NAME", help="Name of the job in the database.")
    ] = None

    def url(self, *, needs_job: bool = True) -> DatabaseUrl | None:
        """Return the database and the job; None if the user names none.

        Args:
            needs_job: A job must be named.

        Raises:
            UsageError: The URL cannot be read or holds a password, or no job is named.
        """
        typed = self.database
        text = typed or os.environ.get(VARIABLE, "").strip()
        if not text:
            if self.job is not None:
                raise UsageError(
                    f"--job names a job of a database: name that with --database, or in {VARIABLE}"
                )
            return None
        url = database_url(text, typed=typed is not None)
        try:
            url = url if self.job is None else url.of_job(self.job)
        except ConfigurationError as exc:
            raise UsageError(str(exc)) from exc
        if needs_job and url.job is None:
            where = "--database" if typed else VARIABLE
            raise UsageError(f"{where} names a database: say which job of it with --job NAME")
        return url

    def place(self, journal: Path | None) -> Place | None:
        """Return where the journal is; None if the user names no place.

        A file that is named goes before the database of the environment.

        Args:
            journal: The file that the user names; None for none.

        Raises:
            UsageError: Both are named, the file is a URL, or the URL cannot be used.
        """
        if journal is None:
            return self.url()
        if looks_like_url(str(journal)):
            # It is not quoted: it may hold a password.
            raise UsageError(
                "a file is wanted there, not a URL: name a job of a database with --database URL "
                "--job NAME"
            )
        if self.database is not None or self.job is not None:
            raise UsageError("name a file or a job of a database (--database, --job), not both")
        return journal


def database_url(text: str, *, typed: bool) -> DatabaseUrl:
    """Return what the URL of a database says.

    Args:
        text: The URL.
        typed: It stands on the command line, which other users of the machine can see.

    Raises:
        UsageError: It is no such URL, or it holds a password and was typed.
    """
    if not is_database_url(text):
        raise UsageError("a database is named as postgresql://host/database")
    if typed and holds_password(text):
        raise UsageError(
            "a password on the command line can be seen by all who use this machine, and stays in "
            "the history of the shell: leave it out of the URL, and give it by PGPASSWORD, "
            f"~/.pgpass or a service file (?service=NAME), or put the whole URL into {VARIABLE}"
        )
    try:
        return parse_database_url(text)
    except ConfigurationError as exc:
        raise UsageError(str(exc)) from None
