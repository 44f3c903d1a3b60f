"""The fates of addresses: shares, times and magic streets."""

import math
import statistics
from collections import Counter
from pathlib import Path

import pytest

from hum_async.simulator import MAGIC, Magic, _fates
from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._fates import LONGEST_SEARCH, Fate, decide_fate
from hum_async.simulator._providers import PROVIDERS


def fates(count: int, *, seed: int = 0, median: float = 9.0) -> list[Fate]:
    addresses = (PostedAddress(street1=f"{n} Main St", zip="48226") for n in range(count))
    return [decide_fate(a, seed=seed, median=median) for a in addresses]


def test_the_same_seed_and_address_have_the_same_fate() -> None:
    assert fates(50) == fates(50)


def test_another_seed_has_other_fates() -> None:
    assert fates(50) != fates(50, seed=1)


def test_the_shares_are_the_documented_ones() -> None:
    kinds = Counter((fate.geocoding, fate.internet) for fate in fates(4000))
    assert kinds["matched", "matched"] / 4000 == pytest.approx(0.86, abs=0.02)
    assert kinds["matched", "failed"] / 4000 == pytest.approx(0.08, abs=0.02)
    assert kinds["multiple", "pending"] / 4000 == pytest.approx(0.03, abs=0.01)
    assert kinds["failed", "pending"] / 4000 == pytest.approx(0.03, abs=0.01)


def test_searches_take_the_documented_time() -> None:
    matched = [fate for fate in fates(2000) if fate.geocoding == "matched"]
    times = [fate.settled_after for fate in matched]
    assert statistics.median(times) == pytest.approx(9.0, rel=0.05)
    assert max(times) <= LONGEST_SEARCH
    assert all(0.25 <= fate.geocoded_after / fate.settled_after <= 0.40 for fate in matched)


def test_a_median_beyond_the_longest_search_is_obeyed() -> None:
    assert statistics.median(fate.settled_after for fate in fates(500, median=60)) > 40


def test_served_addresses_have_one_to_four_known_providers() -> None:
    found = fates(500)
    assert {len(fate.providers) for fate in found if fate.internet == "matched"} == {1, 2, 3, 4}
    assert {i for fate in found for i in fate.providers} == set(range(len(PROVIDERS)))
    assert not any(fate.providers for fate in found if fate.internet != "matched")


def test_an_address_that_is_not_matched_settles_when_geocoding_ends() -> None:
    address = PostedAddress(street1="100 Ambiguous Rd")
    fate = decide_fate(address, seed=0)
    assert fate.settled_after == fate.geocoded_after


def test_never_done_is_never_done() -> None:
    fate = decide_fate(PostedAddress(street1="5 Never Done Dr"), seed=0)
    assert math.isinf(fate.geocoded_after)
    assert math.isinf(fate.settled_after)


@pytest.mark.parametrize(("street1", "magic"), MAGIC.items())
def test_every_magic_address_is_recognised_and_documented(street1: str, magic: Magic) -> None:
    assert decide_fate(PostedAddress(street1=street1.upper()), seed=3).magic is magic
    assert f"| {street1} " in (_fates.__doc__ or "")
    page = Path(__file__).parents[2] / "docs" / "testing.md"
    row = next(line for line in page.read_text("utf-8").splitlines() if f"`{street1}`" in line)
    assert row.startswith("| ")


def test_no_magic_address_is_documented_that_does_not_exist() -> None:
    documented = (_fates.__doc__ or "").count("\n| 100 ")
    assert documented == len(MAGIC) == len(Magic)
