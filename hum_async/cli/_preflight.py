"""What a look at a table found, as a person reads it."""

from rich.console import Console
from rich.table import Table

from hum_async.bulk.preflight import FindingKind, KindCount, Preflight, Severity, estimate
from hum_async.cli._console import data, shown

__all__ = ["KIND_MEANING", "show"]

KIND_MEANING = {
    FindingKind.WRONG_COLUMN: "a column does not hold what it was taken for: see --map",
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
    FindingKind.DUPLICATE: "the address of a row above, bought once",
    FindingKind.SPELLING: "spaces or small letters, which are sent corrected anyway",
}
_RATES = (5, 10, 50, 200)
"""Requests per second to reckon with when nobody knows the real limit."""
_STYLES = {Severity.REFUSED: "red", Severity.SUSPICIOUS: "yellow", Severity.INFO: "dim"}


def show(
    found: Preflight, *, rate: float | None = None, limit: int = 20, console: Console = data
) -> None:
    """Print what was found, what a job will buy and how long it takes.

    Args:
        found: What `examine` returned.
        rate: Requests per second; None shows what several of them would mean.
        limit: How many findings to show one by one.
        console: Where to.
    """
    for line in _totals(found):
        console.print(line)
    if found.kinds:
        console.print(_kinds(found), soft_wrap=False)
    _show_findings(found, limit=limit, console=console)
    console.print(_price(found, rate))


def _totals(found: Preflight) -> list[str]:
    lines = [f"{found.rows:,} rows"]
    if found.refused:
        lines.append(f"[red]{found.refused:,} will be refused[/] and cost nothing")
    if found.suspicious:
        lines.append(f"[yellow]{found.suspicious:,} look wrong[/] and will be bought as they are")
    if found.duplicates:
        lines.append(f"{found.duplicates:,} have the address of a row above and cost nothing")
    if found.restored:
        lines.append(f"{found.restored:,} ZIP codes were numbers and got their leading zeros back")
    if found.correctable:
        lines.append(f"{found.correctable:,} cells can be corrected without a doubt")
    return lines


def _kinds(found: Preflight) -> Table:
    table = Table()
    table.add_column("")
    table.add_column("cells", justify="right")
    table.add_column("first row", justify="right")
    table.add_column("what", style="dim")
    for kind in found.kinds:
        table.add_row(
            f"[{_STYLES[kind.severity]}]{kind.severity}[/]", *_where(kind), KIND_MEANING[kind.kind]
        )
    return table


def _where(kind: KindCount) -> tuple[str, str]:
    return ("all", "") if kind.first_row is None else (f"{kind.count:,}", f"{kind.first_row:,}")


def _show_findings(found: Preflight, *, limit: int, console: Console) -> None:
    for finding in found.findings[:limit]:
        place = "table" if finding.row is None else f"row {finding.row:,}"
        fix = f" [dim]Fix:[/] {shown(finding.fix)}" if finding.fix is not None else ""
        style = _STYLES[finding.severity]
        console.print(f"[{style}]{place}:[/] {shown(finding.message)}.{fix}")
    told = sum(kind.count for kind in found.kinds if kind.severity is not Severity.INFO)
    if (more := told - len(found.findings[:limit])) > 0:
        console.print(f"[dim]... and {more:,} more.[/]")


def _price(found: Preflight, rate: float | None) -> str:
    count = found.sessions
    bought = f"{count:,} {'session' if count == 1 else 'sessions'} will be bought"
    if not count:
        return bought
    times = [
        f"{_about(estimate(count, rate=each))} at {each:g} requests/s"
        for each in (_RATES if rate is None else (rate,))
    ]
    return f"{bought}, which takes about {', '.join(times)}"


def _about(seconds: float) -> str:
    """Return a time as people say it, in its two largest units at most."""
    minutes = round(seconds / 60)
    if seconds < 90:  # noqa: PLR2004  below that, minutes are too coarse
        return f"{seconds:.0f} s"
    if minutes < 60:  # noqa: PLR2004  an hour
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes:02} min"
