"""The site has every page, draws every diagram, and needs no network to be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from documented_blocks import ROOT

from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._front_page import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
TREE = re.compile(r"^```\{toctree\}\n(?::[^\n]*\n)*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_page_is_listed_once() -> None:
    listed = [
        page
        for tree in TREE.findall((DOCS / "index.md").read_text("utf-8"))
        for page in tree.split()
        if not page.startswith("reference/")
    ]
    places = (DOCS, DOCS / "project")
    pages = [path.relative_to(DOCS) for place in places for path in place.glob("*.md")]
    assert sorted(listed) == sorted(
        page.with_suffix("").as_posix() for page in pages if page.stem != "index"
    )


def test_every_diagram_is_drawn_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    from diagrams import diagrams  # noqa: PLC0415  from the folder of tools

    assert set(diagrams()) == {path.name for path in (DOCS / "diagrams").iterdir()}


def test_the_page_of_the_command_says_what_its_help_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DOCS / "_extensions")
    from command_pages import commands_page  # noqa: PLC0415  from the folder of the site

    page = commands_page()
    for name in COMMANDS:
        assert f"\n## hum {name}\n" in page
    for code in ExitCode:
        assert f"\n`{code:d}`\n: " in page
    assert "`--max-cost AMOUNT`\n: Never spend more than this" in page
    sources = [path.read_text("utf-8") for path in (ROOT / "hum_async").rglob("*.py")]
    read = {name for text in sources for name in re.findall(r"\bHUM_[A-Z_]+\b", text)}
    assert set(re.findall(r"^`(HUM_\w+)`\n: ", page, re.MULTILINE)) == read


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<img src='a.png'><a href='https://example.com'>a link may lead anywhere</a>", []),
        ("<script src='https://example.com/a.js'></script>", ["https://example.com/a.js"]),
        ("<link rel=stylesheet href=//example.com/a.css>", ["//example.com/a.css"]),
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, found: list[str]
) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    from check_site import problems  # noqa: PLC0415  from the folder of tools

    (tmp_path / "llms.txt").touch()
    (tmp_path / "index.html").write_text(page, "utf-8")
    (tmp_path / "a.css").write_text("p { background: url(a.png); }", "utf-8")
    assert problems(tmp_path) == [f"index.html loads {where}" for where in found]
