"""Shows what is due to be asked for again, and what that would cost."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from hum_async._purchases.journals import open_reader
from hum_async._wording import counted
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.requalify.due import DueCounts, earlier_addresses, now_and_since
from hum_async.cli._argument_types import Amount
from hum_async.cli._console import escaped, messages, say
from hum_async.models import Outcome


def show_due(  # noqa: PLR0913  keyword-only
    outputs: JobOutputs,
    earlier: Path,
    older_than: float,
    *,
    retry: Collection[Outcome],
    budget: int | None,
    price: Amount | None,
    bounds: Collection[Amount | None],
) -> None:
    """Print what is due, and what would be bought of it.

    Args:
        outputs: Names the input and its columns.
        earlier: The journal of the earlier results.
        older_than: Seconds from which on a result is asked for again.
        retry: Outcomes that are asked for again whatever their age.
        budget: Sessions that may be bought; None for any number.
        price: What a session costs; None if it is not known.
        bounds: What may be spent; None for anything.
    """
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
    most = [each for each in (budget, _affordable(price, bounds)) if each is not None]
    sessions = min([due.due, *most])
    cost = "" if price is None else f", for ${sessions * price:,f}"
    say(f"{counted(sessions, 'session')} will be bought{cost}")


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


def _affordable(price: Amount | None, bounds: Collection[Amount | None]) -> int | None:
    """Return how many sessions a new job may pay for; None for any number."""
    if price is None:
        return None
    return min((int(bound // price) for bound in bounds if bound is not None), default=None)
