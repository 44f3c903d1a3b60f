"""Says what each column of an input is taken for, and what is in doubt."""

from hum_async.bulk.columns import ColumnPlan, Source, Way, text_of
from hum_async.cli._command_line import command_with
from hum_async.cli._console import escaped, messages, say


def show_columns(plan: ColumnPlan) -> None:
    """Print the columns that are only carried along; those of the address are printed before."""
    carried: dict[str, list[str]] = {}
    for at in plan.carried:
        carried.setdefault(plan.remarks.get(at, ""), []).append(text_of([Source(at)], plan.header))
    for remark, names in carried.items():
        reason = f" ({remark})" if remark else ""
        say(escaped(f"Only carried along{reason}: {', '.join(names)}"))


def show_doubts(plan: ColumnPlan, *, again: bool) -> None:
    """Print what is in doubt, and the commands that go on.

    Args:
        plan: What the columns are taken for.
        again: `--yes` was said: the job goes on as guessed.
    """
    for doubt in plan.doubts:
        say(f"[yellow]In doubt:[/] {escaped(doubt.message)}")
    if again:
        say("Going on as guessed, because of --yes")
        return
    say("Nothing is bought before this is clear. To go on:")
    for label, way in _ways(plan):
        if label:
            say(f"  [dim]# {escaped(label)}[/]")
        # On one line whatever the width, to be pasted.
        say_unwrapped(f"  {_command(plan, way)}")


def say_unwrapped(text: str) -> None:
    """Print a line as it is, for the terminal to wrap."""
    messages.print(escaped(text), soft_wrap=True)


def _ways(plan: ColumnPlan) -> list[tuple[str, Way]]:
    """Return the likeliest way, and those that differ from it in one doubt."""
    chosen = [doubt.ways[0] for doubt in plan.doubts if doubt.ways]
    first = _together(plan, chosen)
    found = [(first.label, first)]
    for doubt in plan.doubts:
        others = [way for way in chosen if way not in doubt.ways]
        found += [(way.label, _together(plan, [*others, way])) for way in doubt.ways[1:]]
    return found


def _together(plan: ColumnPlan, ways: list[Way]) -> Way:
    mapping: dict[str, str] = {}
    ignored: list[str] = []
    for way in ways:
        for field, text in way.mapping.items():
            mapping[field] = plan.with_both(field, mapping.get(field, text), text)
        ignored += way.ignored
    label = ", ".join(filter(None, (way.label for way in ways)))
    complete = any(way.complete for way in ways)
    return Way(label, mapping, complete=complete, ignored=tuple(ignored))


def _command(plan: ColumnPlan, way: Way) -> str:
    mapping = plan.columns.mapping(plan.header)
    mapping = {**({} if way.complete else mapping), **way.mapping}
    stuck = any(not doubt.ways for doubt in plan.doubts)
    return command_with(mapping=mapping, ignored=way.ignored, yes=stuck)
