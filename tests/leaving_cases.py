"""Every way of leaving a watch. Run as a script: ``python -X dev -W error tests/leaving_cases.py``.

Each case is a coroutine function that takes a `Stage` and returns when the watch is left; whatever
it leaves behind is found by the tests, and by Python's own warnings when this runs as a script.
"""

import asyncio
import contextlib
import gc
import itertools
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from hum_async import (
    AsyncSessionWatcher,
    GuidedPolling,
    HumClient,
    RateLimiter,
    RawResponse,
    SessionUpdate,
    StreamBusy,
    WatcherClosed,
    WatchStream,
)
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

TOKENS = [f"token-{number}" for number in range(20)]
QUICK = GuidedPolling(interval=0.01, max_interval=0.01, jitter=0.0, budget=None)


def never_done(request: SentRequest) -> RawResponse:
    """Answer each poll with something new, for ever."""
    token = request.path.split("/")[2]
    geocoding = f"step {request.at}"
    return json_response(202, session_json(token, geocoding=geocoding, internet="pending"))


class Stage:
    """A client on a scripted network; `watcher` makes a watcher that polls fast and for ever."""

    def __init__(self) -> None:
        self.transport = ScriptedTransport(never_done, latency=0.001)
        self.limiter = RateLimiter(rate=500, concurrency=8)
        self.client = HumClient(transport=self.transport, limiter=self.limiter)

    def watcher(self) -> AsyncSessionWatcher:
        """Return a watcher that was not entered yet."""
        return AsyncSessionWatcher(self.client, policy=QUICK)


async def read(stream: WatchStream, most: int | None = None) -> list[SessionUpdate]:
    """Read a stream to its end, or some updates of it."""
    updates: list[SessionUpdate] = []
    async for update in stream:
        updates.append(update)
        if len(updates) == most:
            break
    return updates


def start(awaitable: Any) -> "asyncio.Task[Any]":
    """Run it in a task of its own."""
    return asyncio.get_running_loop().create_task(awaitable)


async def by_break(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        async for _ in watcher.watch(TOKENS):
            break
        await asyncio.sleep(0.05)
        assert watcher.statistics().watched == 0
        # The watcher works on.
        assert len(await read(watcher.watch(TOKENS), 5)) == 5


async def by_break_and_a_reference_kept(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        stream = watcher.watch(TOKENS)
        async for _ in stream:
            break
        assert len(await read(stream, 3)) == 3


async def by_return(stage: Stage) -> None:
    async def first() -> SessionUpdate:
        async with stage.watcher() as watcher:
            async for update in watcher.watch(TOKENS):
                return update
        raise AssertionError

    assert (await first()).token in TOKENS


async def by_an_exception_that_comes_out_unwrapped(stage: Stage) -> None:
    error, caught = KeyError("mine"), None
    try:
        async with stage.watcher() as watcher:
            async for _ in watcher.watch(TOKENS):
                raise error
    except KeyError as exc:
        caught = exc
    assert caught is error
    assert error.__cause__ is None
    assert error.__context__ is None


async def by_an_exception_in_a_stream_block(stage: Stage) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with stage.watcher() as watcher, watcher.watch(TOKENS) as stream:
            async for _ in stream:
                _ = 1 / 0
    gc.collect()


async def by_cancelling_the_consumer(stage: Stage) -> None:
    async def consume() -> None:
        async with stage.watcher() as watcher:
            await read(watcher.watch(TOKENS))

    for delay in (0.0, 0.001, 0.01, 0.05):
        task = start(consume())
        await asyncio.sleep(delay)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()


async def by_cancelling_one_of_two_consumers(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        one, two = (start(read(watcher.watch(TOKENS), 60)) for _ in range(2))
        await asyncio.sleep(0.02)
        one.cancel()
        assert len(await two) == 60
        assert one.cancelled()


async def by_a_task_group_that_fails(stage: Stage) -> None:
    async def fail() -> None:
        await asyncio.sleep(0.02)
        raise KeyError("sibling")

    errors: list[type[Exception]] = []
    try:
        async with stage.watcher() as watcher, asyncio.TaskGroup() as group:
            group.create_task(read(watcher.watch(TOKENS)))
            group.create_task(fail())
    except ExceptionGroup as found:
        errors = [type(error) for error in found.exceptions]
    assert errors == [KeyError]


async def by_a_timeout_around_everything(stage: Stage) -> None:
    try:
        async with asyncio.timeout(0.05):
            async with stage.watcher() as watcher:
                await read(watcher.watch(TOKENS))
    except TimeoutError:
        return
    raise AssertionError


async def by_timeouts_around_each_step_which_lose_nothing(stage: Stage) -> None:
    count = 0

    def answer(request: SentRequest) -> RawResponse:
        nonlocal count
        count += 1
        token = request.path.split("/")[2]
        agents = {"geocoding": f"{count}", "internet": "pending"}
        if count >= 200:
            agents = {"geocoding": "matched", "internet": "matched"}
        return json_response(202, session_json(token, **agents))

    stage.transport = ScriptedTransport(answer, latency=0.001)
    stage.client = HumClient(transport=stage.transport, limiter=stage.limiter)
    updates: list[SessionUpdate] = []
    async with stage.watcher() as watcher:
        stream = watcher.watch(["only"])
        for step in itertools.count():
            try:
                # Some are too early, some in the very tick of an update, some too late.
                async with asyncio.timeout(0.001 * (step % 13)):
                    updates.append(await anext(stream))
            except TimeoutError:
                await asyncio.sleep(0)
            except StopAsyncIteration:
                break
    assert updates[-1].is_terminal
    told = sum(update.skipped + 1 for update in updates)
    assert told == updates[-1].polls == 200, (told, updates[-1].polls)
    for earlier, later in itertools.pairwise(updates):
        assert later.previous == earlier.session


async def by_dropping_the_stream(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        stream = watcher.watch(TOKENS)
        await anext(stream)
        del stream
        gc.collect()
        await asyncio.sleep(0.05)
        assert watcher.statistics().watched == 0


async def by_dropping_the_stream_in_another_thread(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        held = [watcher.watch(TOKENS)]
        await anext(held[0])
        await asyncio.to_thread(held.clear)
        await asyncio.sleep(0.05)
        assert watcher.statistics().watched == 0


async def by_dropping_a_cycle_that_a_thread_collects(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        cycle: list[Any] = [watcher.watch(TOKENS)]
        await anext(cycle[0])
        cycle.append(cycle)
        del cycle
        thread = threading.Thread(target=gc.collect)
        thread.start()
        await asyncio.to_thread(thread.join)
        await asyncio.sleep(0.05)
        assert watcher.statistics().watched == 0


async def by_dropping_the_stream_after_everything_else(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        stream = watcher.watch(TOKENS)
        await anext(stream)
    del watcher
    gc.collect()
    stream.close()
    await stream.aclose()


async def by_dropping_a_watch_with_an_async_source(stage: Stage) -> None:
    started: list[bool] = []
    closed: list[bool] = []

    async def source() -> AsyncIterator[str]:
        started.append(True)
        try:
            number = 0
            while True:
                yield f"token-{number}"
                number += 1
        finally:
            await asyncio.sleep(0.001)
            closed.append(True)

    async with stage.watcher() as watcher:
        async for _ in watcher.watch(source()):
            break
        watcher.watch(source())
        await asyncio.sleep(0.1)
        stream = watcher.watch(source())
        await asyncio.sleep(0.01)
    # One that was dropped before it was begun has nothing to close.
    assert len(closed) == len(started) >= 2
    stream.close()


async def by_two_consumers_of_one_stream(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        stream = watcher.watch(["token"])
        await anext(stream)
        one, two = start(anext(stream)), start(anext(stream))
        found = await asyncio.gather(one, two, return_exceptions=True)
        assert {type(result) for result in found} == {SessionUpdate, StreamBusy}
        # Whoever was there first reads on.
        assert (await anext(stream)).token == "token"


async def by_closing_it_from_a_sibling(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        stream = watcher.watch(["token"])
        reader = start(read(stream))
        await asyncio.sleep(0.02)
        await stream.aclose()
        await reader
        assert await read(stream) == []


async def by_closing_the_watcher_from_a_sibling(stage: Stage) -> None:
    watcher = stage.watcher()
    async with watcher:
        reader = start(read(watcher.watch(TOKENS)))
        await asyncio.sleep(0.02)
        await asyncio.gather(watcher.aclose(), watcher.aclose())
        found = (await asyncio.gather(reader, return_exceptions=True))[0]
        assert isinstance(found, WatcherClosed), found


async def by_leaving_while_others_read(stage: Stage) -> None:
    async with stage.watcher() as watcher:
        readers = [start(read(watcher.watch(TOKENS))) for _ in range(3)]
        await asyncio.sleep(0.02)
    found = await asyncio.gather(*readers, return_exceptions=True)
    assert {type(result) for result in found} == {WatcherClosed}


async def by_entering_and_leaving_in_different_tasks(stage: Stage) -> None:
    watcher = stage.watcher()
    await start(watcher.__aenter__())
    assert len(await read(watcher.watch(TOKENS), 10)) == 10
    await start(watcher.__aexit__(None, None, None))


async def by_an_exit_stack(stage: Stage) -> None:
    async with contextlib.AsyncExitStack() as stack:
        watcher = await stack.enter_async_context(stage.watcher())
        stream = await stack.enter_async_context(watcher.watch(TOKENS))
        assert len(await read(stream, 10)) == 10


async def by_leaving_at_once(stage: Stage) -> None:
    async with stage.watcher():
        pass
    async with stage.watcher() as watcher:
        watcher.watch(TOKENS)
    async with stage.watcher() as watcher:
        stream = watcher.watch(TOKENS)
        await asyncio.sleep(0)
    stream.close()


async def by_cancelling_while_it_is_left(stage: Stage) -> None:
    async def consume() -> None:
        async with stage.watcher() as watcher:
            watcher.watch(TOKENS)
            await asyncio.sleep(0.01)

    for ticks in range(6):
        task = start(consume())
        await asyncio.sleep(0.01)
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert stage.transport.in_flight == 0


async def by_an_async_generator_around_it(stage: Stage) -> None:
    async def tokens() -> AsyncIterator[str]:
        async with stage.watcher() as watcher:
            async for update in watcher.watch(TOKENS):
                yield update.token

    async with contextlib.aclosing(tokens()) as names:
        async for name in names:
            assert name in TOKENS
            break


CASES: dict[str, Callable[[Stage], Awaitable[None]]] = {
    name: case for name, case in globals().items() if name.startswith("by_")
}


async def run_case(case: Callable[[Stage], Awaitable[None]]) -> None:
    """Run one case and look at what it left behind."""
    stage = Stage()
    before = asyncio.all_tasks()
    async with stage.client:
        await case(stage)
        await asyncio.sleep(0)
    assert stage.transport.in_flight == 0
    statistics = stage.limiter.statistics()
    assert (statistics.in_use, statistics.waiting) == (0, 0), statistics
    gc.collect()
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    assert not left, left


async def read_for_ever() -> None:
    """Watch until something from outside ends it."""
    stage = Stage()
    async with stage.client, stage.watcher() as watcher:
        async for _ in watcher.watch(TOKENS):
            pass


def by_sigint() -> None:
    """Let Ctrl-C end a running consumer."""

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGINT)
        await read_for_ever()

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        return
    raise AssertionError("not interrupted")


def by_loop_shutdown() -> None:
    """End the loop while a consumer still runs in another task."""

    async def main() -> None:
        main.task = start(read_for_ever())  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)

    asyncio.run(main())
    assert main.task.cancelled()  # type: ignore[attr-defined]


def by_abandoning_an_unclosed_watcher() -> None:
    """Never leave the watcher at all; `asyncio.run` cancels what it finds."""
    kept: list[Any] = []

    async def main() -> None:
        stage = Stage()
        watcher = await stage.watcher().__aenter__()
        stream = watcher.watch(TOKENS)
        await anext(stream)
        kept.extend((stage, watcher, stream))

    asyncio.run(main())
    # The stream goes when its loop is long closed.
    kept.clear()
    gc.collect()


LOOP_CASES: dict[str, Callable[[], None]] = {
    case.__name__: case for case in (by_sigint, by_loop_shutdown, by_abandoning_an_unclosed_watcher)
}


def main() -> None:
    """Run the cases named as arguments, or all."""
    # asyncio's debug mode says on stderr what took long, which is no fault on a busy machine.
    logging.getLogger("asyncio").addFilter(lambda record: " took " not in record.getMessage())
    names = sys.argv[1:] or [*CASES, *LOOP_CASES]
    for name in names:
        if name in LOOP_CASES:
            LOOP_CASES[name]()
        else:
            asyncio.run(run_case(CASES[name]))
        gc.collect()
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
