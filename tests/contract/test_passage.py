"""What goes through Prism arrives as it was sent, and each breach of the contract is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from judge import NEEDS_PRISM
from passage import Passage, led_through

from hum_async.simulator import Faults, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = NEEDS_PRISM

HERE = Path(__file__).parent
HEADERS = {"Authorization": "Bearer any-key"}
ADDRESS = {"street1": "100 Served St", "zip": "48226"}


@pytest.fixture(scope="module")
def running() -> Iterator[Passage]:
    with Passage() as passage:
        yield passage


@pytest.fixture
def passage(running: Passage) -> Iterator[Passage]:
    running.count, running.objections = 0, []
    with led_through(running):
        yield running


async def ask(simulator: Simulator, method: str, path: str, **options: Any) -> tuple[int, bytes]:
    url = simulator.url + path
    async with (
        aiohttp.ClientSession(headers=HEADERS) as http,
        http.request(method, url, **options) as response,
    ):
        return response.status, await response.read()


@pytest.mark.virtual(grace=0.01)
async def test_it_takes_no_virtual_time(passage: Passage) -> None:
    async with Simulator(generation="immediate", sigma=0) as simulator:
        status, body = await ask(simulator, "POST", "/sessions", json=ADDRESS)
        assert status == 201
        assert b"provider_name" in body
        assert simulator.now == pytest.approx(9)
    passage.settle()
    assert (passage.count, passage.objections) == (1, [])


async def test_a_broken_request_is_noticed_and_answered_by_the_simulator(passage: Passage) -> None:
    async with Simulator() as simulator:
        assert (await ask(simulator, "POST", "/sessions", json={"street1": "1 A St"}))[0] == 422
        assert (await ask(simulator, "GET", "/nowhere"))[0] == 404
    passage.settle()
    assert passage.count == 2
    assert any("must have required property 'zip'" in each for each in passage.objections)
    assert "GET /nowhere 404: request: Selected route not found" in passage.objections
    assert all(": request" in each for each in passage.objections)


@pytest.mark.parametrize(
    ("fault", "status", "objection"),
    [
        ("wrong_type", 200, "must be"),
        ("truncated", 200, "invalid json"),
        ("malformed", 200, "media type"),
        ("request_timeout", 408, "Unable to match the returned status code"),
    ],
)
async def test_a_broken_answer_is_noticed_and_arrives(
    passage: Passage, fault: str, status: int, objection: str
) -> None:
    async with Simulator(faults=Faults(**{fault: 1.0})) as simulator:
        assert (await ask(simulator, "GET", "/ping"))[0] == status
    passage.settle()
    assert passage.objections
    assert all(each.startswith(f"GET /ping {status}: response") for each in passage.objections)
    assert objection in passage.objections[0]


@pytest.mark.parametrize("body", [ADDRESS, {"street1": "1 A St"}], ids=["whole", "broken"])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
async def test_a_reset_arrives_and_the_request_is_judged(
    passage: Passage, fault: str, body: dict[str, str]
) -> None:
    async with Simulator(faults=Faults(**{fault: 1.0})) as simulator:
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask(simulator, "POST", "/sessions", json=body)
    passage.settle()
    assert bool(passage.objections) == (body is not ADDRESS)


async def test_a_slow_body_is_judged_and_arrives(passage: Passage) -> None:
    async with Simulator(faults=Faults(slow_body=1.0, slow_seconds=0.01)) as simulator:
        assert (await ask(simulator, "GET", "/ping"))[0] == 200
    passage.settle()
    assert (passage.count, passage.objections) == (1, [])


def test_a_test_with_a_breach_fails(tmp_path: Path) -> None:
    path = tmp_path / "test_of_a_simulator.py"
    path.write_text(
        "import urllib.error, urllib.request\n"
        "import pytest\n"
        "def ask(simulator, path):\n"
        "    headers = {'Authorization': 'Bearer k'}\n"
        "    request = urllib.request.Request(simulator.url + path, headers=headers)\n"
        "    with urllib.request.urlopen(request): pass\n"
        "def test_good(hum_simulator):\n"
        "    ask(hum_simulator, '/ping')\n"
        "def test_bad(hum_simulator):\n"
        "    with pytest.raises(urllib.error.HTTPError):\n"
        "        ask(hum_simulator, '/nowhere')\n"
    )
    asked = subprocess.run(  # noqa: S603  our own words
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "through_prism",
            "-p",
            "no:cacheprovider",
            path.name,
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*map(str, (HERE, HERE.parent)), *sys.path]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed, 1 error" in asked.stdout, asked.stdout
    assert "1x GET /nowhere 404: request: Selected route not found" in asked.stdout
    assert "ERROR test_of_a_simulator.py::test_bad" in asked.stdout
    assert "Prism has judged 2 exchanges of 2 tests" in asked.stdout
