"""The options of a job's journal, its path, and starting over without it."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._addresses.usps_key import Dedupe
from hum_async._purchases.journals import is_of_this_version, is_there, remove_journal
from hum_async._purchases.place import Place
from hum_async._purchases.records import FAILED_OUTCOMES
from hum_async._wording import counted
from hum_async.bulk.files.outputs import beside
from hum_async.bulk.job_status import status_of
from hum_async.bulk.options import MAX_JOB_PAUSE, Close, JobOptions
from hum_async.bulk.tables import STANDARD
from hum_async.cli._argument_types import Amount
from hum_async.cli._campaign import CampaignId
from hum_async.cli._console import confirmed, escaped, say
from hum_async.cli._durations import Duration
from hum_async.cli._help import PURCHASES
from hum_async.cli._run import UsageError
from hum_async.errors import JournalError
from hum_async.models import Outcome


@Parameter(name="*", group=PURCHASES)
@attrs.frozen(kw_only=True)
class JournalOptions:
    """What a job remembers, and what it takes from what it remembers."""

    journal: Annotated[
        Path | None,
        Parameter(
            help="File that makes the job resumable; default: beside the output, as "
            "OUT.journal.sqlite. Standard output has none unless you name one."
        ),
    ] = None
    fresh: Annotated[
        bool, Parameter(negative=(), help="Start over: forget what the journal holds.")
    ] = False
    retry_failed: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Look failed rows of earlier runs up again, all but uncertain ones.",
        ),
    ] = False
    retry_uncertain: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Look uncertain rows up again, which may buy a second session for them.",
        ),
    ] = False
    reuse: Annotated[
        Duration | None,
        Parameter(
            help="Take results of an earlier, finished job only if they are younger than this "
            "(30m, 24h, 7d, or seconds); default: whatever their age."
        ),
    ] = None
    reuse_from: Annotated[
        Path | None,
        Parameter(help="Journal of another job, whose results are taken where they fit."),
    ] = None
    dedupe: Annotated[
        Dedupe | None,
        Parameter(
            help="What is bought once: an address however it is spelled, after USPS Publication 28 "
            "(usps), or only as it is written (exact). Default: as the journal was begun; usps for "
            "a new one."
        ),
    ] = None
    max_sessions: Annotated[
        int | None,
        Parameter(
            validator=Number(gte=1),
            help="Never buy more sessions than this, all runs of the job together.",
        ),
    ] = None
    price_per_session: Annotated[
        Amount | None,
        Parameter(
            help="What a session costs, such as 0.05; then the screen, the manifest and hum status "
            "show what was spent."
        ),
    ] = None
    max_cost: Annotated[
        Amount | None,
        Parameter(
            help="Never spend more than this, such as 25.00, all runs of the job together. What is "
            "uncertain counts. Needs --price-per-session."
        ),
    ] = None
    max_cost_per_day: Annotated[
        Amount | None,
        Parameter(help="Never spend more than this in a day (UTC). Needs --price-per-session."),
    ] = None
    campaign_id: Annotated[
        CampaignId | None,
        Parameter(help="Your own label for the sessions that are bought, 1 to 100 characters."),
    ] = None

    def job_options(
        self, path: Place, *, keep: bool, close: Close | bool, simulated: bool
    ) -> JobOptions:
        """Return the options of the job.

        Args:
            path: The journal, or the job in a database.
            keep: The journal is kept when the command ends.
            close: Whether sessions are ended with a DELETE.
            simulated: The API is simulated in this process.

        Raises:
            UsageError: A bound in money is given without a price.
        """
        check_priced(self.price_per_session, self.max_cost, self.max_cost_per_day)
        return JobOptions(
            journal=path,
            close=close,
            retry=self.retried,
            max_age=self.reuse,
            reuse_from=self.reuse_from,
            max_sessions=self.max_sessions,
            price_per_session=self.price_per_session,
            max_cost=self.max_cost,
            max_cost_per_day=self.max_cost_per_day,
            # Without its journal, a job cannot be resumed after a long pause.
            max_pause=MAX_JOB_PAUSE if keep else None,
            # The sessions of an earlier process ended with its simulator.
            forget_open=simulated,
            dedupe=self.dedupe,
            campaign_id=self.campaign_id,
        )

    @property
    def retried(self) -> frozenset[Outcome]:
        """Outcomes of earlier runs that are looked up again."""
        uncertain = frozenset({Outcome.UNCERTAIN})
        failed = FAILED_OUTCOMES - uncertain if self.retry_failed else frozenset()
        return failed | (uncertain if self.retry_uncertain else frozenset())


def check_priced(
    price: Amount | None, max_cost: Amount | None, max_cost_per_day: Amount | None
) -> None:
    """Raise UsageError if a bound in money is given without a price."""
    bound = "--max-cost" if max_cost is not None else "--max-cost-per-day"
    if price is None and (max_cost is not None or max_cost_per_day is not None):
        raise UsageError(f"{bound} needs the price: say --price-per-session 0.05 as well")


@contextlib.contextmanager
def journal_place(named: Place | None, *, output: str, streams: bool) -> Iterator[Place]:
    """Yield where the journal is; in a temporary file if the output is a stream.

    Args:
        named: The place that the user names; None for the usual one.
        output: The output.
        streams: It is a stream.
    """
    if named is not None:
        yield named
    elif not streams:
        yield beside(output, ".journal.sqlite")
    else:
        with tempfile.TemporaryDirectory(prefix="hum-") as folder:
            yield Path(folder) / "journal.sqlite"


def start_over(path: Place, options: JournalOptions, *, yes: bool, may_ask: bool) -> None:
    """Remove the journal if the user asked to start over, after the user has confirmed it.

    Args:
        path: The journal, or the job in a database.
        options: Whether to start over.
        yes: The user has confirmed it already.
        may_ask: The user can answer a question.

    Raises:
        JournalError: Another process uses the file, or it is no journal.
        UsageError: The user has not confirmed.
    """
    if not options.fresh or not is_there(path):
        return
    say(f"[yellow]{escaped(str(path))} {_contents(path)}. Starting over forgets that.[/]")
    if not yes:
        if not may_ask:
            raise UsageError("say --yes with --fresh to start over without being asked")
        if not confirmed("Start over?"):
            raise UsageError("nothing was changed")
    remove_journal(path)


def say_what_is_taken_over(path: Place, options: JobOptions) -> None:
    """Print what a job takes from its journal; nothing for one that has just begun, or is running.

    Args:
        path: The journal, or the job in a database.
        options: Options of the job.
    """
    if isinstance(path, Path) and (not path.is_file() or not path.stat().st_size):
        return
    try:
        found = status_of(path)
    except JournalError:
        return  # the job raises it again when it opens the journal
    if isinstance(path, Path) and found.holder is not None:
        return  # nothing is taken from it: the job is refused when it opens the journal
    tally = found.tally
    again = sum(found.outcomes[outcome] for outcome in options.retry)
    open_ = "ended with the simulator" if options.forget_open else "taken over"
    parts = {
        "with a result": tally.settled - again,
        "failed and looked up again": again,
        f"with an open session, {open_}": tally.open,
        "uncertain": tally.uncertain,
    }
    if any(parts.values()):
        told = "; ".join(f"{count:,} {what}" for what, count in parts.items() if count)
        told = f"of its addresses {told}"
        say(escaped(f"Going on with {path}: {told}"))


def _contents(path: Place) -> str:
    # Raises JournalError for a file that is no journal: hum must not remove it.
    if isinstance(path, Path) and path.is_file() and not path.stat().st_size:
        return "is empty"
    if isinstance(path, Path) and not is_of_this_version(path):
        return "was written by another version of hum_async and cannot be read by this one"
    try:
        tally = status_of(path).tally
    except JournalError:
        return "is damaged and cannot be read"
    return (
        f"holds {counted(tally.settled, 'result')} that took "
        f"{counted(tally.bought, 'paid session')}"
        + (f", {tally.open:,} of them still open" if tally.open else "")
        + (f", and {tally.uncertain:,} uncertain ones" if tally.uncertain else "")
    )


def is_interactive(source: str) -> bool:
    """Whether the user can answer a question: standard input is a terminal and not the table."""
    return source != STANDARD and sys.stdin is not None and sys.stdin.isatty()
