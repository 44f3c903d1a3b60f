"""Each picture of the documentation is made by code, and shows what is so today."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from documented_blocks import PAGES, ROOT

TOOLS = ROOT / "tools"
SHOWN = re.compile(
    r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^)\s]+)\)|<img [^>]*src=\"(?P<source>[^\"]+)\""
)


@pytest.fixture(name="makers")
def _makers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.syspath_prepend(TOOLS)
    from pictures import MAKERS  # noqa: PLC0415  from the folder of tools

    return MAKERS


def shown() -> set[str]:
    """Return the pictures that pages show."""
    found = set()
    for page in PAGES:
        for picture in SHOWN.finditer(page.read_text("utf-8")):
            assert picture["alt"] != "", f"{page.name}: say in words what a picture shows"
            path = (page.parent / (picture["path"] or picture["source"])).resolve()
            found.add(path.relative_to(ROOT).as_posix())
    return found


def test_each_picture_that_is_shown_has_a_maker_and_exists(makers: dict[str, str]) -> None:
    there = {
        path.relative_to(ROOT).as_posix()
        for suffix in ("gif", "jpg", "png", "svg", "webp")
        for path in (ROOT / "docs").rglob(f"*.{suffix}")
        if not {"_build", "diagrams"} & set(path.parts)  # diagrams: see test_site
    }
    assert shown() <= set(makers) == there


def test_each_maker_exists_and_is_named_beside_its_picture(makers: dict[str, str]) -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for picture, command in makers.items():
        program = command.split()[0]
        assert (ROOT / program).is_file()
        assert f"| `{picture}` | `{program}` |" in table


def test_pictures_are_light_and_ask_nobody(makers: dict[str, str]) -> None:
    for picture in makers:
        content = (ROOT / picture).read_bytes()
        assert len(content) < 150_000
        if picture.endswith(".svg"):
            ET.fromstring(content)  # noqa: S314  our own
            assert not re.search(rb"(?:href|src|url\()\s*=?\s*[\"']?https?:", content)


@pytest.mark.parametrize("name", ["clients", "discovery", "kinds", "outage"])
def test_the_plots_are_what_the_figures_of_the_benchmarks_draw(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import bench_limits  # noqa: PLC0415  from the folder of benchmarks
    import limit_plots  # noqa: PLC0415  as above

    draw = bench_limits.plot if name == "discovery" else limit_plots.PLOTS[name]
    picture = f"docs/limits/{name}.svg"
    drawn = (ROOT / picture).read_text("utf-8")
    assert draw() == drawn, f"python tools/pictures.py {picture}, and look at it"


@pytest.mark.slow
def test_the_screen_of_the_job_is_what_the_command_shows_today() -> None:
    drawn = (ROOT / "docs" / "pictures" / "job.svg").read_text("utf-8")
    script = "import sys, job_screen; sys.stdout.write(job_screen.draw(float(sys.argv[1])))"
    # A busy machine may take longer to deliver what the simulated API says.
    for grace in ("0.002", "0.02"):
        now = subprocess.run(  # noqa: S603  our own words
            [sys.executable, "-c", script, grace], cwd=TOOLS, capture_output=True, check=True
        ).stdout.decode("utf-8")
        if now == drawn:
            return
    assert now == drawn, "python tools/pictures.py docs/pictures/job.svg, and look at it"
