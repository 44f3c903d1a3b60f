"""``hum status``: prints the status of a job from its journal, or of the jobs of a database."""

from pathlib import Path

from hum_async._purchases.journals import jobs_in
from hum_async.bulk.job_status import status_of
from hum_async.cli._database import DatabaseOptions
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._json_output import AsJson, jobs_values, print_json, status_values
from hum_async.cli._run import UsageError, run
from hum_async.cli._status_view import show_jobs, show_status

_DEFAULT_DATABASE = DatabaseOptions()


def status(
    journal: Path | None = None,
    /,
    *,
    json: AsJson = False,
    database: DatabaseOptions = _DEFAULT_DATABASE,
) -> int:
    """Show how a job stands: counts, rate, time left, requests and sessions bought.

    Works while the job runs, too. For a job in a database it shows all workers; without a job, all
    jobs of the database. The exit code is 1 if lots of the job were set aside.

    Args:
        journal: The job's journal, usually OUT.journal.sqlite beside its output.
        json: Print one JSON object.
        database: Or the job in a database.
    """

    def prepare() -> ExitCode:
        url = None if journal is not None else database.url(needs_job=False)
        if url is not None and url.job is None:
            jobs = jobs_in(url)
            if json:
                print_json(jobs_values(url, jobs))
            else:
                show_jobs(url, jobs)
            return ExitCode.OK
        place = database.place(journal)
        if place is None:
            raise UsageError("name a journal, or a database with --database")
        found = status_of(place)
        if json:
            print_json(status_values(found))
        else:
            show_status(found)
        aside = found.lots is not None and found.lots.set_aside
        return ExitCode.COULD_NOT_RUN if aside else ExitCode.OK

    return run(prepare)
