"""``hum doctor``: exit codes, the screen at three widths, and what a script reads."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.cli._console import data

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_nothing_stands_in_the_way(call: Callable[..., Any], tmp_path: Path) -> None:
    ended = call("doctor", "--simulate", "--journal", str(tmp_path / "job.sqlite"))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.rstrip().endswith("Nothing stands in the way.")
    assert str(tmp_path) in ended.out.replace("\n", "").replace(" ", "")
    assert not list(tmp_path.iterdir())


def test_a_missing_key_is_a_problem_with_advice(call: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as api:
        ended = call("doctor", "--base-url", f"http://127.0.0.1:{api.getsockname()[1]}")
    assert ended.code == 4
    assert "--simulate" in ended.out
    assert "connection: 127.0.0.1" in ended.out
    assert ended.out.rstrip().endswith("1 problem")


@pytest.mark.parametrize(
    ("key", "code"), [("", 4), ("two words", 1)], ids=["no key", "a key that cannot be"]
)
def test_who_has_no_key_hears_of_the_way_too(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, key: str, code: int
) -> None:
    monkeypatch.setenv("HUM_API_KEY", key)
    monkeypatch.setenv("HUM_BASE_URL", "http://127.0.0.1:9")
    ended = call("doctor", "--json")
    problems = [each for each in json.loads(ended.out)["findings"] if each["state"] == "problem"]
    assert [each["check"] for each in problems[1:]] == ["connection"]
    assert "key" in problems[0]["told"]
    assert ended.code == code


def test_one_problem_is_told_once(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "k")
    assert call("doctor", "--base-url", "nonsense").out.rstrip().endswith("1 problem")


def test_problems_of_two_kinds(
    call: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "k")
    ended = call("doctor", "--base-url", "http://127.0.0.1:9", "--journal", str(tmp_path / "a/b"))
    assert ended.code == 1
    assert ended.out.rstrip().endswith("2 problems")
    refused = call("doctor", "--base-url", "http://hum.example")
    assert refused.code == 1
    assert "in the clear" in refused.out.replace("\n        ", " ")


def test_a_script_reads_it(call: Callable[..., Any]) -> None:
    ended = call("doctor", "--simulate", "--json")
    found = json.loads(ended.out)
    assert found["ok"] is True
    assert {each["state"] for each in found["findings"]} == {"ok"}
    assert found["findings"][0]["check"] == "installation"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_screen_fits(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(data, "width", width)
    lines = call("doctor", "--base-url", "nonsense").out.splitlines()
    assert max(map(len, lines)) <= width
    # Advice stands below what it is for.
    assert all(line.startswith(("ok", "warning", "problem", " ", "2 problems")) for line in lines)
