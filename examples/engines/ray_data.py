"""Looks up a data set with Ray Data; any task may be run again, and nothing is bought twice.

    HUM_API_KEY=... python ray_data.py addresses.parquet results "postgresql://db/hum?job=june"

On a cluster, the workers need the key in their environment:
``ray.init(runtime_env={"env_vars": {"HUM_API_KEY": ...}})``.
"""

import sys

import ray.data

from hum_async.bulk import address_columns, qualify_frame


def look_up(
    rows: ray.data.Dataset, *, journal: str, limiter: str | None = None, batch: int = 10_000
) -> ray.data.Dataset:
    """Return the rows with result columns.

    Args:
        rows: Rows with addresses.
        journal: URL of the journal that all workers share.
        limiter: URL of the store of the limit; None: the database of the journal.
        batch: Rows that a worker looks up at a time.
    """
    # Once for all: a batch could show less than the first thousand rows.
    columns = address_columns(rows.take_batch(1000, batch_format="pyarrow"))
    return rows.map_batches(
        qualify_frame,
        fn_kwargs={"journal": journal, "limiter": limiter, "map": columns},
        batch_format="pyarrow",
        batch_size=batch,
        num_cpus=0.5,  # it waits for answers most of the time
    )


if __name__ == "__main__":
    source, target, url = sys.argv[1:]
    look_up(ray.data.read_parquet(source), journal=url).write_parquet(target)
