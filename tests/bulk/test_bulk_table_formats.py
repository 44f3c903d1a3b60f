"""JSON lines, Excel and Parquet, in and out: nothing lost, nothing altered, nothing executed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys
import tempfile
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from hum_async._api.addresses import checked
from hum_async.bulk.columns import find_columns
from hum_async.bulk.result_columns import RESULT_COLUMNS
from hum_async.bulk.tables import Table, as_text, open_sink, open_table
from hum_async.bulk.tables._cells import distinct
from hum_async.errors import AddressError, InputError

FORMATS = ("csv", "jsonl", "xlsx", "parquet")
RESULT = {
    "hum_outcome": "SERVED",
    "hum_provider_count": 2,
    "hum_providers": ["A", "B"],
    "hum_technologies": [],
    "hum_min_price_usd": Decimal("29.50"),
    "hum_requests": 3,
}


def write_table(path: Path, rows: list[dict[str, Any]]) -> str:
    """Write a table as somebody else would have."""
    header = list(rows[0])
    if path.suffix == ".csv":
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([header, *(list(row.values()) for row in rows)])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        write_sheet(path, [header, *(list(row.values()) for row in rows)])
    return str(path)


def write_sheet(path: Path, rows: list[list[Any]], top: int = 0) -> None:
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet("Addresses")
    for number, row in enumerate(rows, top):
        sheet.write_row(number, 0, row)
    book.close()


def copied(source: str, target: Path, values: dict[str, Any] | None = None) -> Table:
    """Write a table again as a job does, and open what was written."""
    table = open_table(source)
    columns = find_columns(table.header)
    zip_name = table.header[columns.at["zip"]]
    header = [table.header[at] for at in table.kept]
    sink = open_sink(str(target), header=header, source=table, text=[zip_name])
    try:
        for cells in table.rows():
            row = columns.restored(cells)
            sink.write([row[at] for at in table.kept], RESULT | (values or {}))
    except InputError:
        sink.discard()
        assert not target.exists()
        raise
    sink.close()
    assert not list(target.parent.glob(".*"))
    return open_table(str(target))


def cells_of(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.header, row, strict=True)) for row in table.rows()]


# --- across formats -------------------------------------------------------------------------------


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_zip_codes_keep_their_zeros_and_columns_their_order(
    tmp_path: Path, source: str, target: str
) -> None:
    number = source != "csv"
    rows = [
        {"id": 1, "street": "1 Main St", "zip": 501 if number else "00501"},
        {"id": 2, "street": "2 Main St", "zip": 48226 if number else "48226"},
        {"id": 3, "street": "3 Main St", "zip": 21390001 if number else "02139-0001"},
    ]
    name = write_table(tmp_path / f"in.{source}", rows)
    table = copied(name, tmp_path / f"out.{target}")
    assert table.header == ("id", "street", "zip", *RESULT_COLUMNS)
    found = cells_of(table)
    assert [row["zip"] for row in found] == ["00501", "48226", "02139-0001"]
    assert [as_text(row["id"]) for row in found] == ["1", "2", "3"]
    assert {row["hum_outcome"] for row in found} == {"SERVED"}
    assert {as_text(row["hum_requests"]) for row in found} == {"3"}
    columns = find_columns(open_table(name).header)
    addresses = [columns.address(row) for row in open_table(name).rows()]
    assert [address.zip for address in addresses] == ["00501", "48226", "02139-0001"]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@settings(max_examples=30)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
def test_no_text_of_the_input_is_altered(target: str, rows: list[tuple[str, str]]) -> None:
    made = [{"street": street, "note": note, "zip": "00501"} for street, note in rows]
    with tempfile.TemporaryDirectory() as folder:
        name = write_table(Path(folder) / "in.jsonl", made)
        found = cells_of(copied(name, Path(folder) / f"out.{target}"))
    assert [(row["street"], row["note"]) for row in found] == rows


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "http://x.example", "'x", " 1 ", "1e5"])
@pytest.mark.parametrize("target", FORMATS)
def test_text_of_the_input_stays_text(tmp_path: Path, target: str, text: str) -> None:
    name = write_table(tmp_path / "in.jsonl", [{"street": text, "zip": "00501"}])
    (row,) = cells_of(copied(name, tmp_path / f"out.{target}"))
    assert row["street"] == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\0=1", " =1"])
def test_what_the_api_says_is_never_a_formula(tmp_path: Path, text: str) -> None:
    name = write_table(tmp_path / "in.jsonl", [{"street": "1 Main St", "zip": "00501"}])
    said = {"hum_error": text, "hum_providers": [text]}
    for target in ("csv", "xlsx"):
        (row,) = cells_of(copied(name, tmp_path / f"out.{target}", said))
        for column in said:
            formula = str(row[column]).strip(" \t\r\0")[:1] in "=+-@"
            assert formula == (target == "xlsx"), (target, column)
    # In a workbook it is a text cell and not a formula.
    sheet = python_calamine.load_workbook(str(tmp_path / "out.xlsx")).get_sheet_by_index(0)
    assert isinstance(sheet.to_python()[1][2 + RESULT_COLUMNS.index("hum_error")], str)
    for target in ("jsonl", "parquet"):
        (row,) = cells_of(copied(name, tmp_path / f"out.{target}", said))
        assert row["hum_error"] == text


# --- JSON lines -----------------------------------------------------------------------------------


def test_json_values_of_any_shape_survive_json_lines(tmp_path: Path) -> None:
    rows = [
        {"street": "1 Main St", "zip": "00501", "nested": {"a": [1, None, True]}, "n": 1.5},
        {"street": "2 Main St", "zip": "00502", "late": 10**30},
    ]
    (tmp_path / "in.jsonl").write_text(f"\ufeff{json.dumps(rows[0])}\n\n{json.dumps(rows[1])}\r\n")
    found = cells_of(copied(str(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"))
    for row, was in zip(found, rows, strict=True):
        names = ("street", "zip", "nested", "n", "late")
        assert {name: row[name] for name in names} == dict.fromkeys(names) | was
    text = (tmp_path / "out.jsonl").read_text()
    assert "NaN" not in text


@pytest.mark.parametrize(
    "content", ["[1]\n", '{"a": 1\n', '{"a":1}{"b":2}\n', "secret\n", '{"a": "\\ud800"}\n']
)
def test_a_line_that_is_no_object_is_told_by_its_number_and_not_quoted(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "in.jsonl").write_text('{"a": 1}\n' + content)
    with pytest.raises(InputError, match="line 2 of") as caught:
        open_table(str(tmp_path / "in.jsonl"))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_numbers_that_json_does_not_know_do_not_spoil_the_line(tmp_path: Path) -> None:
    table = pa.table({"street": ["1 A St"], "zip": ["00501"], "x": [float("nan")]})
    pq.write_table(table, tmp_path / "in.parquet")
    copied(str(tmp_path / "in.parquet"), tmp_path / "out.jsonl")
    line = (tmp_path / "out.jsonl").read_text()

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(line, parse_constant=refuse)["x"] is None


# --- Excel ----------------------------------------------------------------------------------------


def test_excel_cells_keep_their_kinds(tmp_path: Path) -> None:
    when = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001  Excel knows no time zones
    write_sheet(
        tmp_path / "in.xlsx",
        [["street", "zip", "when", "flag", "n"], ["1 A St", 501, when, True, 1.5]],
        top=2,
    )
    (row,) = cells_of(copied(str(tmp_path / "in.xlsx"), tmp_path / "out.xlsx"))
    assert (row["when"], row["flag"], row["n"], row["zip"]) == (when, True, 1.5, "00501")
    (row,) = cells_of(copied(str(tmp_path / "in.xlsx"), tmp_path / "out.csv"))
    assert (row["when"], row["flag"], row["n"]) == ("2026-01-02T03:04:05", "true", "1.5")


def test_empty_rows_of_a_sheet_are_no_rows_and_short_ones_are_filled(tmp_path: Path) -> None:
    write_sheet(tmp_path / "in.xlsx", [["street", "zip", "x"], ["a", 1], [], ["b", 2, 3], []])
    table = open_table(str(tmp_path / "in.xlsx"))
    assert table.count == 2
    assert list(table.rows()) == [["a", 1, None], ["b", 2, 3]]


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "in.xlsx")
    book.add_worksheet("Empty")
    book.add_worksheet("Full").write_column(0, 0, ["street", "1 A St"])
    book.close()
    name = str(tmp_path / "in.xlsx")
    assert open_table(name, sheet="Full").count == 1
    with pytest.raises(InputError, match=r"no sheet 'Fool'; it has 'Empty', 'Full'"):
        open_table(name, sheet="Fool")
    with pytest.raises(InputError, match=r"'Empty' .* is empty"):
        open_table(name, sheet="Empty")
    # Without a name, or in other letters, the first sheet with text will do.
    assert open_table(name).sheet == open_table(name, sheet="full ").sheet == "Full"


@pytest.mark.parametrize("suffix", ["xlsx", "parquet", "xls", "ods"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PAR1nothing", b"\x00\x01\x02"])
def test_a_file_that_is_not_what_it_is_called_is_told(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"in.{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not an? (Excel|Parquet) file that can be read"):
        open_table(str(path))


def test_errors_and_formulas_come_out_as_they_were(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "in.xlsx")
    sheet = book.add_worksheet("Addresses")
    sheet.write_row(0, 1, ["street", "zip", "note", "sum"])
    sheet.write_row(1, 1, ["1 A St", 501])
    sheet.write_formula(1, 3, "=NA()", None, "#N/A")
    sheet.write_formula(1, 4, "=1+1", None, 2)
    sheet.merge_range(2, 1, 3, 1, "2 B St")
    sheet.write_column(2, 2, [502, 503])
    sheet.merge_range(4, 1, 4, 3, "over three columns")
    sheet.set_row(3, None, None, {"hidden": True})
    book.close()
    table = open_table(str(tmp_path / "in.xlsx"))
    assert "1 row of sheet 'Addresses' is hidden" in (table.note or "")
    rows = [
        ["1 A St", 501, "#N/A", 2],
        ["2 B St", 502, None, None],
        ["2 B St", 503, None, None],
        ["over three columns", None, None, None],
    ]
    assert list(table.rows()) == rows
    found = cells_of(copied(str(tmp_path / "in.xlsx"), tmp_path / "out.csv"))
    assert [row["note"] for row in found] == ["#N/A", "", "", ""]


def test_a_text_that_excel_cannot_hold_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    rows = [{"street": "x" * 40_000, "zip": "00501"}]
    name = write_table(tmp_path / "in.jsonl", rows)
    with pytest.raises(InputError, match=r"32,767.*CSV"):
        copied(name, tmp_path / "out.xlsx")


def test_large_numbers_are_not_rounded_by_excel(tmp_path: Path) -> None:
    name = write_table(
        tmp_path / "in.jsonl", [{"street": "a", "zip": "00501", "n": 12345678901234567890}]
    )
    (row,) = cells_of(copied(name, tmp_path / "out.xlsx"))
    assert row["n"] == "12345678901234567890"


def test_more_rows_than_a_sheet_holds_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hum_async.bulk.tables._excel.MOST_ROWS", 3)
    rows = [{"street": str(number), "zip": "00501"} for number in range(3)]
    name = write_table(tmp_path / "in.jsonl", rows)
    with pytest.raises(InputError, match=r"holds 3 rows and no more; write CSV or Parquet"):
        copied(name, tmp_path / "out.xlsx")


# --- Parquet --------------------------------------------------------------------------------------


def test_parquet_columns_keep_their_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "street": pa.array(["1 A St", "2 A St"]).dictionary_encode(),
            "zip": pa.array([501, None], pa.int32()),
            "price": pa.array([Decimal("1.10"), None]),
            "when": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2),
            "list": pa.array([[1, 2], None]),
            "struct": pa.array([{"a": 1}, {"a": 2}]),
            "bytes": pa.array([b"\xff", b""]),
            "null": pa.nulls(2),
            "large": pa.array(["x", None], pa.large_string()),
            "u64": pa.array([2**64 - 1, 0], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    copied(str(tmp_path / "in.parquet"), tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    for name in table.column_names:
        if name == "zip":
            assert found[name].to_pylist() == ["00501", None]
        else:
            assert found[name].type == table[name].type, name
            assert found[name].to_pylist() == table[name].to_pylist(), name
    assert found["hum_providers"].to_pylist() == [["A", "B"]] * 2
    assert found["hum_min_price_usd"].type == pa.decimal128(21, 2)


@pytest.mark.parametrize("target", ["csv", "jsonl", "xlsx"])
def test_parquet_cells_of_any_kind_can_be_written_elsewhere(tmp_path: Path, target: str) -> None:
    table = pa.table(
        {
            "street": ["1 A St"],
            "zip": pa.array([Decimal(501)]),
            "when": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]),
            "time": pa.array([dt.time(1, 2, 3)]),
            "list": pa.array([[1, 2]]),
            "bytes": pa.array([b"\xff"]),
            "nan": pa.array([float("inf")]),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    (row,) = cells_of(copied(str(tmp_path / "in.parquet"), tmp_path / f"out.{target}"))
    assert row["zip"] == "00501"
    assert as_text(row["list"]) == "[1, 2]"
    assert row["bytes"] == "/w=="
    assert as_text(row["nan"]) == "inf"


def test_columns_of_one_name_are_told_apart_where_they_must_be(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("street,x,x,zip,x__2\n1 A St,1,2,00501,3\n")
    for target in ("jsonl", "parquet"):
        (row,) = cells_of(copied(str(tmp_path / "in.csv"), tmp_path / f"out.{target}"))
        assert (row["x"], row["x__2"], row["x__3"]) == ("1", "3", "2")


def test_ten_thousand_columns_of_one_name_are_told_apart_at_once() -> None:
    assert len(set(distinct(["x"] * 10_000))) == 10_000


# --- CSV as programs write it ---------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_found_by_its_zeros(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "in.csv").write_bytes("street,zip\n1 Peñón St,00901\n".encode(encoding))
    assert list(open_table(str(tmp_path / "in.csv")).rows()) == [["1 Peñón St", "00901"]]


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_a_line_that_names_the_separator_is_heeded_and_is_no_row(
    tmp_path: Path, separator: str
) -> None:
    line = separator.join
    text = f"sep={separator}\r\n{line(['street', 'zip'])}\r\n{line(['1 A St', '00501'])}\r\n"
    (tmp_path / "in.csv").write_text(text)
    table = open_table(str(tmp_path / "in.csv"))
    assert table.header == ("street", "zip")
    assert list(table.rows()) == [["1 A St", "00501"]]


def test_commas_within_quotation_marks_are_no_delimiter(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('"street, number, unit";"zip"\n"1, A St, 2";00501\n')
    table = open_table(str(tmp_path / "in.csv"))
    assert table.header == ("street, number, unit", "zip")


def test_standard_input_is_told_apart_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"street": "1 A St", "zip": "00501"}]
    for fmt in FORMATS:
        with Path(write_table(tmp_path / f"in.{fmt}", rows)).open("rb") as stream:
            monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": stream}))
            table = open_table("-")
        assert cells_of(table) == rows


@pytest.mark.parametrize("now", ['street,zip\n"1 A St,00501\n', "street,zip\n1,2,3,4\n"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path, now: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text("street,zip\n1 A St,00501\n")
    table = open_table(str(path))
    path.write_text(now)
    with pytest.raises(InputError, match="changed while it was read"):
        list(table.rows())


# --- extras and memory ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "module", "packages"),
    [("xlsx", "xlsxwriter", "python-calamine xlsxwriter"), ("parquet", "pyarrow", "pyarrow")],
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, module: str, packages: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=f"pip install {packages}"):
        open_sink(str(tmp_path / f"out.{suffix}"), header=["a"])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("target", FORMATS)
def test_a_long_table_is_written_in_little_memory(tmp_path: Path, target: str) -> None:
    (tmp_path / "in.csv").write_text(
        "street,zip,note\n" + "".join(f"{n} Main St,00501,{'x' * 200}\n" for n in range(4_000))
    )
    table = open_table(str(tmp_path / "in.csv"))
    sink = open_sink(str(tmp_path / f"out.{target}"), header=table.header, source=table)
    tracemalloc.start()
    for cells in table.rows():
        sink.write(cells, RESULT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    sink.close()
    assert peak < 20_000_000


def _views() -> dict[str, Any]:
    """Return a column of a type that old versions of pyarrow cannot write."""
    column = pa.array(["x", None], pa.string_view())
    try:
        pq.write_table(pa.table({"view": column}), io.BytesIO())
    except pa.ArrowNotImplementedError:
        return {}
    return {"view": column}


def test_what_python_cannot_hold_is_carried_to_parquet_and_written_as_text_elsewhere(
    tmp_path: Path,
) -> None:
    late, nano = 253_402_300_800_000_000, 1_735_689_600_123_456_789
    table = pa.table(
        {
            "street": ["1 A St", "2 A St"],
            "zip": ["00501", "00502"],
            "late": pa.array([late, 0], pa.timestamp("us")),
            "later": pa.array([late * 10, None], pa.timestamp("us", "UTC")),
            "day": pa.array([2**30, None], pa.date32()),
            "nano": pa.array([nano, None], pa.timestamp("ns")),
            "time": pa.array([1, None], pa.time64("ns")),
            "lasts": pa.array([1, None], pa.duration("ns")),
            "list": pa.array([[nano], None], pa.list_(pa.timestamp("ns"))),
            "struct": pa.array([{"t": nano}, None], pa.struct([("t", pa.timestamp("ns"))])),
            "map": pa.array([[("a", nano)], None], pa.map_(pa.string(), pa.timestamp("ns"))),
            "encoded": pa.array([nano, None], pa.timestamp("ns")).dictionary_encode(),
            **_views(),
            "uuid": pa.ExtensionArray.from_storage(
                pa.uuid(), pa.array([b"\xff" * 16, None], pa.binary(16))
            ),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    copied(str(tmp_path / "in.parquet"), tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    for name in table.column_names:
        if name == "encoded":
            assert found[name].type == pa.timestamp("ns")
            assert found[name].cast(pa.int64()).to_pylist() == [nano, None]
        else:
            assert found[name].type == table[name].type, name
            assert found[name].combine_chunks().equals(table[name].combine_chunks()), name
    texts = {
        "late": "10000-01-01T00:00:00.000000",
        "later": f"{late * 10} (timestamp[us, tz=UTC] since 1970)",
        "nano": "2025-01-01T00:00:00.123456789",
        "time": "00:00:00.000000001",
        "list": '["2025-01-01T00:00:00.123456789"]',
        "struct": '{"t": "2025-01-01T00:00:00.123456789"}',
        "uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    }
    for target in ("out.csv", "out.jsonl", "out.xlsx"):
        first, second = cells_of(copied(str(tmp_path / "in.parquet"), tmp_path / target))
        assert {name: first[name] for name in texts} == texts
        assert as_text(second["nano"]) == ""


def test_what_pandas_wrote_of_its_index_is_kept(tmp_path: Path) -> None:
    table = pa.table({"street": ["1 A St"], "zip": ["00501"], "__index_level_0__": [5]})
    kept = {b"pandas": b'{"index_columns": ["__index_level_0__"], "columns": []}'}
    pq.write_table(table.replace_schema_metadata(kept), tmp_path / "in.parquet")
    copied(str(tmp_path / "in.parquet"), tmp_path / "out.parquet")
    metadata = pq.read_schema(tmp_path / "out.parquet").metadata
    assert metadata[b"pandas"] == kept[b"pandas"]


def test_bytes_that_are_utf_8_are_text(tmp_path: Path) -> None:
    table = pa.table({name: pa.array([name.encode()]) for name in ("street", "zip", "note")})
    pq.write_table(table, tmp_path / "in.parquet")
    (row,) = cells_of(copied(str(tmp_path / "in.parquet"), tmp_path / "out.csv"))
    assert [row[name] for name in ("street", "zip", "note")] == ["street", "zip", "note"]


def test_rows_of_nothing_are_no_rows_of_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "street": ["1 A St", None, " ", "2 A St"],
            "zip": ["00501", None, "", None],
            "n": [1.0, None, float("nan"), None],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    found = open_table(str(tmp_path / "in.parquet"))
    assert (found.count, found.blank) == (2, 2)
    assert [row[0] for row in found.rows()] == ["1 A St", "2 A St"]
    pq.write_table(table.append_column("id", pa.array([1, 2, 3, 4])), tmp_path / "in.parquet")
    assert open_table(str(tmp_path / "in.parquet")).count == 4


def test_nested_fields_of_an_address_are_looked_into(tmp_path: Path) -> None:
    inner = {"Street": "1 A St", "postal_code": "00501", "unit": "4"}
    rows = [
        {"address": inner, "unit": None, "zip": "00502"},
        {"address": {"x": "1"}, "unit": "4", "zip": "00502"},
    ]
    name = write_table(tmp_path / "in.jsonl", rows)
    table = open_table(name)
    columns = find_columns(table.header)
    first, second = (columns.address(row) for row in table.rows())
    assert (first.street1, first.street2, first.zip) == ("1 A St", "4", "00502")
    with pytest.raises(AddressError, match="street1 holds a list or nested fields"):
        checked(second)
