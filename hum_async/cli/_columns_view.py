"""Says what each column of an input is taken for, and what is in doubt."""

from hum_async.bulk.columns import ColumnPlan, Source, only_a_person_knows, text_of, ways_of
from hum_async.bulk.result_schema import is_result_column
from hum_async.cli._command_line import command_with
from hum_async.cli._console import escaped, messages, say


def show_columns(plan: ColumnPlan) -> None:
    """Print the columns that are not of the address, which are printed before."""
    carried: dict[str, list[str]] = {}
    earlier = [at for at in plan.carried if is_result_column(plan.header[at])]
    for at in plan.carried:
        if at in earlier:
            continue
        carried.setdefault(plan.remarks.get(at, ""), []).append(text_of([Source(at)], plan.header))
    for remark, names in carried.items():
        reason = f" ({remark})" if remark else ""
        say(escaped(f"Only carried along{reason}: {', '.join(names)}"))
    if earlier:
        names = [plan.header[at] for at in earlier]
        say(escaped(f"Results of an earlier job, written anew: {', '.join(names)}"))


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
    stuck = only_a_person_knows(plan)
    for way in ways_of(plan):
        if way.label:
            say(f"  [dim]# {escaped(way.label)}[/]")
        command = command_with(mapping=way.mapping, ignored=way.ignored, yes=stuck)
        # On one line whatever the width, to be pasted.
        say_unwrapped(f"  {command}")


def say_unwrapped(text: str) -> None:
    """Print a line as it is, for the terminal to wrap."""
    messages.print(escaped(text), soft_wrap=True)
