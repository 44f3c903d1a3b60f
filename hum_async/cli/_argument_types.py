"""Types of arguments that several commands take."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._purchases.prices import decimal_of, micros_of
from hum_async.bulk.result_schema import ServiceLevel


def _not_an_option(_: object, value: str | tuple[str, ...] | None) -> None:
    for each in (value,) if isinstance(value, str) else value or ():
        if each.startswith("-") and each != "-":
            raise ValueError(f"there is no option {each}; write ./{each} if it is a file's name")


PathOrDash = Annotated[
    str, Parameter(allow_leading_hyphen=True, validator=_not_an_option, metavar="FILE")
]
"""A path, or - for standard input or output; what begins with another dash is an option."""

OutputFormat = Literal["csv", "tsv", "json", "jsonl", "geojson", "excel", "parquet", "geoparquet"]
"""A format that can be written."""

Positive = Annotated[float, Parameter(validator=Number(gt=0))]
"""A number above 0."""

Speed = Annotated[float, Parameter(validator=Number(gt=0, lte=1e6))]
"""A speed that the clock of a simulator can have."""


def _levels(_: Any, tokens: Any) -> tuple[ServiceLevel, ...]:
    parts = (part for token in tokens for part in token.value.split(","))
    return tuple(dict.fromkeys(ServiceLevel.parse(part) for part in parts))


ServiceLevels = Annotated[
    tuple[ServiceLevel, ...], Parameter(converter=_levels, n_tokens=1, metavar="DOWN/UP,...")
]
"""Levels of service in Mbps, as 100/20,25/3."""


def _amount(_: Any, tokens: Any) -> Decimal:
    written = tokens[0].value.strip().removeprefix("$")
    if "," in written:
        # 0,05 is five cents to many people; to take it for 5 would lift a bound a hundredfold.
        raise ValueError(f"write an amount of money without commas, as 0.05 or 2500, not {written}")
    return decimal_of(micros_of(written))


Amount = Annotated[Decimal, Parameter(converter=_amount, n_tokens=1, metavar="AMOUNT")]
"""An amount of money above 0, as 0.05 or 25.00."""
