"""`hum_async.sync`: the same results without `async`, with a loop running and without one."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from hum_async import (
    Address,
    AuthenticationError,
    ConfigurationError,
    GuidedPolling,
    HumClient,
    Outcome,
    UpdateKind,
    sync,
)
from hum_async.simulator import Simulator, serve_simulator

STREETS = [
    Address(f"{number} Main St", city="Austin", state="TX", zip="78701") for number in range(1, 6)
]


@pytest.fixture(autouse=True)
def simulator(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, no_ambient_settings: None
) -> Iterator[Simulator]:
    del no_ambient_settings  # before these are set
    marker = request.node.get_closest_marker("hum_simulator")
    with serve_simulator(**(marker.kwargs if marker else {})) as served:
        for name, value in served.env.items():
            monkeypatch.setenv(name, value)
        before = {*threading.enumerate()}
        yield served
        gc.collect()
        for late in {*threading.enumerate()} - before:
            late.join(10.0)  # a thread whose work is done takes a moment to end
        assert {*threading.enumerate()} == before


@pytest.fixture(params=["no loop", "in a loop"])
def called(request: pytest.FixtureRequest) -> Callable[[Callable[[], None]], None]:
    """Call a function where no event loop runs, and as a notebook does, where one is running."""

    def in_a_loop(function: Callable[[], None]) -> None:
        async def cell() -> None:
            function()

        asyncio.run(cell())

    return in_a_loop if request.param == "in a loop" else lambda function: function()


def test_one_address(called: Callable[[Callable[[], None]], None]) -> None:
    def script() -> None:
        result = sync.lookup(STREETS[1], campaign_id="spring")
        assert result.outcome is Outcome.SERVED
        assert result.providers

    called(script)


def test_many_addresses(called: Callable[[Callable[[], None]], None], simulator: Simulator) -> None:
    def script() -> None:
        results = {result.key: result.outcome for result in sync.qualify(STREETS)}
        assert results.keys() == {*range(len(STREETS))}
        named = sync.qualify((f"row {at}", street) for at, street in enumerate(STREETS))
        assert {result.key for result in named} == {f"row {at}" for at in range(len(STREETS))}

    called(script)
    assert simulator.sessions_bought == 2 * len(STREETS)


@pytest.mark.hum_simulator(generation="polling")
def test_tokens(called: Callable[[Callable[[], None]], None], simulator: Simulator) -> None:
    async def created() -> list[str]:
        async with HumClient() as hum:
            return [(await hum.create_session(street)).token for street in STREETS[:3]]

    tokens = asyncio.run(created())

    def script() -> None:
        updates = sync.watch(tokens, policy=GuidedPolling(interval=0.05, jitter=0.0))
        last = {update.token: update.kind for update in updates}
        assert last == dict.fromkeys(tokens, UpdateKind.COMPLETED)
        assert not list(sync.watch([]))

    called(script)
    assert simulator.sessions_bought == 3


def test_a_job_that_is_left_goes_on_later(tmp_path: Path, simulator: Simulator) -> None:
    journal = tmp_path / "job.sqlite"
    for _ in sync.qualify(STREETS, journal=journal, max_open=1):
        break
    gc.collect()
    bought = simulator.sessions_bought
    assert 0 < bought < len(STREETS)
    assert len(list(sync.qualify(STREETS, journal=journal))) == len(STREETS)
    simulator.one_post_per_address()


def test_a_result_is_read_only_when_it_is_asked_for(simulator: Simulator) -> None:
    # Without a journal, the session of a row is closed when the next row is asked for.
    with closing(sync.qualify(STREETS[:2], max_open=1)) as results:
        next(results)
        assert not simulator.requests(method="DELETE")
        next(results)
        assert simulator.requests(method="DELETE")


def test_errors_come_out_as_they_are() -> None:
    with pytest.raises(ConfigurationError, match="HUM_API_KEY"):
        sync.lookup(STREETS[0], client=partial(HumClient, ""))
    with pytest.raises(TypeError, match="watch\\(\\[token\\]\\)"):
        next(sync.watch("token"))
    with pytest.raises(TypeError, match="not int"):
        list(sync.qualify([1]))  # type: ignore[list-item]
    with pytest.raises(AuthenticationError):
        list(sync.qualify(STREETS, client=partial(HumClient, "bad-key")))


def test_an_error_of_the_loop_body_ends_it() -> None:
    results = sync.qualify(STREETS)

    def script() -> None:
        for result in results:
            raise LookupError(result.outcome)

    with pytest.raises(LookupError), closing(results):
        script()
    assert next(results, None) is None


@pytest.mark.hum_simulator(generation="polling", speed=1.0)
def test_control_c_ends_a_wait(simulator: Simulator) -> None:
    interrupt = threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        sync.lookup(STREETS[0])
    interrupt.join()
    assert simulator.sessions_bought == 1
