"""Where a place lies on the map of the United States: Albers' equal-area conic, with insets.

The map is the usual one of 975 x 610 units: the contiguous states, below them Alaska at 0.35 of
their scale and Hawaii, and Puerto Rico right of Florida. A unit is about 5 km.
"""

from collections.abc import Callable
from math import cos, pi, radians, sin, sqrt

import attrs

WIDTH = 975
HEIGHT = 610
_SCALE = 1300

Point = tuple[float, float]


@attrs.frozen(kw_only=True)
class _Inset:
    """A part of the map with a projection of its own.

    Attributes:
        south: The southern end of what it shows, degrees.
        north: The northern end.
        west: The western end, degrees east; beyond -180 behind the date line.
        east: The eastern end.
        project: Returns the point of a latitude and a longitude on the map.
    """

    south: float
    north: float
    west: float
    east: float
    project: Callable[[float, float], Point]

    def covers(self, latitude: float, longitude: float) -> bool:
        """Whether a place is in it."""
        west_of_greenwich = longitude if longitude <= 0 else longitude - 360
        return self.south < latitude < self.north and self.west < west_of_greenwich < self.east


def _conic(
    *,
    parallels: tuple[float, float],
    meridian: float,
    center: tuple[float, float],
    at: Point,
    scale: float = _SCALE,
) -> Callable[[float, float], Point]:
    """Return an Albers projection (Snyder, Map Projections, 1987, equations 14-1 to 14-6).

    Args:
        parallels: The standard parallels, degrees.
        meridian: The central meridian, degrees east.
        center: Longitude from the meridian and latitude of the place that is drawn at `at`.
        at: A point of the map.
        scale: Units per radian.
    """
    low, high = map(sin, map(radians, parallels))
    cone = (low + high) / 2
    constant = 1 + low * (2 * cone - low)
    origin = sqrt(constant) / cone

    def raw(longitude: float, latitude: float) -> Point:
        radius = sqrt(constant - 2 * cone * sin(latitude)) / cone
        return radius * sin(cone * longitude), origin - radius * cos(cone * longitude)

    zero = raw(*map(radians, center))

    def project(latitude: float, longitude: float) -> Point:
        # The Aleutian Islands reach over the date line.
        turned = (radians(longitude - meridian) + pi) % (2 * pi) - pi
        x, y = raw(turned, radians(latitude))
        return at[0] + scale * (x - zero[0]), at[1] - scale * (y - zero[1])

    return project


_ALASKA = _Inset(
    south=50.5,
    north=72,
    west=-190,
    east=-129,
    project=_conic(
        parallels=(55, 65), meridian=-154, center=(-2, 58.5), at=(88.4, 566.3), scale=_SCALE * 0.35
    ),
)
_HAWAII = _Inset(
    south=18,
    north=23,
    west=-161,
    east=-154,
    project=_conic(parallels=(8, 18), meridian=-157, center=(-3, 19.9), at=(221, 580.6)),
)
_PUERTO_RICO = _Inset(
    south=17,
    north=19,
    west=-68.5,
    east=-64.5,
    project=_conic(parallels=(8, 18), meridian=-66.4, center=(0, 18.2), at=(915, 570)),
)
_CONTIGUOUS = _Inset(
    south=24,
    north=50,
    west=-125.5,
    east=-66.5,
    project=_conic(parallels=(29.5, 45.5), meridian=-96, center=(-0.6, 38.7), at=(487.5, 305)),
)
_INSETS = (_CONTIGUOUS, _ALASKA, _HAWAII, _PUERTO_RICO)


def project(latitude: float, longitude: float) -> Point | None:
    """Return the point of a place on the map, from the top left; None where the map has nothing.

    Args:
        latitude: Degrees north.
        longitude: Degrees east.
    """
    for inset in _INSETS:
        if inset.covers(latitude, longitude):
            return inset.project(latitude, longitude)
    return None
