"""What the columns of a table mean: found by headings and contents, or named by the user."""

from hum_async.bulk.columns._finding import (
    MAP_OPTION,
    ColumnPlan,
    find_columns,
    mapped_columns,
    plan_columns,
    rate_header,
)
from hum_async.bulk.columns._mapping import MappingError, Source, text_of
from hum_async.bulk.columns._reading import FIELDS, AddressColumns
from hum_async.bulk.columns._ways import only_a_person_knows, ways_of
from hum_async.bulk.columns.doubts.doubt import Doubt, Way

__all__ = [
    "FIELDS",
    "MAP_OPTION",
    "AddressColumns",
    "ColumnPlan",
    "Doubt",
    "MappingError",
    "Source",
    "Way",
    "find_columns",
    "mapped_columns",
    "only_a_person_knows",
    "plan_columns",
    "rate_header",
    "text_of",
    "ways_of",
]
