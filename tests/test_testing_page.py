"""docs/testing.md: its scenarios, and its block for those who have no pytest."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hum_async.simulator import SCENARIOS

PAGE = Path(__file__).parent.parent / "docs" / "testing.md"
FILES = {
    re.match(r"# (\S+\.py)", block)[1]: block  # type: ignore[index]
    for block in re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
}


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.mark.slow
def test_the_block_for_unittest_runs_without_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_with_unittest.py").write_text(FILES["test_with_unittest.py"], "utf-8")
    done = run(tmp_path, "unittest")
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr


def test_the_table_of_scenarios_is_complete() -> None:
    described = re.findall(r"^\| `([^`(]+)` \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {
        name: scenario.description.rstrip(".").casefold() for name, scenario in SCENARIOS.items()
    }
    assert len(told) > 5
    for name, text in told.items():
        assert text == dict(described)[name].replace("`", "").casefold()
