"""Says in words what has changed."""

from collections.abc import Iterator

from hum_async._wording import counted
from hum_async.bulk.diff.compare import AddressChange, ChangeKind
from hum_async.bulk.diff.snapshot import Snapshot
from hum_async.bulk.diff.summary import DiffSummary

MEANING = {
    ChangeKind.OUTCOME: "another outcome",
    ChangeKind.PROVIDERS_GAINED: "a provider serves it that did not",
    ChangeKind.PROVIDERS_LOST: "a provider does not serve it any more",
    ChangeKind.FIBER_GAINED: "fiber where there was none",
    ChangeKind.FIBER_LOST: "no fiber any more",
    ChangeKind.FASTER: "higher top speed, down or up",
    ChangeKind.SLOWER: "lower top speed, down or up",
    ChangeKind.CHEAPER: "lower lowest price",
    ChangeKind.DEARER: "higher lowest price",
    ChangeKind.NOT_COMPARABLE: "the data sets differ in kind",
    ChangeKind.ADDED: "only in the newer results",
    ChangeKind.REMOVED: "only in the older results",
}


NAMELESS = "no address in the journal"


def name_of(change: AddressChange) -> str:
    """Return what people call the address: itself, or else its row, or that nothing names it."""
    rows = [side.row for side in (change.new, change.old) if side is not None and side.row]
    return change.label or (f"row {rows[0]:,}" if rows else NAMELESS)


def counts_line(summary: DiffSummary) -> str:
    """Return how many addresses have changed, in one sentence."""
    again = f" ({summary.carried:,} of them not asked again)" if summary.carried else ""
    apart = f", {summary.not_comparable:,} not comparable" if summary.not_comparable else ""
    return (
        f"{counted(summary.both, 'address')} in both: {summary.changed:,} changed, "
        f"{summary.unchanged:,} unchanged{again}{apart}"
    )


def phrases(change: AddressChange) -> Iterator[str]:
    """Yield what has changed at an address, each change as a few words."""
    old, new = change.old, change.new
    if old is None or new is None:
        known = new or old
        if known is not None:
            yield f"only in the {'newer' if old is None else 'older'} results: {known.outcome}"
        return
    if ChangeKind.NOT_COMPARABLE in change.kinds:
        yield f"not comparable: data set {old.data_set}, now {new.data_set}"
        return
    if ChangeKind.OUTCOME in change.kinds:
        yield f"{old.outcome}, now {new.outcome}"
    yield from (f"+ {name}" for name in change.gained)
    yield from (f"- {name}" for name in change.lost)
    if ChangeKind.FIBER_GAINED in change.kinds:
        yield "fiber gained"
    if ChangeKind.FIBER_LOST in change.kinds:
        yield "fiber lost"
    if old.knows and new.knows:
        yield from _figures(old, new)


def _figures(old: Snapshot, new: Snapshot) -> Iterator[str]:
    for before, after, what in (
        (old.download, new.download, "Mbps down"),
        (old.upload, new.upload, "Mbps up"),
    ):
        if before is not None and after is not None and before != after:
            yield f"{before:,.12g}, now {after:,.12g} {what}"
    before, after = old.price_cents, new.price_cents
    if before is not None and after is not None and before != after:
        yield f"{dollars(before)}, now {dollars(after)}"


def dollars(cents: int) -> str:
    """Return an amount in US cents as text."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"
