"""Looks up a data set with Dask; any task may be run again, and nothing is bought twice.

    HUM_API_KEY=... python dask_partitions.py addresses.parquet results "postgresql://db/hum?job=june"

On a cluster, the workers need the key in their environment, and the address of the scheduler goes
into `Client`.
"""

import sys

import dask.dataframe as dd
from dask.distributed import Client

from hum_async.bulk import address_columns, qualify_frame, result_meta


def look_up(rows: dd.DataFrame, *, journal: str, limiter: str | None = None) -> dd.DataFrame:
    """Return the rows with result columns.

    Args:
        rows: Rows with addresses; a worker looks up a partition at a time.
        journal: URL of the journal that all workers share.
        limiter: URL of the store of the limit; None: the database of the journal.
    """
    # Once for all: a partition could show less than the first thousand rows.
    columns = address_columns(rows.head(1000, npartitions=-1))
    return rows.map_partitions(
        qualify_frame,
        journal=journal,
        limiter=limiter,
        map=columns,
        # Without it, Dask calls the function with rows that it makes up.
        meta=result_meta(rows),
    )


if __name__ == "__main__":
    source, target, url = sys.argv[1:]
    with Client():
        look_up(dd.read_parquet(source), journal=url).to_parquet(target)
