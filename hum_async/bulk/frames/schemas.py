"""What an engine asks before it runs: the columns and types of what `qualify_frame` returns."""

import importlib
from collections.abc import Iterable
from typing import Any, TypeVar

from hum_async.bulk.frames.libraries import frame_of
from hum_async.bulk.result_schema import (
    SERVED_LEVELS,
    Kind,
    ServiceLevel,
    is_result_column,
    kind_of,
    result_columns,
)
from hum_async.bulk.results.frames import needed, result_table

FrameT = TypeVar("FrameT")


def result_meta(frame: FrameT, *, served: Iterable[str] = ()) -> Any:
    """Return what `qualify_frame` would return of a frame, without a row: Dask's ``meta=``.

    Args:
        frame: A ``DataFrame`` of pandas, polars or Dask, or a ``Table`` or ``RecordBatch`` of
            pyarrow. Its rows are not looked at.
        served: Levels of service that get a column, as of `qualify_frame`.

    Raises:
        InputError: The frame is of no known type, or pyarrow is not installed.
        ValueError: A level of service is none.
    """
    example: Any = frame
    if type(frame).__module__.partition(".")[0] == "dask":
        example = importlib.import_module("dask.dataframe.utils").make_meta(frame)
    return frame_of(example).empty().with_results(result_table([], _levels(served)))


def spark_schema(schema: Any, *, served: Iterable[str] = ()) -> Any:
    """Return the schema of what `qualify_frame` returns: that of Spark's ``mapInPandas``.

    Args:
        schema: The ``StructType`` of the rows that go in, as ``frame.schema`` has it.
        served: Levels of service that get a column, as of `qualify_frame`.

    Raises:
        InputError: pyspark is not installed.
        ValueError: A level of service is none.
    """
    types = needed("pyspark.sql.types", "spark_schema()")
    text, whole, number = types.StringType(), types.LongType(), types.DoubleType()
    kinds = {
        Kind.TEXT: text,
        Kind.INTEGER: whole,
        Kind.NUMBER: number,
        Kind.DEGREES: number,
        Kind.MONEY: number,  # pandas has no decimals
        Kind.BOOLEAN: types.BooleanType(),
        Kind.TIMESTAMP: types.TimestampType(),
        Kind.TEXTS: types.ArrayType(text),
        Kind.INTEGERS: types.ArrayType(whole),
    }
    own = [field for field in schema.fields if not is_result_column(field.name)]
    added = [
        types.StructField(name, kinds[kind_of(name)]) for name in result_columns(_levels(served))
    ]
    return types.StructType([*own, *added])


def _levels(served: Iterable[str]) -> tuple[ServiceLevel, ...]:
    return tuple(ServiceLevel.parse(each) for each in served) or SERVED_LEVELS
