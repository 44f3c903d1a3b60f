"""What an input is, whatever its name: compressed, JSON in any shape, a workbook, a web page."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
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
