"""One JSON object on standard output, with the keys that docs/json-output.md names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parent.parent.parent / "docs" / "json-output.md"


def documented(command: str) -> list[str]:
    """Return the keys that the page names for a command."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {command}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [key for row in rows for key in re.findall(r"`(\w+)`", row)]


def printed(ended: Any, command: str, *, code: int = 0) -> dict[str, Any]:
    """Return the object that a command printed."""
    assert ended.code == code
    assert len(ended.out.splitlines()) == 1
    found: dict[str, Any] = json.loads(ended.out)
    assert list(found) == documented(command)
    return found


@pytest.fixture
def finished(call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path) -> str:
    """Run a job to its end; return its journal."""
    job = addresses("100 Served St", "100 Not Found Ln", "100 Served St")
    assert call("qualify", job, "-o", str(tmp_path / "out.csv"), "--simulate", "-q").code == 0
    return str(tmp_path / "out.journal.sqlite")


def test_ping(call: Callable[..., Any]) -> None:
    found = printed(call("ping", "--simulate", "--json"), "ping")
    assert found["ok"] is True
    assert found["base_url"].startswith("http://127.0.0.1")
    assert found["request_status"] == "ok"


def test_a_command_that_cannot_run_prints_nothing(call: Callable[..., Any]) -> None:
    nowhere = ("ping", "--base-url", "http://127.0.0.1:1")
    for command, code in ((nowhere, 4), (("status", "no.sqlite"), 1)):
        ended = call(*command, "--json")
        assert (ended.code, ended.out) == (code, "")
        assert "hum: error:" in ended.err


def test_check(call: Callable[..., Any], tmp_path: Path) -> None:
    table = tmp_path / "Mö :smile: [bold].csv"
    table.write_text("id,street,zip\n1,100 Main St,02139\n2,100 Main Street,02139\n3,9 Oak St,\n")
    found = printed(call("check", str(table), "--rate", "10", "--json"), "check", code=3)
    assert found["file"] == str(table)
    assert found["columns"] == {"street1": "street", "zip": "zip"}
    assert found["carried"] == ["id"]
    assert (found["rows"], found["refused"], found["duplicates"], found["sessions"]) == (3, 1, 1, 1)
    assert found["seconds"] > 0
    [missing] = [each for each in found["findings"] if each["severity"] == "refused"]
    assert (missing["row"], missing["kind"]) == (3, "missing")
    assert {each["kind"]: each["count"] for each in found["kinds"]}["missing"] == 1


def test_check_that_is_in_doubt(call: Callable[..., Any], tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("street,zip\nMain St,02139\nOak St,02139\n")
    ended = call("check", str(table), "--json")
    assert ended.code == 2
    [doubt] = json.loads(ended.out)["doubts"]
    assert "house number" in doubt


def test_check_cannot_print_two_things(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    ended = call("check", addresses("100 Served St"), "--json", "--report", "-")
    assert (ended.code, ended.out) == (2, "")


def test_status(call: Callable[..., Any], finished: str) -> None:
    found = printed(call("status", finished, "--json"), "status")
    assert (found["state"], found["process"]) == ("finished", None)
    assert (found["rows_done"], found["rows_total"]) == (3, 3)
    assert found["addresses"] == {"SERVED": 1, "ADDRESS_NOT_FOUND": 1}
    assert (found["sessions"]["bought"], found["sessions"]["open"]) == (2, 0)
    assert found["requests"] == sum(run["requests"] for run in found["runs"]) > 0


def test_verify(call: Callable[..., Any], finished: str, tmp_path: Path) -> None:
    found = printed(call("verify", finished, "--json"), "verify")
    assert (found["ok"], found["problems"]) == (True, [])
    (tmp_path / "out.csv").write_text("edited")
    found = printed(call("verify", finished, "--json"), "verify", code=3)
    assert not found["ok"]
    assert any("out.csv" in problem for problem in found["problems"])
