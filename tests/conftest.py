"""What every test runs under: loops by marker, and a check that nothing is left behind."""

import asyncio
import gc
import inspect
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from servers import PostgresServer, RedisServer

from hum_async.simulator import Simulator
from hum_async.testing import VirtualTimeLoop

IN_CI = bool(os.environ.get("CI"))
"""Whether time counts less than certainty, as in `.ci/run`."""

# The same examples in each run, and no deadline: a busy machine is not a bug.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("thorough", settings.get_profile("steady"), max_examples=100)
settings.load_profile("thorough" if IN_CI else "steady")

# Seconds for which virtual time lets the kernel deliver data on sockets before it jumps.
GRACE = 0.0001


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Spread a run of the whole suite over the processors, unless `-n` says otherwise."""
    whole = config.args_source is not pytest.Config.ArgsSource.ARGS
    is_worker = hasattr(config, "workerinput")
    # Coverage has to know of workers earlier than this: there, `-n auto` must be said.
    is_measured = config.getoption("cov_source", None)
    free = config.getoption("numprocesses", 0) is None
    if whole and free and not is_worker and not is_measured:
        # One more than there are processors, because some tests wait for children and sockets.
        config.option.numprocesses = (os.cpu_count() or 1) + 1
        config.option.dist = "worksteal"


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001  named by the hook
    item: pytest.Item,
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("virtual"):
        return {"virtual": VirtualTimeLoop}
    return {"real": asyncio.new_event_loop}


def freeze() -> None:
    """Keep the collector of each test from looking at what is there to stay, such as modules."""
    gc.collect()
    gc.freeze()


MEMORY = Path("/dev/shm")  # noqa: S108  Linux keeps what is there in memory
MUCH = 2 << 30
"""Bytes that must be free there: a run leaves about 100 MB."""


def is_place_for_files() -> bool:
    """Whether the files of tests may lie in memory, where to wait for the disk costs nothing."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return False
    is_for_programs = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return is_for_programs and shutil.disk_usage(MEMORY).free > MUCH


def pytest_configure() -> None:
    if is_place_for_files():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    # A shell starts what it runs in the background with Ctrl-C ignored, and children inherit that:
    # those that the tests interrupt would never end.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # As it starts it with Ctrl-\\ ignored, which would spare servers that the tests end by it.
    if hasattr(signal, "SIGQUIT") and signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    # As `nohup` does with the signal that a terminal sends when it is closed.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without looking for garbage: nearly all that is made then is there to stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what needs PostgreSQL to CI, and to those who ask for slow tests.

    What every store guarantees is shown of PostgreSQL everywhere (test_store_contract.py).
    """
    for item in items:
        needs = "postgres_server" in getattr(item, "fixturenames", ())
        if (needs or item.get_closest_marker("database")) and not IN_CI:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    freeze()


@pytest.fixture(autouse=True, scope="module")
def what_is_imported_late() -> Iterator[None]:
    """Count what the tests of a module have imported to what is there to stay."""
    yield
    freeze()


@pytest.fixture(autouse=True)
def no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach a real account."""
    for name in [name for name in os.environ if name.startswith("HUM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)


@pytest.fixture(autouse=True)
def loops_are_watched(request: pytest.FixtureRequest) -> None:
    """Watch the event loop of a test that has one: most others take less time than to make one."""
    test = getattr(request.function, "hypothesis", None)
    if inspect.iscoroutinefunction(request.function if test is None else test.inner_test):
        request.getfixturevalue("loop_that_waits_for_sockets")
        request.getfixturevalue("loop_hygiene")


@pytest.fixture
async def loop_that_waits_for_sockets(request: pytest.FixtureRequest) -> None:
    """Give a busy kernel time to deliver data before virtual time jumps to the next timer."""
    loop, marker = asyncio.get_running_loop(), request.node.get_closest_marker("virtual")
    if isinstance(loop, VirtualTimeLoop) and marker is not None:
        usual = GRACE if "hum_simulator" in request.fixturenames else 0.0
        loop.grace = marker.kwargs.get("grace", usual)


@pytest.fixture
async def hum_simulator(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    """Run a simulator on the loop of the test, so that it shares the virtual time of the test."""
    marker = request.node.get_closest_marker("hum_simulator")
    async with Simulator(**(marker.kwargs if marker else {})) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Run one Redis for all tests that ask for it; who kills it starts it again."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Return the URL of a Redis that is empty."""
    redis_server.call("FLUSHALL")
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run one PostgreSQL for all tests that ask for it; who crashes it starts it again."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """Return the URL of a database that is empty."""
    return postgres_server.new_database()


@pytest.fixture(autouse=True)
def no_lost_exceptions() -> Iterator[None]:
    lost: list[str] = []
    hook = sys.unraisablehook
    sys.unraisablehook = lambda args: lost.append(f"{args.err_msg}: {args.exc_value!r}")
    yield
    sys.unraisablehook = hook
    assert not lost, lost


@pytest.fixture
async def loop_hygiene(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail on leaked tasks, on exceptions nobody saw, and on generators left open."""
    loop = asyncio.get_running_loop()
    if request.node.get_closest_marker("busy"):
        loop.set_debug(False)
    problems: list[str] = []

    def remember(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        problems.append(f"{context['message']}: {context.get('exception')!r}")

    loop.set_exception_handler(remember)
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    leaked = [
        task
        for task in asyncio.all_tasks() - before
        if not task.done() and task is not asyncio.current_task()
    ]
    for task in leaked:
        task.cancel()
    await asyncio.gather(*leaked, return_exceptions=True)
    gc.collect()
    await asyncio.sleep(0)
    loop.set_exception_handler(None)
    if leaked:
        problems.append(f"leaked tasks: {leaked}")
    assert not problems, problems
