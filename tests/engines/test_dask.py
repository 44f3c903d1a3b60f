"""Dask as it is: a worker killed with -9 while it looks up its partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

distributed = pytest.importorskip(
    "distributed", reason="dask is not installed; .ci/engines installs it"
)

# What the engine warns of is its own.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def rows(environment: None, columns: dict[str, list[str]]) -> Iterator[Any]:
    del environment  # the workers inherit it
    import dask.dataframe as dd  # noqa: PLC0415  with the engines
    import pandas as pd  # noqa: PLC0415

    with (
        distributed.LocalCluster(
            n_workers=3, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield dd.from_pandas(pd.DataFrame(columns), npartitions=6)


def test_each_row_comes_out_once_and_nothing_is_bought_twice(
    rows: Any, journal: str, killing: Callable[..., Any], check: Callable[..., None]
) -> None:
    import dask_partitions  # noqa: PLC0415  the example

    with killing() as killed:
        found = dask_partitions.look_up(rows, journal=journal).compute()
    assert killed.killed
    check(list(found["id"]), list(found["hum_outcome"]), list(found["street"]))
    assert list(found.index) == list(range(len(found)))


@pytest.mark.usefixtures("refused")
def test_a_journal_in_a_file_is_refused_in_a_worker(rows: Any, tmp_path: Any) -> None:
    import dask_partitions  # noqa: PLC0415

    with pytest.raises(Exception, match="a worker of Dask may run its rows again"):
        dask_partitions.look_up(rows, journal=str(tmp_path / "job.sqlite")).compute()
