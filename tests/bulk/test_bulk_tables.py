"""Tables in and out: nothing lost, nothing altered."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hum_async._unusable import UnusableText
from hum_async.bulk.result_columns import RESULT_COLUMNS
from hum_async.bulk.tables import CsvTable, open_sink, open_table
from hum_async.errors import InputError

NOTHING: dict[str, Any] = dict.fromkeys(RESULT_COLUMNS)
HEADER = "id,street,zip\n"


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> str:
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return str(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "in.csv"


def sink_for(table: Any, target: str, fmt: str | None = None) -> Any:
    header = [table.header[at] for at in table.kept]
    return open_sink(target, header=header, fmt=fmt, source=table)


def copied(table: CsvTable, target: Path, **values: Any) -> str:
    """Write a table with one and the same result for each row; return the file's text."""
    sink = sink_for(table, str(target))
    for cells in table.rows():
        sink.write([cells[at] for at in table.kept], NOTHING | values)
    sink.close()
    return target.read_bytes().decode()


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_usual_encodings_are_found_by_themselves(source: Path, encoding: str) -> None:
    table = open_table(write(source, f"{HEADER}1,Calle Peñón ñ 5,00901\n", encoding))
    assert table.header == ("id", "street", "zip")
    assert list(table.rows()) == [["1", "Calle Peñón ñ 5", "00901"]]


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_utf_16_of_either_order_is_found_by_its_mark(source: Path, mark: str) -> None:
    table = open_table(write(source, f"\ufeff{HEADER}1,ñ,00901\n", mark))
    assert list(table.rows()) == [["1", "ñ", "00901"]]


def test_an_old_windows_file_is_taken_as_what_it_is_and_the_user_is_told(source: Path) -> None:
    table = open_table(write(source, f"{HEADER}1,a,00901\n2,Peñón,00901\n", "cp1252"))
    assert list(table.rows())[1][1] == "Peñón"
    assert "line 3" in (table.note or "")
    assert "--encoding" in (table.note or "")
    assert open_table(write(source, f"{HEADER}2,Peñón,00901\n")).note is None


def test_a_file_that_is_text_in_no_way_is_refused_with_its_line(source: Path) -> None:
    name = write(source, HEADER.encode() + b"1,\x00\x81\xff,00901\n")
    with pytest.raises(InputError, match=r"not utf-8 text \(line 2\).*--encoding"):
        open_table(name)


def test_a_byte_that_is_odd_spoils_its_own_cell_only(source: Path) -> None:
    rows = ["1,Peñón,00901\n".encode(), "2,Peñón,00902\n".encode("cp1252"), b"3,a\x81b,00903\n"]
    table = open_table(write(source, HEADER.encode() + b"".join(rows)))
    assert [row[1] for row in table.rows()] == ["Peñón", "Peñón", "a\ufffdb"]
    assert "line 3" in (table.note or "")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16"])
def test_a_mark_is_no_part_of_the_header(source: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    name = write(source, f"{mark}{HEADER}1,ñ,00901\n", encoding)
    for named in (encoding, None):
        table = open_table(name, encoding=named)
        assert table.header == ("id", "street", "zip")
        assert list(table.rows()) == [["1", "ñ", "00901"]]


def test_a_file_that_is_not_what_was_named_is_refused_with_its_line(source: Path) -> None:
    name = write(source, HEADER.encode() + b"1,a\x81b,00901\n")
    with pytest.raises(InputError, match=r"not cp1252 text \(line 2\)") as caught:
        open_table(name, encoding="cp1252")
    assert "--encoding cp1252" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf8", "UTF-8"])
def test_a_mark_is_no_part_of_the_first_column_even_when_the_encoding_is_named(
    source: Path, encoding: str
) -> None:
    assert open_table(write(source, f"\ufeff{HEADER}1,a,2\n"), encoding=encoding).header[0] == "id"


@pytest.mark.parametrize("encoding", ["nope", "hex", "rot13"])
def test_an_unknown_encoding_is_told(source: Path, encoding: str) -> None:
    with pytest.raises(InputError, match="no encoding"):
        open_table(write(source, f"{HEADER}1,a,2\n"), encoding=encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_usual_delimiters_are_found_and_the_output_has_commas(
    source: Path, tmp_path: Path, delimiter: str
) -> None:
    header = HEADER.replace(",", delimiter)
    table = open_table(write(source, f'{header}1{delimiter}"a{delimiter}b, c"{delimiter}00901\n'))
    rows = cells_of(copied(table, tmp_path / "out.csv"))
    assert rows[1][:3] == ["1", f"a{delimiter}b, c", "00901"]


def test_line_breaks_within_quotation_marks_are_part_of_the_cell(
    source: Path, tmp_path: Path
) -> None:
    table = open_table(write(source, f'{HEADER}1,"a\nb\r\nc",00901\r\n2,"say ""hi""",00902\r\n'))
    assert table.count == 2
    rows = cells_of(copied(table, tmp_path / "out.csv"))
    assert rows[1][1] == "a\nb\r\nc"
    assert rows[2][1] == 'say "hi"'


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_taken(source: Path, newline: str) -> None:
    text = f"{HEADER}1,a,00901\n2,b,00902\n".replace("\n", newline)
    assert [row[0] for row in open_table(write(source, text)).rows()] == ["1", "2"]


def test_a_last_line_without_an_end_is_a_row(source: Path) -> None:
    assert open_table(write(source, f"{HEADER}1,a,00901\n2,b,00902")).count == 2


def test_rows_that_are_too_short_or_too_long_lose_nothing(source: Path, tmp_path: Path) -> None:
    table = open_table(write(source, f"{HEADER}1\n2,b,00902,more,,yet\n3,c,00903\n"))
    rows = cells_of(copied(table, tmp_path / "out.csv"))
    assert rows[0][:6] == ["id", "street", "zip", "column_4", "column_5", "column_6"]
    assert rows[1][:6] == ["1", "", "", "", "", ""]
    assert rows[2][:6] == ["2", "b", "00902", "more", "", "yet"]
    assert {len(row) for row in rows} == {6 + len(RESULT_COLUMNS)}


def test_blank_lines_are_no_rows_and_do_not_shift_any(source: Path) -> None:
    table = open_table(write(source, f"{HEADER}\n1,a,00901\n\n\r\n2,b,00902\n\n"))
    assert table.count == 2
    assert [row[0] for row in table.rows()] == ["1", "2"]


def test_blank_lines_above_the_header_are_passed_over(source: Path) -> None:
    table = open_table(write(source, f"\n\n{HEADER}1,a,00901\n"))
    assert table.header == ("id", "street", "zip")
    assert [row[0] for row in table.rows()] == ["1"]


def test_a_quotation_mark_that_is_never_closed_spoils_its_row_and_swallows_none(
    source: Path,
) -> None:
    text = f'{HEADER}1,a,00901\n2,"b,00902\n3,"c, d",00903\n4,"d\ne",00904\n'
    table = open_table(write(source, text))
    rows = [
        ["1", "a", "00901"],
        ["2", '"b', "00902"],
        ["3", "c, d", "00903"],
        ["4", "d\ne", "00904"],
    ]
    assert list(table.rows()) == rows
    spoilt = [[isinstance(cell, UnusableText) for cell in row] for row in table.rows()]
    # What stands left of the mark is certain.
    assert spoilt == [[False] * 3, [False, True, True], [False] * 3, [False] * 3]
    assert "1 row of" in (table.note or "")


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('"1","say \\"hi\\", you","00901"', ["1", 'say "hi", you', "00901"]),
        ('1,"C:\\\\x \\"y\\"",00901', ["1", 'C:\\x "y"', "00901"]),
        ('1, "a, b" , "00901"', ["1", "a, b", "00901"]),
        ("'1','a, b','00901'", ["1", "a, b", "00901"]),
        ("1,'O''Fallon, x','00901'", ["1", "O'Fallon, x", "00901"]),
        ("1,O'Fallon,00901", ["1", "O'Fallon", "00901"]),
        ('1,"C:\\",00901', ["1", "C:\\", "00901"]),
        ("1,\\N,00901", ["1", "\\N", "00901"]),
    ],
)
def test_the_dialects_of_other_programs_are_read(source: Path, text: str, row: list[str]) -> None:
    table = open_table(write(source, f"{HEADER}{text}\n{text}\n"))
    assert list(table.rows()) == [row, row]
    assert table.note is None


def test_rulers_and_footers_of_databases_are_no_rows(source: Path) -> None:
    psql = " id | street\n----+--------\n 1  | a\n(1 row)\n"
    assert list(open_table(write(source, psql)).rows()) == [[" 1  ", " a"]]
    sqlcmd = "id,street\n--,------\n1,a\n\n(1 rows affected)\nCompletion time: 2026-01-01\n"
    assert list(open_table(write(source, sqlcmd)).rows()) == [["1", "a"]]
    mysql = "+---+---+\n| id | street |\n+---+---+\n| 1 | a |\n+---+---+\n1 row in set (0.00 sec)\n"
    table = open_table(write(source, mysql))
    assert table.header == ("column_1", "id", "street", "column_4")
    assert list(table.rows()) == [["", " 1 ", " a ", ""]]


def test_inches_within_a_cell_are_only_inches(source: Path) -> None:
    table = open_table(write(source, f'{HEADER}1,12" Pipe Rd,00901\n2,b,00902\n'))
    assert [row[1] for row in table.rows()] == ['12" Pipe Rd', "b"]


@pytest.mark.parametrize("content", ["", "\n", "\ufeff", "  \n\n"])
def test_an_empty_file_is_told(source: Path, content: str) -> None:
    with pytest.raises(InputError, match="is empty"):
        open_table(write(source, content))


def test_a_header_alone_is_told(source: Path) -> None:
    with pytest.raises(InputError, match="no rows below"):
        open_table(write(source, f"{HEADER}\n\n"))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?i)cannot read .*: .*is a directory"):
        open_table(str(tmp_path))
    with pytest.raises(InputError, match=r"cannot read .*: No such file"):
        open_table(str(tmp_path / "missing.csv"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(source: Path) -> None:
    write(source, f"{HEADER}1,a,00901\n")
    source.chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        open_table(str(source))


def test_a_long_cell_is_a_cell(source: Path) -> None:
    table = open_table(write(source, f"{HEADER}1,{'x' * 300_000},00901\n"))
    assert [len(str(cell)) for cell in next(table.rows())] == [1, 300_000, 5]


def test_a_cell_beyond_all_bounds_is_told(source: Path) -> None:
    with pytest.raises(InputError, match="not a CSV file"):
        open_table(write(source, f"{HEADER}1,{'x' * 17_000_000},00901\n"))


def test_a_pipe_can_be_read_although_it_can_be_read_only_once() -> None:
    text = f"{HEADER}1,a,00901\n2,b,00902\n".encode()
    reading, writing = os.pipe()
    try:
        os.write(writing, text)
        os.close(writing)
        table = open_table(f"/dev/fd/{reading}")
        assert [row[0] for row in table.rows()] == ["1", "2"]
    finally:
        os.close(reading)


# --- writing --------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_the_cells_of_the_input_come_out_as_they_went_in(rows: list[list[str]]) -> None:
    # A row of one empty cell or none is a blank line in some dialects; give each row an id.
    rows = [[str(number), *row] for number, row in enumerate(rows)]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["id", "street", "zip"], *rows])
    with tempfile.TemporaryDirectory() as folder:
        table = open_table(write(Path(folder) / "in.csv", text.getvalue()))
        assume(table.delimiter == ",")
        found = cells_of(copied(table, Path(folder) / "out.csv"))
    width = max(3, *(len(row) for row in rows))
    assert [row[:width] for row in found[1:]] == [row + [""] * (width - len(row)) for row in rows]
    assert {len(row) for row in found} == {width + len(RESULT_COLUMNS)}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "'x", " 00501 ", "1e5", "a\rb", "\t"])
def test_no_cell_of_the_input_is_altered(source: Path, tmp_path: Path, cell: str) -> None:
    table = open_table(write(source, f'{HEADER}1,"{cell}",00501\n'))
    assert cells_of(copied(table, tmp_path / "out.csv"))[1][:3] == ["1", cell, "00501"]


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "X\r=1+1", "X\n=1+1", "X\r\n,=1"]
)
def test_nothing_that_the_api_says_is_a_formula_or_another_row(
    source: Path, tmp_path: Path, name: str
) -> None:
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    text = copied(
        table,
        tmp_path / "out.csv",
        hum_providers=[name, "Y"],
        hum_error=name,
        hum_service_address=name,
        hum_data_set=name,
    )
    rows = cells_of(text)
    assert len(rows) == 2
    for line in text.splitlines():
        for cell in next(csv.reader([line]), []):
            assert not cell.strip().startswith(("=", "+", "-", "@"))


def test_results_of_an_earlier_run_are_replaced(source: Path, tmp_path: Path) -> None:
    header = "hum_error,id,hum_outcome,street,zip,hum_remark\n"
    table = open_table(write(source, f"{header}old,1,FAILED,a,00501,mine\n"))
    rows = cells_of(copied(table, tmp_path / "out.csv", hum_outcome="SERVED"))
    assert rows[0] == ["id", "street", "zip", "hum_remark", *RESULT_COLUMNS]
    assert rows[1][:5] == ["1", "a", "00501", "mine", "SERVED"]
    assert "old" not in rows[1]


def test_the_output_of_a_run_is_the_input_of_the_next(source: Path, tmp_path: Path) -> None:
    first = copied(open_table(write(source, f"{HEADER}1,a,00501\n")), tmp_path / "1.csv")
    second = copied(open_table(str(tmp_path / "1.csv")), tmp_path / "2.csv")
    assert first == second


def test_json_lines_have_types_and_text_as_it_came(source: Path, tmp_path: Path) -> None:
    table = open_table(write(source, f"{HEADER}1,=1+1,00501\n"))
    text = copied(
        table,
        tmp_path / "out.jsonl",
        hum_outcome="SERVED",
        hum_provider_count=2,
        hum_providers=["=A", "Ñ"],
        hum_min_price_usd=29.5,
    )
    (row,) = [json.loads(line) for line in text.splitlines()]
    assert list(row) == ["id", "street", "zip", *RESULT_COLUMNS]
    assert (row["id"], row["street"], row["zip"]) == ("1", "=1+1", "00501")
    assert row["hum_provider_count"] == 2
    assert row["hum_providers"] == ["=A", "Ñ"]
    assert row["hum_min_price_usd"] == 29.5
    assert row["hum_error"] is None


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(["a", "a__2", "a__3", "a__x", "b", "a__2__2"]), max_size=6))
def test_no_cell_is_lost_where_columns_have_the_same_name(names: list[str]) -> None:
    header = ["street", *names, "zip"]
    cells = [str(number) for number in range(len(header))]
    with tempfile.TemporaryDirectory() as folder:
        content = f"{','.join(header)}\n{','.join(cells)}\n"
        table = open_table(write(Path(folder) / "in.csv", content))
        row = json.loads(copied(table, Path(folder) / "out.jsonl"))
    assert [value for name, value in row.items() if name not in RESULT_COLUMNS] == cells
    unique = [name for name in header if header.count(name) == 1]
    assert {row[name] for name in unique} == {cells[header.index(name)] for name in unique}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (0.0, "0"), (100.0, "100"), (29.5, "29.5"), (29.99, "29.99"), ([], "")],
)
def test_figures_are_written_short(source: Path, tmp_path: Path, value: Any, text: str) -> None:
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    rows = cells_of(copied(table, tmp_path / "out.csv", hum_min_price_usd=value))
    assert rows[1][rows[0].index("hum_min_price_usd")] == text


def test_the_format_goes_by_the_name_unless_it_is_given(source: Path, tmp_path: Path) -> None:
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    for name, fmt, first in (
        ("a.jsonl", None, ""),
        ("a.ndjson", None, ""),
        ("a.txt", None, "id,"),
        ("a.csv", "jsonl", ""),
        ("b.jsonl", "csv", "id,"),
    ):
        sink_for(table, str(tmp_path / name), fmt).close()
        assert (tmp_path / name).read_text()[:3] == first


def test_an_output_appears_only_when_it_is_whole(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    sink = sink_for(table, str(target))
    sink.write(["1", "a", "00501"], NOTHING)
    assert target.read_text() == "before"
    sink.close()
    assert target.read_text().startswith("id,street,zip,hum_outcome")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_discarded_output_leaves_what_was_there(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    sink_for(table, str(target)).discard()
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_the_input_is_never_overwritten(source: Path, tmp_path: Path) -> None:
    text = f"{HEADER}1,a,00501\n"
    table = open_table(write(source, text))
    (tmp_path / "soft.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    for name in ("in.csv", "soft.csv", "hard.csv", "../" + tmp_path.name + "/in.csv"):
        with pytest.raises(InputError, match="same file"):
            sink_for(table, str(tmp_path / name))
    assert source.read_text() == text


def test_what_cannot_be_written_is_told(source: Path, tmp_path: Path) -> None:
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    for target in (tmp_path, tmp_path / "missing" / "out.csv", source / "out.csv"):
        with pytest.raises(InputError, match="cannot write"):
            sink_for(table, str(target))


def test_a_link_to_the_output_stays_a_link(source: Path, tmp_path: Path) -> None:
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    (tmp_path / "real.csv").write_text("before")
    (tmp_path / "link.csv").symlink_to("real.csv")
    copied(table, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("id,")


def test_a_pipe_as_output_is_written_to_and_not_replaced(source: Path, tmp_path: Path) -> None:
    table = open_table(write(source, f"{HEADER}1,a,00501\n"))
    os.mkfifo(tmp_path / "pipe")
    # Opened for both, so that neither side waits for the other.
    keep = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        sink = sink_for(table, str(tmp_path / "pipe"))
        sink.write(["1", "a", "00501"], NOTHING)
        sink.close()
        assert os.read(keep, 1 << 16).startswith(b"id,street,zip,hum_outcome")
        assert (tmp_path / "pipe").is_fifo()
    finally:
        os.close(keep)
