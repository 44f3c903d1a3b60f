"""Files as programs write them: what would be sent for each of their rows, or why not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hum_async import Address, AddressError
from hum_async._api.addresses import checked_or_error
from hum_async.bulk.preflight import Severity, decide_columns, examine
from hum_async.bulk.tables import Cell, open_table
from hum_async.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLES = Path(__file__).parent / "samples"
WORDS = {"street", "unit", "city", "state", "zip"}
MAIN = "100 Main St, Detroit, MI 48226"
UNIT = "100 Main St, Apt 4, Detroit, MI 48226"
SECOND = "101 Main St, Detroit, MI 48226"
ZIP_ONLY = "100 Main St, 48226"
ELM = "Elm St, Detroit, MI 48226"


def rate(cells: Sequence[str]) -> int:
    return len(WORDS & {cell.strip().casefold() for cell in cells})


SENT = {
    # encodings
    "bom-quoted.csv": [MAIN],
    "cp1252-only.csv": ["12 Cañon Rd, Española, NM 87532"],
    "cp1252-undefined.csv": ["street1 holds a character that was lost"],
    "double-bom.csv": [UNIT],
    "mixed.csv": ["12 Cañon Rd, Española, NM 87532", "14 Cañon Rd, Española, NM 87532"],
    "utf16-bom.csv": [UNIT],
    "utf16-bom-sep.csv": [MAIN],
    "utf16le-nobom.csv": [UNIT],
    "utf32.csv": [UNIT],
    # the shape of CSV
    "blank-comma-rows.csv": [UNIT, "200 Main St, Detroit, MI 48226"],
    "ctrl-z.csv": [MAIN],
    "empty-headers.csv": [MAIN],
    "inch-quote.csv": [MAIN],
    "backslash-quote.csv": [MAIN, "200 Main St, Detroit, MI 48226"],
    "footer.csv": [MAIN],
    "psql.txt": [MAIN],
    "single-quotes.csv": [MAIN],
    "space-after-comma.csv": [UNIT],
    "stray-quote.csv": ["street1 has a quotation mark", "200 Main St, Detroit, MI 48226"],
    "lone-cr.csv": [MAIN, "200 Main St, Detroit, MI 48226"],
    "nul.csv": [MAIN],
    "nul-padding-tail.csv": [MAIN],
    "pipe-space.txt": [MAIN],
    "quoted-newline.csv": [UNIT.replace(",", "", 1)],
    "semicolon-comma-addr.csv": [UNIT, "200 Main St, Apt 5, Detroit, MI 48226"],
    "sep-resaved.csv": [MAIN],
    "sep-semicolon.csv": [MAIN],
    "shifted-comma.csv": ["zip must be", "200 Main St, Detroit, MI 48226"],
    "title-rows.csv": [MAIN],
    "trailing-delims.csv": [MAIN, "200 Main St, Detroit, MI 48226"],
    # ZIP codes and states
    "zip-float.csv": ["609 Ellis St, San Francisco, CA 94109", "1 Elm St, Boston, MA 02139"],
    "zip-lost-zero.csv": ["1 Elm St, Cambridge, MA 02139", "1 Elm St, San Juan, PR 00907"],
    "zip-guards.csv": ["1 Elm St, Cambridge, MA 02139"] * 2,
    "zip-sci.csv": ["zip must be"] * 2,
    "zip9.csv": [
        "1 Elm St, Detroit, MI 48226-1234",
        "1 Elm St, Cambridge, MA 02139-1234",
        "1 Elm St, Detroit, MI 48226-1234",
        "1 Elm St, Detroit, MI 48226",
        "1 Elm St, Detroit, MI 48226-1234",
        "1 Elm St, Detroit, MI 48226-0000",
    ],
    "state-names.csv": [
        *[f"1 {ELM}"] * 4,
        "1 Elm St, New York, NY 10001",
        f"1 {ELM}",
        "state must be",
    ],
    "dc.csv": [
        *["1600 Pennsylvania Ave NW, Washington, DC 20500"] * 3,
        "1600 Pennsylvania Ave NW, Washington DC, 20500",
        "an address in DC needs",
    ],
    "territories.csv": [
        "state must be",
        "state must be",
        "1 Elm St, San Juan, PR 00907",
        "URB Las Flores 12 Calle A, San Juan, PR 00926",
    ],
    # no value
    "placeholder.csv": [f"{number} {ELM}" for number in range(1, 7)],
    "latlon-comma.csv": [f"1 {ELM}"],
    # JSON, and files that are not what their name says
    "compressed.csv.gz": [UNIT],
    "geojson.geojson": [ZIP_ONLY],
    "json-array.json": [MAIN],
    "json-cp1252.jsonl": ["12 Cañon Rd, 87532"],
    "json-list-lines.jsonl": [ZIP_ONLY],
    "json-nan.jsonl": [MAIN, SECOND],
    "json-nested.jsonl": [MAIN],
    "json-numbers.jsonl": ["100 Main St, 4, Detroit, MI 02139"],
    "json-pretty.json": [ZIP_ONLY],
    "json-trailing-comma.json": [ZIP_ONLY, "101 Main St, 48226"],
    "json-utf16.jsonl": [ZIP_ONLY],
    "really-csv.xlsx": [MAIN],
    "really-xlsx.csv": [UNIT.replace("Apt ", ""), "100 Main St, 4.5, Detroit, MI 48226"],
    "tsv.xls": [MAIN],
    # Excel
    "blank-space-rows.xlsx": [UNIT, "200 Main St, Detroit, MI 48226"],
    "cover-sheet.xlsx": [UNIT],
    "dates.xlsx": ["street2 is a date", "street1 is a date"],
    "error-cells.xlsx": ["zip is an error of the spreadsheet", SECOND],
    "formula-no-cache.xlsx": ["street1 is a formula whose value", "street1 needs a zip"],
    "hidden-filtered-rows.xlsx": [UNIT, "200 Main St, Detroit, MI 48226"],
    "hidden-first.xlsx": [UNIT],
    "merged-cells.xlsx": [f"100 Main St, {unit}, Detroit, MI 48226" for unit in "123"],
    "number-header.xlsx": [MAIN],
    "sheet-name-space.xlsx": [UNIT],
    "short-zip-tx.xlsx": ["1 Elm St, Tyler, TX 07570"],
    "title-row.xlsx": [UNIT],
    "types.xlsx": [UNIT.replace("Apt ", ""), "100 Main St, 4.5, Detroit, MI 48226"],
    "zip-text-numbers.xlsx": [
        "100 Main St, Cambridge, MA 02139",
        "100 Main St, Cambridge, MA 02139",
        "100 Main St, Cambridge, MA 02139-1234",
        MAIN,
        MAIN,
    ],
    # Parquet
    "binary-strings.parquet": [MAIN, SECOND],
    "decimal-zip.parquet": ["100 Main St, Detroit, MI 02139", "101 Main St, Detroit, MI"],
    "dictionary.parquet": [MAIN, "101 Main St, Detroit, MI"],
    "dup-columns.parquet": [ZIP_ONLY, "101 Main St, 48226"],
    "far-dates.parquet": [MAIN, SECOND],
    "large-string.parquet": [MAIN, "101 Main St, Detroit, MI"],
    "ns-timestamps.parquet": [MAIN, SECOND],
    "pandas-index.parquet": ["100 Main St, 4, Detroit, MI 02139", "101 Main St, Detroit, MI"],
    "polars.parquet": [UNIT.replace("Apt ", ""), "101 Main St, Detroit, MI"],
    "string-view.parquet": [MAIN, SECOND],
    "struct.parquet": [MAIN] * 2,
    "types.parquet": [MAIN, SECOND],
    "zip-float-nan.parquet": ["100 Main St, 4, Detroit, MI 02139", "101 Main St, Detroit, MI"],
    # what the columns are
    "addr2-first.csv": [UNIT],
    "bdc-fabric.csv": ["100 MAIN ST, DETROIT, MI 48226"],
    "country.csv": [f"1 {ELM}", "zip must be"],
    "full-names.csv": [MAIN],
    "house-street.csv": [MAIN.replace("St,", "St, 4,"), SECOND.replace("St,", "St, 4,")],
    "nad.csv": ["100 N Main Street, Detroit, MI 48226"],
    "name-of-state.csv": ["state must be"],
    "openaddresses.csv": [f"{n} ELLIS ST, San Francisco, CA 94109" for n in (609, 611, 613)],
    "voterfile.csv": ["100 MAIN ST, DETROIT, MI 48226"],
    "whole-address.csv": [MAIN, "200 Main St Apt 4, Detroit, MI 48226"],
    "whole-address-zip.csv": [MAIN],
    "zip4-column.csv": [f"1 {ELM}"],
    # characters and spellings
    "dups-units.csv": [
        UNIT,
        "100 MAIN ST., APT 4, DETROIT, MI 48226-1234",
        "100 Main St Apt 4, Detroit, MI 48226",
        UNIT.replace("Apt ", "#"),
    ],
    "formula-text.csv": [MAIN, f"@{MAIN}"],
    "highway.csv": [
        "N95W18000 Appleton Ave, Menomonee Falls, WI 53051",
        "256 County Road 634, Athens, TN 37303",
        "1873 State Rte 6 # C, Rome, OH 44085",
        "32 1/8 Rd, Clifton, CO 81520",
        "12345 W 7th St S, Salt Lake City, UT 84101",
        "66-437 Kamehameha Hwy, Haleiwa, HI 96712",
    ],
    "html-entities.csv": [
        "100 Main St & 2nd, Detroit, MI 48226",
        "100 Main St Apt 4, Detroit, MI 48226",
    ],
    "several-houses.csv": [
        *[f"{number} Main St, Detroit, MI 48226" for number in (100, 102, 103, 105, 107, 109, 111)],
        "113 Main St, Detroit, MI 48226",
        "street1 holds more than one address",
        "104-106 Main St, Detroit, MI 48226",
        "street1 has no house number",
        "street2 is an error of the spreadsheet",
        "street2 names more than one unit",
        "114 Main St, Detroit, MI 48226",
        "city names another state",
        "118 Main St, Detroit, MI 48226",
    ],
    "more-than-one-part.csv": [
        "street1 holds more than one address",
        "street2 holds an address, too",
        "street2 holds an address, too",
        "street2 is no unit",
        "street2 names another unit",
        "street1 has its number behind the name",
        "street1 goes on behind the street",
        "street1 ends in a word such as Apt",
        *[MAIN] * 5,
        "street2 is a number that a spreadsheet has written",
    ],
    "whole-address-entities.csv": [
        "100 O'Brien Ave, Detroit, MI 48226",
        "street1 is not certain: the street holds more than one address",
        "street1 is not certain: cannot tell unit and city apart",
        MAIN,
    ],
    "nbsp.csv": [MAIN] * 4,
    "unicode.csv": [
        "123-125 Main St, O'Fallon, MO 63366",
        "123-125 Main St, O'Fallon, MO 63366",
        MAIN,
        "1/2 Main St, Detroit, MI 48226",
        "123 1/2 Main St, Detroit, MI 48226",
        "123 1/2 Main St, Detroit, MI 48226",
    ],
}
DOUBTED = {
    "co-unit-first.csv": "street1 (column address1) and street2 (column address2) look swapped",
    "dup-headers.csv": "there are 2 addresses in each row",
    "json-names-by-case.jsonl": "there are 2 addresses in each row",
    "mailing-service.csv": "there are 2 addresses in each row",
}
REFUSED = {
    "html.xls": "is a web page",
    "latlon-only.csv": "no column for street1",
    "no-header.csv": "has no header: its first row is an address",
}


def said(found: Address | AddressError) -> str:
    return str(found)


def test_each_sample_has_its_value() -> None:
    known = SENT.keys() | DOUBTED.keys() | REFUSED.keys()
    assert {path.name for path in SAMPLES.iterdir()} == known


@pytest.mark.parametrize("name", DOUBTED)
def test_columns_are_doubted_before_anything_is_sent(name: str) -> None:
    doubts = decide_columns(open_table(str(SAMPLES / name))).doubts
    assert any(DOUBTED[name] in doubt.message for doubt in doubts)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_without_what_is_needed_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=re.escape(REFUSED[name])):
        decide_columns(open_table(str(SAMPLES / name)))


@pytest.mark.parametrize("name", SENT)
def test_each_row_is_sent_as_it_is_meant_or_refused_with_its_reason(name: str) -> None:
    table = open_table(str(SAMPLES / name), rate_header=rate)
    columns = decide_columns(table).columns
    found = [checked_or_error(columns.address(cells)) for cells in table.rows()]
    assert table.count == len(found) == len(SENT[name])
    for address, wanted in zip(found, SENT[name], strict=True):
        if isinstance(address, AddressError):
            assert said(address).startswith(wanted)
        else:
            assert said(address) == wanted


@pytest.mark.parametrize("name", SENT)
def test_the_preflight_refuses_exactly_the_rows_that_are_not_sent(name: str) -> None:
    table = open_table(str(SAMPLES / name), rate_header=rate)
    columns = decide_columns(table).columns
    refused: set[int | None] = set()
    examine(
        table,
        columns,
        on_finding=lambda found: (
            refused.add(found.row) if found.severity is Severity.REFUSED else None
        ),
    )
    addresses = [checked_or_error(columns.address(cells)) for cells in table.rows()]
    assert refused == {
        row for row, found in enumerate(addresses, 1) if isinstance(found, AddressError)
    }


@pytest.mark.parametrize(
    "name",
    [
        "more-than-one-part.csv",
        "several-houses.csv",
        "html-entities.csv",
        "whole-address-entities.csv",
    ],
)
def test_a_corrected_row_is_read_alike_and_needs_no_correction(name: str) -> None:
    table = open_table(str(SAMPLES / name), rate_header=rate)
    columns = decide_columns(table).columns
    rows = list(table.rows())
    made: list[list[Cell]] = []
    examine(table, columns, on_corrected=made.append)
    for before, after in zip(rows, made, strict=True):
        first, second = columns.read(before), columns.read(after)
        sent = checked_or_error(first.address)
        assert str(sent) == str(checked_or_error(second.address))
        if not isinstance(sent, AddressError):
            assert sent == checked_or_error(second.address)
        if columns.at and not isinstance(sent, AddressError):
            assert second.note is None


def test_a_whole_address_with_entities_says_so_in_its_note() -> None:
    table = open_table(str(SAMPLES / "whole-address-entities.csv"), rate_header=rate)
    columns = decide_columns(table).columns
    notes = [columns.read(cells).note for cells in table.rows()]
    assert notes == [
        "street1 read as 100 O'Brien Ave", None, None, "street1 read as 100 Main St",
    ]  # fmt: skip
