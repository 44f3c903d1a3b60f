"""Shows what has changed between two results."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Column, Table

from hum_async._wording import counted
from hum_async.bulk.diff.compare import AddressChange, ChangeKind
from hum_async.bulk.diff.outputs import ChangeSink
from hum_async.bulk.diff.summary import DiffSide, DiffSummary
from hum_async.bulk.diff.wording import MEANING, counts_line, name_of, phrases
from hum_async.cli._console import data, escaped

_TOP = 5
_ROOM_FOR_MEANING = 70


def show_diff(
    summary: DiffSummary,
    first: Sequence[AddressChange],
    left: int,
    *,
    more: str = "-o",
    console: Console = data,
) -> None:
    """Print the counts and the first changes.

    Args:
        summary: The counts.
        first: The changes that are shown.
        left: Number of changes that are not.
        more: The option that names a file for all of them.
        console: Where it is printed.
    """
    _show_side("Older", summary.old, console)
    _show_side("Newer", summary.new, console)
    if summary.newest_first:
        _say("The older results were answered after the newer ones: were they exchanged?", console)
    _say(counts_line(summary), console, style="bold")
    if summary.kinds:
        console.print(_kinds(summary, wide=console.width >= _ROOM_FOR_MEANING), soft_wrap=False)
    _show_providers("Gained", summary.gained, console)
    _show_providers("Lost", summary.lost, console)
    if summary.not_comparable:
        _say(
            "Not comparable: data sets of different kinds show different things, so that it need "
            "not be the world that differs; --any-data compares them all the same",
            console,
        )
    if first:
        console.print(_addresses(first), soft_wrap=False)
    if left:
        _say(
            f"... and {counted(left, 'more address')}; {more} changes.csv or {more} changes.html "
            "lists all",
            console,
        )


def _show_side(role: str, side: DiffSide, console: Console) -> None:
    more = {"of an address above": side.repeated, "without a usable address": side.unusable}
    rows = "".join(f", {counted(count, 'row')} {what}" for what, count in more.items() if count)
    period = ""
    if side.first is not None and side.last is not None:
        days = side.first.date().isoformat(), side.last.date().isoformat()
        period = f", answered {days[0]}" + (f" to {days[1]}" if days[0] != days[1] else "")
    told = f"{role}: {escaped(side.name)}, {counted(side.addresses, 'address')}{rows}{period}"
    console.print(told, soft_wrap=not console.is_terminal)


def _show_providers(what: str, counts: Mapping[str, int], console: Console) -> None:
    if not counts:
        return
    most = [f"{name} {count:,}" for name, count in [*counts.items()][:_TOP]]
    more = f" and {len(counts) - _TOP:,} more" if len(counts) > _TOP else ""
    _say(f"{what}: {', '.join(most)}{more}", console)


def _kinds(summary: DiffSummary, *, wide: bool) -> Table:
    columns = [Column("change", no_wrap=True), Column("addresses", justify="right")]
    if wide:
        columns.append(Column("meaning", style="dim"))
    table = Table(*columns)
    for kind, count in summary.kinds.items():
        cells = (str(kind), f"{count:,}", MEANING[kind])
        table.add_row(*cells[: len(columns)])
    return table


def _addresses(changes: Sequence[AddressChange]) -> Table:
    table = Table(Column("address", ratio=2), Column("what has changed", ratio=3), expand=True)
    for change in changes:
        table.add_row(escaped(name_of(change)), escaped("; ".join(phrases(change))))
    return table


def _say(text: str, console: Console, *, style: str | None = None) -> None:
    console.print(escaped(text), style=style, soft_wrap=not console.is_terminal)


def written(changes: Iterable[AddressChange], sink: ChangeSink | None) -> Iterator[AddressChange]:
    """Yield changes and write them to a sink, if there is one."""
    for change in changes:
        if sink is not None:
            sink.write(change)
        yield change


def shown_first(
    changes: Iterable[AddressChange], limit: int, sink: ChangeSink | None
) -> tuple[list[AddressChange], int]:
    """Return the first changes that can be told, and the number of all others.

    Args:
        changes: The changes.
        limit: How many are shown.
        sink: Gets all of them; None for none.
    """
    first: list[AddressChange] = []
    left = 0
    for change in written(changes, sink):
        if len(first) < limit and ChangeKind.NOT_COMPARABLE not in change.kinds:
            first.append(change)
        else:
            left += 1
    return first, left
