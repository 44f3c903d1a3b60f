"""Looks up a data set with Spark; any task may be run again, and nothing is bought twice.

spark-submit --conf spark.executorEnv.HUM_API_KEY=... --conf spark.speculation=true
  spark_pandas.py addresses.parquet results "postgresql://db/hum?job=june"
"""

import sys
from collections.abc import Iterator

import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from hum_async.bulk import address_columns, qualify_frame, spark_schema


def look_up(rows: DataFrame, *, journal: str, limiter: str | None = None) -> DataFrame:
    """Return the rows with result columns.

    Args:
        rows: Rows with addresses; a worker looks up 10,000 at a time
            (``spark.sql.execution.arrow.maxRecordsPerBatch``).
        journal: URL of the journal that all workers share.
        limiter: URL of the store of the limit; None: the database of the journal.
    """
    # Once for all: a partition could show less than the first thousand rows.
    columns = address_columns(rows.limit(1000).toPandas())

    def parts(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield qualify_frame(frame, journal=journal, limiter=limiter, map=columns)

    return rows.mapInPandas(parts, schema=spark_schema(rows.schema))


if __name__ == "__main__":
    source, target, url = sys.argv[1:]
    spark = SparkSession.builder.getOrCreate()
    look_up(spark.read.parquet(source), journal=url).write.parquet(target)
