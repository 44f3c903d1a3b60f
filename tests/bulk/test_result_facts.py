"""The columns of an output, from stored results without making the whole of them."""

from __future__ import annotations

import zlib
from datetime import UTC

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import (
    Address,
    AddressError,
    ConnectFailed,
    JournalError,
    Money,
    Offering,
    Outcome,
    Plan,
    Promo,
    Provider,
    Qualification,
    ResponseError,
    ServiceAddress,
    SpeedRange,
)
from hum_async._purchases.codec import pack, unpack
from hum_async._version import __version__
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.result_facts import (
    OfferingFacts,
    PlaceFacts,
    PlanFacts,
    ProviderFacts,
    ResultFacts,
    SpeedFacts,
    stored_facts,
)

WORDS = st.none() | st.sampled_from(["Fiber", "cable", "GSO Satellite", "=cmd", "", "Zürich"])
SPEEDS = st.none() | st.integers(0, 10_000) | st.floats(0, 1e4)
EXTRAS = st.dictionaries(
    st.sampled_from(["technology_code", "x"]), st.none() | st.integers(0, 99) | st.text(max_size=3)
)
MONEY = st.builds(Money, st.integers(-99, 10**6), st.sampled_from(["USD", "CAD"]))
RANGES = st.none() | st.builds(SpeedRange, st.integers(0, 50), st.floats(0, 5000))
RESULTS = st.builds(
    Qualification,
    key=st.none(),
    address=st.builds(
        Address, st.just("1 Main St"), latitude=st.none() | st.floats(-99, 99), longitude=st.just(2)
    ),
    outcome=st.sampled_from(Outcome),
    providers=st.lists(
        st.builds(
            Provider,
            st.sampled_from(["Skyreach", "Lone Star"]),
            id=WORDS,
            min_price=st.none() | MONEY,
            promos=st.just((Promo("a", "b"),)),
            offerings=st.lists(
                st.builds(Offering, WORDS, WORDS, SPEEDS, SPEEDS, EXTRAS), max_size=2
            ).map(tuple),
            catalog=st.lists(
                st.builds(
                    Plan,
                    WORDS,
                    technology=WORDS,
                    download=RANGES,
                    upload=RANGES,
                    pricing=st.just({"fee": Money(1)}),
                    extra=EXTRAS,
                ),
                max_size=2,
            ).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    service_address=st.none()
    | st.builds(
        ServiceAddress,
        WORDS,
        latitude=st.none() | st.floats(-99, 99),
        longitude=st.none() | st.integers(-200, 200),
        extra=EXTRAS,
    ),
    data_set=WORDS,
    requests=st.integers(0, 9),
    elapsed=st.floats(0, 99),
    observed_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    error=st.none()
    | st.sampled_from(
        [
            AddressError("bad", field="zip"),
            AddressError("bad", field="city"),
            ResponseError("too many"),
            ConnectFailed("no route"),
        ]
    ),
    library_version=st.sampled_from([__version__, "0.0.9"]),
    source=st.none() | st.just("POST /sessions"),
)


@given(RESULTS)
def test_facts_of_a_stored_result_give_the_columns_that_the_whole_result_gives(
    result: Qualification[None],
) -> None:
    packed = pack(result, digest=b"d")
    whole = unpack(packed, key=None, address=result.address, digest=b"d")
    facts = stored_facts(packed, address=result.address, digest=b"d")
    written = [result_values(each, "a note", row=7) for each in (whole, facts)]
    assert [repr(each) for each in written] == [repr(written[0])] * 2
    # Stored and read again, the columns are what they were; only the type of a number may change.
    assert written[0] == result_values(result, "a note", row=7)
    assert (facts.data_set, facts.observed_at) == (whole.data_set, whole.observed_at)


def test_facts_have_the_defaults_of_the_models() -> None:
    # What equals its default is left out when a result is stored.
    for model, facts in (
        (Qualification, ResultFacts),
        (Provider, ProviderFacts),
        (Offering, OfferingFacts),
        (Plan, PlanFacts),
        (ServiceAddress, PlaceFacts),
        (SpeedRange, SpeedFacts),
    ):
        whole = {field.name: field.default for field in attrs.fields(model)}
        part = {field.name: field.default for field in attrs.fields(facts)}
        assert part.keys() <= whole.keys()
        for name, default in part.items():
            if isinstance(default, attrs.Factory):
                assert default.factory() == whole[name].factory() == {}
            elif name != "library_version":  # which is always stored
                assert default == whole[name]


def test_a_result_keeps_the_version_by_which_it_was_looked_up() -> None:
    address = Address("1 Main St", zip="48226")
    result = Qualification(None, address, Outcome.NO_PROVIDERS)
    stored = orjson.loads(zlib.decompressobj().decompress(pack(result)))
    assert stored["library_version"] == __version__
    # Results of the first version do not say it.
    del stored["library_version"]
    packed = zlib.compress(orjson.dumps(stored))
    assert unpack(packed, key=None, address=address).library_version == "0.1.0"
    assert stored_facts(packed, address=address, digest=b"").library_version == "0.1.0"


@pytest.mark.parametrize(
    "damage", [b"", b"x", zlib.compress(b"[]"), zlib.compress(b'{"outcome":1}')]
)
def test_facts_of_a_damaged_result_are_refused_and_quote_nothing(damage: bytes) -> None:
    with pytest.raises(JournalError, match="the file is damaged"):
        stored_facts(damage, address=Address("1 Main St"), digest=b"d")
