"""Ray Data as it is: a worker killed with -9 while it looks up its batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ray = pytest.importorskip("ray", reason="ray is not installed; .ci/engines installs it")

# What the engine warns of is its own.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def rows(environment: None, columns: dict[str, list[str]]) -> Iterator[Any]:
    del environment  # the workers inherit it
    import pyarrow as pa  # noqa: PLC0415  with the engines

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray.data.from_arrow(pa.table(columns)).repartition(6)
    ray.shutdown()


def test_each_row_comes_out_once_and_nothing_is_bought_twice(
    rows: Any, journal: str, killing: Callable[..., Any], check: Callable[..., None]
) -> None:
    import ray_data  # noqa: PLC0415  the example

    with killing() as killed:
        found = ray_data.look_up(rows, journal=journal, batch=100).to_pandas()
    assert killed.killed
    check(list(found["id"]), list(found["hum_outcome"]), list(found["street"]))


@pytest.mark.usefixtures("refused")
def test_a_journal_in_a_file_is_refused_in_a_worker(rows: Any, tmp_path: Any) -> None:
    import ray_data  # noqa: PLC0415

    with pytest.raises(Exception, match="a worker of Ray may run its rows again"):
        ray_data.look_up(rows, journal=str(tmp_path / "job.sqlite")).to_pandas()
