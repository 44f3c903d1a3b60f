"""``hum demo --web``: one command that shows it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import Any

import pytest


@pytest.fixture
def demo() -> Any:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "hum_async", "demo", "--web", "--port", "0", "--speed", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def url_of(process: Any) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found
    return found[0]


def fetch(url: str, body: Any = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310  loopback
        read: bytes = answer.read()
        return read


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="ctrl-c"),
        pytest.param(signal.SIGTERM, 143, id="sigterm"),
    ],
)
@pytest.mark.slow
def test_it_serves_the_page_and_its_interface_until_it_is_ended(
    demo: Any, number: int, code: int
) -> None:
    url = url_of(demo)
    assert "simulated" in demo.stdout.readline()
    assert b"<!doctype html>" in fetch(url)
    assert b"EventSource" in fetch(f"{url}/static/streams.js")
    assert json.loads(fetch(f"{url}/about")) == {"simulated": True}
    lookup = json.loads(fetch(f"{url}/lookups", {"street1": "100 Served St", "zip": "48226"}))["id"]
    events = fetch(f"{url}/events?ids={lookup}")
    assert events.count(b"event: done") == 1
    demo.send_signal(number)
    out, err = demo.communicate(timeout=200)
    assert demo.returncode == code
    assert err == ""
    assert out == ""


def test_a_port_that_is_taken_is_told(call: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = call("demo", "--web", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "--port 0" in ended.err


def test_there_is_nothing_else_to_show_yet(call: Any) -> None:
    ended = call("demo")
    assert ended.code == 2
    assert "hum demo --web" in ended.err


def test_without_the_extra_it_says_what_to_install(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    ended = call("demo", "--web", "--port", "0")
    assert ended.code == 1
    assert "pip install fastapi uvicorn" in ended.err
