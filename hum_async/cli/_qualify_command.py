"""Runs a job as ``hum qualify`` does: progress, events, gentle stop, outputs, summary, manifest."""

import contextlib
import shlex
import sys
from pathlib import Path
from typing import Any

import attrs

from hum_async.bulk.file_job import FileJob
from hum_async.bulk.files.columns import AddressColumns
from hum_async.bulk.files.compose import Composed
from hum_async.bulk.files.event_file import EventFile
from hum_async.bulk.files.manifest import manifest_of, write_manifest
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.job_status import status_of
from hum_async.bulk.options import JobOptions
from hum_async.bulk.qualification import api_name
from hum_async.bulk.report import JobReport
from hum_async.bulk.tables import STANDARD, Sink, Table, format_of
from hum_async.cli._api import SimulatedApiOptions, open_client
from hum_async.cli._console import say, shown
from hum_async.cli._progress import showing_progress
from hum_async.cli._run import ExitCode, gentle_stop
from hum_async.cli._summary import show_summary
from hum_async.client import HumClient
from hum_async.errors import (
    ApiError,
    ApiUnavailable,
    AuthenticationError,
    HumError,
    InputError,
    RateLimited,
    ServerError,
    SessionLimitReached,
)

_WORTH_A_WORD = 50_000
"""Rows from which on writing them takes seconds."""


@attrs.frozen(kw_only=True)
class QualifyPlan:
    """Everything that the arguments of the command say.

    Attributes:
        table: The input.
        columns: Where its rows hold the address.
        outputs: Where rows go.
        options: How the job goes about it.
        journal: The journal's file.
        keeps_journal: It stays when the command has ended.
        events: Where events go; None for nowhere.
        api: How to reach the API.
        key: The API key, None to leave it to the environment.
        quiet: Show no progress and no summary.
        encoding: Of the input, as named.
        sheet: Of the input, as named.
    """

    table: Table
    columns: AddressColumns
    outputs: JobOutputs
    options: JobOptions
    journal: Path
    keeps_journal: bool
    events: str | None
    api: SimulatedApiOptions
    key: str | None = attrs.field(repr=False)
    quiet: bool
    encoding: str | None
    sheet: str | None


async def run_plan(plan: QualifyPlan) -> ExitCode:
    """Run the job; return the exit code of the command."""
    with contextlib.ExitStack() as files:
        log = _open_events(plan.events, files)
        async with open_client(plan.api, key=plan.key, quiet=plan.quiet) as client:
            await _check_api(client)
            rows = plan.outputs.open_rows() if plan.outputs.streams else None
            job = _make_job(plan, client, rows, log)
            async with job:
                return await _QualifyCommand(plan, job, rows, log).run()


class _QualifyCommand:
    """One run of a job, with all that is shown and written around it."""

    def __init__(
        self, plan: QualifyPlan, job: FileJob, rows: Sink | None, log: EventFile | None
    ) -> None:
        self._plan = plan
        self._job = job
        self._rows = rows
        self._log = log

    async def run(self) -> ExitCode:
        """Look up, write and tell.

        Raises:
            HumError: What kept the job from going on; what was done is written and told first.
        """
        report, plan = self._job.report, self._plan
        ended: HumError | None = None
        written = False
        try:
            with gentle_stop(self._stop) as signals:
                try:
                    await self._look_up()
                except (AuthenticationError, ApiUnavailable, SessionLimitReached) as exc:
                    ended = exc
                written = await self._write()
        finally:
            if not plan.quiet:
                self._print_summary(written=written)
        if ended is not None:
            raise ended
        if signals and report.done < report.total:
            return signals[0]
        if report.done and report.unreachable == report.done:
            return ExitCode.COULD_NOT_RUN
        return ExitCode.FAILED_ROWS if report.failed else ExitCode.OK

    def _stop(self) -> None:
        self._job.stop()
        if not self._plan.quiet:
            say(
                f"[yellow]Stopping: {self._job.report.open:,} open sessions are finished first, "
                "which takes 30 s at most. Once more stops at once; they are saved either way.[/]"
            )

    async def _look_up(self) -> None:
        plan, report = self._plan, self._job.report
        if self._log is not None:
            self._log.job("started", rows=report.total)
        on_screen = plan.outputs.target == STANDARD and sys.stdout.isatty()
        with showing_progress(report, quiet=plan.quiet, rows_on_screen=on_screen) as view:
            self._job.on_progress = view.update
            try:
                await self._job.run()
            finally:
                self._job.on_progress = lambda: None
                if self._log is not None:
                    self._log.job("ended", rows=report.total, done=report.done)

    async def _write(self) -> bool:
        """Write the files; return whether there is an output."""
        plan, report = self._plan, self._job.report
        if self._rows is not None:
            self._rows.close()
        if not report.done:
            return False
        if not plan.quiet and report.total >= _WORTH_A_WORD:
            say("Writing the results, which takes a moment for so many rows ...")
        composed = await self._job.compose(plan.outputs.open(rows=self._rows is None))
        if composed is not None:
            _check_unchanged(plan, report, composed)
        path = plan.outputs.manifest
        if composed is not None and path is not None:
            await self._job.note_manifest(path)
            write_manifest(path, self._manifest(path, composed))
        return self._rows is None

    def _manifest(self, path: Path, composed: Composed) -> dict[str, Any]:
        plan, outputs = self._plan, self._plan.outputs
        source = {
            "format": plan.table.format,
            "encoding": plan.encoding,
            "sheet": plan.sheet,
            "rows": plan.table.count,
            "columns": {field: plan.table.header[at] for field, at in plan.columns.at.items()},
        }
        fmt = format_of(outputs.target, outputs.fmt)
        files: dict[str, tuple[Path, dict[str, Any]]] = {
            "output": (Path(outputs.target), {"format": fmt, "rows": composed.rows})
        }
        if plan.table.name == str(plan.table.path):
            files["input"] = (plan.table.path, source)
        if outputs.failed is not None and composed.failed:
            files["failed"] = (outputs.failed, {"rows": composed.failed})
        if outputs.long not in {None, STANDARD}:
            files["long"] = (Path(str(outputs.long)), {"rows": composed.long})
        options = plan.options
        return manifest_of(
            status_of(plan.journal),
            path=path,
            files=files,
            composed=composed,
            settings={
                "close": options.close,
                "rate": plan.api.rate,
                "concurrency": plan.api.concurrency,
                "simulated": plan.api.simulate,
                "retry": sorted(options.retry),
                "reuse_s": options.max_age,
                "max_sessions": options.max_sessions,
            },
        )

    def _print_summary(self, *, written: bool) -> None:
        plan, report = self._plan, self._job.report
        show_summary(
            report,
            output=plan.outputs.target if written else None,
            failed=plan.outputs.failed if written and report.failed else None,
            simulated=plan.api.simulate,
        )
        if plan.keeps_journal and (report.done < report.total or not written):
            say(f"Everything so far is in {shown(str(plan.journal))}. To go on, run it again:")
            say(f"  {shown(_same_command())}")


def _make_job(
    plan: QualifyPlan, client: HumClient, rows: Sink | None, log: EventFile | None
) -> FileJob:
    api = plan.api
    options = plan.options
    if log is not None:
        options = attrs.evolve(options, on_update=log.update)
    return FileJob(
        client,
        table=plan.table,
        columns=plan.columns,
        options=options,
        api=f"the simulated API with seed {api.seed}"
        if api.simulate
        else api_name(client.base_url),
        stream_to=rows,
        on_result=_ignore if log is None else log.result,
    )


def _check_unchanged(plan: QualifyPlan, report: JobReport, composed: Composed) -> None:
    """Notice an input that was edited while its rows were looked up.

    Raises:
        InputError: It was.
    """
    rows = composed.rows + composed.without
    if rows != report.total or (report.done == report.total and composed.without):
        raise InputError(
            f"{plan.table.name} was changed while the job ran; run the same command again for what "
            "it holds now"
        )


def _ignore(*_: object) -> None:
    """Do nothing with a result: nobody asked for events."""


def _open_events(target: str | None, files: contextlib.ExitStack) -> EventFile | None:
    if target is None:
        return None
    if target == STANDARD:
        return EventFile(sys.stdout.buffer, name="standard output")
    try:
        # Appended to: a job that goes on goes on here as well.
        # Unbuffered: what could not be written is told once, and not again when it is closed.
        stream = files.enter_context(Path(target).open("ab", buffering=0))  # noqa: SIM115  it is
    except OSError as exc:
        raise InputError(f"cannot write events to {target}: {exc.strerror or exc}") from exc
    return EventFile(stream, name=target)


async def _check_api(client: HumClient) -> None:
    """Find out before a job that the API is there and takes the key."""
    try:
        await client.ping()
    except ApiError as exc:
        if isinstance(exc, AuthenticationError | ServerError | RateLimited):
            raise
        # It is there and takes the key; that it has no health check need not stop a job.


def _same_command() -> str:
    """Return the command that goes on with this job."""
    program, *arguments = sys.argv
    once = {"--fresh", "--yes", "-y"}
    return shlex.join([Path(program).name, *(word for word in arguments if word not in once)])
