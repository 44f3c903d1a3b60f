"""``hum requalify``: asks again what is due, and says what has changed."""

import contextlib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._addresses.usps_key import Dedupe
from hum_async._purchases.journals import open_reader
from hum_async.bulk.diff.outputs import ChangeSink, open_changes
from hum_async.bulk.files.outputs import JobOutputs, beside, file_of
from hum_async.bulk.options import MAX_JOB_PAUSE, Close, JobOptions
from hum_async.bulk.requalify.due import RETRIED
from hum_async.bulk.result_schema import SERVED_LEVELS
from hum_async.bulk.results.reading import job_of
from hum_async.cli._api import SimulatedApiOptions, read_key
from hum_async.cli._argument_types import Amount, PathOrDash, ServiceLevels
from hum_async.cli._campaign import CampaignId
from hum_async.cli._console import confirmed
from hum_async.cli._due_view import show_due
from hum_async.cli._durations import Duration
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import FILES, PURCHASES, SIMULATED, WORK
from hum_async.cli._journal_options import check_priced, is_interactive
from hum_async.cli._output_name import check_names, is_standard
from hum_async.cli._requalify_command import RequalifyCommand
from hum_async.cli._run import Command, UsageError, run
from hum_async.models import Outcome

_DEFAULT_API = SimulatedApiOptions()


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
    bounds = (max_cost, max_cost_per_day)
    retry = RETRIED | ({Outcome.UNCERTAIN} if retry_uncertain else set())

    def prepare() -> Command | ExitCode:
        if is_standard(output) or is_standard(changes):
            raise UsageError("requalify writes files; name them with -o FILE and --changes FILE")
        check_names(output, long)
        check_priced(price_per_session, *bounds)
        key = None if dry_run else read_key(api)
        table, columns, earlier = job_of(results)
        outputs = JobOutputs(
            table=table, columns=columns, target=output, long=long, levels=served or SERVED_LEVELS
        )
        journal = beside(output, ".journal.sqlite")
        goes_on = journal.exists()
        if dry_run or (is_interactive(output) and not yes and not goes_on):
            show_due(
                outputs,
                earlier,
                older_than,
                retry=retry,
                budget=budget,
                price=price_per_session,
                bounds=bounds,
            )
            if dry_run:
                return ExitCode.OK
            if not confirmed("Go on?"):
                raise UsageError("nothing was bought")
        others = {"earlier journal": earlier, "file of changes": file_of(changes)}
        own = outputs.check(journal=journal, overwrite=overwrite, **others)
        # The same command again replaces what it has written before.
        sink = _open_changes(changes, results, files, overwrite=overwrite or goes_on)
        options = JobOptions(
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
        )
        command = RequalifyCommand(
            outputs=outputs,
            own=own,
            options=options,
            journal=journal,
            api=api,
            key=key,
            quiet=quiet,
            earlier=earlier,
            budget=budget,
            epoch=epoch,
            results=results,
            changes=sink,
        )
        return command.run()

    with contextlib.ExitStack() as files:
        return run(prepare)


def _open_changes(
    target: str | None, results: Path, files: contextlib.ExitStack, *, overwrite: bool
) -> ChangeSink | None:
    if target is None:
        return None
    sink = open_changes(target, sources=(results,), overwrite=overwrite)
    files.callback(sink.discard)
    return sink


def _dedupe_of(journal: Path) -> Dedupe:
    with open_reader(journal) as reader:
        return "exact" if reader.dedupe == "exact" else "usps"
