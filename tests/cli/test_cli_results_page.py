"""docs/results.md is true: its tables are the schema."""

from __future__ import annotations

import re
from pathlib import Path

from hum_async.bulk.files.long_table import long_columns
from hum_async.bulk.result_schema import SCHEMA_VERSION, kind_of, result_columns

PAGE = (Path(__file__).parent.parent.parent / "docs" / "results.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_page_names_the_version_and_each_column_with_its_type_in_order() -> None:
    assert f"version {SCHEMA_VERSION} of their schema" in PAGE
    rows = re.findall(
        r"^\| `(hum_\w+)` \| ([a-z ]+) \|", section("The columns of an output"), re.MULTILINE
    )
    assert rows == [(name, str(kind_of(name))) for name in result_columns()]


def test_the_page_names_each_column_of_the_long_table() -> None:
    named = re.findall(r"`(hum_[a-z_0-9]+)`", section("The long table"))
    assert set(long_columns()) <= set(named)


def test_the_page_names_each_type_in_each_format() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \|.*\|$", section("The types in each format"), re.MULTILINE)
    assert set(rows) - {"type"} == {str(kind_of(name)) for name in result_columns()}
