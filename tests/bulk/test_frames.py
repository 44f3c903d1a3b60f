"""`qualify_frame`: data frames of pandas, polars and pyarrow in, the same with results out."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from hum_async import (
    ApiUnavailable,
    ConfigurationError,
    InputError,
    JournalError,
    Outcome,
    RateLimiter,
)
from hum_async.bulk import FrameColumns, address_columns, qualify_frame, read_results, result_meta
from hum_async.bulk.result_schema import RESULT_COLUMNS
from hum_async.simulator import Faults, serve_simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hum_async.simulator import Simulator

ROWS = {
    "id": [7, 8, 9, 10, 11],
    "street": [
        "100 Served St",
        "100 No Providers Ave",
        None,
        "100 Served Street",
        "100 Invalid Way",
    ],
    "zip": ["48226", "48226", "48226", "48226-1234", "48226"],
}
OUTCOMES = ["SERVED", "NO_PROVIDERS", "INVALID_ADDRESS", "SERVED", "INVALID_ADDRESS"]
MAKERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "table": pa.table,
    "batch": pa.RecordBatch.from_pydict,
}


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with serve_simulator() as simulator:
        for name, value in simulator.env.items():
            monkeypatch.setenv(name, value)
        yield simulator


@pytest.fixture
def look_up(tmp_path: Path) -> Callable[..., Any]:
    """Call `qualify_frame` with a journal, at a rate that is no limit."""
    return partial(qualify_frame, journal=tmp_path / "job.sqlite", limiter=RateLimiter(rate=1000))


def cells(frame: Any, name: str) -> list[Any]:
    column = frame[name]
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column.to_list())


@pytest.mark.parametrize("kind", MAKERS)
def test_a_frame_comes_back_as_what_it_was_with_the_columns_of_every_output(
    kind: str, simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    frame = MAKERS[kind](ROWS)
    found = look_up(frame)
    assert type(found) is type(frame)
    names = getattr(found, "column_names", None) or list(getattr(found, "columns", ()))
    if kind == "batch":
        names = found.schema.names
    assert names == [*ROWS, *RESULT_COLUMNS]
    for name, values in ROWS.items():
        assert [None if pd.isna(cell) else cell for cell in cells(found, name)] == values
    assert cells(found, "hum_outcome") == OUTCOMES
    assert cells(found, "hum_row") == [1, 2, 3, 4, 5]
    assert cells(found, "hum_requests")[3] == 0  # what row 1 bought
    assert simulator.one_post_per_address()


def test_what_is_taken_for_a_result_has_the_types_of_every_output(
    simulator: Simulator, look_up: Callable[..., Any], tmp_path: Path
) -> None:
    table = look_up(pa.table(ROWS))
    read = read_results(tmp_path / "job.sqlite").to_arrow()
    for name in RESULT_COLUMNS:
        assert table.schema.field(name).type == read.schema.field(name).type
    assert table.schema.metadata[b"hum_schema_version"] == b"2"
    assert simulator.sessions_bought == 2


def test_rows_keep_their_index_and_columns_their_types_in_pandas(
    simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    frame = pd.DataFrame(
        {
            "when": pd.to_datetime(["2026-01-01"] * 3, utc=True),
            "mixed": ["a", 1, {"b": [2]}],
            "kind": pd.Categorical(["x", "y", "x"]),
            "STREET": ["1 Main St", "2 Main St", "3 Main St"],
            "Zip": pd.array([501, 48226, None], dtype="Int64"),
            5: [0.5, 1.5, float("nan")],
        },
        index=pd.Index(["c", "a", "a"], name="key"),
    )
    found = look_up(frame)
    pd.testing.assert_frame_equal(found[list(frame.columns)], frame)
    assert list(found.hum_outcome)[2] == "INVALID_ADDRESS"
    assert "hum_outcome" not in frame.columns
    sent = {
        record.address_key.partition("|")[2] for record in simulator.journal if record.address_key
    }
    assert any("00501" in key for key in sent)


@pytest.mark.parametrize(
    "odd",
    [
        pd.DataFrame({"a": pd.period_range("2026", periods=1, freq="M"), "b": [object()]}),
        pd.DataFrame([[{1, 2}, b"\xff"]], columns=["a", "a"]),
        pl.DataFrame({"a": pl.Series([2**100], dtype=pl.Int128), "b": [b"\xff"]}),
        pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object), "b": [[{"c": 1}]]}),
        pa.table([pa.array([1], pa.duration("ns")), pa.nulls(1)], names=["a", "a"]),
        pa.table({"a": pa.array([pa.MonthDayNano([1, 2, 3])]), "b": pa.array([b"\xff"])}),
    ],
)
def test_columns_of_any_type_are_carried_along(
    odd: Any, simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    address = {"street": ["100 Served St"], "zip": ["48226"]}
    if isinstance(odd, pd.DataFrame):
        found = look_up(pd.concat([odd, pd.DataFrame(address)], axis=1))
        pd.testing.assert_frame_equal(found.iloc[:, :2], odd)
    elif isinstance(odd, pl.DataFrame):
        found = look_up(odd.hstack(pl.DataFrame(address)))
        assert [found[name].to_list() for name in "ab"] == [odd[name].to_list() for name in "ab"]
    else:
        whole = odd.append_column("street", [["100 Served St"]]).append_column("zip", [["48226"]])
        found = look_up(whole)
        assert [found.column(at) for at in range(2)] == odd.columns
    assert simulator.sessions_bought == 1


@pytest.mark.parametrize("kind", MAKERS)
def test_results_of_an_earlier_job_are_replaced(
    kind: str, simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    first = look_up(MAKERS[kind](ROWS))
    before = len(simulator.journal)
    again = look_up(first, served=["1000/500"])
    assert len(simulator.journal) == before
    assert cells(again, "hum_outcome") == OUTCOMES
    names = again.schema.names if kind in {"table", "batch"} else list(again.columns)
    assert names[:3] == list(ROWS)
    assert names.count("hum_outcome") == 1
    assert "hum_served_1000_500" in names
    assert "hum_served_100_20" not in names


@pytest.mark.parametrize("kind", MAKERS)
def test_an_empty_part_has_the_same_columns_and_asks_nobody(
    kind: str, tmp_path: Path, simulator: Simulator
) -> None:
    full = MAKERS[kind](ROWS)
    empty = full.iloc[:0] if kind == "pandas" else full[:0]
    quick = partial(qualify_frame, journal=tmp_path / "job.sqlite", limiter=RateLimiter(rate=1000))
    found, meta = quick(empty), result_meta(full)
    assert not simulator.journal
    assert not (tmp_path / "job.sqlite").exists()
    if kind == "pandas":
        pd.testing.assert_frame_equal(found, meta)
    else:
        assert found.equals(meta)
        assert found.schema == quick(full).schema


def test_the_meta_of_pandas_has_the_types_of_what_comes(
    simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    frame = pd.DataFrame(ROWS, index=pd.Index([5, 4, 3, 2, 1], name="n"))
    found, meta = look_up(frame), result_meta(frame)
    assert found.dtypes.to_dict() == meta.dtypes.to_dict()
    assert found.index.dtype == meta.index.dtype
    # Also where no row has any value.
    nothing = look_up(pd.DataFrame({"street": ["100 Invalid Way"], "zip": ["48226"]}))
    assert (
        nothing.dtypes[list(RESULT_COLUMNS)].to_dict()
        == meta.dtypes[list(RESULT_COLUMNS)].to_dict()
    )
    assert simulator.sessions_bought


def test_many_rows_with_the_same_address_buy_it_once(
    simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    frame = pl.DataFrame({"address": [f"{n % 50} Main St, Detroit, MI 48226" for n in range(600)]})
    found = look_up(frame)
    assert found.height == 600
    assert simulator.sessions_bought == 50
    assert Counter(found["hum_requests"].to_list())[0] == 550
    first = found.filter(pl.col("hum_row") <= 50)["hum_outcome"].to_list()
    assert found["hum_outcome"].to_list() == first * 12


def test_columns_in_doubt_buy_nothing_and_say_what_to_pass(
    simulator: Simulator, tmp_path: Path
) -> None:
    frame = pd.DataFrame(
        {
            "Mailing Street": ["1 Main St", "2 Main St"],
            "Mailing Zip": ["48226", "48226"],
            "Service Street": ["3 Oak St", "4 Oak St"],
            "Service Zip": ["48201", "48201"],
        }
    )
    with pytest.raises(InputError, match="in doubt") as caught:
        qualify_frame(frame, journal=tmp_path / "job.sqlite")
    assert not simulator.journal
    assert "--" not in str(caught.value)
    advice = str(caught.value).partition("map=")[2].partition("}")[0] + "}"
    told = eval(advice)  # noqa: S307  a literal of a message of ours
    found = qualify_frame(frame, journal=tmp_path / "job.sqlite", map=told)
    assert set(found.hum_outcome) <= set(Outcome)
    assert simulator.sessions_bought == 2


def test_what_is_missing_is_told_with_what_to_pass(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": ["x"], "b": ["y"]})
    with pytest.raises(InputError, match=r'map=\{"street1": "COLUMN"\}') as caught:
        qualify_frame(frame, journal=tmp_path / "job.sqlite")
    assert "--map" not in str(caught.value)
    with pytest.raises(InputError, match=r"no column 'c'.*correct map="):
        qualify_frame(frame, journal=tmp_path / "job.sqlite", map={"street1": "c"})
    with pytest.raises(InputError, match="no field 'road'"):
        qualify_frame(frame, journal=tmp_path / "job.sqlite", map={"road": "a"})


def test_columns_decided_once_hold_for_parts_that_show_less(
    simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    whole = pd.DataFrame(
        {
            "no": ["1", "2", "3", "4"],
            "road": ["Main St", "Main St", "Oak St", "Oak St"],
            "zip": ["48226"] * 4,
        }
    )
    columns = address_columns(whole, map={"street1": "no+road"})
    assert pickle.loads(pickle.dumps(columns)) == columns  # noqa: S301  our own
    assert columns == FrameColumns({"street1": "no+road", "zip": "zip"})
    parts = [look_up(whole.iloc[at : at + 1], map=columns) for at in range(4)]
    assert pd.concat(parts).index.tolist() == [0, 1, 2, 3]
    assert simulator.sessions_bought == 4
    with pytest.raises(InputError, match="no column 'road'"):
        look_up(whole[["no", "zip"]], map=columns)


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (pl.LazyFrame({"a": [1]}), r"polars.LazyFrame: pass frame.collect\(\)"),
        (pd.Series([1]), r"pandas.Series: pass series.to_frame\(\)"),
        ([1], "builtins.list: pass a DataFrame"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "several levels"),
    ],
)
def test_what_is_no_frame_is_told_what_to_pass(value: Any, advice: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=advice):
        qualify_frame(value, journal=tmp_path / "job.sqlite")


async def test_inside_a_running_loop_it_says_to_use_a_thread(
    simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    frame = pd.DataFrame({"street": ["100 Served St"], "zip": ["48226"]})
    with pytest.raises(ConfigurationError, match=r"asyncio\.to_thread\(qualify_frame"):
        look_up(frame)
    assert not simulator.journal
    found = await asyncio.to_thread(look_up, frame)
    assert list(found.hum_outcome) == ["SERVED"]


def test_an_outage_stops_it_and_the_next_call_goes_on(
    simulator: Simulator, look_up: Callable[..., Any]
) -> None:
    frame = pd.DataFrame({"street": [f"{n} Main St" for n in range(1, 121)], "zip": "48226"})
    simulator.faults = Faults(server_error=1.0)
    with pytest.raises(ApiUnavailable, match=r"25 look-ups.*call it again when the API works"):
        look_up(frame)
    simulator.faults = Faults()
    found = look_up(frame)
    assert simulator.one_post_per_address()
    uncertain = (found.hum_outcome == "UNCERTAIN").sum()
    assert 25 <= uncertain < 120
    assert "UNCERTAIN" not in set(look_up(frame, retry={Outcome.UNCERTAIN}).hum_outcome)
    assert simulator.sessions_bought == 120


def test_what_cannot_work_is_said_at_once(
    look_up: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"street": ["100 Served St"], "zip": ["48226"]})
    with pytest.raises(ConfigurationError, match="HUM_API_KEY"):
        look_up(frame)
    with pytest.raises(ConfigurationError, match="base URL"):
        look_up(frame, base_url="nonsense://")
    with pytest.raises(ValueError, match="no level of service"):
        look_up(frame, served=["fast"])
    monkeypatch.setenv("HUM_API_KEY", "a-key")
    with pytest.raises(ValueError, match="max_sessions"):
        look_up(frame, max_sessions=0)


@pytest.mark.slow
def test_parts_that_are_looked_up_side_by_side_buy_each_address_once(
    simulator: Simulator, postgres_url: str
) -> None:
    streets = [f"{number} Main St" for number in range(1, 31)]
    parts = [pl.DataFrame({"street": streets[at:], "zip": "48226"}) for at in range(0, 20, 5)]
    look_up = partial(qualify_frame, journal=f"{postgres_url}?job=june")
    with ThreadPoolExecutor(len(parts)) as pool:
        found = list(pool.map(look_up, parts))
    assert [part["street"].to_list() for part in found] == [streets[at:] for at in range(0, 20, 5)]
    assert simulator.one_post_per_address()
    assert simulator.sessions_bought == 30
    # Looked up again, as an engine does whose worker has died.
    before = len(simulator.journal)
    assert look_up(parts[0])["hum_outcome"].to_list() == found[0]["hum_outcome"].to_list()
    assert len(simulator.journal) == before


def test_no_frame_of_an_exception_shows_where_the_journal_is(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "a-key")
    journal = postgres_url.replace("hum@", "hum:geheim@") + "?job=june"
    frame = pl.DataFrame({"street": ["1 Main St"], "zip": ["48226"]})
    with pytest.raises(ValueError, match="max_sessions") as caught:
        qualify_frame(frame, journal=journal, max_sessions=0)
    ours = [entry for entry in caught.traceback if "/hum_async/" in str(entry.path)]
    assert len(ours) > 2
    # That of `qualify` is told it, and passes it on.
    for entry in [entry for entry in ours if entry.name != "qualify"]:
        assert "geheim" not in repr(entry.frame.f_locals), entry.name


class Nobody:
    """Stands for `ray`, `distributed` and `pyspark` in a process that is no worker."""

    TaskContext = SimpleNamespace(get=lambda: None)

    def is_initialized(self) -> bool:
        return True

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(get_task_id=lambda: None, get_actor_id=lambda: None)

    def get_worker(self) -> Any:
        raise ValueError("No worker found")


class Worker(Nobody):
    """Stands for them in a worker."""

    TaskContext = SimpleNamespace(get=lambda: "a task")

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(get_task_id=lambda: None, get_actor_id=lambda: "an actor")

    def get_worker(self) -> Any:
        return "a worker"


@pytest.mark.parametrize(
    ("module", "engine"), [("ray", "Ray"), ("distributed", "Dask"), ("pyspark", "Spark")]
)
def test_a_worker_of_an_engine_needs_a_journal_that_all_share(
    module: str, engine: str, look_up: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pl.DataFrame(ROWS)
    monkeypatch.setenv("RAY_JOB_ID", "01000000")
    monkeypatch.setitem(sys.modules, module, Nobody())
    with pytest.raises(ConfigurationError, match="HUM_API_KEY"):
        look_up(frame)  # as far as the client
    monkeypatch.setitem(sys.modules, module, Worker())
    with pytest.raises(JournalError, match=rf"a worker of {engine} may.*postgresql://.*job=NAME"):
        look_up(frame)


def test_a_journal_is_needed() -> None:
    frame = pa.table({"street": ["100 Served St"], "zip": ["48226"]})
    with pytest.raises(ConfigurationError, match=r"job\.sqlite"):
        qualify_frame(frame, journal=None)  # type: ignore[arg-type]
