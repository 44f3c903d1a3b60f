"""A client on several event loops: one after another works, two at once is told."""

import asyncio
import gc
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from hum_async import (
    Address,
    AsyncSessionWatcher,
    ConfigurationError,
    HumClient,
    Outcome,
    RateLimiter,
)
from hum_async.bulk import qualify
from hum_async.simulator import Simulator

ADDRESS = Address("100 Main St", city="Detroit", state="MI", zip="48226")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Run a simulator on a loop, and in a thread, of its own."""
    started, box = threading.Event(), {}

    async def serve() -> None:
        async with Simulator(generation="immediate", speed=1000.0) as simulator:
            stop = asyncio.Event()
            box.update(url=simulator.url, loop=asyncio.get_running_loop(), stop=stop)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(10)
    yield box["url"]
    box["loop"].call_soon_threadsafe(box["stop"].set)
    thread.join(10)


def client_of(url: str) -> HumClient:
    return HumClient("k", base_url=url, limiter=RateLimiter(rate=100_000))


async def look_up(hum: HumClient) -> Outcome:
    return (await hum.lookup(ADDRESS)).outcome


async def watch(hum: HumClient) -> int:
    session = await hum.create_session(ADDRESS)
    async with AsyncSessionWatcher(hum) as watcher:
        return sum([update.is_terminal async for update in watcher.watch([session.token])])


async def run_job(hum: HumClient) -> int:
    return sum([1 async for _ in qualify(hum, [ADDRESS])])


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_client_works_on_one_loop_after_another(url: str) -> None:
    hum = client_of(url)
    with warnings.catch_warnings():
        # Its connections are left open when a loop ends; that is the caller's to mend.
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(2):
            assert asyncio.run(hum.ping()).request_status == "ok"
            assert isinstance(asyncio.run(look_up(hum)), Outcome)
            assert asyncio.run(watch(hum)) == 1
            assert asyncio.run(run_job(hum)) == 1
        asyncio.run(hum.aclose())
        # Here, and not in the midst of another test.
        del hum
        gc.collect()


def test_a_client_works_on_loops_that_take_turns_and_keeps_the_connections_of_each(
    url: str,
) -> None:
    hum = client_of(url)
    with asyncio.Runner() as one, asyncio.Runner() as two:
        for _ in range(2):
            assert one.run(hum.ping()).request_status == "ok"
            assert two.run(hum.ping()).request_status == "ok"
        two.run(hum.aclose())
        one.run(hum.aclose())
        with pytest.raises(ConfigurationError, match="closed"):
            one.run(hum.ping())


def test_a_ledger_works_on_one_loop_after_another_and_is_closed_on_a_third(
    url: str, tmp_path: Path
) -> None:
    limiter = RateLimiter(rate=100_000)
    hum = HumClient("k", base_url=url, limiter=limiter, purchases=tmp_path / "hum.sqlite")

    async def twice() -> list[Outcome]:
        return [await look_up(hum) for _ in range(2)]

    with asyncio.Runner() as one, asyncio.Runner() as two:
        assert one.run(twice()) == two.run(twice())
        with asyncio.Runner() as three:
            three.run(hum.aclose())
        # The connections of each loop are closed there.
        one.run(hum.aclose())
        two.run(hum.aclose())


@pytest.mark.parametrize("use", [HumClient.ping, look_up, watch, run_job])
def test_two_running_loops_at_once_are_a_mistake_of_the_set_up(url: str, use: object) -> None:
    async def outer() -> None:
        async with client_of(url) as hum:
            await hum.ping()
            with pytest.raises(ConfigurationError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, use(hum))  # type: ignore[operator]
            assert (await hum.ping()).request_status == "ok"

    asyncio.run(outer())


def test_a_limiter_and_a_watcher_say_it_too(url: str) -> None:
    async def use(watcher: AsyncSessionWatcher) -> None:
        watcher.watch(["t"])

    async def outer() -> None:
        async with client_of(url) as hum, AsyncSessionWatcher(hum) as watcher:
            with pytest.raises(ConfigurationError, match="event loop of its watcher"):
                await asyncio.to_thread(asyncio.run, use(watcher))
            async with hum.limiter.slot():
                with pytest.raises(ConfigurationError, match="another event loop"):
                    await asyncio.to_thread(asyncio.run, hum.ping())

    asyncio.run(outer())
