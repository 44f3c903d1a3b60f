"""Runs the job of ``hum qualify``: progress, events, stop, outputs, summary and manifest."""

import contextlib
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import attrs

from hum_async._purchases.lots import LotsSetAside
from hum_async._purchases.place import Place
from hum_async._purchases.postgres.url import DatabaseUrl
from hum_async._wording import counted
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.files.compose import NAMED, Composed, Outputs
from hum_async.bulk.files.event_file import EventFile
from hum_async.bulk.files.manifest import manifest_of, write_manifest
from hum_async.bulk.files.outputs import JobOutputs, file_of
from hum_async.bulk.files.own_files import OwnFiles
from hum_async.bulk.job_status import status_of
from hum_async.bulk.options import JobOptions
from hum_async.bulk.qualification import api_name
from hum_async.bulk.report import JobReport
from hum_async.bulk.tables import STANDARD, Sink, mapped_os_errors
from hum_async.cli._api import SimulatedApiOptions, open_client
from hum_async.cli._columns_view import say_unwrapped
from hum_async.cli._command_line import same_command
from hum_async.cli._console import escaped, say
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._input import InputOptions
from hum_async.cli._journal_options import say_what_is_taken_over
from hum_async.cli._progress import showing_progress
from hum_async.cli._run import gentle_stop
from hum_async.cli._summary import FilesLeft, show_summary
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

_SLOW_TO_WRITE = 50_000
"""Number of rows above which writing them takes seconds."""


@attrs.define(kw_only=True, eq=False)
class QualifyCommand:
    """One run of ``hum qualify`` with checked arguments.

    Attributes:
        outputs: Names of the outputs, with the input and its columns.
        own: What the outputs may replace.
        options: Options of the job.
        journal: The journal, or the job in a database.
        keeps_journal: The journal is kept when the command ends.
        shared: Any number of workers share the job, so that outputs are only composed in the end.
        works_only: Nothing is written here: another worker does so, or somebody later.
        pipes: The outputs that are open already.
        events: Path of the file of events; None for no events or if they go to a stream.
        log: Where events are written; None for no events.
        api: How to reach the API.
        key: The API key; None takes it from the environment.
        input: How to read the input.
        quiet: Show no progress and no summary.
        epoch: Epochs for which a simulated world has drifted.
    """

    outputs: JobOutputs
    own: OwnFiles
    options: JobOptions
    journal: Place
    keeps_journal: bool = True
    shared: bool = False
    works_only: bool = False
    pipes: Outputs = attrs.field(factory=Outputs)
    events: Path | None = None
    log: EventFile | None = None
    api: SimulatedApiOptions
    key: str | None = attrs.field(repr=False)
    input: InputOptions = attrs.field(factory=InputOptions)
    quiet: bool
    epoch: int = 0
    carries_over: ClassVar[bool] = False
    """Whether rows that were not looked up have results, too."""
    _job: FileJob = attrs.field(init=False, repr=False)
    _rows: Sink | None = attrs.field(init=False, default=None)
    _left: FilesLeft = attrs.field(init=False, factory=FilesLeft)
    _composed: Composed | None = attrs.field(init=False, default=None)

    async def run(self) -> ExitCode:
        """Run the job; return the exit code of the command.

        Raises:
            HumError: The job could not continue. Its results are written first.
        """
        store = self.journal.store_of_limit if isinstance(self.journal, DatabaseUrl) else None
        async with open_client(
            self.api, key=self.key, quiet=self.quiet, epoch=self.epoch, store=store
        ) as client:
            await _check_api(client)
            if self.outputs.streams and not self.shared:
                self._rows = self.pipes.rows or self.outputs.open_rows()
            self._job = self._make_job(client)
            self._left = FilesLeft(events=self.events)
            if self.keeps_journal:
                self._left = attrs.evolve(self._left, journal=self.journal)
            if not self.quiet:
                self._say_how_it_goes_on()
            async with self._job:
                if not self.works_only:
                    await self._job.note_files(self.own)
                return await self._run_job()

    def _make_job(self, client: HumClient) -> FileJob:
        return FileJob(client, **self._terms(client))

    def _terms(self, client: HumClient) -> dict[str, Any]:
        """Return the arguments of the job."""
        api, log = self.api, self.log
        simulated = f"the simulated API with seed {api.seed}"
        return {
            "table": self.outputs.table,
            "columns": self.outputs.columns,
            "options": attrs.evolve(self.options, on_update=log.update) if log else self.options,
            "api": simulated if api.simulate else api_name(client.base_url),
            "levels": self.outputs.levels,
            "stream_to": self._rows,
            "on_result": log.result if log else lambda *_: None,
        }

    async def _run_job(self) -> ExitCode:
        report = self._job.report
        ended: HumError | None = None
        try:
            with gentle_stop(self._stop) as signals:
                try:
                    await self._look_up()
                except (
                    AuthenticationError,
                    ApiUnavailable,
                    SessionLimitReached,
                    LotsSetAside,
                ) as exc:
                    ended = exc
                await self._write()
        finally:
            if not self.quiet:
                self._print_summary(may_buy=not isinstance(ended, SessionLimitReached))
        if ended is not None:
            raise ended
        if signals and report.left:
            return signals[0]
        if report.done and report.unreachable == report.done:
            return ExitCode.COULD_NOT_RUN
        # Of a job that is shared, other workers have looked up the other rows.
        composed = self._composed if self.shared else None
        failed = report.failed if composed is None else composed.failed
        return ExitCode.FAILED_ROWS if failed else ExitCode.OK

    def _say_how_it_goes_on(self) -> None:
        if self.keeps_journal:
            say_what_is_taken_over(self.journal, self.options)
        elif not self.api.simulate:
            say(
                "[yellow]Without a journal, what is bought cannot be taken up again: name a file "
                "with -o, or a journal with --journal[/]"
            )

    def _stop(self) -> None:
        self._job.stop()
        if not self.quiet:
            open_ = self._job.report.open
            are = "is" if open_ == 1 else "are"
            say(
                f"[yellow]Stopping: {counted(open_, 'open session')} {are} finished first, "
                "which takes 30 s at most. Once more stops at once; they are saved either way.[/]"
            )

    async def _look_up(self) -> None:
        report = self._job.report
        if self.log is not None:
            self.log.job("started", rows=report.total)
        on_screen = self.outputs.target == STANDARD and sys.stdout.isatty()
        with showing_progress(report, quiet=self.quiet, rows_on_screen=on_screen) as view:
            self._job.on_progress = view.update
            try:
                await self._job.run()
            finally:
                self._job.on_progress = lambda: None
                if self.log is not None:
                    self.log.job("ended", rows=report.total, done=report.done)

    async def _write(self) -> None:
        report, outputs = self._job.report, self.outputs
        if self._rows is not None:
            self._rows.close()
        found = report.done or report.elsewhere or self.carries_over
        if self.works_only or not found:
            return
        if not self.quiet and report.total >= _SLOW_TO_WRITE:
            say("Writing the results, which takes a moment for so many rows ...")
        rows = self.pipes.rows if self.shared else None
        opened = outputs.open(rows=self._rows is None and rows is None)
        if rows is not None:
            opened = attrs.evolve(opened, rows=rows)
        if self.pipes.long is not None:
            opened = attrs.evolve(opened, long=self.pipes.long)
        self._composed = composed = await self._job.compose(opened, self.own)
        if composed is not None:
            await self._note_written(composed)

    async def _note_written(self, composed: Composed) -> None:
        outputs = self.outputs
        self._left = attrs.evolve(
            self._left,
            output=file_of(outputs.target),
            failed=outputs.failed if composed.failed else None,
            long=file_of(outputs.long),
        )
        if not self.carries_over:
            _check_unchanged(outputs.table.name, self._job.report, composed)
        if 0 < composed.without <= NAMED and not self.quiet:
            say(f"Without a result: row {', '.join(map(str, composed.missing))} of the input")
        if composed.nothing and not self.quiet:
            say(f"{composed.nothing:,} cells that say NULL, nan or the like were read as empty")
        if (path := outputs.manifest) is not None:
            await self._job.note_manifest(path)
            write_manifest(path, self._manifest(path, composed))
            self._left = attrs.evolve(self._left, manifest=path)

    def _manifest(self, path: Path, composed: Composed) -> dict[str, Any]:
        outputs, options = self.outputs, self.options
        return manifest_of(
            status_of(self.journal),
            path=path,
            files=outputs.described(composed, encoding=self.input.encoding),
            composed=composed,
            columns=outputs.added,
            settings={
                "close": options.close,
                "rate": self.api.rate,
                "concurrency": self.api.concurrency,
                "simulated": self.api.simulate,
                "retry": sorted(options.retry),
                "reuse_s": options.max_age,
                "max_sessions": options.max_sessions,
                "price_per_session": _written(options.price_per_session),
                "max_cost": _written(options.max_cost),
                "max_cost_per_day": _written(options.max_cost_per_day),
                "campaign_id": options.campaign_id,
                "served": [str(level) for level in outputs.levels],
            },
        )

    def _print_summary(self, *, may_buy: bool) -> None:
        report = self._job.report
        more = {"again": "requalify this output"} if self.carries_over else {}
        show_summary(report, files=self._left, simulated=self.api.simulate, **more)
        written = self._rows is not None or self._composed is not None or self.works_only
        if self.works_only:
            say(
                f"The results are in {escaped(str(self.journal))}: hum compose writes them to a "
                "file at any time"
            )
        if not self.keeps_journal or (written and not report.left):
            return
        if not may_buy:  # the same command would stop at once; the error says what to raise
            say(f"Everything so far is in {escaped(str(self.journal))}.")
        else:
            say(f"Everything so far is in {escaped(str(self.journal))}. To go on, run it again:")
            say_unwrapped(f"  {same_command()}")


def _written(amount: Decimal | None) -> str | None:
    """Return an amount as a manifest has it: exact, and so as text."""
    return None if amount is None else f"{amount:f}"


def _check_unchanged(name: str, report: JobReport, composed: Composed) -> None:
    """Raise InputError if the input was edited while its rows were looked up."""
    rows = composed.rows + composed.without
    if rows != report.total or (not report.left and composed.without):
        raise InputError(
            f"{name} was changed while the job ran; run the same command again for what "
            "it holds now"
        )


def open_events(target: str | None, files: contextlib.ExitStack) -> EventFile | None:
    """Open the file of events.

    Args:
        target: Its path, ``-`` for standard output; None for no events.
        files: Closes it.

    Raises:
        InputError: It cannot be written.
    """
    if target is None:
        return None
    if target == STANDARD:
        return EventFile(sys.stdout.buffer, name="standard output")
    with mapped_os_errors(f"write events to {target}"):
        # Appended to, because a resumed job continues its events. Unbuffered, so that an event that
        # cannot be written does not raise a second error when the file is closed.
        stream = files.enter_context(Path(target).open("ab", buffering=0))  # noqa: SIM115  it is
    return EventFile(stream, name=target)


async def _check_api(client: HumClient) -> None:
    """Check that the API is up and takes the key, before anything is bought."""
    try:
        await client.ping()
    except ApiError as exc:
        if isinstance(exc, AuthenticationError | ServerError | RateLimited):
            raise
        # The API is up and takes the key. A failing health check must not stop a job.
