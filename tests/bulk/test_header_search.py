"""The header of a table: below title rows, on the sheet that has addresses."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from hum_async.bulk.tables import open_table
from hum_async.errors import InputError

WORDS = {"street", "unit", "city", "state", "zip"}


def rate(cells: Sequence[str]) -> int:
    return len(WORDS & {cell.strip().casefold() for cell in cells})


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def book(path: Path, sheets: dict[str, list[list[object]]], hidden: Sequence[str] = ()) -> str:
    workbook = xlsxwriter.Workbook(path)
    for name, rows in sheets.items():
        sheet = workbook.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    for name in hidden:
        sheet = workbook.get_worksheet_by_name(name)
        sheet.hide()
    shown = [sheet for sheet in workbook.worksheets() if sheet.get_name() not in hidden]
    shown[0].activate()
    shown[0].set_first_sheet()
    workbook.close()
    return str(path)


HEAD = ["street", "city", "state", "zip"]
ROW = ["100 Main St", "Detroit", "MI", "48226"]
TITLES = "Customer list 2026,,,\n\n,,,\nExported from a street database,,,\n"


def test_title_rows_above_the_header_are_passed_over_and_counted(tmp_path: Path) -> None:
    text = f"{TITLES}{','.join(HEAD)}\n{','.join(ROW)}\n,,,\n{','.join(ROW)}\n"
    table = open_table(write(tmp_path / "in.csv", text), rate_header=rate)
    assert (table.header, table.skipped, table.header_row) == (tuple(HEAD), 2, 5)
    assert list(table.rows()) == [ROW, ROW]
    assert table.count == 2


def test_a_line_that_names_the_delimiter_is_no_title(tmp_path: Path) -> None:
    for first in ("sep=;", "sep=;;;;"):
        name = write(tmp_path / "in.csv", f"{first}\n{';'.join(HEAD)}\n{';'.join(ROW)}\n")
        table = open_table(name)
        assert (table.header, table.skipped) == (tuple(HEAD), 0)
        assert list(table.rows()) == [ROW]


def test_of_two_headers_that_rate_alike_the_first_is_taken(tmp_path: Path) -> None:
    text = f"{','.join(HEAD)}\n{','.join(HEAD)}\n"
    assert list(open_table(write(tmp_path / "in.csv", text), rate_header=rate).rows()) == [HEAD]


def test_the_header_is_looked_for_in_twenty_rows_and_no_further(tmp_path: Path) -> None:
    for above, found in ((19, 19), (20, 0)):
        text = "a title\n" * above + f"{','.join(HEAD)}\n{','.join(ROW)}\n"
        assert open_table(write(tmp_path / "in.csv", text), rate_header=rate).skipped == found


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_row_of_the_header_can_be_given(tmp_path: Path, suffix: str) -> None:
    rows = [["Title"], [], ["a", "b"], ["1", "2"]]
    if suffix == "csv":
        name = write(tmp_path / "in.csv", "".join(",".join(row) + "\n" for row in rows))
    else:
        name = book(tmp_path / "in.xlsx", {"Sheet": rows})
    table = open_table(name, header_row=3, rate_header=rate)
    assert (table.header, table.skipped, list(table.rows())) == (("a", "b"), 1, [["1", "2"]])
    for blank in (2, 9):
        with pytest.raises(InputError, match=f"row {blank} is no header.*--header-row"):
            open_table(name, header_row=blank)
    (tmp_path / "in.jsonl").write_text('{"street": "1 A St"}\n')
    with pytest.raises(InputError, match="no header row"):
        open_table(str(tmp_path / "in.jsonl"), header_row=1)


def test_rows_of_nothing_are_no_rows(tmp_path: Path) -> None:
    row = ",".join(ROW)
    nothing = [",,,", " , ,,", "\0" * 9, "\x1a", "\u200b,\ufeff,,", '"",""']
    text = "\n".join([",".join(HEAD), row, *nothing, row, *nothing])
    table = open_table(write(tmp_path / "in.csv", text))
    assert (table.count, list(table.rows())) == (2, [ROW, ROW])
    assert table.blank == 8


def test_the_first_visible_sheet_with_addresses_is_read(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "_lists": [[*HEAD], ["Dropdown 1", "", "", "11111"]],
        "Read me": [["How to fill in a street"], ["and so on"]],
        "Blank": [],
        "Data": [["Title"], [], [*HEAD], [*ROW]],
        "Shipping": [[*HEAD, "unit"], [*ROW, "4"]],
    }
    table = open_table(book(tmp_path / "in.xlsx", sheets, ["_lists"]), rate_header=rate)
    assert (table.sheet, table.header, table.skipped) == ("Data", tuple(HEAD), 1)
    assert table.other_sheets == ("Read me", "Shipping")
    assert list(table.rows()) == [ROW]
    hidden = open_table(str(tmp_path / "in.xlsx"), sheet="_LISTS")
    assert (hidden.sheet, hidden.count) == ("_lists", 1)
