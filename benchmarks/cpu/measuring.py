"""What is measured of a client, and how: its own user plus system CPU time after a warm-up."""

import sys
import time
from dataclasses import dataclass

from _process import cpu_seconds

__all__ = ["Job", "Measured", "Meter"]


@dataclass(frozen=True)
class Job:
    """What one child process is to measure.

    Attributes:
        client: Name of the client.
        loop: ``asyncio`` or ``uvloop``.
        url: Base URL of the API.
        requests: How many are measured, at least.
        warmup: How many go before: connections are opened, every session was seen once.
        tokens: Different sessions.
        concurrency: Requests under way at the same time.
        stops: The child prints a line and waits for one, before and after what is measured.
    """

    client: str
    loop: str
    url: str
    requests: int
    warmup: int
    tokens: int
    concurrency: int
    stops: bool = False

    def names(self) -> list[str]:
        """Return the tokens, of the length of the API's own."""
        return [f"XqCmeTVgYXrbWrZF{number:06}" for number in range(self.tokens)]

    def urls(self) -> list[str]:
        """Return where the sessions are."""
        return [f"{self.url}/sessions/{name}" for name in self.names()]


@dataclass(frozen=True)
class Measured:
    """What a client needed.

    Attributes:
        requests: Requests that were answered.
        cpu: User plus system seconds of the process.
        wall: Seconds.
        updates: Updates that a watcher delivered.
    """

    requests: int
    cpu: float
    wall: float
    updates: int = 0


class Meter:
    """Runs from its creation on.

    Args:
        job: What is measured.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._stop()
        self._cpu, self._wall = cpu_seconds(), time.perf_counter()

    def _stop(self) -> None:
        if self._job.stops:
            print(flush=True)
            sys.stdin.readline()

    def read(self, requests: int, updates: int = 0) -> Measured:
        """Return what was needed since."""
        cpu, wall = cpu_seconds() - self._cpu, time.perf_counter() - self._wall
        self._stop()
        return Measured(requests, cpu, wall, updates)
