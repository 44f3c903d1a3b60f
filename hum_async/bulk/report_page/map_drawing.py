"""Draws rows on the map of the United States: at their coordinates, or else around their state."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from math import cos, pi, sin, sqrt
from typing import Any

import attrs
from markupsafe import Markup

from hum_async.bulk import report_page
from hum_async.bulk.report_page.facts import RowFacts
from hum_async.bulk.report_page.projection import HEIGHT, WIDTH, Point, project
from hum_async.models import Outcome

_GOLDEN_ANGLE = pi * (3 - sqrt(5))
_CLOUD = 16.0
"""Units that the rows of a state without coordinates reach from its centre at most."""
_STEP = 2.6
"""Units between two of them where they are few."""
_CLOSE = 0.35
"""Share of the map's width: points that are closer together get a close-up."""
_LEAST_WIDTH = 24.0
"""Units, about 120 km: the borders are not exact enough for less."""
_MARGIN = 1.3
_ASPECT = HEIGHT / WIDTH
_RINGS = frozenset(
    {Outcome.AMBIGUOUS_ADDRESS, Outcome.ADDRESS_NOT_FOUND, Outcome.EXPIRED, Outcome.UNCERTAIN}
)
"""Outcomes whose points are hollow; docs/report.md shows all marks."""


@attrs.frozen
class Layer:
    """The points of an outcome.

    Attributes:
        outcome: The outcome.
        path: The points as a path of SVG, each a stroke of no length.
        points: Number of them.
    """

    outcome: Outcome
    path: Markup
    points: int

    @property
    def is_hollow(self) -> bool:
        """Whether the points are rings."""
        return self.outcome in _RINGS


@attrs.frozen
class MapDrawing:
    """Rows on the map.

    Attributes:
        layers: The points by outcome.
        near: Number of rows that stand around the centre of their state, by its code.
        without_place: Number of rows whose place is not known.
        off_map: Number of rows whose place the map does not show.
        close_up: The part of the map that has all coordinates, as ``viewBox``; None if that is
            much of it.
    """

    layers: tuple[Layer, ...]
    near: Mapping[str, int]
    without_place: int
    off_map: int
    close_up: str | None

    @classmethod
    def of(cls, rows: Iterable[RowFacts]) -> "MapDrawing":
        """Draw rows."""
        points: defaultdict[Outcome, list[Point]] = defaultdict(list)
        exact: list[Point] = []
        near: Counter[str] = Counter()
        lost: Counter[str] = Counter()
        for row in rows:
            if row.place is not None:
                point = project(*row.place)
                if point is None:
                    lost["off_map"] += 1
                    continue
                exact.append(point)
            elif row.state in _states():
                near[row.state] += 1
                point = _around(_states()[row.state]["at"], near[row.state])
            else:
                lost["off_map" if row.state else "without_place"] += 1
                continue
            points[row.outcome].append(point)
        layers = tuple(
            Layer(outcome, _path(points[outcome]), len(points[outcome]))
            # What is rare comes last, so that it is above what is frequent.
            for outcome in sorted(points, key=lambda each: -len(points[each]))
        )
        return cls(
            layers,
            dict(sorted(near.items())),
            lost["without_place"],
            lost["off_map"],
            _close_up(exact),
        )


@attrs.frozen
class StateShape:
    """The outline of a state.

    Attributes:
        code: Its code.
        name: Its name.
        path: Its outline as a path of SVG.
    """

    code: str
    name: str
    path: Markup


def state_shapes() -> list[StateShape]:
    """Return the outlines of the states, of DC and of Puerto Rico."""
    return [
        StateShape(code, state["name"], Markup(state["path"]))  # noqa: S704  our own file
        for code, state in _states().items()
    ]


def state_name(code: str) -> str:
    """Return the name of a state; its code if the map does not show it."""
    return _states()[code]["name"] if code in _states() else code


@cache
def _states() -> dict[str, Any]:
    text = files(report_page).joinpath("us_states.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)["states"]
    return found


def _around(center: Point, number: int) -> Point:
    """Return the place of the n-th row around a centre: a sunflower, whose seeds lie evenly."""
    distance = min(_STEP * sqrt(number - 1), _CLOUD * (1 - 1 / (1 + number / 40)) + _STEP)
    angle = number * _GOLDEN_ANGLE
    return center[0] + distance * cos(angle), center[1] + distance * sin(angle)


def _path(points: Iterable[Point]) -> Markup:
    places = dict.fromkeys((round(x, 1), round(y, 1)) for x, y in points)
    return Markup("".join(f"M{x:g} {y:g}h0" for x, y in places))  # noqa: S704  numbers


def _close_up(points: list[Point]) -> str | None:
    if len(points) < 2:  # noqa: PLR2004  one point is close to nothing
        return None
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    width = max(right - left, (bottom - top) / _ASPECT, _LEAST_WIDTH / _MARGIN) * _MARGIN
    if width > WIDTH * _CLOSE:
        return None
    height = width * _ASPECT
    x, y = (left + right - width) / 2, (top + bottom - height) / 2
    return f"{x:.1f} {y:.1f} {width:.1f} {height:.1f}"
