"""Browsers that leave, that never read, and a process that is asked to end."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from web_servers import PROBES, serving
from web_support import served

from hum_async import HumClient
from hum_async.simulator import Simulator
from hum_async.web import SessionHub, SseStream
from hum_async.web._signals import ShutdownNotice
from hum_async.web._stream_writer import PATIENCE, write_stream

# --- browsers -------------------------------------------------------------------------------------


@pytest.mark.hum_simulator(speed=0.1)
@pytest.mark.slow
async def test_a_browser_that_leaves_is_noticed_within_one_ping(
    hum_simulator: Simulator, tmp_path: Path
) -> None:
    async def check(kind: str) -> None:
        async with (
            serving(kind, hum_simulator.url, tmp_path) as server,
            aiohttp.ClientSession() as browser,
        ):
            address = {"street1": "100 Never Done Dr", "zip": "48226"}
            async with browser.post(f"{server.url}/lookups", json=address) as answer:
                lookup = (await answer.json())["id"]

            async def subscribers() -> int:
                async with browser.get(f"{server.url}/statistics") as answer:
                    told: dict[str, int] = await answer.json()
                    assert told["running"] == 1
                    return told["subscribers"]

            async with browser.head(f"{server.url}/events", params={"ids": lookup}) as answer:
                assert answer.status == 200
            assert await subscribers() == 0, kind
            left = await browser.get(f"{server.url}/events", params={"ids": lookup})
            await left.content.readany()
            assert await subscribers() == 1, kind
            left.close()
            while await subscribers():  # noqa: ASYNC110  it is another process
                await asyncio.sleep(0.05)
            await server.stop()
            server.assert_quiet()

    await asyncio.gather(*(check(kind) for kind in PROBES))


async def never(_: bytes) -> None:
    await asyncio.Event().wait()


@pytest.mark.virtual
async def test_one_that_never_reads_is_cut_off_at_the_end(client: HumClient) -> None:
    async with SessionHub(client, signals=False) as hub:
        stream = SseStream(hub.subscribe(hub.lookup(served())))
        clock = asyncio.get_running_loop().time
        writing = asyncio.ensure_future(write_stream(stream, never))
        await asyncio.sleep(1)
        hub.close()
        began = clock()
        assert await writing is False
        assert clock() - began <= 1
        assert hub.statistics().subscribers == 0


@pytest.mark.virtual
async def test_one_that_never_reads_is_not_waited_for_for_ever(hub: SessionHub) -> None:
    stream = SseStream(hub.subscribe(hub.lookup(served())))
    began = asyncio.get_running_loop().time()
    assert await write_stream(stream, never) is False
    assert asyncio.get_running_loop().time() - began == pytest.approx(PATIENCE)
    assert hub.statistics().subscribers == 0


@pytest.mark.virtual
async def test_a_connection_that_breaks_ends_the_stream(hub: SessionHub) -> None:
    async def broken(_: bytes) -> None:
        raise ConnectionResetError

    assert await write_stream(SseStream(hub.subscribe(hub.lookup(served()))), broken) is False
    assert hub.statistics().subscribers == 0


class Leaver:
    """A stream of one chunk, whose end and whose browser's leaving may come together."""

    def __init__(self) -> None:
        self.gone = asyncio.get_running_loop().create_future()
        self.over = False
        self.chunks = [b"last"]

    def __aiter__(self) -> "Leaver":
        return self

    async def __anext__(self) -> bytes:
        if not self.chunks:
            raise StopAsyncIteration
        return self.chunks.pop()

    def close(self) -> None:
        self.over = True


@pytest.mark.parametrize("waits", [0, 1, 2, 3])
@pytest.mark.parametrize("gone_waits", [0, 1, 2, 3, None])
async def test_one_that_leaves_just_as_the_stream_ends_is_no_error_of_the_loop(
    waits: int, gone_waits: int | None
) -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    stream, last = Leaver(), asyncio.Event()

    async def leave() -> None:
        await last.wait()
        for _ in range(waits):
            await asyncio.sleep(0)

    async def write(_: bytes) -> None:
        last.set()
        if gone_waits is not None:
            for _ in range(gone_waits):
                await asyncio.sleep(0)
            stream.gone.set_result(None)
        await asyncio.sleep(0)

    await write_stream(cast("SseStream", stream), write, left=leave())
    await asyncio.sleep(0.01)
    assert told == []
    assert stream.over


@pytest.mark.virtual
async def test_a_bug_of_the_writer_is_not_hidden(hub: SessionHub) -> None:
    async def wrong(_: bytes) -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        await write_stream(SseStream(hub.subscribe(hub.lookup(served()))), wrong)
    assert hub.statistics().subscribers == 0


@pytest.mark.virtual
async def test_a_server_that_cancels_lets_us_say_farewell(hub: SessionHub) -> None:
    wire: list[bytes] = []

    async def write(chunk: bytes) -> None:
        wire.append(chunk)

    stream = SseStream(hub.subscribe(hub.lookup(served(street="Slow Pl"))))
    writing = asyncio.ensure_future(write_stream(stream, write))
    await asyncio.sleep(1)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert wire[-1].startswith(b"event: farewell\n")
    assert hub.statistics().subscribers == 0


# --- signals --------------------------------------------------------------------------------------


@pytest.fixture
def usual() -> Iterator[list[str]]:
    """Handle SIGTERM as a server does; return what was heard."""
    heard: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("server"))
    yield heard
    signal.signal(signal.SIGTERM, before)


def test_who_handled_the_signal_before_still_does(usual: list[str]) -> None:
    notice = ShutdownNotice(lambda: usual.append("hub"))
    notice.install()
    signal.raise_signal(signal.SIGTERM)
    assert usual == ["hub", "server"]
    notice.remove()
    signal.raise_signal(signal.SIGTERM)
    assert usual == ["hub", "server", "server"]


def test_two_hubs_may_leave_in_any_order(usual: list[str]) -> None:
    first, second = (ShutdownNotice(lambda n=n: usual.append(n)) for n in ("1", "2"))
    first.install()
    second.install()
    first.remove()
    signal.raise_signal(signal.SIGTERM)
    assert usual == ["2", "server"]
    second.remove()
    usual.clear()
    signal.raise_signal(signal.SIGTERM)
    assert usual == ["server"]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        notice = ShutdownNotice(lambda: pytest.fail("heard"))
        notice.install()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        signal.raise_signal(signal.SIGTERM)
        notice.remove()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_nothing_is_touched(usual: list[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def use() -> None:
        notice = ShutdownNotice(lambda: usual.append("hub"))
        notice.install()
        notice.remove()

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before


async def test_a_worker_of_hypercorn_that_shuts_down_is_noticed_without_a_signal(
    client: HumClient,
) -> None:
    pytest.importorskip("hypercorn")
    shutdown = asyncio.Event()

    async def raise_shutdown() -> None:
        await shutdown.wait()

    raise_shutdown.__qualname__ = "raise_shutdown"  # as hypercorn's own, which is no method
    worker = asyncio.ensure_future(raise_shutdown())
    async with SessionHub(client) as hub:
        stream = hub.subscribe(hub.lookup(served(street="Slow Pl")))
        await anext(stream)
        shutdown.set()
        assert [event.kind async for event in stream][-1] == "farewell"
    await worker


async def test_a_signal_ends_the_streams_of_a_hub(client: HumClient, usual: list[str]) -> None:
    async with SessionHub(client) as hub:
        stream = hub.subscribe(hub.lookup(served(street="Slow Pl")))
        await anext(stream)
        signal.raise_signal(signal.SIGTERM)
        events = [event async for event in stream]
        assert events[-1].kind == "farewell"
    assert usual == ["server"]


def test_a_process_that_nobody_ends_otherwise_ends_as_without_us() -> None:
    code = """
import asyncio, os, signal
from hum_async import HumClient, SessionHub
async def main():
    async with HumClient("a-key", base_url="http://127.0.0.1:9") as hum, SessionHub(hum):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(30)
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", code], timeout=300, check=False)  # noqa: S603
    assert ended.returncode == -signal.SIGTERM
