"""Spark as it is, with speculation: an executor killed with -9 while it looks up its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed; .ci/engines installs it")

# What the engine warns of is its own.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def rows(environment: None, columns: dict[str, list[str]]) -> Iterator[Any]:
    del environment  # the executors inherit it
    import pandas as pd  # noqa: PLC0415  with the engines

    session = (
        # Executors are processes of their own here, and speculation is on only there.
        sql.SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.speculation", "true")
        .config("spark.speculation.interval", "100ms")
        .config("spark.speculation.quantile", "0.3")
        .config("spark.speculation.multiplier", "1.1")
        .config("spark.speculation.minTaskRuntime", "100ms")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session.createDataFrame(pd.DataFrame(columns)).repartition(6)
    session.stop()


def test_each_row_comes_out_once_and_nothing_is_bought_twice(
    rows: Any,
    journal: str,
    killing: Callable[..., Any],
    check: Callable[..., None],
    tmp_path: Any,
) -> None:
    import spark_pandas  # noqa: PLC0415  the example

    with killing(lambda parent: "CoarseGrainedExecutorBackend" in str(parent.cmdline())) as killed:
        found = spark_pandas.look_up(rows, journal=journal)
        found.write.parquet(str(tmp_path / "out"))
    assert len(killed.killed) == 2  # the executor, and what ran Python for it
    read = rows.sparkSession.read.parquet(str(tmp_path / "out"))
    assert read.schema == found.schema
    out = read.toPandas()
    check(list(out["id"]), list(out["hum_outcome"]), list(out["street"]))


@pytest.mark.usefixtures("refused")
def test_a_journal_in_a_file_is_refused_in_a_worker(rows: Any, tmp_path: Any) -> None:
    import spark_pandas  # noqa: PLC0415

    with pytest.raises(Exception, match="a worker of Spark may run its rows again"):
        spark_pandas.look_up(rows.coalesce(1), journal=str(tmp_path / "job.sqlite")).count()
