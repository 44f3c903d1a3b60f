"""A simulator in a thread of its own, for programs of any kind, with a loop or without."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from hum_async.simulator._request_log import Statistics
from hum_async.simulator._scenarios import find_scenario
from hum_async.simulator.server import Simulator

T = TypeVar("T")

_SPEED = 1000.0
_LIFETIME = 1800.0


@contextmanager
def serve_simulator(scenario: str = "usual", **arguments: Any) -> Iterator[Simulator]:
    """Run a simulator in a thread of its own, with a loop of its own.

    ::

        from hum_async.simulator import serve_simulator

        with serve_simulator("429 storm") as simulator:
            print(simulator.url)

    The simulator answers whatever the calling thread does, also while it blocks, and all methods
    may be called from every thread. A look-up takes well under a second: by default the speed is
    1000, and the POST carries the providers.

    Args:
        scenario: Name of a scenario in `SCENARIOS`.
        **arguments: Arguments of `Simulator`. `lifetime` is half an hour of real time by default,
            at any speed.

    Raises:
        TypeError: An argument is unknown, or has to be a number and is none.
        ValueError: There is no such scenario, or an argument is out of range.
        OSError: The port is taken.
    """
    simulator = _SimulatorInThread(**_with_defaults(scenario, arguments))
    with start_blocking_portal("asyncio") as portal:
        simulator.move_to(portal)
        portal.call(simulator.start)
        try:
            yield simulator
        finally:
            portal.call(simulator.aclose)
            simulator.move_to(None)


def _with_defaults(scenario: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments, and a lifetime of 30 minutes of real time at the speed that holds."""
    speed = arguments.get("speed") or find_scenario(scenario).speed or _SPEED
    try:
        lifetime = _LIFETIME * max(1.0, speed)
    except TypeError:
        lifetime = _LIFETIME  # the simulator says what is wrong with the speed
    return {"lifetime": lifetime, **arguments, "scenario": scenario}


class _SimulatorInThread(Simulator):
    """A simulator whose methods do their work in the thread of its loop.

    Those who test programs wait for it, so that it is quick unless it is told otherwise.
    """

    _usual_speed = _SPEED
    _usual_generation = "immediate"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._portal: BlockingPortal | None = None
        self._thread: int | None = None

    def move_to(self, portal: BlockingPortal | None) -> None:
        """Work in the thread of a portal from now on; with None in that of the caller."""
        self._portal = portal
        self._thread = None if portal is None else portal.call(threading.get_ident)

    def _call(self, function: Callable[..., T], *args: Any, **options: Any) -> T:
        portal = self._elsewhere()
        if portal is None:
            return function(*args, **options)
        return portal.call(lambda: function(*args, **options))

    def _elsewhere(self) -> BlockingPortal | None:
        return None if threading.get_ident() == self._thread else self._portal

    async def start(self) -> None:
        portal = self._elsewhere()
        if portal is None:
            return await super().start()
        return await asyncio.wrap_future(portal.start_task_soon(super().start))

    async def aclose(self) -> None:
        portal = self._elsewhere()
        if portal is None:
            return await super().aclose()
        return await asyncio.wrap_future(portal.start_task_soon(super().aclose))

    def play(self, scenario: str) -> None:
        self._call(super().play, scenario)

    def advance(self, seconds: float) -> None:
        self._call(super().advance, seconds)

    def add_session(self, address: Mapping[str, Any] | None = None, **fields: Any) -> str:
        return self._call(super().add_session, address, **fields)

    def expire(self, token: str) -> None:
        self._call(super().expire, token)

    def close(self, token: str) -> None:
        self._call(super().close, token)

    def statistics(self) -> Statistics:
        return self._call(super().statistics)
