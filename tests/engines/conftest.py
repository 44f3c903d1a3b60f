"""Engines as they are, with a worker that is killed in the middle of its rows."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
from servers import PostgresServer

from hum_async.simulator import Faults, serve_simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hum_async.simulator import Simulator

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "engines"
ADDRESSES, ROWS = 500, 550
_SPEED = 20.0


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def journal(postgres: PostgresServer) -> str:
    """The URL of a job in a database of its own; a worker that is gone is known after 3 s."""
    return f"{postgres.new_database()}?job=june&lease=3"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """An API that takes a while, so that POSTs and sessions are under way at any moment."""
    faults = Faults(slow_body=0.3, slow_seconds=0.4)
    with serve_simulator(
        speed=_SPEED, generation="polling", faults=faults, lifetime=1800 * _SPEED
    ) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def environment(simulator: Simulator) -> Iterator[None]:
    """What the processes of an engine inherit: the API, the examples and the package."""
    root = str(EXAMPLES.parent.parent)
    known = os.environ.get("PYTHONPATH")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in simulator.env.items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(EXAMPLES))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (root, str(EXAMPLES), known))))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        yield


@pytest.fixture(autouse=True)
def environment_of_those_that_start_again(
    environment: None, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set it again, because no test sees the settings of before."""
    del environment
    for name, value in simulator.env.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def columns() -> dict[str, list[str]]:
    """Rows with addresses, of which some stand in rows far apart."""
    return {
        "id": [f"row {number}" for number in range(ROWS)],
        "street": [f"{number % ADDRESSES + 1} Oak St" for number in range(ROWS)],
        "zip": ["48226"] * ROWS,
    }


class Killing:
    """Kills one of the processes that talk to the API, once so many sessions are bought.

    Attributes:
        killed: The processes that it has killed.
    """

    def __init__(self, simulator: Simulator, *, parents: Callable[[Any], bool]) -> None:
        self.killed: list[int] = []
        self._simulator = simulator
        self._parents = parents
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while self._simulator.sessions_bought < ADDRESSES // 4:
            if self._over.wait(0.02):
                return
        while not self._over.is_set() and not self.killed:
            self._kill_one()

    def _kill_one(self) -> None:
        import psutil  # noqa: PLC0415  comes with the engines

        port = int(self._simulator.url.rpartition(":")[2])
        for process in psutil.Process().children(recursive=True):
            try:
                talks = any(
                    link.raddr and link.raddr.port == port and link.status == "ESTABLISHED"
                    for link in process.net_connections("tcp")
                )
                if talks:
                    victims = [each for each in process.parents() if self._parents(each)]
                    for victim in (*victims, process):
                        victim.kill()
                        self.killed.append(victim.pid)
                    return
            except psutil.Error:
                continue


@pytest.fixture
def refused(simulator: Simulator) -> Iterator[None]:
    """Check that nothing is asked of the API."""
    before = len(simulator.journal)
    yield
    assert len(simulator.journal) == before


@pytest.fixture
def killing(simulator: Simulator) -> Callable[..., Killing]:
    """Kill a worker in the middle, with those of its parents that a function names."""

    def killing(parents: Callable[[Any], bool] = lambda _: False) -> Killing:
        return Killing(simulator, parents=parents)

    return killing


@pytest.fixture
def check(
    simulator: Simulator, record_property: Callable[[str, object], None]
) -> Callable[..., None]:
    """Check that every row came out once, and that no address was bought twice."""

    def check(ids: Sequence[str], outcomes: Sequence[str], streets: Sequence[str]) -> None:
        assert sorted(ids) == sorted(f"row {number}" for number in range(ROWS))
        assert simulator.one_post_per_address()
        uncertain = {
            street
            for street, outcome in zip(streets, outcomes, strict=True)
            if outcome == "UNCERTAIN"
        }
        record_property("POSTs", len(simulator.requests(method="POST")))
        record_property("bought", simulator.sessions_bought)
        record_property("UNCERTAIN addresses", len(uncertain))
        # What the killed worker had sent and got no answer for; 32 requests go at a time.
        assert len(uncertain) <= 32
        assert ADDRESSES - len(uncertain) <= simulator.sessions_bought <= ADDRESSES
        answers = {"SERVED", "NO_PROVIDERS", "AMBIGUOUS_ADDRESS", "ADDRESS_NOT_FOUND"}
        assert set(outcomes) <= answers | {"UNCERTAIN"}

    return check
