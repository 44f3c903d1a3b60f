"""Whether anything leaks: all that the client does at once, again and again, for minutes.

    python benchmarks/soak.py [--minutes 10] [--seed 1]

One process watches changing sets of tokens, looks up addresses and cancels some look-ups, serves
event streams that come and go from a hub, and runs jobs with journals that are broken off and
resumed, all under one limit. The simulated API is another process, with faults, so that its memory
does not count. After each round everything is at rest and is measured: memory, blocks allocated by
Python, tasks, descriptors, threads. It fails if one of them grows, or if a token, a row or a
look-up does not come to its end exactly once.
"""

import argparse
import asyncio
import contextlib
import ctypes
import gc
import logging
import multiprocessing
import os
import random
import stat
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from _process import memory
from _report import publish
from _trend import Ends, Trend, trends

from hum_async import (
    Address,
    AsyncSessionWatcher,
    GuidedPolling,
    HumClient,
    HumError,
    RateLimiter,
    RetryPolicy,
)
from hum_async.bulk import qualify
from hum_async.simulator import Faults, Magic, serve_simulator
from hum_async.web import SessionHub

ROUND = 4.0
"""Seconds in which work is begun; it takes a few more until all of it has ended."""
WARM_UP = 0.3
"""Share of the time after which the figures count: caches and pools are full then."""
LIBC = ctypes.CDLL(None)
CONCURRENCY = 24
NOISE = {
    "RSS, KiB": 4000.0,
    "blocks": 5000.0,
    "tasks": 1.0,
    "sockets": float(CONCURRENCY),  # connections that are kept for the next round
    "files": 1.0,
    "threads": 1.0,
}
"""By how much each figure may differ between two rounds without any leak."""
FAULTS = Faults(
    server_error=0.02,
    reset_before=0.01,
    server_error_after=0.005,
    reset_after=0.01,
    slow_body=0.02,
    truncated=0.01,
    malformed=0.005,
    wrong_type=0.005,
    request_timeout=0.005,
    foreign_token=0.005,
    huge_number=0.005,
    slow_seconds=0.3,
)
SPEED = 20.0
QUICK = GuidedPolling(interval=0.15, max_interval=0.5, budget=4.0)
PAUSES = (Magic.THROTTLED, Magic.UNAVAILABLE)
"""Streets that halt all requests for a second; one look-up of each in every round is enough."""
STREETS = sorted(set(Magic) - {*PAUSES, Magic.VANISHED, Magic.NEVER_DONE})
"""Other streets with a fate, but for the two that would make a round wait for a time-out."""


@contextlib.contextmanager
def simulator(seed: int) -> Iterator[str]:
    """Run the simulated API in a process of its own; return its URL."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, seed))
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(10)
        process.kill()


def _serve(told: Connection, seed: int) -> None:
    with serve_simulator(generation="polling", speed=SPEED, faults=FAULTS, seed=seed) as api:
        told.send(api.url)
        try:
            told.recv()
        except EOFError:  # the other side has ended
            return


class Soak:
    """What one process does all the time.

    Attributes:
        tokens: Whether each watched token had one terminal update.
        rows: Whether each row of a job had one result.
        lookups: Whether each look-up of a hub had one end in each stream that was read.
        outcomes: What came of what, to show that all of it happened.
    """

    def __init__(self, url: str, *, seed: int) -> None:
        self.tokens, self.rows, self.lookups = Ends(), Ends(), Ends()
        self.outcomes: Counter[str] = Counter()
        self._url = url
        self._random = random.Random(seed)  # noqa: S311  a simulation
        self._limiter = RateLimiter(rate=500, concurrency=CONCURRENCY)
        self._retry = RetryPolicy(attempts=3, base=0.05, cap=0.2)

    async def run(self, seconds: float) -> list[tuple[float, dict[str, float]]]:
        """Repeat rounds for so many seconds; return what was measured after each."""
        samples: list[tuple[float, dict[str, float]]] = []
        began = time.monotonic()
        async with (
            self._client() as hum,
            AsyncSessionWatcher(hum, policy=QUICK) as watcher,
            SessionHub(
                hum, policy=QUICK, signals=False, keep_for=5.0, reuse_for=1.0, max_ended=200
            ) as hub,
        ):
            while time.monotonic() - began < seconds:
                until = time.monotonic() + ROUND
                async with asyncio.TaskGroup() as group:
                    for _ in range(3):
                        group.create_task(self._again(until, self._watch, hum, watcher))
                        group.create_task(self._again(until, self._stream, hub))
                    group.create_task(self._again(until, self._job, hum))
                    group.create_task(self._look_up(hum))
                    group.create_task(self._watch_the_missing(watcher))
                    group.create_task(self._visit())
                await asyncio.sleep(0.3)  # what ends by itself has ended then
                samples.append((time.monotonic() - began, figures()))
        return samples

    async def _again(
        self, until: float, work: Callable[..., Awaitable[None]], *arguments: object
    ) -> None:
        while time.monotonic() < until:
            await work(*arguments)

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator[HumClient]:
        async with HumClient(
            "any-key", base_url=self._url, limiter=self._limiter, retry=self._retry, timeout=3.0
        ) as hum:
            yield hum

    def _address(self) -> Address:
        """Return any address, or sometimes one with a fate."""
        street = self._random.choice(STREETS) if self._random.random() < 0.2 else "Oak St"
        return self._address_in(street)

    def _address_in(self, street: str) -> Address:
        return Address(f"{self._random.randrange(100, 9999)} {street}", zip="48226")

    async def _buy(self, hum: HumClient, count: int) -> list[str]:
        async def buy() -> str:
            try:
                return (await hum.create_session(self._address())).token
            except HumError as error:
                self.outcomes[f"POST {type(error).__name__}"] += 1
                return ""

        return list(filter(None, await asyncio.gather(*[buy() for _ in range(count)])))

    async def _watch(self, hum: HumClient, watcher: AsyncSessionWatcher) -> None:
        """Watch tokens of which some join, some leave, and some have another stream too."""
        first, later = await asyncio.gather(self._buy(hum, 25), self._buy(hum, 25))
        dropped = set(first[:2])
        terminal: list[str] = []
        async with watcher.watch(first) as stream, watcher.watch(first[2:4]) as other:
            stream.discard(*dropped)
            stream.add(*later)
            async for update in stream:
                if update.is_terminal:
                    terminal.append(update.token)
                    self.outcomes[f"watch {update.kind.name}"] += 1
                if self._random.random() < 0.1:
                    await asyncio.sleep(0.2)  # a slow reader
            self.tokens.check(first[2:4], [each.token async for each in other if each.is_terminal])
        self.tokens.check([*first[2:], *later], terminal)
        async for _ in watcher.watch(later):  # left at once, in the middle of everything
            break

    async def _watch_the_missing(self, watcher: AsyncSessionWatcher) -> None:
        unknown = [f"unknown{self._random.randrange(10**9)}" for _ in range(2)]
        ended = [each.token async for each in watcher.watch(unknown) if each.is_terminal]
        self.tokens.check(unknown, ended)
        self.outcomes["watch unknown"] += len(ended)

    async def _look_up(self, hum: HumClient) -> None:
        """Look up addresses, and cancel every other look-up somewhere on its way."""
        tasks = [asyncio.create_task(hum.lookup(self._address(), timeout=7.0)) for _ in range(60)]
        for task in tasks[::2]:
            asyncio.get_running_loop().call_later(self._random.uniform(0.0, 6.0), task.cancel)
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(found, BaseException):
                self.outcomes[f"lookup {type(found).__name__}"] += 1
                if not isinstance(found, asyncio.CancelledError):
                    raise found
            else:
                self.outcomes[f"lookup {found.outcome.name}"] += 1

    async def _stream(self, hub: SessionHub) -> None:
        """Read event streams: to the end, or not to the end and from there on, or for a moment."""
        ids = [hub.lookup(self._address()) for _ in range(15)]
        gone = asyncio.create_task(self._read(hub, ids))
        asyncio.get_running_loop().call_later(self._random.uniform(0.0, 1.0), gone.cancel)
        (whole, _), resumed = await asyncio.gather(
            self._read(hub, ids), self._read_and_resume(hub, ids)
        )
        await asyncio.gather(gone, return_exceptions=True)
        self.lookups.check(ids, whole)
        self.lookups.check(ids, resumed)
        self.outcomes["stream resumed"] += 1
        self.outcomes["stream cancelled"] += gone.cancelled()

    async def _read_and_resume(self, hub: SessionHub, ids: list[str]) -> list[str]:
        begun, place = await self._read(hub, ids, most=self._random.randrange(1, 30))
        rest, _ = await self._read(hub, ids, place=place)
        return begun + rest

    async def _read(
        self, hub: SessionHub, ids: list[str], *, most: int | None = None, place: str | None = None
    ) -> tuple[list[str], str | None]:
        """Read events, `most` at most; return the look-ups that ended, and where it stopped."""
        ended: list[str] = []
        async with hub.subscribe(*ids, last_event_id=place) as stream:
            read = 0
            async for event in stream:
                read, place = read + 1, event.id or place
                if event.kind == "done":
                    ended.append(str(event.lookup))
                if read == most:
                    break
        return ended, place

    async def _job(self, hum: HumClient) -> None:
        """Run a job that is broken off and resumed."""
        rows = {f"row {number}": self._address() for number in range(60)}
        with tempfile.TemporaryDirectory() as home:
            journal = Path(home) / "job.sqlite"
            async with qualify(hum, rows.items(), journal=journal, policy=QUICK) as first:
                read = 0
                async for _ in first:
                    read += 1
                    if read == 20:
                        break
            results = qualify(hum, rows.items(), journal=journal, policy=QUICK)
            keys = []
            async for found in results:
                keys.append(str(found.key))
                self.outcomes[f"row {found.outcome.name}"] += 1
        self.rows.check(rows, keys)

    async def _visit(self) -> None:
        """Open everything for a moment, as a program does that is started often."""
        async with (
            self._client() as hum,
            AsyncSessionWatcher(hum, policy=QUICK) as watcher,
            SessionHub(hum, policy=QUICK, signals=False) as hub,
        ):
            pausing = [hum.lookup(self._address_in(street), timeout=7.0) for street in PAUSES]
            for found in await asyncio.gather(*pausing):
                self.outcomes[f"lookup {found.outcome.name}"] += 1
            tokens = await self._buy(hum, 3)
            ended = [each.token async for each in watcher.watch(tokens) if each.is_terminal]
            self.tokens.check(tokens, ended)
            hub.lookup(self._address())  # and nobody waits for it


def figures() -> dict[str, float]:
    """Measure this process, without memory that it no longer uses."""
    gc.collect()
    # What glibc holds back for later grows for hours, ever more slowly, while nothing leaks.
    if hasattr(LIBC, "malloc_trim"):
        LIBC.malloc_trim(0)
    kinds: Counter[bool] = Counter()
    for name in os.listdir("/dev/fd"):  # noqa: PTH208  of one moment
        with contextlib.suppress(OSError):  # the one that lists them
            kinds[stat.S_ISSOCK(os.fstat(int(name)).st_mode)] += 1
    return {
        "RSS, KiB": memory() / 1024,
        "blocks": sys.getallocatedblocks(),
        "tasks": len(asyncio.all_tasks()),
        "sockets": kinds[True],
        "files": kinds[False],
        "threads": threading.active_count(),
    }


def report(found: list[Trend], soak: Soak, rounds: int) -> list[str]:
    """Print the figures; return what is wrong."""
    ends = {"tokens watched": soak.tokens, "rows of jobs": soak.rows, "streamed": soak.lookups}
    publish(
        __file__,
        {
            f"Slopes over {rounds} rounds": [
                {
                    "what": trend.name,
                    "after the warm-up": trend.first,
                    "at the end": trend.last,
                    "each minute": round(trend.per_minute, 2),
                    "bound": trend.bound,
                }
                for trend in found
            ],
            "Ends": [
                {"what": name, "begun": each.begun, "ended": each.ended, "faults": str(each.faults)}
                for name, each in ends.items()
            ],
            "What happened": [
                {"what": name, "times": times} for name, times in sorted(soak.outcomes.items())
            ],
        },
    )
    leaks = [f"{each.name} grows by {each.per_minute:.1f} a minute" for each in found if each.leaks]
    return leaks + [f"{name}: {each.faults}" for name, each in ends.items() if each.faults]


def main() -> None:
    """Run it; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    logging.getLogger("hum_async").setLevel(logging.ERROR)  # faults are meant to happen
    arguments = parser.parse_args()
    with simulator(arguments.seed) as url:
        soak = Soak(url, seed=arguments.seed)
        samples = asyncio.run(soak.run(arguments.minutes * 60))
    wrong = report(trends(samples, NOISE, warm_up=WARM_UP), soak, len(samples))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
