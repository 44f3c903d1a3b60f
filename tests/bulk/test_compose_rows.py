"""The rows that outputs are written from, against reading every row and result as a whole."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import cattrs.preconf.orjson
import pytest

from hum_async import (
    Address,
    AddressError,
    Money,
    Offering,
    Outcome,
    Plan,
    Provider,
    Qualification,
    ResponseError,
    ServiceAddress,
    SpeedRange,
)
from hum_async._api.addresses import checked_or_error
from hum_async._purchases.codec import pack, unpack
from hum_async._purchases.records import Entry, address_digest
from hum_async.bulk.columns import find_columns
from hum_async.bulk.files import compose as composing
from hum_async.bulk.files.compose import results_of
from hum_async.bulk.result_columns import result_values
from hum_async.bulk.tables import open_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PLAN = Plan("p", name="Gig", download=SpeedRange(1, 2), pricing={"fee": Money(100, "EUR")})
PROVIDERS = (
    Provider("Bare"),
    Provider("Fiber", id="f", min_price=Money(4999), extra={"rank": [1, None]}, catalog=(PLAN,)),
    Provider("Cable", offerings=(Offering("Cable", max_download_mbps=100), Offering())),
)
STREETS = ("1 Main St", "1 main street", "2 Oak Ave", "2 Oak Ave Apt 4", "Main St", "3 Elm Rd", "")
PLACES = (
    ("Detroit", "MI", "48226"),
    ("Detroit", "mi", "48226"),
    ("NULL", "MI", "48226"),
    ("Detroit", "OH", "4822"),
    ("Boston", "MA", "2108"),
)


def results() -> list[Qualification[int]]:
    """Return results of each kind."""
    common: Any = {"key": 0, "address": Address("")}
    return [
        Qualification(
            **common,
            outcome=Outcome.SERVED,
            providers=PROVIDERS,
            service_address=ServiceAddress("1 MAIN ST", latitude=42.5, extra={"a": {"b": 1}}),
            token="x" * 22,
            requests=3,
            elapsed=2.5,
            observed_at=datetime(2026, 1, 2, tzinfo=UTC),
            request_ids=("one", "two"),
            source="GET /sessions/{token}",
        ),
        Qualification(**common, outcome=Outcome.NO_PROVIDERS, requests=4),
        Qualification(**common, outcome=Outcome.FAILED, error=ResponseError("too many")),
        Qualification(**common, outcome=Outcome.TIMED_OUT, data_set="v.1"),
    ]


@pytest.mark.parametrize("result", results(), ids=lambda result: str(result.outcome))
def test_a_result_comes_out_of_its_stored_form_as_it_went_in(result: Qualification[int]) -> None:
    address = Address("1 Main St", zip="48226")
    found = unpack(pack(result, digest=b"d"), key=1, address=address, digest=b"d")
    expected = attrs.evolve(result, key=1, address=address)
    assert str(found.error) == str(expected.error)
    assert attrs.evolve(found, error=None) == attrs.evolve(expected, error=None)
    floats = [type(part.max_download_mbps) for each in found.providers for part in each.offerings]
    assert set(floats) <= {float, type(None)}  # though 100 was written


def test_the_providers_of_a_result_are_what_cattrs_alone_makes_of_them() -> None:
    converter = cattrs.preconf.orjson.make_converter()
    raw = converter.unstructure(PROVIDERS, tuple[Provider, ...])
    (served, *_) = results()
    found = unpack(pack(served), key=None, address=served.address)
    assert found.providers == converter.structure(raw, tuple[Provider, ...])


class Journal:
    """The results of addresses, stored under their digests."""

    def __init__(self, packed: dict[bytes, bytes]) -> None:
        self.packed = packed
        self.asked: list[bytes] = []

    def find(self, digests: Sequence[bytes]) -> dict[bytes, Entry]:
        self.asked += digests
        return {
            digest: entry_of(digest, packed, number)
            for number, (digest, packed) in enumerate(self.packed.items(), 1)
            if digest in digests
        }


def entry_of(digest: bytes, packed: bytes, number: int) -> Entry:
    return Entry(
        token=None,
        outcome=Outcome.SERVED,
        run=1,
        requests=1,
        observed_at=None,
        packed=packed,
        digest=digest,
        number=number,
    )


def as_written(result: Qualification[Any] | None, note: str | None, row: int) -> dict[str, Any]:
    return {} if result is None else result_values(result, note, row=row)


@pytest.mark.parametrize("dedupe", ["usps", "exact"])
@pytest.mark.parametrize("kept", [2048, 0])
def test_rows_are_written_as_if_each_had_been_read_as_a_whole(
    dedupe: Any, kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "_OPENED", kept)
    monkeypatch.setattr(composing, "_CHUNK", 16)
    source = tmp_path / "in.csv"
    with source.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "address", "city", "state", "zip"])
        rows = [[street, *place] for place in PLACES for street in STREETS]
        rows += [[f"{number} Main St", *PLACES[0]] for number in range(40)]
        writer.writerows([str(at), *row] for at, row in enumerate(rows * 2))
    table = open_table(str(source))
    columns = find_columns(table.header)
    expected: list[Any] = []
    packed: dict[bytes, bytes] = {}
    known: dict[bytes, Qualification[int]] = {}
    seen: set[bytes] = set()
    for number, cells in enumerate(table.rows(), 1):
        reading = columns.read(cells)
        address = checked_or_error(reading.address)
        if isinstance(address, AddressError):
            refused = Qualification(
                key=None, address=reading.address, outcome=Outcome.INVALID_ADDRESS, error=address
            )
            expected.append((cells, as_written(refused, reading.note, number), reading))
            continue
        digest = address_digest(address, dedupe)
        if digest not in seen and len(seen) % 5 != 4:  # each fifth address has no result
            known[digest] = results()[len(seen) % 4]
            packed[digest] = pack(known[digest], digest=digest)
        result = known.get(digest)
        if result is not None:
            result = attrs.evolve(result, address=address)
            if digest in seen:
                result = attrs.evolve(result, requests=0, elapsed=0.0)
        seen.add(digest)
        expected.append((cells, as_written(result, reading.note, number), reading))
    found = [
        (row.cells, as_written(row.result, row.reading.note, number), row.reading)
        for number, row in enumerate(
            results_of(table, columns, Journal(packed).find, dedupe=dedupe), 1
        )
    ]
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert [str(row[2]) for row in found] == [str(row[2]) for row in expected]


def test_a_result_that_was_bought_anew_meanwhile_is_not_taken_from_the_rows_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "_CHUNK", 1)
    source = tmp_path / "in.csv"
    source.write_text("address,city,state,zip\n" + "1 Main St,Detroit,MI,48226\n" * 3)
    table = open_table(str(source))
    address = Address("1 Main St", city="Detroit", state="MI", zip="48226")
    digest = address_digest(address, "usps")
    served, none, *_ = results()
    journal = Journal({digest: pack(served, digest=digest)})
    found = results_of(table, find_columns(table.header), journal.find, dedupe="usps")
    first = next(found).result
    second = next(found).result
    journal.packed[digest] = pack(none, digest=digest)
    third = next(found).result
    assert [each and each.outcome for each in (first, second, third)] == [
        Outcome.SERVED,
        Outcome.SERVED,
        Outcome.NO_PROVIDERS,
    ]
