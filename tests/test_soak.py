"""The arithmetic of the soak: it hears of a leak, and of nothing else."""

import importlib.util
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

PLACE = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(name="trend", scope="module")
def _trend() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("_trend", PLACE / "_trend.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_trend"] = module  # attrs looks for it there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["_trend"]


def test_a_slope_is_that_of_the_line_whatever_a_quarter_of_the_samples_says(trend: Any) -> None:
    rng = random.Random(1)  # noqa: S311
    line = [(float(x), 7.0 + 3.0 * x) for x in range(40)]
    assert trend.slope(line) == pytest.approx(3.0)
    for index in rng.sample(range(40), 10):
        line[index] = (line[index][0], rng.uniform(-1e6, 1e6))
    assert trend.slope(line) == pytest.approx(3.0, abs=0.5)


@given(st.lists(st.integers(0, 1000), max_size=12, unique=True), st.integers(-50, 50))
def test_any_samples_of_a_line_have_its_slope(trend: Any, xs: list[int], rise: int) -> None:
    found = trend.slope([(x, 5 + rise * x) for x in xs])
    assert found == pytest.approx(rise if len(xs) > 1 else 0)


def test_samples_of_one_moment_say_nothing(trend: Any) -> None:
    assert trend.slope([]) == trend.slope([(1, 5)]) == trend.slope([(1, 5), (1, 9)]) == 0


def samples(*tasks: float, every: float = 6.0) -> list[tuple[float, dict[str, float]]]:
    return [(every * number, {"tasks": count}) for number, count in enumerate(tasks)]


def test_what_grows_after_the_warm_up_by_more_than_its_noise_leaks(trend: Any) -> None:
    (found,) = trend.trends(samples(9, 9, 3, 4, 5, 6, 7, 8), {"tasks": 4.0}, warm_up=0.25)
    assert (found.first, found.last) == (3, 8)
    assert found.per_minute == pytest.approx(10.0)  # one each 6 s
    assert found.bound == pytest.approx(8.0)  # 4 in the half minute that counts
    assert found.leaks
    (found,) = trend.trends(samples(9, 9, 3, 4, 5, 6, 7, 8), {"tasks": 6.0}, warm_up=0.25)
    assert not found.leaks


def test_a_longer_run_notices_a_slower_leak(trend: Any) -> None:
    for rounds, leaks in ((5, False), (40, True)):
        counts = [100 + number / 3 for number in range(rounds)]
        (found,) = trend.trends(samples(*counts), {"tasks": 5.0}, warm_up=0.3)
        assert found.leaks is leaks


def test_what_grows_at_first_alone_does_not(trend: Any) -> None:
    (found,) = trend.trends(samples(1, 20, 40, 50, 50, 50, 50, 50), {"tasks": 1.0}, warm_up=0.4)
    assert found.per_minute == 0
    assert not found.leaks


@given(st.lists(st.sampled_from([0, 5, 15, 20]), min_size=5, max_size=30))
@example([0, 0, 20, 20, 20])
@example([0, 0, 0, 20, 20, 20])
def test_what_stays_well_within_its_noise_does_not(trend: Any, counts: list[float]) -> None:
    (found,) = trend.trends(samples(*counts), {"tasks": 25.0}, warm_up=0.0)
    event(f"slope of {found.per_minute / found.bound:.1f} bounds")
    assert not found.leaks


def test_what_shrinks_or_jumps_once_does_not(trend: Any) -> None:
    for counts in ((9, 8, 7, 6, 5), (5, 5, 5, 5, 90, 5, 5, 5)):
        (found,) = trend.trends(samples(*counts), {"tasks": 1.0}, warm_up=0.0)
        assert not found.leaks


def test_too_few_samples_are_no_proof(trend: Any) -> None:
    for counts in ((), (1, 1), (1, 1, 1)):
        with pytest.raises(ValueError, match="run for longer"):
            trend.trends(samples(*counts), {"tasks": 0.5}, warm_up=0.5)


@pytest.mark.parametrize(
    ("ended", "faults"),
    [
        (["a", "b"], {}),
        (["b", "a"], {}),
        (["a"], {"never": 1}),
        (["a", "b", "b"], {"twice or more": 1}),
        (["a", "b", "c"], {"unknown": 1}),
        (["a", "a", "c"], {"never": 1, "twice or more": 1, "unknown": 1}),
    ],
)
def test_each_token_ends_exactly_once(trend: Any, ended: list[str], faults: dict[str, int]) -> None:
    ends = trend.Ends()
    ends.check(["a", "b"], ended)
    assert ends.faults == faults
    assert (ends.begun, ends.ended) == (2, len(ended))
    ends.check(["a", "b"], ["a", "b"])  # another watch of the same tokens
    assert ends.faults == faults
