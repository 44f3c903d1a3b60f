"""Makes hum_async/bulk/report_page/us_states.json, the borders that a report draws.

The shapes are the cartographic boundary files of the US Census Bureau, 2017 edition, which are in
the public domain. The npm package us-atlas (ISC license) has them as TopoJSON:

    npm pack us-atlas@3 && tar xzf us-atlas-3.*.tgz
    python tools/us_map.py package/states-10m.json

Arcs that two states share are simplified once, so that no gap opens between neighbours.
"""

import json
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from hum_async.bulk.report_page.projection import HEIGHT, WIDTH, Point, project

TARGET = Path(__file__).parent.parent / "hum_async" / "bulk" / "report_page" / "us_states.json"
SOURCE = (
    "US Census Bureau, cartographic boundary files, 2017 edition (public domain); "
    "by way of us-atlas 3 (ISC license), simplified by tools/us_map.py"
)
SMALLEST_TRIANGLE = 0.5
"""Square units: a point that changes less of an outline is left out."""
SMALLEST_ISLAND = 4.0
"""Square units."""
_FIPS = """
    01 AL 02 AK 04 AZ 05 AR 06 CA 08 CO 09 CT 10 DE 11 DC 12 FL 13 GA 15 HI 16 ID 17 IL 18 IN 19 IA
    20 KS 21 KY 22 LA 23 ME 24 MD 25 MA 26 MI 27 MN 28 MS 29 MO 30 MT 31 NE 32 NV 33 NH 34 NJ 35 NM
    36 NY 37 NC 38 ND 39 OH 40 OK 41 OR 42 PA 44 RI 45 SC 46 SD 47 TN 48 TX 49 UT 50 VT 51 VA 53 WA
    54 WV 55 WI 56 WY 72 PR
"""
CODES = dict(zip(_FIPS.split()[::2], _FIPS.split()[1::2], strict=True))


def main(source: str) -> None:
    """Read the TopoJSON file, write the data file."""
    topology = json.loads(Path(source).read_text("utf-8"))
    arcs = [simplified(arc) for arc in arcs_of(topology)]
    states = {}
    for geometry in topology["objects"]["states"]["geometries"]:
        if (code := CODES.get(geometry["id"])) is not None:
            rings = list(rings_of(geometry, arcs))
            largest = max(rings, key=lambda ring: abs(area(ring)))
            kept = [r for r in rings if r is largest or abs(area(r)) >= SMALLEST_ISLAND]
            states[code] = {
                "name": geometry["properties"]["name"],
                "at": [round(part) for part in center(largest)],
                "path": "".join(map(path, kept)),
            }
    found = {"source": SOURCE, "size": [WIDTH, HEIGHT], "states": dict(sorted(states.items()))}
    TARGET.write_text(json.dumps(found, indent=0, separators=(",", ":")) + "\n", "utf-8")
    sys.stdout.write(f"{TARGET}: {len(states)} states, {TARGET.stat().st_size:,} bytes\n")


def arcs_of(topology: dict[str, Any]) -> Iterator[list[Point]]:
    """Yield the arcs on the map; those in places that the map does not show are empty."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"].values()
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append(project(y * scale_y + move_y, x * scale_x + move_x))
        yield [point for point in points if point is not None]


def simplified(arc: list[Point]) -> list[Point]:
    """Leave out the points that matter least (Visvalingam and Whyatt, 1993)."""
    kept = list(arc)
    while len(kept) > 4:  # noqa: PLR2004  a ring of fewer points has no area
        sizes = [abs(area(kept[at - 1 : at + 2])) for at in range(1, len(kept) - 1)]
        least = min(range(len(sizes)), key=sizes.__getitem__)
        if sizes[least] > SMALLEST_TRIANGLE:
            break
        del kept[least + 1]
    return kept


def rings_of(geometry: dict[str, Any], arcs: list[list[Point]]) -> Iterator[list[Point]]:
    """Yield the rings of a shape."""
    shapes = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    for shape in shapes:
        for ring in shape:
            points: list[Point] = []
            for number in ring:
                points += arcs[number] if number >= 0 else arcs[~number][::-1]
            if points:
                yield points


def area(ring: list[Point]) -> float:
    """Return the area of a polygon."""
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairs) / 2


def center(ring: list[Point]) -> Point:
    """Return the centroid of a polygon."""
    x_sum = y_sum = 0.0
    for (x, y), (other_x, other_y) in zip(ring, [*ring[1:], ring[0]], strict=True):
        part = x * other_y - other_x * y
        x_sum += (x + other_x) * part
        y_sum += (y + other_y) * part
    return x_sum / (6 * area(ring)), y_sum / (6 * area(ring))


def path(ring: list[Point]) -> str:
    """Return a ring as a path of SVG, in steps between tenths of units."""
    points = [(round(10 * x), round(10 * y)) for x, y in ring]
    steps = [
        (next_x - x, next_y - y)
        for (x, y), (next_x, next_y) in pairwise(points)
        if (x, y) != (next_x, next_y)
    ]
    return f"M{numbers([points[0]])}l{numbers(steps)}z"


def numbers(pairs: list[tuple[int, int]]) -> str:
    """Return tenths in the fewest characters: ``.5``, and no space before a minus."""
    text = " ".join(f"{tenths / 10:g}" for pair in pairs for tenths in pair)
    return re.sub(r"(^|[ -])0\.", r"\1.", text).replace(" -", "-")


if __name__ == "__main__":
    main(sys.argv[1])
