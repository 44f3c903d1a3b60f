from __future__ import annotations

import math
import statistics
from collections import Counter

import pytest

from hum_async.simulator import MAGIC, Magic, _fates
from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._fates import LONGEST_SEARCH, Fate, decide_outcome
from hum_async.simulator._providers import PROVIDERS


def outcomes(count: int, *, seed: int = 0, median: float = 9.0) -> list[Fate]:
    addresses = (PostedAddress(street1=f"{n} Main St", zip="48226") for n in range(count))
    return [decide_outcome(a, seed=seed, median=median) for a in addresses]


def test_the_same_seed_and_address_have_the_same_outcome() -> None:
    assert outcomes(50) == outcomes(50)


def test_another_seed_is_another_world() -> None:
    assert outcomes(50) != outcomes(50, seed=1)


def test_the_shares_are_the_documented_ones() -> None:
    kinds = Counter((o.geocoding, o.internet) for o in outcomes(4000))
    assert kinds["matched", "matched"] / 4000 == pytest.approx(0.86, abs=0.02)
    assert kinds["matched", "failed"] / 4000 == pytest.approx(0.08, abs=0.02)
    assert kinds["multiple", "pending"] / 4000 == pytest.approx(0.03, abs=0.01)
    assert kinds["failed", "pending"] / 4000 == pytest.approx(0.03, abs=0.01)


def test_searches_take_the_documented_time() -> None:
    matched = [o for o in outcomes(2000) if o.geocoding == "matched"]
    times = [o.settled_after for o in matched]
    assert statistics.median(times) == pytest.approx(9.0, rel=0.05)
    assert max(times) <= LONGEST_SEARCH
    assert all(0.25 <= o.geocoded_after / o.settled_after <= 0.40 for o in matched)


def test_a_median_beyond_the_longest_search_is_obeyed() -> None:
    assert statistics.median(o.settled_after for o in outcomes(500, median=60)) > 40


def test_served_addresses_have_one_to_four_known_providers() -> None:
    found = outcomes(500)
    assert {len(o.providers) for o in found if o.internet == "matched"} == {1, 2, 3, 4}
    assert {i for o in found for i in o.providers} == set(range(len(PROVIDERS)))
    assert not any(o.providers for o in found if o.internet != "matched")


def test_an_address_that_is_not_matched_settles_when_geocoding_ends() -> None:
    address = PostedAddress(street1="100 Ambiguous Rd")
    outcome = decide_outcome(address, seed=0)
    assert outcome.settled_after == outcome.geocoded_after


def test_never_done_is_never_done() -> None:
    outcome = decide_outcome(PostedAddress(street1="5 Never Done Dr"), seed=0)
    assert math.isinf(outcome.geocoded_after)
    assert math.isinf(outcome.settled_after)


@pytest.mark.parametrize(("street1", "magic"), MAGIC.items())
def test_every_magic_address_is_recognised_and_documented(street1: str, magic: Magic) -> None:
    assert decide_outcome(PostedAddress(street1=street1.upper()), seed=3).magic is magic
    assert f"| {street1} " in (_fates.__doc__ or "")


def test_no_magic_address_is_documented_that_does_not_exist() -> None:
    documented = (_fates.__doc__ or "").count("\n| 100 ")
    assert documented == len(MAGIC) == len(Magic)
