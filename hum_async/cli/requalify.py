"""``hum requalify``: asks again what is due, and says what has changed."""

import contextlib
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._addresses.usps_key import Dedupe
from hum_async._purchases.journals import open_reader
from hum_async._wording import counted
from hum_async.bulk.diff.outputs import ChangeSink, open_changes
from hum_async.bulk.diff.stream import DiffStream
from hum_async.bulk.files.compose import Outputs
from hum_async.bulk.files.outputs import JobOutputs, beside, file_of
from hum_async.bulk.options import MAX_JOB_PAUSE, Close, JobOptions
from hum_async.bulk.requalify.due import RETRIED, DueCounts, earlier_addresses, now_and_since
from hum_async.bulk.requalify.job import RequalifyJob
from hum_async.bulk.result_schema import SERVED_LEVELS
from hum_async.bulk.results.reading import job_of
from hum_async.cli._api import SimulatedApiOptions, read_key
from hum_async.cli._argument_types import Amount, PathOrDash, ServiceLevels
from hum_async.cli._campaign import CampaignId
from hum_async.cli._console import confirmed, escaped, messages, say
from hum_async.cli._diff_view import show_diff, shown_first
from hum_async.cli._durations import Duration
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import FILES, PURCHASES, SIMULATED, WORK
from hum_async.cli._input import InputOptions
from hum_async.cli._journal_options import check_priced, is_interactive
from hum_async.cli._output_name import check_names, is_standard
from hum_async.cli._qualify_command import QualifyCommand
from hum_async.cli._run import Command, UsageError, run
from hum_async.client import HumClient
from hum_async.models import Outcome

_DEFAULT_API = SimulatedApiOptions()
_SHOWN = 20


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


def requalify(  # noqa: PLR0913  each is an option of the command
    results: Annotated[Path, Parameter(group=FILES)],
    /,
    *,
    output: Annotated[PathOrDash, Parameter(alias="-o", group=FILES)],
    changes: Annotated[PathOrDash | None, Parameter(group=FILES)] = None,
    long: Annotated[PathOrDash | None, Parameter(group=FILES)] = None,
    served: Annotated[ServiceLevels | None, Parameter(negative=(), group=FILES)] = None,
    overwrite: Annotated[bool, Parameter(negative=(), group=FILES)] = False,
    older_than: Annotated[Duration, Parameter(group=WORK)],
    budget: Annotated[int | None, Parameter(validator=Number(gte=1), group=PURCHASES)] = None,
    price_per_session: Annotated[Amount | None, Parameter(group=PURCHASES)] = None,
    max_cost: Annotated[Amount | None, Parameter(group=PURCHASES)] = None,
    max_cost_per_day: Annotated[Amount | None, Parameter(group=PURCHASES)] = None,
    retry_uncertain: Annotated[bool, Parameter(negative=(), group=PURCHASES)] = False,
    campaign_id: Annotated[CampaignId | None, Parameter(group=PURCHASES)] = None,
    close: Annotated[Close | bool, Parameter(group=WORK, metavar="CHOICE")] = "always",
    dry_run: Annotated[bool, Parameter(negative=(), group=WORK)] = False,
    yes: Annotated[bool, Parameter(alias="-y", negative=(), group=WORK)] = False,
    quiet: Annotated[bool, Parameter(alias="-q", negative=(), group=WORK)] = False,
    epoch: Annotated[int, Parameter(validator=Number(gte=0), group=SIMULATED)] = 0,
    api: SimulatedApiOptions = _DEFAULT_API,
) -> int:
    """Ask again for results that are old, and say what has changed.

    All other results are carried over, so that the output is whole and the next requalify can go on
    from it. What has probably changed goes first: what has no answer yet, what lacks fiber, what is
    old, and what is near other changes. Run the same command again to go on after whatever has
    stopped it.

    Args:
        results: The earlier results: an output of hum qualify with its journal, or the journal.
        output: File to write; its journal is beside it, as OUT.journal.sqlite.
        changes: Also write every address that has changed to this file, as hum diff -o does.
        long: Also write a row for each provider's offerings and plans to this file.
        served: Speeds in Mbps down and up, as 100/20,25/3 (the default), that get a column.
        overwrite: Replace outputs that this job did not write, or that were edited since.
        older_than: Ask again for what is older, such as 30d, and for what has failed.
        budget: Never buy more sessions than this, all runs of the job together; default: as many as
            are due.
        price_per_session: What a session costs, such as 0.05.
        max_cost: Never spend more than this, such as 25.00, all runs of the job together. Needs
            --price-per-session.
        max_cost_per_day: Never spend more than this in a day (UTC). Needs --price-per-session.
        retry_uncertain: Ask again for uncertain ones, too, which may have been bought already.
        campaign_id: Your own label for the sessions that are bought, 1 to 100 characters.
        close: End each session with a DELETE when its result is safe: always, idle (only when no
            other request waits), or never.
        dry_run: Say what is due and what would be bought; send nothing.
        yes: Do not ask before buying.
        quiet: Show no progress and no summary.
        epoch: Simulate the world so many epochs later; in each, about a tenth of the addresses
            changes.
        api: How to reach the API.
    """
    files = contextlib.ExitStack()

    def prepare() -> Command | ExitCode:
        if is_standard(output) or is_standard(changes):
            raise UsageError("requalify writes files; name them with -o FILE and --changes FILE")
        check_names(output, long)
        check_priced(price_per_session, max_cost, max_cost_per_day)
        key = None if dry_run else read_key(api)
        table, columns, earlier = job_of(results)
        outputs = JobOutputs(
            table=table, columns=columns, target=output, long=long, levels=served or SERVED_LEVELS
        )
        journal = beside(output, ".journal.sqlite")
        goes_on = journal.exists()
        retry = RETRIED | ({Outcome.UNCERTAIN} if retry_uncertain else set())
        if dry_run or (is_interactive(output) and not yes and not goes_on):
            most = _affordable(price_per_session, max_cost, max_cost_per_day)
            budgets = [each for each in (budget, most) if each is not None]
            _show_due(
                outputs,
                earlier,
                older_than,
                retry=retry,
                budget=min(budgets, default=None),
                price=price_per_session,
            )
            if dry_run:
                return ExitCode.OK
            if not confirmed("Go on?"):
                raise UsageError("nothing was bought")
        others = {"earlier journal": earlier, "file of changes": file_of(changes)}
        own = outputs.check(journal=journal, overwrite=overwrite, **others)
        sink = None
        if changes is not None:
            # The same command again replaces what it has written before.
            sink = open_changes(changes, sources=(results,), overwrite=overwrite or goes_on)
            files.callback(sink.discard)
        command = RequalifyCommand(
            outputs=outputs,
            own=own,
            options=JobOptions(
                journal=journal,
                close=close,
                retry=retry,
                max_age=older_than,
                max_sessions=budget,
                price_per_session=price_per_session,
                max_cost=max_cost,
                max_cost_per_day=max_cost_per_day,
                max_pause=MAX_JOB_PAUSE,
                forget_open=api.simulate,
                dedupe=_dedupe_of(earlier),
                campaign_id=campaign_id,
            ),
            journal=journal,
            keeps_journal=True,
            shared=False,
            works_only=False,
            pipes=Outputs(),
            events=None,
            log=None,
            api=api,
            key=key,
            input=InputOptions(),
            quiet=quiet,
            earlier=earlier,
            budget=budget,
            epoch=epoch,
            results=results,
            changes=sink,
        )
        return command.run()

    with files:
        return run(prepare)


def _due(
    outputs: JobOutputs, earlier: Path, older_than: float, retry: Collection[Outcome]
) -> DueCounts:
    """Return what would be due now."""
    _, since = now_and_since(older_than)
    counts = DueCounts()
    with open_reader(earlier) as reader:
        for each in earlier_addresses(
            outputs.table, outputs.columns, earlier=reader, find=lambda _: {}, rules=reader.dedupe
        ):
            counts.count(each, since, retry)
    return counts


def _affordable(price: Amount | None, *bounds: Amount | None) -> int | None:
    """Return how many sessions a new job may pay for; None for any number."""
    if price is None:
        return None
    return min((int(bound // price) for bound in bounds if bound is not None), default=None)


def _dedupe_of(journal: Path) -> Dedupe:
    with open_reader(journal) as reader:
        return "exact" if reader.dedupe == "exact" else "usps"


def _show_due(  # noqa: PLR0913  keyword-only
    outputs: JobOutputs,
    earlier: Path,
    older_than: float,
    *,
    retry: Collection[Outcome],
    budget: int | None,
    price: Amount | None,
) -> None:
    with messages.status("Looking at every row ..."):
        due = _due(outputs, earlier, older_than, retry)
    before = datetime.fromtimestamp(datetime.now(UTC).timestamp() - older_than, UTC)
    say(
        f"{due.due:,} of {counted(due.addresses, 'address')} are due: older than "
        f"{before:%Y-%m-%d %H:%M} UTC, or without an answer"
    )
    for outcome, count in due.outcomes.most_common():
        say(f"  {count:,} {escaped(str(outcome))}")
    if due.uncertain:
        are = "is" if due.uncertain == 1 else "are"
        say(f"{due.uncertain:,} {are} uncertain and left alone until you say --retry-uncertain")
    sessions = due.due if budget is None else min(due.due, budget)
    cost = "" if price is None else f", for ${sessions * price:,f}"
    say(f"{counted(sessions, 'session')} will be bought{cost}")
