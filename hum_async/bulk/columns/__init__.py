"""What the columns of a table mean: found by headings and contents, or named by the user."""

from hum_async.bulk.columns._doubts import Doubt, Way
from hum_async.bulk.columns._finding import (
    ColumnPlan,
    find_columns,
    mapped_columns,
    plan_columns,
    rate_header,
)
from hum_async.bulk.columns._mapping import MappingError, Source, text_of
from hum_async.bulk.columns._reading import FIELDS, AddressColumns

__all__ = [
    "FIELDS",
    "AddressColumns",
    "ColumnPlan",
    "Doubt",
    "MappingError",
    "Source",
    "Way",
    "find_columns",
    "mapped_columns",
    "plan_columns",
    "rate_header",
    "text_of",
]
