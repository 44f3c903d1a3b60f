"""What the README says is so, and it is short; tests/documentation runs what it shows."""

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from documented_blocks import ROOT, WRITTEN

from hum_async import Outcome, UpdateKind
from hum_async.cli._exit_codes import ExitCode
from hum_async.web import EventKind

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def test_there_are_exactly_two_set_up_commands_of_one_line_each() -> None:
    assert len(SHELL) == 2
    for command in SHELL:
        assert len(command.strip().splitlines()) == 1
        assert shlex.split(command)[:4] == ["python3", "-m", "venv", ".venv"]


def test_the_first_command_uses_files_that_exist() -> None:
    assert "examples/addresses.csv" in SHELL[0]
    assert (ROOT / "examples" / "addresses.csv").is_file()


def test_ci_runs_the_second_command_as_it_is_written() -> None:
    assert "grep -m1 'python -m pytest' README.md" in (ROOT / ".ci" / "run").read_text()
    first = next(line for line in README.splitlines() if "python -m pytest" in line)
    assert first == SHELL[1].strip()


def test_it_takes_five_minutes() -> None:
    assert len(README.splitlines()) <= 140


def pages_from(page: Path) -> Iterator[Path]:
    """Yield the pages that a page links to, or lists in a table of contents."""
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s#:]+\.md)\b", text):
        yield (page.parent / link).resolve()
    for listed in re.findall(
        r"^ *[`:]{3,}\{toctree\}\n(.*?)^ *[`:]{3,}", text, re.DOTALL | re.MULTILINE
    ):
        for line in listed.splitlines():
            name = re.sub(r".*<(.*)>", r"\1", line.strip()).removesuffix(".md")
            yield (page.parent / f"{name}.md").resolve()


def test_it_leads_to_every_page() -> None:
    found, left = set[Path](), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page not in found and page.exists():
            found.add(page)
            left += pages_from(page)
    pages = {page for page in (ROOT / "docs").rglob("*.md") if page.parent != WRITTEN}
    assert pages <= found


@pytest.mark.parametrize(
    ("page", "names"), [("jobs", Outcome), ("watching", UpdateKind), ("web", EventKind)]
)
def test_every_outcome_update_kind_and_event_is_explained(page: str, names: Iterable[str]) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for name in names:
        assert f"| `{name}` |" in text


def test_every_exit_code_is_explained() -> None:
    text = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
    section = text.partition("## Exit codes")[2].partition("\n## ")[0]
    assert set(map(int, re.findall(r"(?:^|, *)(\d+) ", section, re.MULTILINE))) == set(ExitCode)
