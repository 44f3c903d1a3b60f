"""``hum verify``: verifies a finished job."""

from pathlib import Path

from hum_async.bulk.files.verification import verify as verified
from hum_async.cli._console import data, escaped
from hum_async.cli._database import DatabaseOptions
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._json_output import AsJson, print_json, verify_values
from hum_async.cli._run import UsageError, run

_DEFAULT_DATABASE = DatabaseOptions()


def verify(
    journal: Path | None = None,
    /,
    *,
    json: AsJson = False,
    database: DatabaseOptions = _DEFAULT_DATABASE,
) -> int:
    """Check a finished job: its journal, its files and its rows.

    The exit code is 0 if all is well and 3 if something is not.

    Args:
        journal: The job's journal, usually OUT.journal.sqlite beside its output.
        json: Print one JSON object.
        database: Or the job in a database.
    """

    def prepare() -> ExitCode:
        place = database.place(journal)
        if place is None:
            raise UsageError("name a journal, or a job with --database and --job")
        verdict = verified(place)
        if json:
            print_json(verify_values(str(place), verdict))
            return ExitCode.FAILED_ROWS if verdict.problems else ExitCode.OK
        for line in verdict.passed:
            data.print(f"[green]ok[/]       {escaped(line)}")
        for line in verdict.problems:
            data.print(f"[red]problem[/]  {escaped(line)}")
        return ExitCode.FAILED_ROWS if verdict.problems else ExitCode.OK

    return run(prepare)
