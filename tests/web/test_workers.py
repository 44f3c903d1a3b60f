"""Several workers that share nothing: each knows its own look-ups, and nobody buys one again."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_servers import Server, serving
from web_support import read_sse, served

from hum_async import HumClient
from hum_async.errors import LookupElsewhere, LookupNotFound
from hum_async.testing import ScriptedTransport, json_response
from hum_async.web import SessionHub, _worker_notice
from hum_async.web.http import read_ids, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hum_async.simulator import Simulator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no secret without a server there")

WORKER = """
import asyncio, pathlib, sys
import hum_async.web._worker_tag
from hum_async import Address, HumClient, SessionHub
from hum_async.testing import ScriptedTransport, json_response

hum_async.web._worker_tag._PROC = pathlib.Path(sys.argv[1])

async def main():
    transport = ScriptedTransport(lambda request: json_response(503, {}))
    async with HumClient(transport=transport) as hum, SessionHub(hum, signals=False) as hub:
        print(*(hub.lookup(Address(f"{n} Main St", zip="48226")) for n in (1, 2)), flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


class Worker:
    """A process with a hub."""

    def __init__(self, proc: str = "/proc") -> None:
        self.process = subprocess.Popen(  # noqa: S603  its text stands above
            [sys.executable, "-c", WORKER, proc],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.ids = tuple(self.process.stdout.readline().split())

    def await_end(self) -> None:
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)

    def end(self) -> None:
        self.process.communicate()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.end()


def names(ids: tuple[str, ...]) -> set[str]:
    return {lookup_id.partition(".")[0] for lookup_id in ids}


@pytest.mark.virtual
async def test_what_a_living_worker_has_is_elsewhere(
    hub: SessionHub, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    own = hub.lookup(served())
    for _ in range(2):
        # Nothing that is elsewhere is called unknown, whatever stands beside it.
        with pytest.raises(LookupElsewhere, match="do not start them again") as caught:
            hub.subscribe(own, *worker.ids, "unknown")
        assert caught.value.ids == worker.ids
    with pytest.raises(LookupNotFound):
        hub.subscribe(own, "unknown")
    assert caplog.text.count("run one worker") == 1


@pytest.mark.virtual
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs waitid(2) and /proc")
async def test_what_a_worker_had_that_is_over_is_unknown(hub: SessionHub) -> None:
    dead = Worker()
    dead.process.kill()
    dead.await_end()  # its parent has not collected it yet
    for _ in range(2):
        with pytest.raises(LookupNotFound) as caught:
            hub.subscribe(*dead.ids)
        assert caught.value.ids == dead.ids
        dead.end()


@pytest.mark.virtual
async def test_it_is_the_same_where_the_system_does_not_tell_when_a_process_began(
    hub: SessionHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hum_async.web._worker_tag._PROC", tmp_path)
    worker = Worker(str(tmp_path))
    with pytest.raises(LookupElsewhere):
        hub.subscribe(*worker.ids)
    worker.end()
    with pytest.raises(LookupNotFound):
        hub.subscribe(*worker.ids)


@pytest.mark.virtual
async def test_ids_name_their_worker_and_nothing_else(hub: SessionHub, worker: Worker) -> None:
    own = tuple(hub.lookup(served(number)) for number in (1, 2))
    assert len(names(own)) == len(names(worker.ids)) == 1
    assert names(own) != names(worker.ids)
    assert len({lookup_id.partition(".")[2] for lookup_id in own + worker.ids}) == 4
    assert all(len(lookup_id.partition(".")[2]) == 22 for lookup_id in own)  # 128 bits
    assert read_ids(",".join(own + worker.ids)) == own + worker.ids
    # Servers take a request's line of 8,190 bytes; browsers write a comma as three.
    assert 200 * (len(own[0]) + 3) < 8_000


@settings(max_examples=25)
@given(lookup_id=st.text(max_size=40) | st.from_regex(r"[\w-]{12}\.[\w-]{22}", fullmatch=True))
async def test_an_id_that_nobody_made_is_unknown(lookup_id: str) -> None:
    transport = ScriptedTransport(lambda _: json_response(503, {}))
    async with HumClient(transport=transport) as hum, SessionHub(hum, signals=False) as hub:
        with pytest.raises(LookupNotFound):
            hub.subscribe(lookup_id)


def test_the_answer_names_what_is_elsewhere_and_ends_the_connection() -> None:
    error = LookupElsewhere(("a.b", "a.c"))
    answer = refusal(error)
    assert (answer.status, answer.headers["Connection"]) == (421, "close")
    told = json.loads(answer.body)
    assert told["elsewhere"] == ["a.b", "a.c"]
    assert "unknown" not in told
    # HTTP/2 has no such header.
    assert "Connection" not in refusal(error, http_version="2").headers


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("command", "notices"),
    [
        ("uvicorn app:app --workers 2", 1),
        ("/usr/lib/python3/uvicorn/__main__.py app:app --workers=2", 1),
        ("/usr/bin/gunicorn -w4 app:app", 1),
        ("GUNICORN_CMD_ARGS='--bind=:80 --workers=3' gunicorn app:app", 1),
        ("GRANIAN_WORKERS=2 granian app:app", 1),
        ("hypercorn -w 2 app:app", 1),
        ("fastapi run --workers 4", 1),
        ("litestar run --web-concurrency 2", 1),
        ("WEB_CONCURRENCY=2 uvicorn app:app", 1),
        ("WEB_CONCURRENCY=2 uvicorn app:app --workers 1", 0),
        ("WEB_CONCURRENCY=1 uvicorn app:app", 0),
        ("WEB_CONCURRENCY=many uvicorn app:app", 0),
        ("granian app:app --workers-lifetime 300", 0),
        ("uvicorn app:app --reload", 0),
        ("SERVER_SOFTWARE=gunicorn/23.0.0 gunicorn app:app", 0),
        ("main.py --workers 4", 0),
        ("", 0),
    ],
)
async def test_a_hub_says_at_its_start_that_it_is_one_of_several(
    client: HumClient,
    command: str,
    notices: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    words = shlex.split(command)
    while words and (setting := words[0].partition("="))[1]:
        monkeypatch.setenv(setting[0], setting[2])
        del words[0]
    monkeypatch.setattr(sys, "argv", words)
    # Those of a test run are its own workers.
    monkeypatch.setattr(_worker_notice, "living_siblings", lambda: 0)
    async with SessionHub(client, signals=False):
        pass
    assert caplog.text.count("several workers run") == notices
    assert caplog.text.count("\n") == notices


@pytest.mark.virtual
async def test_workers_with_a_ledger_are_told_that_one_alone_can_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["uvicorn", "app:app", "--workers", "2"])
    transport = ScriptedTransport(lambda _: json_response(503, {}))
    async with (
        HumClient(transport=transport, purchases=tmp_path / "hum.sqlite") as hum,
        SessionHub(hum, signals=False),
    ):
        pass
    assert caplog.text.count("one process at a time can use a ledger") == 1
    assert caplog.text.count("run one worker") == 1


ADDRESSES = [f"{number} Served St, Detroit, MI 48226" for number in range(100, 106)]


async def look_up(server: Server, address: str) -> tuple[int, list[str]]:
    """Look an address up as the page does; return how often another worker answered, and events."""
    elsewhere = 0
    # A connection stays with its worker; browsers open others.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as browser:
        async with browser.post(f"{server.url}/lookups", json={"address": address}) as answer:
            assert answer.status == 201
            lookup = (await answer.json())["id"]
        while True:
            async with browser.get(f"{server.url}/events", params={"ids": lookup}) as answer:
                if answer.status == 200:
                    events = await read_sse(answer.content.iter_any())
                    return elsewhere, [event.event for event in events]
                assert answer.status == 421
                assert answer.headers["Connection"] == "close"
                assert (await answer.json())["elsewhere"] == [lookup]
                elsewhere += 1
                await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.hum_simulator(speed=5)
async def test_two_workers_buy_each_address_once(hum_simulator: Simulator, tmp_path: Path) -> None:
    async with serving("uvicorn-workers", hum_simulator.url, tmp_path) as server:
        await server.wait_until_printed("Application startup complete", times=2)
        told = await asyncio.gather(*(look_up(server, address) for address in ADDRESSES * 3))
        assert all(events[-1] == "done" for _, events in told)
        assert sum(elsewhere for elsewhere, _ in told) > 0
        await server.stop()
        # Each worker has bought each address at most once.
        assert len(ADDRESSES) <= hum_simulator.sessions_bought <= 2 * len(ADDRESSES)
        notices = server.printed().count("several workers run")
        assert notices == 2
        server.assert_quiet()


@pytest.mark.slow
async def test_workers_are_noticed_that_no_command_line_names(
    hum_simulator: Simulator, tmp_path: Path
) -> None:
    async with serving("uvicorn-run", hum_simulator.url, tmp_path) as server:
        await server.wait_until_printed("Application startup complete", times=2)
        # The first may have started before the second.
        assert 1 <= server.printed().count("several workers run") <= 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["uvicorn", "uvicorn-reload", "hypercorn", "granian"])
async def test_one_worker_is_no_news(kind: str, hum_simulator: Simulator, tmp_path: Path) -> None:
    async with serving(kind, hum_simulator.url, tmp_path) as server:
        assert "several workers" not in server.printed()
