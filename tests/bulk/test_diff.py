"""What has changed between two results of the same addresses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import (
    Address,
    HumError,
    Money,
    Offering,
    Outcome,
    Provider,
    Qualification,
    ServiceAddress,
)
from hum_async.bulk import ChangeKind, Snapshot, diff_results
from hum_async.bulk.diff.compare import change_of
from hum_async.bulk.diff.page import diff_page, diff_section
from hum_async.bulk.diff.table import SnapshotTable

SEEN = datetime(2026, 10, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 1, 12, tzinfo=UTC)


def provider(name: str, *, over: str = "Cable", down: float = 100, cents: int = 5000) -> Provider:
    return Provider(name, min_price=Money(cents), offerings=(Offering(over, None, down, 10),))


def result(street: str, *providers: Provider, **changed: Any) -> Qualification[int]:
    usual: dict[str, Any] = {
        "key": 0,
        "address": Address(street, city="Detroit", state="MI", zip="48226"),
        "outcome": Outcome.SERVED if providers else Outcome.NO_PROVIDERS,
        "providers": providers,
        "data_set": "v.1006",
        "observed_at": SEEN,
    }
    return Qualification(**{**usual, **changed})


CABLE, FIBER = provider("Spectrum"), provider("Rocket Fiber", over="Fiber", down=1000)
OLD, NEW = result("1 Main St", CABLE), result("1 Main St", CABLE, observed_at=LATER)


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ((CABLE,), (CABLE,), ""),
        ((CABLE,), (provider("SPECTRUM"),), ""),
        ((CABLE,), (CABLE, provider("AT&T", over="DSL")), "PROVIDERS_GAINED"),
        ((CABLE, provider("AT&T", over="DSL")), (CABLE,), "PROVIDERS_LOST"),
        ((CABLE,), (provider("Xfinity"),), "PROVIDERS_GAINED PROVIDERS_LOST"),
        ((CABLE,), (CABLE, FIBER), "PROVIDERS_GAINED FIBER_GAINED FASTER"),
        ((CABLE, FIBER), (CABLE,), "PROVIDERS_LOST FIBER_LOST SLOWER"),
        ((CABLE,), (provider("Spectrum", down=300),), "FASTER"),
        ((CABLE,), (provider("Spectrum", down=50),), "SLOWER"),
        ((CABLE,), (provider("Spectrum", cents=4999),), "CHEAPER"),
        ((CABLE,), (provider("Spectrum", cents=5001),), "DEARER"),
        ((), (FIBER,), "OUTCOME PROVIDERS_GAINED FIBER_GAINED"),
        ((FIBER,), (), "OUTCOME PROVIDERS_LOST FIBER_LOST"),
        # What is not known is no change.
        ((Provider("Spectrum"),), (CABLE,), ""),
        ((CABLE,), (Provider("Spectrum"),), ""),
    ],
)
def test_each_change_has_a_kind(
    old: tuple[Provider, ...], new: tuple[Provider, ...], kinds: str
) -> None:
    found = diff_results([result("1 Main St", *old)], [result("1 Main St", *new)])
    told = [str(kind) for change in found.changes for kind in change.kinds]
    assert " ".join(told) == kinds
    assert found.summary.both == 1
    assert found.summary.unchanged == (not kinds)
    assert dict(found.summary.kinds) == dict.fromkeys(told, 1)


def test_a_failure_says_nothing_of_the_providers() -> None:
    failed = result("1 Main St", outcome=Outcome.FAILED, error=HumError("no"), data_set=None)
    found = diff_results([OLD], [failed])
    assert [change.kinds for change in found.changes] == [(ChangeKind.OUTCOME,)]
    assert found.changes[0].lost == ()
    assert found.summary.outcomes == {(Outcome.SERVED, Outcome.FAILED): 1}


def test_data_sets_of_one_kind_are_compared_and_others_are_not() -> None:
    later = result("1 Main St", FIBER, data_set="v.1007")
    other = result("1 Main St", FIBER, data_set="25041808")
    assert ChangeKind.FIBER_GAINED in diff_results([OLD], [later]).changes[0].kinds
    found = diff_results([OLD], [other])
    assert found.changes[0].kinds == (ChangeKind.NOT_COMPARABLE,)
    assert (found.summary.changed, found.summary.not_comparable) == (0, 1)
    assert ChangeKind.FIBER_GAINED in diff_results([OLD], [other], any_data=True).changes[0].kinds
    # The same answer at another time rests on other data, too.
    assert diff_results([OLD], [result("1 Main St", CABLE, data_set="25041808")]).changes


def test_addresses_are_matched_however_they_are_spelled_and_counted_once() -> None:
    respelled = result("1 MAIN STREET", CABLE, FIBER, observed_at=LATER)
    found = diff_results([OLD, OLD], [respelled, result("")])
    assert found.summary.both == 1
    assert (found.summary.old.addresses, found.summary.old.repeated) == (1, 1)
    assert (found.summary.new.addresses, found.summary.new.unusable) == (1, 1)
    assert [change.gained for change in found.changes] == [("Rocket Fiber",)]
    exact = diff_results([OLD], [respelled], dedupe="exact")
    assert [change.kinds for change in exact.changes] == [
        (ChangeKind.ADDED,),
        (ChangeKind.REMOVED,),
    ]


def test_what_only_one_side_has_is_told_and_what_was_not_asked_again_is_counted() -> None:
    gone, came = result("2 Main St", CABLE), result("3 Main St")
    found = diff_results([OLD, gone], [OLD, came])
    assert found.summary.carried == 1
    assert [(change.label[:1], *change.kinds) for change in found.changes] == [
        ("3", ChangeKind.ADDED),
        ("2", ChangeKind.REMOVED),
    ]
    assert diff_results([OLD], [NEW]).summary.carried == 0
    assert diff_results([NEW], [OLD]).summary.newest_first
    assert not diff_results([OLD], [NEW]).summary.newest_first


def test_no_results_differ_from_none_in_nothing() -> None:
    found = diff_results([], [])
    assert found.changes == ()
    assert found.summary.both == found.summary.changed == 0
    assert "Nothing has changed" in found._repr_html_()


def test_a_diff_is_json() -> None:
    found = json.loads(json.dumps(diff_results([OLD], [result("1 Main St", FIBER)]).to_dict()))
    assert found["kinds"]["FIBER_GAINED"] == 1
    assert found["changes"][0]["providers_gained"] == ["Rocket Fiber"]
    assert found["changes"][0]["old"]["observed_at"] == "2026-10-01T12:00:00Z"
    assert found["old"]["outcomes"] == {"SERVED": 1}


def test_the_page_is_static_and_hostile_text_is_escaped() -> None:
    hostile = provider("<script>alert(1)</script>\u202e", over="Fiber")
    place = ServiceAddress("</table>")
    found = diff_results([OLD], [result("1 Main St", hostile, service_address=place)])
    page = diff_page(found.summary, found.changes)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "src=" not in page
    assert "1 Main St, Detroit, MI 48226" in page
    section = diff_section(found.summary, found.changes * 2100)
    assert section.startswith("<style>")
    assert "... and 100 more addresses" in section
    assert len(section) < 900_000


def test_the_page_breaks_only_words_that_are_long() -> None:
    later = provider("Bluewater Broadband", over="Fiber")
    found = diff_results([OLD], [result("1 Main St", later, observed_at=LATER)])
    page = diff_page(found.summary, found.changes)
    assert "<td>PROVIDERS_GAINED</td>" in page
    assert "<td>Bluewater Broadband</td>" in page
    long = provider("B" * 40, over="Fiber")
    found = diff_results([OLD], [result("1 Main St", long)])
    page = diff_page(found.summary, found.changes)
    assert f'<td class="hum-diff-w">{"B" * 40}</td>' in page


def test_repr_holds_no_address() -> None:
    found = diff_results([OLD], [result("1 Main St", FIBER)])
    assert "Main St" not in repr(found) + repr(found.changes[0]) + repr(found.changes[0].old)


snapshots = st.builds(
    Snapshot,
    outcome=st.sampled_from(Outcome),
    label=st.text(max_size=30),
    row=st.none() | st.integers(1, 2**40),
    providers=st.lists(st.text(min_size=1), max_size=3, unique=True).map(tuple),
    fiber=st.sampled_from([None, False, True]),
    download=st.none() | st.floats(0, 1e6),
    upload=st.none() | st.floats(0, 1e6),
    price_cents=st.none() | st.integers(-(2**40), 2**40),
    data_set=st.none() | st.sampled_from(["v.1005", "v.1006", "25041808"]),
    observed_at=st.none()
    | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001  set below
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
    point=st.none() | st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
)


@given(st.lists(snapshots, max_size=20))
def test_a_table_gives_back_what_it_was_given(given_: list[Snapshot]) -> None:
    table = SnapshotTable()
    digests = [number.to_bytes(16, "little") for number in range(len(given_))]
    for digest, each in zip(digests, given_, strict=True):
        assert table.add(digest, each)
        assert not table.add(digest, each)
    assert [*table.left()] == given_
    for digest, each in zip(digests[::2], given_[::2], strict=True):
        assert table.take(digest) == each
    assert [*table.left()] == given_[1::2]
    assert table.take(b"\xff" * 16) is None


@given(snapshots, snapshots)
def test_changes_back_and_forth_are_opposite(one: Snapshot, other: Snapshot) -> None:
    there, back = change_of(one, other, any_data=True), change_of(other, one, any_data=True)
    assert (there is None) == (back is None)
    assert change_of(one, one) is None
    if there is not None and back is not None:
        assert (there.gained, there.lost) == (back.lost, back.gained)
        opposite = {
            ChangeKind.PROVIDERS_GAINED: ChangeKind.PROVIDERS_LOST,
            ChangeKind.FIBER_GAINED: ChangeKind.FIBER_LOST,
            ChangeKind.FASTER: ChangeKind.SLOWER,
            ChangeKind.CHEAPER: ChangeKind.DEARER,
        }
        opposite |= {old: new for new, old in opposite.items()}
        assert {opposite.get(kind, kind) for kind in there.kinds} == {*back.kinds}
