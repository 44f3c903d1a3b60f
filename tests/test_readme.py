"""What the README says is so, and it is short; tests/documentation runs what it shows."""

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import pytest

from hum_async import Outcome, UpdateKind
from hum_async.cli._exit_codes import ExitCode
from hum_async.web import EventKind

ROOT = Path(__file__).parent.parent
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
    assert len(README.splitlines()) <= 150


def test_it_leads_to_every_page() -> None:
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert not {page for page in pages if f"]({page})" not in README}


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
