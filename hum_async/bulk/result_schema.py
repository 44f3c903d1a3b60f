"""The schema of the result columns: their names, types and order.

docs/results.md describes it for users; a test compares the two. A change that gives a column
another type or meaning, or takes one away, is a new `SCHEMA_VERSION`.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

import attrs

SCHEMA_VERSION = 2
"""Version 1 had no coordinates, flags and cents, and a manifest that did not name it."""


class Kind(StrEnum):
    """The type of a result column."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DEGREES = "degrees"
    MONEY = "decimal"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    TEXTS = "list of texts"
    INTEGERS = "list of integers"
    POINT = "point"


@attrs.frozen(order=True)
class ServiceLevel:
    """A speed that an address is asked to be served with.

    Attributes:
        download: Mbps.
        upload: Mbps.
    """

    download: int
    upload: int

    @classmethod
    def parse(cls, text: str) -> "ServiceLevel":
        """Return the level of a text such as ``100/20``.

        Raises:
            ValueError: It is none.
        """
        found = re.fullmatch(r"\s*([1-9]\d{0,5})\s*/\s*([1-9]\d{0,5})\s*", text, re.ASCII)
        if found is None:
            raise ValueError(
                f"{text!r} is no level of service; say Mbps down and up as whole numbers: 100/20"
            )
        return cls(int(found[1]), int(found[2]))

    @property
    def column(self) -> str:
        """Name of its column."""
        return f"hum_served_{self.download}_{self.upload}"

    def __str__(self) -> str:
        return f"{self.download}/{self.upload}"


SERVED_LEVELS = (ServiceLevel(100, 20), ServiceLevel(25, 3))
"""What the FCC calls served, and what it calls underserved and not unserved, by default."""

GEOMETRY = "hum_geometry"
"""The point of an address; a column of GeoParquet, and the geometry of a feature in GeoJSON."""

TECHNOLOGIES = ("fiber", "cable", "dsl", "fixed_wireless", "satellite", "other")
"""The technologies that have a flag."""

_BEFORE_LEVELS = (
    "hum_outcome",
    "hum_service_address",
    "hum_latitude",
    "hum_longitude",
    "hum_provider_count",
    "hum_providers",
    "hum_technologies",
    "hum_fcc_technology_codes",
    *(f"hum_has_{technology}" for technology in TECHNOLOGIES),
    "hum_max_download_mbps",
    "hum_max_upload_mbps",
)
_BEHIND_LEVELS = (
    "hum_min_price_usd",
    "hum_min_price_cents",
    "hum_source",
    "hum_data_set",
    "hum_observed_at",
    "hum_requests",
    "hum_elapsed_s",
    "hum_library_version",
    "hum_error",
    "hum_note",
    "hum_row",
)


def result_columns(levels: tuple[ServiceLevel, ...] = SERVED_LEVELS) -> tuple[str, ...]:
    """Return the names of the result columns, in order.

    Args:
        levels: The levels of service that have a column.
    """
    return (*_BEFORE_LEVELS, *(level.column for level in levels), *_BEHIND_LEVELS)


RESULT_COLUMNS = result_columns()
"""The result columns with the default levels of service."""

_OWN = {*RESULT_COLUMNS, GEOMETRY}
_SERVED = re.compile(r"hum_served_\d+_\d+")

_KINDS = {
    "hum_latitude": Kind.DEGREES,
    "hum_longitude": Kind.DEGREES,
    "hum_provider_count": Kind.INTEGER,
    "hum_providers": Kind.TEXTS,
    "hum_technologies": Kind.TEXTS,
    "hum_fcc_technology_codes": Kind.INTEGERS,
    "hum_fcc_technology_code": Kind.INTEGER,
    "hum_observed_at": Kind.TIMESTAMP,
    "hum_requests": Kind.INTEGER,
    "hum_elapsed_s": Kind.NUMBER,
    "hum_min_price": Kind.MONEY,
    "hum_row": Kind.INTEGER,
    "hum_change": Kind.TEXTS,
    "hum_providers_gained": Kind.TEXTS,
    "hum_providers_lost": Kind.TEXTS,
    GEOMETRY: Kind.POINT,
}
_KINDS_BY_NAME = (
    (re.compile(r"hum_(has_\w+|served_\d+_\d+)"), Kind.BOOLEAN),
    (re.compile(r"hum_\w+_cents"), Kind.INTEGER),
    (re.compile(r"hum_\w+_mbps"), Kind.NUMBER),
    (re.compile(r"hum_(min_price_usd|price_\w+)"), Kind.MONEY),
)


@lru_cache(maxsize=4096)  # asked for each cell that is read back
def kind_of(column: str) -> Kind:
    """Return the type of an added column: by its name, so that a price can have any name."""
    # The columns of a comparison show the older value beside the newer one.
    name = column.replace("hum_old_", "hum_", 1)
    known = _KINDS.get(name)
    if known is not None:
        return known
    return next((kind for pattern, kind in _KINDS_BY_NAME if pattern.fullmatch(name)), Kind.TEXT)


def described(columns: Iterable[str]) -> dict[str, str]:
    """Return the type of each added column, for a manifest."""
    return {name: str(kind_of(name)) for name in columns}


def is_result_column(name: str) -> bool:
    """Whether a column of a table holds an earlier result, which a job writes anew."""
    return name in _OWN or _SERVED.fullmatch(name) is not None
