"""``hum journal copy``: copies a journal from a file into a database, and back."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hum_async._purchases.copying import copy_journal
from hum_async._purchases.place import Place, looks_like_url
from hum_async._purchases.postgres.url import is_database_url
from hum_async._wording import counted
from hum_async.cli._console import data, escaped
from hum_async.cli._database import database_url
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._run import UsageError, run

_PLACE = Parameter(metavar="FILE|URL")


def copy(source: Annotated[str, _PLACE], target: Annotated[str, _PLACE], /) -> int:
    """Copy a journal whole, so that its job goes on elsewhere.

    Open sessions and uncertain purchases are copied as well: the job goes on in the target where it
    was. The source stays as it is. Go on with one of them alone, since what one buys from now on
    the other does not know. Nobody may be at the source, and the target must not be there yet.

    Args:
        source: The journal: a file, or postgresql://host/database?job=NAME.
        target: Where it is to be, in the same way.
    """

    def prepare() -> ExitCode:
        places = [_place(each) for each in (source, target)]
        count = copy_journal(*places)
        data.print(f"Copied {counted(count, 'purchase')} to {escaped(str(places[1]))}")
        return ExitCode.OK

    return run(prepare)


def _place(text: str) -> Place:
    if not is_database_url(text):
        if looks_like_url(text):
            # It is not quoted: it may hold a password.
            raise UsageError("a journal is a file, or postgresql://host/database?job=NAME")
        return Path(text)
    url = database_url(text, typed=True)
    if url.job is None:
        raise UsageError(f"say which job of {url.label}: write ?job=NAME at the end of its URL")
    return url
