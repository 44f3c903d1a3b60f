"""Runs the job of ``hum requalify``, then says what has changed."""

from pathlib import Path

import attrs

from hum_async.bulk.diff.outputs import ChangeSink
from hum_async.bulk.diff.stream import DiffStream
from hum_async.bulk.requalify.job import RequalifyJob
from hum_async.cli._diff_view import show_diff, shown_first
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._qualify_command import QualifyCommand
from hum_async.client import HumClient

_SHOWN = 20
"""Changes that are shown on the screen."""


@attrs.define(kw_only=True, eq=False)
class RequalifyCommand(QualifyCommand):
    """One run of ``hum requalify`` with checked arguments.

    Attributes:
        earlier: The journal of the earlier results.
        budget: Sessions that may be bought; None for all that are due.
        results: The earlier results, which the new ones are compared with.
        changes: Gets what has changed; None for nothing.
    """

    carries_over = True
    earlier: Path
    budget: int | None
    results: Path
    changes: ChangeSink | None

    async def run(self) -> ExitCode:
        """Ask again, then say what has changed; return the exit code of the command."""
        code = await super().run()
        stream = DiffStream(self.results, Path(self.outputs.target))
        first, left = shown_first(stream, _SHOWN, self.changes)
        if not self.quiet:
            show_diff(stream.summary, first, left, more="--changes")
        if self.changes is not None:
            self.changes.close(stream.summary)
        # Rows that were carried over may have failed as well.
        failed = code is ExitCode.OK and self._left.failed is not None
        return ExitCode.FAILED_ROWS if failed else code

    def _make_job(self, client: HumClient) -> RequalifyJob:
        return RequalifyJob(client, earlier=self.earlier, budget=self.budget, **self._terms(client))
