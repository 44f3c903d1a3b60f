"""What has changed as HTML: a section for other pages, and a page that needs no network.

Both are static: no script, no link, no picture. All text is escaped.
"""

import html
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from hum_async._wording import counted
from hum_async.bulk.diff.compare import AddressChange
from hum_async.bulk.diff.summary import DiffSide, DiffSummary
from hum_async.bulk.diff.wording import MEANING, counts_line, name_of, phrases

MOST_ROWS = 2000
"""Addresses that a page lists; about 200 KB."""
_TOP = 15
_LONG_WORD = 18
"""Letters; a phone shows two columns of words that long, as `PROVIDERS_GAINED` nearly is."""

DIFF_STYLE = """
.hum-diff{font:15px/1.5 system-ui,sans-serif;max-width:72rem}
.hum-diff h2{font-size:1.3rem;margin:1.2em 0 .4em}
.hum-diff h3{font-size:1.05rem;margin:1.2em 0 .4em}
.hum-diff p{margin:.4em 0}
.hum-diff table{border-collapse:collapse;margin:.4em 0}
.hum-diff .hum-diff-wide{overflow-x:auto}
.hum-diff caption{text-align:left;padding:.2em 0}
.hum-diff th,.hum-diff td{text-align:left;vertical-align:top;padding:.25em .9em .25em 0;
min-width:2.5em;
border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.hum-diff .hum-diff-n{text-align:right;font-variant-numeric:tabular-nums}
.hum-diff .hum-diff-w{min-width:6em;overflow-wrap:anywhere}
.hum-diff ul{list-style:none;margin:0;padding:0}
.hum-diff .hum-diff-note{border-left:.25em solid #b45309;padding-left:.7em}
@media print{.hum-diff{max-width:none}.hum-diff tr{break-inside:avoid}}
"""
"""The style of a section; every rule is about ``.hum-diff`` alone."""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What has changed</title>
<style>body{{margin:0 auto;padding:1rem;max-width:72rem}}{style}</style>
<main>
{section}
</main>
</html>
"""


def diff_page(summary: DiffSummary, changes: Sequence[AddressChange], *, left: int = 0) -> str:
    """Return a page of its own; arguments as of `diff_section`."""
    section = diff_section(summary, changes, left=left, style=False)
    return _PAGE.format(style=DIFF_STYLE, section=section)


def diff_section(
    summary: DiffSummary,
    changes: Sequence[AddressChange],
    *,
    left: int = 0,
    style: bool = True,
) -> str:
    """Return a section of a page.

    Args:
        summary: The counts.
        changes: What has changed; the first `MOST_ROWS` addresses are listed.
        left: Number of addresses that have changed besides.
        style: Put `DIFF_STYLE` before it.
    """
    body = diff_body(summary, changes, left=left)
    sheet = f"<style>{DIFF_STYLE}</style>" if style else ""
    return f'{sheet}<section class="hum-diff"><h2>What has changed</h2>{body}</section>'


def diff_body(summary: DiffSummary, changes: Sequence[AddressChange], *, left: int = 0) -> str:
    """Return what stands below the heading of a section; arguments as of `diff_section`."""
    listed = changes[:MOST_ROWS]
    left += len(changes) - len(listed)
    parts = (
        _sides(summary),
        _counts(summary),
        _kinds(summary),
        _providers(summary),
        _outcomes(summary),
        _changes(listed, left),
    )
    return "".join(parts)


def _sides(summary: DiffSummary) -> str:
    rows = [
        [role, side.name, f"{side.addresses:,}", _period(side)]
        for role, side in (("older", summary.old), ("newer", summary.new))
    ]
    told = _table("Results", ("side", "file", "addresses", "answered (UTC)"), rows, right={2})
    notes = [
        f"{counted(side.unusable, 'row')} of the {role} results hold no address that can be asked "
        "for, and are not compared."
        for role, side in (("older", summary.old), ("newer", summary.new))
        if side.unusable
    ]
    if summary.newest_first:
        notes.append("The older results were answered after the newer ones: were they exchanged?")
    return told + "".join(f'<p class="hum-diff-note">{_safe(note)}</p>' for note in notes)


def _period(side: DiffSide) -> str:
    first, last = _minute(side.first), _minute(side.last)
    return first if first == last else f"{first} to {last}"


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _counts(summary: DiffSummary) -> str:
    return f"<p><strong>{_safe(counts_line(summary))}</strong></p>"


def _kinds(summary: DiffSummary) -> str:
    rows = [
        [str(kind), f"{count:,}", MEANING[kind]] for kind, count in summary.kinds.items() if count
    ]
    if not rows:
        return "<p>Nothing has changed.</p>"
    return _table("Changes", ("change", "addresses", "meaning"), rows, right={1})


def _providers(summary: DiffSummary) -> str:
    names = sorted(
        {*summary.gained, *summary.lost},
        key=lambda name: (-summary.gained.get(name, 0) - summary.lost.get(name, 0), name),
    )
    if not names:
        return ""
    rows = [
        [name, f"{summary.gained.get(name, 0):,}", f"{summary.lost.get(name, 0):,}"]
        for name in names[:_TOP]
    ]
    more = f"<p>... and {len(names) - _TOP:,} more</p>" if len(names) > _TOP else ""
    return _table("Providers", ("provider", "gained", "lost"), rows, right={1, 2}) + more


def _outcomes(summary: DiffSummary) -> str:
    if not summary.outcomes:
        return ""
    rows = [[str(old), str(new), f"{count:,}"] for (old, new), count in summary.outcomes.items()]
    return _table("Outcomes", ("before", "now", "addresses"), rows, right={2})


def _changes(changes: Sequence[AddressChange], left: int) -> str:
    if not changes:
        return ""
    rows = "".join(map(_row, changes))
    more = f"<p>... and {counted(left, 'more address')} that this page does not list</p>"
    return (
        "<h3>Addresses</h3>"
        '<div class="hum-diff-wide"><table><thead><tr><th scope="col">address</th>'
        '<th scope="col">what</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{more if left > 0 else ''}"
    )


def _row(change: AddressChange) -> str:
    name, told = name_of(change), list(phrases(change))
    words = "".join(f"<li>{_safe(phrase)}</li>" for phrase in told)
    cells = [(_wrapping(name), _safe(name)), (_wrapping(*told), f"<ul>{words}</ul>")]
    wrapped = ' class="hum-diff-w"'
    row = "".join(f"<td{wrapped if kind else ''}>{cell}</td>" for kind, cell in cells)
    return f"<tr>{row}</tr>"


def _table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, right: set[int]
) -> str:
    def cells(row: Sequence[str], tag: str, scope: str = "") -> str:
        kinds = ["n" if at in right else _wrapping(cell) for at, cell in enumerate(row)]
        classes = [f' class="hum-diff-{kind}"' if kind else "" for kind in kinds]
        return "".join(
            f"<{tag}{scope}{told}>{_safe(cell)}</{tag}>"
            for told, cell in zip(classes, row, strict=True)
        )

    head = cells(header, "th", ' scope="col"')
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<h3>{_safe(title)}</h3><div class="hum-diff-wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _wrapping(*texts: str) -> str:
    """Return the class of a cell: words are broken only where one is long."""
    return "w" if any(len(word) > _LONG_WORD for text in texts for word in text.split()) else ""


def _safe(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    # A name of a file that is not UTF-8 holds lone surrogates.
    return html.escape(shown.encode(errors="replace").decode())
