"""What an input is, whatever its name: compressed, JSON in any shape, a workbook, a web page."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import zipfile
from pathlib import Path  # noqa: TC003  for the annotations of fixtures

import pytest
import xlsxwriter

from hum_async.bulk.tables import Cell, open_table
from hum_async.errors import InputError

TEXT = "street,zip\n1 A St,00501\n"
ROWS: list[list[Cell]] = [["1 A St", "00501"]]
OBJECT = {"street": "1 A St", "zip": "00501"}


def rows_of(path: Path, content: bytes | str) -> list[list[Cell]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(open_table(str(path)).rows())


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", ["in.csv.gz", "in.csv", "in"])
def test_a_compressed_file_is_unpacked_whatever_its_name(
    tmp_path: Path, name: str, pack: object
) -> None:
    assert callable(pack)
    assert rows_of(tmp_path / name, pack(TEXT.encode())) == ROWS
    table = open_table(str(tmp_path / name))
    assert (table.path, table.name) == (tmp_path / name, str(tmp_path / name))
    assert rows_of(tmp_path / "in.jsonl.gz", pack(json.dumps(OBJECT).encode())) == ROWS


def test_a_zip_file_with_one_file_is_unpacked_and_with_several_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("deep/in.csv.gz", gzip.compress(TEXT.encode()))
        archive.writestr("__MACOSX/._in.csv", "x")
    assert list(open_table(str(path)).rows()) == ROWS
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.csv", TEXT)
    with pytest.raises(InputError, match=r"2 files \(deep/in.csv.gz, other.csv\); unpack it"):
        open_table(str(path))


def test_a_damaged_compressed_file_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT.encode() * 99)
    for damaged in (packed[:-9], packed[:20] + b"\0" * 30):
        with pytest.raises(InputError, match="damaged gzip"):
            rows_of(tmp_path / "in.csv.gz", damaged)


def test_a_workbook_is_one_whatever_its_name(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "in.csv")
    book.add_worksheet().write_column(0, 0, ["street", "1 A St"])
    book.close()
    assert list(open_table(str(tmp_path / "in.csv")).rows()) == [["1 A St"]]


@pytest.mark.parametrize("name", ["in.xlsx", "in.xls", "in.parquet", "in.csv"])
def test_text_is_text_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert rows_of(tmp_path / name, TEXT) == ROWS
    assert rows_of(tmp_path / name, TEXT.replace(",", "\t")) == ROWS
    assert rows_of(tmp_path / name, json.dumps(OBJECT)) == ROWS


@pytest.mark.parametrize("start", ["<!DOCTYPE html>", "\n<html>", "<table>", '<?xml version="1"?>'])
@pytest.mark.parametrize("name", ["in.xls", "in.csv", "in.json"])
def test_a_web_page_is_told(tmp_path: Path, name: str, start: str) -> None:
    with pytest.raises(InputError, match=r"web page.*save it as"):
        rows_of(tmp_path / name, f"{start}<tr><td>street</td></tr>")


LISTED = [OBJECT, {"street": "2 B St", "zip": None, "more": [1, {"a": 2}]}]
POINT = {"type": "Point", "coordinates": [-83.0, 42.3]}
FEATURES = [
    {"type": "Feature", "geometry": POINT, "properties": OBJECT},
    {"type": "Feature", "geometry": None, "properties": LISTED[1]},
]
READ = [["1 A St", "00501", None], ["2 B St", None, [1, {"a": 2}]]]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LISTED),
        json.dumps({"count": 2, "data": LISTED}),
        json.dumps({"results": LISTED, "next": None}, indent=2),
        json.dumps(LISTED, indent=4),
        "\ufeff \n" + json.dumps(LISTED, separators=(",", ":")),
        "\n".join(json.dumps(row, indent=1) for row in LISTED),
        ",\n".join(json.dumps(row, indent=1) for row in LISTED) + ",\n",
        "".join(json.dumps(row) + ",\n" for row in LISTED),
        "[\n" + "".join(json.dumps(row) + ",\n" for row in LISTED) + "]\n",
        "\r\n".join(json.dumps(row) for row in LISTED) + "\r\n\x1a",
        json.dumps([["street", "zip", "more"], *READ]),
        "\n".join(map(json.dumps, [["street", "zip", "more"], *READ])),
        "\n".join(json.dumps(row) for row in [LISTED[0], {}, {"street": None}, LISTED[1]]),
    ],
)
def test_json_objects_are_rows_however_they_are_written(tmp_path: Path, text: str) -> None:
    for name in ("in.json", "in.jsonl", "in.csv"):
        assert rows_of(tmp_path / name, text) == READ
    assert rows_of(tmp_path / "in.json", text.encode("utf-16")) == READ


def test_the_features_of_geojson_are_rows(tmp_path: Path) -> None:
    whole = {"type": "FeatureCollection", "name": "x", "features": FEATURES, "more": [{"a": 1}]}
    lines = "\n".join(map(json.dumps, FEATURES))
    for text in (json.dumps(whole), json.dumps(whole, indent=2), lines):
        (tmp_path / "in.geojson").write_text(text)
        table = open_table(str(tmp_path / "in.geojson"))
        assert table.header == ("street", "zip", "longitude", "latitude", "more")
        assert next(table.rows()) == ["1 A St", "00501", -83.0, 42.3, None]
        assert table.count == 2


def test_a_long_list_is_read_in_pieces(tmp_path: Path) -> None:
    rows = [{"street": f"{number} A St", "note": "x" * number} for number in range(1, 900)]
    found = rows_of(tmp_path / "in.json", json.dumps(rows))
    assert found == [list(row.values()) for row in rows]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[{"a": 1},\n{"a": secret}]', 2),
        ('{"a":\n1', 2),
        ('[{"a": 1}, 5]', 1),
        ("[[1], [2, 3]]", 1),
    ],
)
def test_what_is_no_json_is_told_by_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(InputError, match=f"line {line} of") as caught:
        rows_of(tmp_path / "in.json", text)
    assert "secret" not in str(caught.value)


ONE_OF_TWO = [
    ('[{"street": "1 Elm St", "zip": "02108", "street": "9 Elm St"}]', 1, "street"),
    ('[\n{"id": 1,\n"zip": "02108", "in": {"unit": 1, "unit": 2}}]', 2, "unit"),
    ('{"street": "1 Elm St"}\n{"street": "2 Elm St", "zip": 1, "zip": 2}\n', 2, "zip"),
    ('{"type": "FeatureCollection", "features": [{"a": 1, "a": 2}]}', 1, "a"),
]


@pytest.mark.parametrize(("text", "line", "repeated"), ONE_OF_TWO)
def test_a_name_with_two_values_in_one_object_is_told(
    tmp_path: Path, text: str, line: int, repeated: str
) -> None:
    path = tmp_path / "in.json"
    path.write_text(text)
    with pytest.raises(InputError, match=f"line {line} of .* the name '{repeated}' two values"):
        open_table(str(path))


def test_a_name_that_is_given_the_same_value_twice_loses_nothing(tmp_path: Path) -> None:
    text = '{"street": "1 Elm St", "zip": "02108", "street": "1 Elm St"}'
    assert rows_of(tmp_path / "in.json", text) == [["1 Elm St", "02108"]]


def zipped(path: Path, **members: bytes) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return path.read_bytes()


NO_TABLES = [
    (b"%PDF-1.4\n1 0 obj\nstreet,city\n", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
    (b"SQLite format 3\0" + bytes(84), "a database"),
    (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive"),
    (b"ARROW1\0\0", "an Arrow"),
    (b"street,zip\n".ljust(257) + b"ustar\x0000", "a tar archive"),
    (gzip.compress(b"in.csv".ljust(257, b"\0") + b"ustar\x0000", mtime=0), "a tar archive"),
    (random.Random(3).randbytes(3_000), "binary data"),  # noqa: S311  not for secrets
]


@pytest.mark.parametrize("name", ["in.csv", "in.json", "in.xlsx"])
@pytest.mark.parametrize(
    ("content", "what"), NO_TABLES, ids=[f"{what} {at}" for at, (_, what) in enumerate(NO_TABLES)]
)
def test_what_is_no_table_is_told_by_what_it_is(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{name} is no table but {what}") as caught:
        open_table(str(path))
    assert "as CSV or .xlsx" in str(caught.value)


def test_a_document_of_an_office_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    zipped(path, **{"[Content_Types].xml": b"<x/>", "word__document.xml": b"<x/>"})
    with pytest.raises(InputError, match="a Word document"):
        open_table(str(path))


def test_an_empty_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    zipped(path)
    with pytest.raises(InputError, match="an empty zip file"):
        open_table(str(path))


def test_odd_bytes_in_a_table_are_no_reason_to_call_it_none(tmp_path: Path) -> None:
    lines = [b"name,street,zip", *[b"M\xfcller\x05,11 Elm St,02108"] * 30]
    path = tmp_path / "in.csv"
    path.write_bytes(b"\n".join(lines))
    assert open_table(str(path)).count == 30
    path.write_bytes(b"\n".join(line.replace(b",", b"\x01") for line in lines[:2]))
    open_table(str(path))


ZEROS = bytes(65 << 20)
BOMBS = {
    "in.csv.gz": lambda _: gzip.compress(b"street,zip\n" + ZEROS, 1),
    "in.zip": lambda path: zipped(path, **{"in.csv": ZEROS}),
    "twice.gz": lambda _: gzip.compress(gzip.compress(ZEROS, 1)),
    "in.xlsx": lambda path: zipped(
        path, **{"[Content_Types].xml": b"<x/>", "xl__worksheets__sheet1.xml": ZEROS}
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name](path))
    with pytest.raises(InputError, match="unpacks to more than 67,108,864"):
        open_table(str(path))


def test_the_sizes_that_a_workbook_says_of_itself_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    content = BOMBS["in.xlsx"](path)
    path.write_bytes(content.replace(len(ZEROS).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(InputError, match="unpacks to more than 67,108,864"):
        open_table(str(path))


def test_a_large_table_that_repeats_itself_is_unpacked(tmp_path: Path) -> None:
    rows = b"street,zip\n" + b"".join(b"%d Elm St,02108\n" % at for at in range(20_000))
    path = tmp_path / "in.csv.xz"
    path.write_bytes(lzma.compress(rows))
    assert open_table(str(path)).count == 20_000


def test_backslashes_and_blanks_before_quotation_marks_may_meet_in_one_file(tmp_path: Path) -> None:
    rows = ['"a \\"b\\"",1 Elm St,02108', ' "x, y", "2 Elm St" ,02108', "z,3 Elm St,02108"]
    text = "\n".join(["name,street,zip", *rows, ""])
    wanted: list[list[Cell]] = [
        ['a "b"', "1 Elm St", "02108"],
        ["x, y", "2 Elm St", "02108"],
        ["z", "3 Elm St", "02108"],
    ]
    assert rows_of(tmp_path / "in.csv", text) == wanted
    padded = text.replace("z,3", ' "z", "3').replace("3 Elm St", '3 Elm St"')
    assert rows_of(tmp_path / "in.csv", padded) == wanted
