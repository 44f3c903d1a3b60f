"""``hum forget``: erases results from a journal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hum_async._addresses.line import parse_line
from hum_async._api.addresses import checked
from hum_async._purchases.journals import forget as erase
from hum_async._purchases.journals import open_reader
from hum_async._purchases.place import Place
from hum_async._purchases.records import address_digest
from hum_async._wording import counted
from hum_async.cli._console import data
from hum_async.cli._database import DatabaseOptions
from hum_async.cli._durations import Patience
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._run import UsageError, run

_DEFAULT_DATABASE = DatabaseOptions()


def forget(
    *address_and_journal: str,
    older_than: Patience | None = None,
    database: DatabaseOptions = _DEFAULT_DATABASE,
) -> int:
    """Erase results from a journal; a receipt of each purchase stays.

    What Hum said of the addresses is overwritten and cannot be read from the file any more. When it
    was bought, the session's token and the outcome stay, so that hum verify still passes. An
    address that is forgotten is bought again when a job asks for it. The outputs of a job are files
    of your own: nothing is erased from them.

    Args:
        address_and_journal: The address, if one is to be forgotten, and at last the journal, unless
            it is a job in a database.
        older_than: Forget all results that are older, such as 30d, except of uncertain purchases.
        database: The job in a database.
    """

    def prepare() -> ExitCode:
        words, place = _read(address_and_journal, database)
        if place is None or bool(words) == (older_than is not None):
            raise UsageError(
                "say what to forget: hum forget ADDRESS JOURNAL, or hum forget --older-than 30d "
                "JOURNAL; in place of JOURNAL, --database and --job name a job in a database"
            )
        if older_than is not None:
            before = datetime.now(UTC) - timedelta(seconds=older_than)
            count = erase(place, before=before.isoformat())
        else:
            # Words without quotes are one line, too; arguments with spaces are parts of one.
            line = (", " if any(" " in word for word in words) else " ").join(words)
            count = erase(place, digests={_digest(line, place)})
        data.print(f"Forgot {counted(count, 'result')}")
        return ExitCode.OK if count or older_than is not None else ExitCode.FAILED_ROWS

    return run(prepare)


def _read(words: Sequence[str], database: DatabaseOptions) -> tuple[list[str], Place | None]:
    """Return the words of the address, and where the journal is."""
    if database.database is not None or database.job is not None:
        return list(words), database.url()
    *address, journal = words or ("",)
    return address, Path(journal) if journal else None


def _digest(line: str, journal: Place) -> bytes:
    address = checked(parse_line(line))
    with open_reader(journal) as reader:
        return address_digest(address, reader.dedupe)
