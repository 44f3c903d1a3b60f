"""Draws the plots of docs/limits.md from what the benchmarks have found.

    python benchmarks/limit_plots.py clients|kinds|outage SVG

`clients` is drawn from the table of `bench_contention.py` in benchmarks/README.md, `kinds` from
that of `bench_limits.py` in docs/limits.md, and `outage` from what `bench_shared_limit.py --only
"Redis killed for 6 s" --record benchmarks/shared_limit/redis_killed.json` has kept.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from _drawing import path, picture, rectangle, text

ROOT = Path(__file__).parent.parent
RECORDED = ROOT / "benchmarks" / "shared_limit" / "redis_killed.json"

WIDTH = 640.0
STYLE = """
.served { fill: #0969da; } .refused { fill: #cf222e; } .worst { fill: #9a6700; }
.m0 { fill: #0969da; } .m1 { fill: #54aeff; } .m2 { fill: #0a3069; } .m3 { fill: #80ccff; }
@media (prefers-color-scheme: dark) {
  .served { fill: #58a6ff; } .refused { fill: #ff7b72; } .worst { fill: #e3b341; }
  .m0 { fill: #58a6ff; } .m1 { fill: #1f6feb; } .m2 { fill: #a5d6ff; } .m3 { fill: #388bfd; }
}
"""


def table(page: str, first: str) -> list[list[str]]:
    """Return the rows of a Markdown table.

    Args:
        page: A file of this repository.
        first: How the first cell of its header begins, with the second behind a bar.
    """
    lines = iter((ROOT / page).read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            next(lines)
            break
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


# --- clients --------------------------------------------------------------------------------------

NAMES, BARS, MOST = 170.0, 290.0, 16_000.0
"""Where bars begin, how long the longest may be, and how many requests that are."""
ROW, TOP = 26.0, 84.0


def clients() -> str:
    """Return what clients send under a limit that nobody told them."""
    rows = table("benchmarks/README.md", "client | done | requests")
    bottom = TOP + ROW * len(rows)
    return picture(
        [*_clients_head(bottom), *_client_rows(rows)],
        size=(WIDTH, bottom + 32.0),
        title="Requests that clients send for the same 500 tokens, under a limit of 200/s",
        told="; ".join(
            f"{name}: {requests} requests, {refused} refused, {done} of 500 tokens done, seen "
            f"{lag.rpartition('/ ')[2]} late at most for 95 %"
            for name, done, requests, refused, *_, lag in rows
        ),
        style=STYLE,
    )


def _clients_head(bottom: float) -> Iterator[str]:
    words = "Requests for the same 500 tokens, under 200/s that nobody told"
    yield text(20.0, 26.0, words, "ink title")
    yield rectangle("served", 20.0, 41.0, 14.0, 12.0)
    yield text(40.0, 51.5, "served")
    yield rectangle("refused", 100.0, 41.0, 14.0, 12.0)
    yield text(120.0, 51.5, "refused (429)")
    yield text(WIDTH - 90.0, 72.0, "tokens done", "faint end")
    yield text(WIDTH - 20.0, 72.0, "lag p95", "faint end")
    for mark in range(0, int(MOST) + 1, 4_000):
        x = NAMES + BARS * mark / MOST
        yield path("axis", f"M{x:.1f} {TOP - 4.0}V{bottom}")
        yield text(x, bottom + 18.0, f"{mark:,}", "faint middle")


def _client_rows(rows: list[list[str]]) -> Iterator[str]:
    for number, (name, done, requests, refused, *_, lag) in enumerate(rows):
        y = TOP + ROW * number
        total = float(requests.replace(",", ""))
        sent = BARS * total / MOST
        lost = sent * float(refused.rstrip(" %")) / 100
        yield text(NAMES - 8.0, y + 14.0, name, "ink end title" if number == 0 else "ink end")
        yield rectangle("served", NAMES, y + 3.0, sent - lost, ROW - 10.0)
        yield rectangle("refused", NAMES + sent - lost, y + 3.0, lost, ROW - 10.0)
        yield text(WIDTH - 90.0, y + 14.0, done, "ink end" if done == "500" else "ink end title")
        yield text(WIDTH - 20.0, y + 14.0, lag.rpartition("/ ")[2], "ink end")


# --- kinds of limit -------------------------------------------------------------------------------

SHARES, LONG, LEAST = 206.0, 310.0, 0.90
"""Where the axis of shares begins, how long it is, and with what it begins."""


def kinds() -> str:
    """Return how much of each kind of limit is used, and how much is refused."""
    rows = table("docs/limits.md", "limit | used")
    bottom = TOP + ROW * len(rows)
    return picture(
        [*_kinds_head(bottom), *_kind_rows(rows)],
        size=(WIDTH, bottom + 32.0),
        title="How much of a hidden limit is used, by kind of limit",
        told="; ".join(
            f"{kind}: {steady} used, {worst} at the worst server, {refused} refused"
            for kind, _, steady, worst, refused, _ in rows
        ),
        style=STYLE,
    )


def _kinds_head(bottom: float) -> Iterator[str]:
    yield text(20.0, 26.0, "Share of a hidden limit that is used, by kind of limit", "ink title")
    yield _dot("served", 26.0, 47.0)
    yield text(38.0, 51.5, "on average, once it is found")
    yield _dot("worst", 236.0, 47.0)
    yield text(248.0, 51.5, "at the worst single server")
    yield text(WIDTH - 20.0, 72.0, "refused", "faint end")
    for percent in range(90, 101, 2):
        x = _share(percent / 100)
        yield path("axis", f"M{x:.1f} {TOP - 4.0}V{bottom}")
        yield text(x, bottom + 18.0, f"{percent} %", "faint middle")


def _kind_rows(rows: list[list[str]]) -> Iterator[str]:
    for number, (kind, _, steady, worst, refused, _) in enumerate(rows):
        y = TOP + ROW * number + 10.0
        least, mean = _share(float(worst)), _share(float(steady))
        yield text(SHARES - 12.0, y + 4.5, kind, "ink end")
        yield path("rate", f"M{least:.1f} {y}H{mean:.1f}")
        yield _dot("worst", least, y)
        yield _dot("served", mean, y)
        yield text(WIDTH - 20.0, y + 4.5, refused, "ink end")


def _share(used: float) -> float:
    return SHARES + LONG * (used - LEAST) / (1.0 - LEAST)


def _dot(style: str, x: float, y: float) -> str:
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


# --- a store that is lost -------------------------------------------------------------------------

LEFT, RIGHT, CEILING, FLOOR, HIGHEST = 56.0, 620.0, 70.0, 250.0, 250.0


def outage() -> str:
    """Return what four processes send while the store that they share is away for six seconds."""
    found = json.loads(RECORDED.read_text(encoding="utf-8"))
    members = [_by_second(halves) for halves in found["requests"]]
    seconds = min(map(len, members))
    gone, back = found["away"]
    totals = [sum(member[second] for member in members) for second in range(seconds)]
    return picture(
        _outage(members, seconds, gone, back, found["rate"]),
        size=(WIDTH, FLOOR + 40.0),
        title="Requests per second of four processes, while Redis is killed for six seconds",
        told=f"They share 200 requests/s. Redis is away from {gone} s to {back} s, and comes back "
        f"empty. Together they send {min(totals[1:])} to {max(totals[1:])} in each second after "
        "the first, and each of them about a quarter.",
        style=STYLE,
    )


def _by_second(halves: list[int]) -> list[int]:
    return [sum(pair) for pair in zip(halves[::2], halves[1::2], strict=False)][:20]


def _outage(
    members: list[list[int]], seconds: int, gone: float, back: float, rate: int
) -> Iterator[str]:
    step = (RIGHT - LEFT) / seconds
    words = "Four processes share 200 requests/s; Redis is away for 6 s"
    yield text(20.0, 26.0, words, "ink title")
    for number in range(len(members)):
        yield rectangle(f"m{number}", 20.0 + 18.0 * number, 41.0, 14.0, 12.0)
    yield text(98.0, 51.5, "requests of each process, by second")
    yield rectangle("pause", 350.0, 41.0, 20.0, 12.0)
    yield text(376.0, 51.5, "Redis is away")
    yield path("limit", "M486 47h24")
    yield text(516.0, 51.5, "the limit")
    yield rectangle("pause", LEFT + step * gone, CEILING, step * (back - gone), FLOOR - CEILING)
    for amount in range(0, int(HIGHEST) + 1, 50):
        y = _height(amount)
        yield text(LEFT - 8.0, y + 4.5, f"{amount}", "faint end")
        yield path("axis", f"M{LEFT} {y:.1f}H{RIGHT}")
    for second in range(seconds):
        under = 0
        for number, member in enumerate(members):
            high, low = _height(under + member[second]), _height(under)
            yield rectangle(f"m{number}", LEFT + step * second + 2.0, high, step - 4.0, low - high)
            under += member[second]
    yield path("limit", f"M{LEFT} {_height(rate):.1f}H{RIGHT}")
    for second in range(0, seconds + 1, 5):
        yield text(LEFT + step * second, FLOOR + 18.0, f"{second}", "faint middle")
    yield text(RIGHT, FLOOR + 34.0, "seconds", "faint end")


def _height(amount: float) -> float:
    return FLOOR - (FLOOR - CEILING) * amount / HIGHEST


PLOTS = {"clients": clients, "kinds": kinds, "outage": outage}


def main(name: str, target: str) -> None:
    """Draw one."""
    (ROOT / target).write_text(PLOTS[name](), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
