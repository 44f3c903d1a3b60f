"""Prints the result of a preflight."""

from rich.console import Console
from rich.table import Column, Table

from hum_async._wording import counted, plural
from hum_async.bulk.forecast import Fate, Forecast
from hum_async.bulk.options import Close
from hum_async.bulk.preflight import FindingKind, KindCount, Preflight, Severity, estimate
from hum_async.cli._console import data, escaped, messages

KIND_MEANING = {
    FindingKind.WRONG_COLUMN: "a column does not hold what it was taken for: see --map",
    FindingKind.SEVERAL: "a cell that holds more than its part of one address",
    FindingKind.MISSING: "a part of the address is missing",
    FindingKind.ZIP_ZEROS: "a ZIP code without its leading zeros",
    FindingKind.ZIP_FORM: "not a ZIP code like 12345 or 12345-6789",
    FindingKind.STATE_NAME: "a state that is not written as two letters",
    FindingKind.STATE_UNKNOWN: "not a US state",
    FindingKind.NOT_COVERED: "a territory or military mail, which the API does not cover",
    FindingKind.TOO_LONG: "longer than the API takes",
    FindingKind.COORDINATES: "latitude and longitude are no place in the US",
    FindingKind.ONE_CELL: "a whole address in the street's cell",
    FindingKind.ZIP_AND_STATE: "the ZIP code is not one of that state",
    FindingKind.MAIL_ONLY: "a PO box, general delivery or a rural route: no building",
    FindingKind.HOUSE_NUMBER: "a street without a house number",
    FindingKind.PLACEHOLDER: "a stand-in such as N/A",
    FindingKind.CHARACTERS: "garbled letters, or some that cannot be seen",
    FindingKind.DATE: "a date where a part of an address should be",
    FindingKind.SPREADSHEET: "what a spreadsheet made of a text: an error, 1E+05, a fraction",
    FindingKind.NO_PART: "no part of an address: a telephone number, a list, nested fields, true",
    FindingKind.DUPLICATE: "the address of a row above, bought once",
    FindingKind.SPELLING: "spaces or small letters, which are sent corrected anyway",
}
_ROOM_FOR_TABLE = 60
_RATES = (5, 10, 50, 200)
"""Requests per second for which a duration is printed if the rate limit is not known."""
_STYLED = {Severity.REFUSED: "[red]refused:[/]", Severity.SUSPICIOUS: "[yellow]suspicious:[/]"}
_STYLES = {Severity.REFUSED: "red", Severity.SUSPICIOUS: "yellow", Severity.INFO: "dim"}


def show_preflight(  # noqa: PLR0913  all but the first by name
    found: Preflight,
    *,
    rate: float | None = None,
    close: Close | None = None,
    limit: int = 20,
    forecast: Forecast | None = None,
    console: Console = data,
) -> None:
    """Print the findings, the number of sessions that a job will buy, and its duration.

    Args:
        found: The result of the preflight.
        rate: Requests per second; None prints the duration for several rates.
        close: Whether the job ends sessions with a DELETE, to print what the other ways would take;
            None does not print that.
        limit: Number of findings to print in full.
        forecast: What becomes of the addresses of a job with a journal; None for one without.
        console: Console to print to.
    """
    _print(console, _totals(found))
    if found.kinds and console.width >= _ROOM_FOR_TABLE:
        console.print(_kinds(found))
    else:
        _print(console, [_kind(kind) for kind in found.kinds])
    _print(console, _findings(found, limit=limit))
    sessions = found.sessions if forecast is None else forecast.sessions
    if forecast is not None:
        _print(console, _fates(forecast))
    _print(console, _price(sessions, rate, close or "always"))
    if forecast is not None and forecast.cost is not None:
        _print(console, [f"They cost ${forecast.cost:,f}"])
    if close is not None and sessions:
        _print(console, _closing(sessions, rate, close))


def show_warnings(found: Preflight, *, command: str, console: Console = messages) -> None:
    """Print what is wrong with rows before a job buys them: numbers of rows, and no cell of them.

    Args:
        found: The result of the preflight.
        command: The command that says more.
        console: Console to print to.
    """
    whole = [each for each in found.findings if each.row is None]
    if not (found.refused or found.suspicious or whole):
        return
    counts = {
        "[red]refused[/], at no cost": found.refused,
        f"[yellow]suspicious[/], and bought as {_it_is(found.suspicious)}": found.suspicious,
    }
    said = [f"{counted(count, 'row')} {what}" for what, count in counts.items() if count]
    lines = ["; ".join(said)] if said else []
    lines += [f"  {_STYLED[each.severity]} {escaped(each.message)}" for each in whole]
    for kind in found.kinds:
        if kind.severity is not Severity.INFO and kind.rows:
            lines.append(f"  {_STYLED[kind.severity]} {KIND_MEANING[kind.kind]}: {_named(kind)}")
    _print(console, [*lines, f"More about them: {escaped(command)}"])


def _named(kind: KindCount) -> str:
    numbers = ", ".join(f"{number:,}" for number in kind.rows)
    more = kind.row_count - len(kind.rows)
    return f"{plural(kind.row_count, 'row')} {numbers}" + (
        f" and {more:,} more" if more > 0 else ""
    )


def _it_is(count: int) -> str:
    return "it is" if count == 1 else "they are"


def _print(console: Console, lines: list[str]) -> None:
    for line in lines:
        # Wrapped at words on a terminal, one line elsewhere.
        console.print(line, soft_wrap=not console.is_terminal)


def _totals(found: Preflight) -> list[str]:
    lines = {
        plural(found.rows, "row"): found.rows,
        "[red]refused[/], at no cost": found.refused,
        f"[yellow]suspicious[/], bought as {_it_is(found.suspicious)}": found.suspicious,
        f"the same address as a row above, {_spelled(found)}at no cost": found.duplicates,
        _restored(found.restored): found.restored,
        f"{plural(found.correctable, 'cell')} that hum check --corrected corrects": (
            found.correctable
        ),
    }
    return [f"{count:,} {what}" for what, count in lines.items() if count]


def _restored(count: int) -> str:
    if count == 1:
        return "ZIP code that was a number and got its leading zeros back"
    return "ZIP codes that were numbers and got their leading zeros back"


def _spelled(found: Preflight) -> str:
    return f"{found.spelled:,} of them spelled differently, " if found.spelled else ""


def _kinds(found: Preflight) -> Table:
    counts = Column("found", justify="right")
    rows = Column("first row", justify="right")
    table = Table("", counts, rows, Column("what", style="dim"))
    for kind in found.kinds:
        table.add_row(
            f"[{_STYLES[kind.severity]}]{kind.severity}[/]", *_where(kind), KIND_MEANING[kind.kind]
        )
    return table


def _kind(kind: KindCount) -> str:
    """Return the row of a kind as a line, for a narrow terminal."""
    count, first = _where(kind)
    place = f", first in row {first}" if first else ""
    style = _STYLES[kind.severity]
    return f"[{style}]{kind.severity}:[/] {count}{place}: {KIND_MEANING[kind.kind]}"


def _where(kind: KindCount) -> tuple[str, str]:
    return ("all", "") if kind.first_row is None else (f"{kind.count:,}", f"{kind.first_row:,}")


def _findings(found: Preflight, *, limit: int) -> list[str]:
    lines = []
    for finding in found.findings[:limit]:
        place = "table" if finding.row is None else f"row {finding.row:,}"
        fix = f" [dim]Fix:[/] {escaped(finding.fix)}" if finding.fix is not None else ""
        style = _STYLES[finding.severity]
        lines.append(f"[{style}]{place}:[/] {escaped(finding.message)}.{fix}")
    total = sum(kind.count for kind in found.kinds if kind.severity is not Severity.INFO)
    if total > len(lines):
        lines.append(f"[dim]... and {total - len(lines):,} more.[/]")
    return lines


_FATES = {
    Fate.KNOWN: "in the journal already, at no cost",
    Fate.COPIED: "in the journal of --reuse-from, at no cost",
    Fate.TAKEN_UP: "with an open session in the journal, which is taken up",
    Fate.UNCERTAIN: "uncertain, and left alone without --retry-uncertain",
    Fate.AGAIN: "in the journal, and bought again",
    Fate.LOST: "in the journal with a session that has ended, and bought again",
}


def _fates(forecast: Forecast) -> list[str]:
    """Return what comes from the journals; nothing for a job that begins."""
    counts = {fate: forecast.counts[fate] for fate in _FATES}
    return [
        f"{counted(count, 'address')} {_FATES[fate]}" for fate, count in counts.items() if count
    ]


def _price(sessions: int, rate: float | None, close: Close) -> list[str]:
    bought = f"{counted(sessions, 'session')} will be bought"
    if not sessions:
        return [bought]
    if rate is not None:
        return [f"{bought}, in about {_time(sessions, rate, close)}"]
    if _is_short(sessions, close):
        # As long as one look-up takes.
        return [f"{bought}, in about {_about(estimate(sessions, rate=_RATES[0], close=close))}"]
    times = [f"  {_time(sessions, each, close)}" for each in _RATES]
    return [f"{bought}; how long that takes depends on the API's limit:", *times]


def _is_short(sessions: int, close: Close) -> bool:
    """Return whether a job takes equally long at each rate."""
    slow, fast = (estimate(sessions, rate=rate, close=close) for rate in (_RATES[0], _RATES[-1]))
    return slow == fast


def _closing(sessions: int, rate: float | None, close: Close) -> list[str]:
    """Return what the other ways to end sessions take; nothing if that makes no difference."""
    other: Close = "idle" if close == "always" else "always"
    rates = [
        each
        for each in (_RATES if rate is None else (rate,))
        if estimate(sessions, rate=each, close=other) != estimate(sessions, rate=each, close=close)
    ]
    if not rates:
        return []
    named = "--close idle or --close never" if other == "idle" else "--close always"
    times = ", ".join(_time(sessions, each, other) for each in rates)
    explained = (
        "A DELETE ends a session, as the API recommends, and takes a third of all requests; "
        "idle sends it only when no other request waits. Sessions left open expire by themselves "
        "after 30 minutes."
    )
    return [f"With {named}: about {times}.", f"[dim]{explained}[/]"]


def _time(sessions: int, rate: float, close: Close) -> str:
    return f"{_about(estimate(sessions, rate=rate, close=close))} at {rate:g} requests/s"


def _about(seconds: float) -> str:
    """Return a duration in seconds as text, in its two largest units."""
    minutes = round(seconds / 60)
    if seconds < 90:  # noqa: PLR2004  below that, minutes are too coarse
        return f"{seconds:.0f} s"
    if minutes < 60:  # noqa: PLR2004  an hour
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes:02} min"
