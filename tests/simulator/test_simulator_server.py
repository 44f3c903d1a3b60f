from __future__ import annotations

import ast
import asyncio
import inspect
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from hum_async.simulator import RequestRecord, Simulator

if TYPE_CHECKING:
    from conftest import Ask


async def test_the_url_is_known_once_it_listens(ask: Ask) -> None:
    simulator = Simulator()
    with pytest.raises(RuntimeError, match="start it first"):
        _ = simulator.url
    assert "not running" in repr(simulator)
    async with simulator:
        assert simulator.url.startswith("http://127.0.0.1:")
        assert simulator.url in repr(simulator)
        assert (await ask(simulator, "GET", "/ping")).status == 200


async def test_starting_and_closing_twice_changes_nothing(ask: Ask) -> None:
    simulator = Simulator(host="localhost")
    await simulator.aclose()
    await simulator.start()
    url = simulator.url
    await simulator.start()
    assert simulator.url == url
    assert (await ask(simulator, "GET", "/ping")).status == 200
    await simulator.aclose()
    await simulator.aclose()
    with pytest.raises(aiohttp.ClientConnectionError):
        await ask(simulator, "GET", "/ping")


async def test_after_an_outage_it_is_back_on_its_port_with_its_sessions(
    ask: Ask, post: Ask
) -> None:
    async with Simulator() as simulator:
        token = (await post(simulator, "100 Never Done Dr")).token
        url = simulator.url
        await simulator.aclose()
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask(simulator, "GET", f"/sessions/{token}")
        await simulator.start()
        assert simulator.url == url
        assert (await ask(simulator, "GET", f"/sessions/{token}")).status == 202


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    async with Simulator() as simulator:
        port = int(simulator.url.rpartition(":")[2])
        second = Simulator(port=port)
        with pytest.raises(OSError, match="in use"):
            await second.start()
        assert "not running" in repr(second)


async def test_closing_is_quick_with_requests_still_waiting(post: Ask, arrived: Ask) -> None:
    simulator = Simulator(generation="immediate")
    await simulator.start()
    before = asyncio.all_tasks()
    waiting = [asyncio.create_task(post(simulator, f"{n} Never Done Dr")) for n in range(20)]
    await arrived(simulator, len(waiting))
    loop = asyncio.get_running_loop()
    start = loop.time()
    await simulator.aclose()
    assert loop.time() - start < 0.5
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, aiohttp.ClientConnectionError) for result in results)
    assert asyncio.all_tasks() == before


async def test_the_journal_has_every_request_in_order(ask: Ask, post: Ask) -> None:
    async with Simulator() as simulator:
        await ask(simulator, "GET", "/ping", key=None)
        token = (await post(simulator, "100 Served St")).token
        simulator.advance(10)
        await ask(simulator, "GET", f"/sessions/{token}")
        await ask(simulator, "GET", "/nowhere")
        records = list(simulator.journal)
    assert [(r.method, r.route, r.status) for r in records] == [
        ("GET", "GET /ping", 401),
        ("POST", "POST /sessions", 201),
        ("GET", "GET /sessions/{token}", records[2].status),
        ("GET", "unknown", 404),
    ]
    assert records[1].token == records[2].token == token
    assert records[1].address_key == "100 SERVED ST||||48226"
    assert records[2].at - records[1].at >= 10
    assert records[2].sent_at - records[1].sent_at < 5
    assert [r.at for r in records] == sorted(r.at for r in records)


async def test_requests_can_be_filtered(ask: Ask) -> None:
    async with Simulator() as simulator:
        one, two = simulator.add_session(), simulator.add_session()
        for token in (one, two, one):
            await ask(simulator, "GET", f"/sessions/{token}")
        await ask(simulator, "DELETE", f"/sessions/{one}")
        await ask(simulator, "GET", f"/sessions/{one}")

        def count(**wanted: str | int) -> int:
            return len(simulator.requests(**wanted))  # type: ignore[arg-type]

        assert count() == len(simulator.journal) == 5
        assert count(token=one) == 4
        assert count(path=f"/sessions/{two}") == 1
        assert count(method="GET", token=one) == 3
        assert count(status=410) == count(token=one, status=410) == 1
        assert count(route="DELETE /sessions/{token}") == 1


async def test_statistics_add_up(ask: Ask, post: Ask) -> None:
    async with Simulator() as simulator:
        simulator.add_session()
        tokens = [(await post(simulator, f"{n} Served St")).token for n in range(3)]
        await ask(simulator, "DELETE", f"/sessions/{tokens[0]}")
        simulator.expire(tokens[1])
        figures = simulator.statistics()
    assert figures.requests == sum(figures.by_method.values()) == sum(figures.by_status.values())
    assert (figures.sessions_created, figures.sessions_bought) == (4, 3)
    assert (figures.sessions_open, figures.sessions_closed, figures.sessions_expired) == (2, 1, 1)
    assert figures.by_method == {"POST": 3, "DELETE": 1}


async def test_every_answer_has_a_request_id_of_its_own(ask: Ask) -> None:
    async with Simulator() as simulator:
        replies = [await ask(simulator, "GET", path) for path in ("/ping", "/x", "/sessions/y")]
        replies.append(await ask(simulator, "GET", "/ping", key="bad-key"))
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 4


async def test_added_sessions_are_as_good_as_posted_ones(ask: Ask) -> None:
    async with Simulator() as simulator:
        tokens = {simulator.add_session() for _ in range(1000)}
        slow = simulator.add_session({"street1": "5 Main St", "zip": "02139"}, street1="5 Slow Pl")
        simulator.advance(24)
        assert (await ask(simulator, "GET", f"/sessions/{slow}")).status == 202
        assert len(simulator.journal) == 1
    assert len(tokens) == 1000
    assert simulator.sessions_bought == 0


def test_a_session_can_be_added_before_the_start_but_not_with_a_wrong_address() -> None:
    simulator = Simulator()
    assert len(simulator.add_session(street1="100 Instant St")) in {22, 24}
    with pytest.raises(ValueError, match="zip"):
        simulator.add_session(zip="1")


async def test_another_process_can_read_the_journal_and_move_the_clock(ask: Ask) -> None:
    async with Simulator() as simulator:
        await ask(simulator, "GET", "/ping")
        journal = await _control(simulator, "GET", "journal")
        statistics = await _control(simulator, "GET", "statistics")
        moved = await _control(simulator, "POST", "advance", json={"seconds": 100})
        senseless: list[object] = [{"seconds": -1}, {"seconds": "1"}, {}, [], 1]
        refused = [await _control(simulator, "POST", "advance", json=b) for b in senseless]
        unknown = await _control(simulator, "GET", "other")
        assert simulator.now >= 100
        assert len(simulator.journal) == 1
    (record,) = journal[1]
    assert RequestRecord(**record) == simulator.journal[0]
    assert statistics[1]["by_status"] == {"200": 1}
    assert moved[0] == 200
    assert [status for status, _ in refused] == [400] * 5
    assert unknown[0] == 404


async def _control(simulator: Simulator, method: str, name: str, **options: object) -> tuple:  # type: ignore[type-arg]
    async with aiohttp.ClientSession() as http:
        url = f"{simulator.url}/_simulator/{name}"
        async with http.request(method, url, **options) as response:  # type: ignore[arg-type]
            return response.status, await response.json()


def test_the_simulator_imports_nothing_else_of_the_package() -> None:
    folder = Path(inspect.getfile(Simulator)).parent
    names: set[str] = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names.add(node.module or "")
    ours = {name for name in names if name.startswith("hum_async")}
    assert {name for name in ours if not name.startswith("hum_async.simulator")} == set()


SCRIPT = """
import asyncio, aiohttp
from hum_async.simulator import Faults, Simulator

async def main():
    faults = Faults(reset_after=0.2, slow_body=0.2, slow_seconds=30.0)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer k"}) as http:
        async with Simulator(generation="immediate", faults=faults) as simulator:
            async def post(n):
                try:
                    url = f"{simulator.url}/sessions"
                    street1 = f"{n} Never Done Dr" if n % 2 else f"{n} Instant St"
                    async with http.post(url, json={"street1": street1, "zip": "48226"}) as r:
                        await r.read()
                except aiohttp.ClientError:
                    pass
            tasks = [asyncio.create_task(post(n)) for n in range(50)]
            await asyncio.sleep(0.2)
            for task in tasks[:10]:
                task.cancel()
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks, return_exceptions=True)

asyncio.run(main())
"""


def test_nothing_is_leaked_or_warned_about_under_development_mode() -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    noise = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, done.stdout, noise) == (0, "", [])
