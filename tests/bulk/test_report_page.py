"""The report: one HTML file that is right for any results, small, and asks nobody for anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_cases import CITIES, ReadPage, offered, result, results

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
from hum_async.bulk import ReportSection, report_html, to_arrow, write_report
from hum_async.bulk.files.own_files import OutputExists

if TYPE_CHECKING:
    from pathlib import Path

KILOBYTES_500 = 500_000


def page_of(found: list[Qualification[Any]], **options: Any) -> ReadPage:
    return ReadPage(report_html(found, **options))


def test_it_counts_outcomes_providers_technologies_and_speeds() -> None:
    found = [
        result(0, providers=(offered("Rocket Fiber", "Fiber", 1000, 1000, 7000),)),
        result(1, providers=(offered("Copper", "DSL", 40, 5, 3500),)),
        result(2, Outcome.NO_PROVIDERS),
        result(3, Outcome.FAILED),
    ]
    page = page_of(found, source="out.csv")
    words = page.words
    assert "Served at least one provider serves the address 2 50 %" in words.replace("Bar ", "")
    assert "Of 3 rows with an answer" in words
    assert (page.texts["count-served"], page.texts["count-underserved"]) == ("1", "1")
    assert (page.texts["count-unserved"], page.texts["count-unknown"]) == ("1", "0")
    assert "Rocket Fiber www.rocket.example 1 33 % 1,000 $70.00 Fiber" in words
    assert "DSL, other copper 1 33 %" in words
    assert "1,000 Mbps and more 1 33 %" in words
    assert "25 to 100 Mbps 1 33 %" in words
    assert "out.csv" in words
    assert "v.1005 (3 rows)" in words
    assert "2026-11-27 06:00 UTC" in words


def test_failed_rows_have_their_reason_and_what_to_do() -> None:
    page = page_of([result(at, outcome) for at, outcome in enumerate(Outcome)])
    words = page.words
    for told in (
        "Failed: 1 row",
        "--retry-failed",
        "the API answered 500 four times",
        "--retry-uncertain",
        "zip: 5 or 9 digits, not 4",
        "hum check FILE",
        "Ambiguous address: 1 row Add the unit or the ZIP code",
        "row 9: 9 Main St, Honolulu, HI 96813",
    ):
        assert told in words


@pytest.mark.parametrize("count", [0, 1])
def test_zero_rows_and_one_are_a_whole_page(count: int) -> None:
    page = page_of(results(count))
    headings = {attributes["id"] for attributes in page.named("h2")}
    assert headings == {
        "asked", "outcomes", "service", "coverage", "prices", "map", "problems", "rows",
    }  # fmt: skip
    assert ("There are no rows" in page.words) == (not count)
    assert f"Internet service at {count} address{'' if count == 1 else 'es'}" in page.words
    assert len(page.data["rows"]) == count


def test_nothing_is_loaded_and_nothing_is_inline_but_what_the_policy_names() -> None:
    text = report_html(results(30))
    page = ReadPage(text)
    [policy] = [
        attributes["content"] or ""
        for attributes in page.named("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for tag, attributes in page.tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "src" not in attributes, tag
        if tag == "link":
            assert attributes["href"] == "data:,"
    hrefs = [attributes["href"] or "" for tag, attributes in page.tags if "href" in attributes]
    assert {href for href in hrefs if not href.startswith(("#", "data:,"))} == {
        f"https://www.{name}.example" for name in ("rocket", "cable", "copper", "sky")
    }
    assert "a-secret" not in text
    assert "token-" not in text
    assert not re.search(r"url\(|@import", text)


def test_ids_are_unique_and_every_reference_leads_somewhere() -> None:
    page = page_of(results(200))
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for name in ("for", "aria-labelledby"):
            if attributes.get(name):
                assert attributes[name] in ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids


def test_two_thousand_addresses_are_all_there_and_small_enough_for_a_mail() -> None:
    long = [offered(f"{name} of the United States", *rest) for name, *rest in [
        ("Communications Company", "Fiber", 1000, 1000, 7000),
        ("Telephone and Telegraph", "DSL", 40, 5, 4000),
        ("Consolidated Cablevision", "Cable", 300, 20, 5000),
        ("Interplanetary Satellite", "LEO Satellite", 220, 20, 12000),
    ]]  # fmt: skip
    found = [
        result(at, providers=tuple(long[: at % 5]), address=Address(
            f"{at + 10_000} Martin Luther King Junior Boulevard", "Apartment 1204",
            "San Buenaventura", "CA", "93001-1234",
        ))
        for at in range(2000)
    ]  # fmt: skip
    text = report_html(found)
    page = ReadPage(text)
    assert len(text.encode()) <= KILOBYTES_500
    assert len(page.data["rows"]) == 2000
    assert "sampled" not in page.texts


def test_of_more_the_map_and_the_table_show_a_sample_and_the_figures_count_all() -> None:
    found = results(2500)
    page = page_of(found)
    assert len(page.data["rows"]) == 2000
    assert "2,000 of 2,500 rows" in page.texts["sampled"]
    assert sum(rows for _, rows in page.data["reaches"]) == sum(
        each.outcome in {Outcome.SERVED, Outcome.NO_PROVIDERS} for each in found
    )
    numbers = [row[0] for row in page.data["rows"]]
    assert numbers == sorted(set(numbers))
    # Drawn from all of them, and not the first ones.
    assert 1500 < sum(number <= 2000 for number in numbers) < 1700


def test_texts_without_end_shorten_the_sample_and_not_the_promise() -> None:
    found = [
        result(at, address=Address(f"{at} " + "\N{CJK UNIFIED IDEOGRAPH-6771}" * 300))
        for at in range(1500)
    ]
    text = report_html(found)
    assert len(text.encode()) <= KILOBYTES_500
    shown = len(ReadPage(text).data["rows"])
    assert 500 < shown < 1500
    assert f"{shown:,} of 1,500 rows" in ReadPage(text).texts["sampled"]


HOSTILE = [
    '</script><script>document.title="taken"</script>',
    "<img src=x onerror=alert(1)>\"'`",
    "<!--<script>",
    "\u202eevil\u2066 \u05d0\u05d1 \u0627\u0644",
    "]]>{{ 7 * 7 }}{% raw %}",
    "\0\x1b[31m\ud800\uffff",
]
URLS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)//https://x.example",
    "data:text/html,<script>alert(1)</script>",
    'https://x.example/"onmouseover="alert(1)',
    "https://user:password@x.example/a?b#c",
    "https://[::1",
    "https://xn--.example",
    "https://a.xn--zz--.example/x",
    "https://",
    "//x.example",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))


@settings(max_examples=25, deadline=None)
@given(name=texts, street=texts, reason=texts, title=texts, url=st.sampled_from(URLS))
def test_no_text_of_anybody_changes_what_the_page_is(
    name: str, street: str, reason: str, title: str, url: str
) -> None:
    provider = offered(name, name, 100, 20, 100)
    object.__setattr__(provider, "url", url)
    place = ServiceAddress(street, state=street, zip=street)
    found = [
        result(0, providers=(provider,), address=Address(street), service_address=place),
        result(
            1,
            Outcome.FAILED,
            address=Address(street),
            error=HumError(reason),
        ),
    ]
    text = report_html(found, title=title, source=name)
    page = ReadPage(text)
    quiet = page_of([result(0), result(1, Outcome.FAILED)])
    text.encode()
    assert [kind for kind, _ in page.scripts] == [kind for kind, _ in quiet.scripts]
    assert page.scripts[1:] == quiet.scripts[1:]
    assert not page.named("img")
    assert not [1 for _, attributes in page.tags for each in attributes if each.startswith("on")]
    for link in page.named("a"):
        assert (link["href"] or "").startswith(("#", "https://x.example"))
        assert "password" not in (link["href"] or "")
    # What turns the direction of a text must not turn what stands behind it.
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    assert "]]>49" not in page.everything
    assert len(page.data["rows"]) == 2


def test_a_section_of_somebody_else_has_its_place_and_is_escaped() -> None:
    style = ".mine { color: red } </style><script>"
    section = ReportSection("changes", "What changed", "<b>3</b>", style)
    page = page_of(results(3), sections=[section])
    assert len(page.named("style")) == 2
    assert len(page.scripts) == 4
    assert page.texts["changes"] == "What changed"
    assert "<b>3</b>" in page.words
    assert {"href": "#changes"} in page.named("a")


def test_it_replaces_only_reports_of_the_same_results_that_nobody_has_edited(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report.html"
    path.touch()
    written = write_report(results(3), path, source="a.csv")
    assert (written.rows, written.shown, written.size) == (3, 3, path.stat().st_size)
    write_report(results(4), path, source="a.csv")
    before = path.read_bytes()
    with pytest.raises(OutputExists, match="--overwrite"):
        write_report(results(5), path, source="b.csv")
    assert path.read_bytes() == before
    path.write_bytes(before.replace(b"Main St", b"Side St", 1))
    with pytest.raises(OutputExists, match="as it was written"):
        write_report(results(5), path, source="a.csv")
    path.write_text("my own page")
    with pytest.raises(OutputExists):
        write_report(results(5), path, source="a.csv")
    write_report(results(5), path, source="a.csv", overwrite=True)
    assert len(ReadPage(path.read_text("utf-8")).data["rows"]) == 5


def test_names_alone_say_nothing_about_speeds() -> None:
    page = page_of([result(0, providers=(Provider("Somebody"),))])
    assert page.texts["count-unknown"] == "1"
    assert "not known 1 100 %" in page.words


speeds = st.none() | st.sampled_from([0.5, 3, 10, 20, 25, 99.9, 100, 1000, 5000])


@settings(max_examples=25, deadline=None)
@given(pairs=st.lists(st.tuples(speeds, speeds), max_size=4))
def test_the_script_finds_at_each_stop_what_the_columns_of_an_output_say(
    pairs: list[tuple[float | None, float | None]],
) -> None:
    offerings = tuple(Offering("Fiber", None, down, up) for down, up in pairs)
    providers = (Provider("Somebody", offerings=offerings),) if pairs else ()
    found = [result(0, Outcome.SERVED if pairs else Outcome.NO_PROVIDERS, providers=providers)]
    data = page_of(found).data
    [signature] = data["signatures"]
    assert data["reaches"] == [[signature, 1]]
    levels = [f"{down}/{up}" for down in (1, 100, 5000) for up in data["uploads"][::2]]
    [row] = to_arrow(found, served=levels).to_pylist()
    for level in levels:
        down, up = map(int, level.split("/"))
        at, stop = 2 * data["downloads"].index(down), data["uploads"].index(up)
        certain, maybe = int(signature[at], 36), int(signature[at + 1], 36)
        expected = True if stop < certain else None if stop < maybe else False
        assert row[f"hum_served_{down}_{up}"] is expected, level


numbers = st.none() | st.floats() | st.integers(-10, 10**12)


@settings(max_examples=25, deadline=None)
@given(down=numbers, up=numbers, cents=st.integers(-100, 10**15), place=st.tuples(numbers, numbers))
def test_no_number_spoils_the_page(
    down: float | None, up: float | None, cents: int, place: tuple[float | None, float | None]
) -> None:
    provider = Provider(
        "Odd", min_price=Money(cents), offerings=(Offering("Fiber", None, down, up),)
    )
    where = ServiceAddress("1 MAIN ST", latitude=place[0], longitude=place[1])
    page = page_of([result(0, providers=(provider,), service_address=where)])
    [row] = page.data["rows"]
    assert row[5] == (round(down, 3) if down is not None and 0 <= down < 1e9 else None)
    assert row[7] == cents
    for circle in page.named("circle"):
        assert 0 <= float(circle["cx"] or "") <= 700
        assert 0 <= float(circle["cy"] or "") <= 400
    assert "nan" not in " ".join(attributes.get("d") or "" for attributes in page.named("path"))


def test_points_lie_where_their_places_are_on_the_map() -> None:
    found = [result(at) for at in range(len(CITIES))]
    found.append(result(0, service_address=ServiceAddress("GUAM", latitude=13.4, longitude=144.8)))
    nowhere = Address("1 Main St")
    found.append(result(0, Outcome.FAILED, address=nowhere))
    found.append(result(0, Outcome.NO_PROVIDERS, address=nowhere, service_address=None))
    page = page_of(found)
    [points] = [
        attributes["d"] or ""
        for attributes in page.named("path")
        if attributes.get("class") == "point o-SERVED"
    ]
    places = [tuple(map(float, point.split())) for point in re.findall(r"M([\d. ]+)h0", points)]
    for (x, y), (left, top, right, bottom) in zip(
        places,
        [
            (660, 180, 740, 270),  # Detroit
            (20, 240, 120, 330),  # San Francisco
            (80, 480, 260, 610),  # Juneau, in the inset
            (200, 540, 340, 610),  # Honolulu, in the inset
            (880, 540, 975, 610),  # San Juan, in the inset
        ],
        strict=True,
    ):
        assert left < x < right
        assert top < y < bottom
    assert "1 row lies outside of what the map shows" in page.words
    assert "2 rows have no place" in page.words


def test_rows_without_coordinates_stand_around_their_state() -> None:
    found = [result(0, Outcome.FAILED) for _ in range(500)]
    page = page_of(found)
    assert (
        "500 rows without coordinates stand around the centre of their state (MI 500)" in page.words
    )
    [points] = [
        attributes["d"] or ""
        for attributes in page.named("path")
        if attributes.get("class") == "point o-FAILED"
    ]
    places = [tuple(map(float, point.split())) for point in re.findall(r"M([\d. ]+)h0", points)]
    assert len(places) > 400
    assert max(x for x, _ in places) - min(x for x, _ in places) < 50


def test_of_many_prices_those_that_are_drawn_are_like_all_of_them() -> None:
    found = [
        result(at, providers=(offered("Somebody", "Fiber", 100 + at, 20, 1000 + 10 * at),))
        for at in range(900)
    ]
    page = page_of(found)
    assert "The 300 most frequent of 900 are drawn" in page.words
    heights = [float(circle["cy"] or "") for circle in page.named("circle")]
    assert len(heights) == 300
    # Neither the cheap ones nor the dear ones are missing.
    middle = (min(heights) + max(heights)) / 2
    assert 100 < sum(height < middle for height in heights) < 200
    assert max(heights) - min(heights) > 200
