"""A reader that is cancelled, however, and whoever keeps its exception: nothing more is sent."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from hum_async import Address, AsyncSessionWatcher, GuidedPolling, HumClient, RateLimiter
from hum_async.bulk import qualify
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from hum_async.models import RawResponse

    Job = Callable[[], Awaitable[None]]
    Idiom = Callable[[Job], Awaitable[Any]]

pytestmark = pytest.mark.virtual

QUICK = GuidedPolling(interval=0.2, backoff=1.0, jitter=0.0, budget=None)
TOKENS = [f"token-{number}" for number in range(5)]
LATENCY = 0.02
IN_FLIGHT = 4


def answer(request: SentRequest) -> RawResponse:
    """Answer each poll with something new, and each POST with a session."""
    if request.method == "POST":
        token = f"token-{request.body['street1'].split()[0]}"
        return json_response(201, session_json(token, geocoding="pending", internet="pending"))
    token = request.path.split("/")[2]
    return json_response(
        202, session_json(token, geocoding=f"step {request.at}", internet="pending")
    )


# --- ways to be cancelled -------------------------------------------------------------------------


async def wait_for(job: Job) -> BaseException:
    try:
        await asyncio.wait_for(job(), 0.7)
    except TimeoutError as exc:
        return exc
    raise AssertionError


async def timeout(job: Job) -> BaseException:
    try:
        async with asyncio.timeout(0.7):
            await job()
    except TimeoutError as exc:
        return exc
    raise AssertionError


async def cancelled_task(job: Job) -> list[Any]:
    task = asyncio.ensure_future(job())
    await asyncio.sleep(0.7)
    task.cancel()
    return await asyncio.gather(task, return_exceptions=True)


async def cancelled_task_that_is_kept(job: Job) -> asyncio.Future[Any]:
    task = asyncio.ensure_future(job())
    await asyncio.sleep(0.7)
    task.cancel()
    await asyncio.wait([task])
    return task


async def cancelled_error_that_is_kept(job: Job) -> BaseException:
    async def outer() -> BaseException:
        try:
            await job()
        except asyncio.CancelledError as exc:
            return exc
        raise AssertionError

    task = asyncio.ensure_future(outer())
    await asyncio.sleep(0.7)
    task.cancel()
    return await task


async def scope_of_anyio(job: Job) -> None:
    with anyio.move_on_after(0.7):
        async with anyio.create_task_group() as group:
            group.start_soon(job)


async def fail_after_of_anyio(job: Job) -> BaseException:
    try:
        with anyio.fail_after(0.7):
            await job()
    except TimeoutError as exc:
        return exc
    raise AssertionError


async def sibling_that_fails(job: Job) -> BaseException:
    async def fail() -> None:
        await asyncio.sleep(0.7)
        raise KeyError("sibling")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(job())  # type: ignore[arg-type]  a coroutine function's
            group.create_task(fail())
    except ExceptionGroup as exc:
        return exc
    raise AssertionError


async def wait_with_a_time(job: Job) -> Any:
    task = asyncio.ensure_future(job())
    await asyncio.wait([task], timeout=0.7)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return task


IDIOMS: list[Idiom] = [
    wait_for,
    timeout,
    cancelled_task,
    cancelled_task_that_is_kept,
    cancelled_error_that_is_kept,
    scope_of_anyio,
    fail_after_of_anyio,
    sibling_that_fails,
    wait_with_a_time,
]


# --- readers --------------------------------------------------------------------------------------


@pytest.fixture
async def transport() -> ScriptedTransport:
    return ScriptedTransport(answer, latency=LATENCY)


@pytest.fixture
async def hum(transport: ScriptedTransport) -> AsyncIterator[HumClient]:
    limiter = RateLimiter(rate=50, concurrency=IN_FLIGHT)
    async with HumClient(transport=transport, limiter=limiter) as client:
        yield client


def opened(hum: HumClient, watcher: AsyncSessionWatcher, what: str) -> Any:
    if what == "watch":
        return watcher.watch(TOKENS)
    streets = (Address(f"{number} A St", zip="48226") for number in range(10_000))
    return qualify(hum, streets, policy=QUICK)


@pytest.mark.parametrize("named", [False, True], ids=["for", "named"])
@pytest.mark.parametrize("what", ["watch", "qualify"])
@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.__name__)
async def test_only_what_is_in_flight_is_sent_after_a_cancellation(
    hum: HumClient,
    transport: ScriptedTransport,
    idiom: Idiom,
    what: str,
    named: bool,  # noqa: FBT001  a column of the table
) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:

        async def job() -> None:
            if named:
                stream = opened(hum, watcher, what)
                async for _ in stream:
                    pass
            else:
                async for _ in opened(hum, watcher, what):
                    pass

        kept = await idiom(job)
        before = len(transport.requests)
        assert before > 5
        await asyncio.sleep(100)
        assert len(transport.requests) - before <= IN_FLIGHT
        del kept
        gc.collect()
        await asyncio.sleep(1)
        assert watcher.statistics().watched == 0


@pytest.mark.parametrize("what", ["watch", "qualify"])
async def test_a_task_that_is_cancelled_between_two_items_is_noticed_too(
    hum: HumClient, transport: ScriptedTransport, what: str
) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:
        stream = opened(hum, watcher, what)

        async def job() -> None:
            if what == "watch":
                async for _ in stream:
                    await asyncio.sleep(1000)
            reading = asyncio.ensure_future(anext(stream))
            await asyncio.wait([reading], timeout=0.5)
            reading.cancel()
            await asyncio.sleep(1000)

        task = asyncio.ensure_future(job())
        await asyncio.sleep(0.7)
        task.cancel()
        await asyncio.wait([task])
        before = len(transport.requests)
        await asyncio.sleep(100)
        assert len(transport.requests) - before <= IN_FLIGHT
        await stream.aclose()


async def with_a_time(stream: Any) -> None:
    async with asyncio.timeout(0.5):
        while True:
            await anext(stream)
            await asyncio.sleep(5)


async def with_a_fault(stream: Any) -> None:
    await anext(stream)
    raise KeyError


async def through_a_wrapper(stream: Any) -> None:
    async def wrapper() -> AsyncIterator[Any]:
        async for item in stream:
            yield item

    wrapped = wrapper()
    async with asyncio.timeout(0.5):
        async for _ in wrapped:
            await asyncio.sleep(5)


def answer_at_last(request: SentRequest) -> RawResponse:
    """Answer as `answer` does, but look-ups with their results."""
    if request.method != "POST":
        return answer(request)
    token = f"token-{request.body['street1'].split()[0]}"
    provider = {"provider_name": "Fiber", "offerings": []}
    agents = {"geocoding": "matched", "internet": "matched"}
    return json_response(201, session_json(token, providers=[provider], **agents))


@pytest.mark.parametrize("reader", [with_a_time, with_a_fault, through_a_wrapper])
@pytest.mark.parametrize("what", ["watch", "qualify"])
async def test_a_task_that_fails_between_two_items_is_noticed_too(
    what: str, reader: Callable[[Any], Awaitable[None]]
) -> None:
    transport = ScriptedTransport(answer_at_last, latency=LATENCY)
    limiter = RateLimiter(rate=50, concurrency=IN_FLIGHT)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum, policy=QUICK) as watcher,
    ):
        stream = opened(hum, watcher, what)
        kept = await asyncio.gather(reader(stream), return_exceptions=True)
        assert isinstance(kept[0], TimeoutError | KeyError)
        before = len(transport.requests)
        await asyncio.sleep(100)
        assert len(transport.requests) - before <= IN_FLIGHT
        await stream.aclose()


async def test_a_time_for_each_item_lets_it_go_on_between_them(
    hum: HumClient, transport: ScriptedTransport
) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:
        stream = watcher.watch(TOKENS)
        for _ in range(3):
            await asyncio.wait_for(anext(stream), 60)
            before = len(transport.requests)
            await asyncio.sleep(2)
            assert len(transport.requests) - before > IN_FLIGHT
        await stream.aclose()


@pytest.mark.parametrize("what", ["watch", "qualify"])
async def test_it_goes_on_when_it_is_read_again(
    hum: HumClient, transport: ScriptedTransport, what: str
) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:
        stream, before = opened(hum, watcher, what), 0
        for _ in range(3):
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while True:
                        await anext(stream)
            assert len(transport.requests) > before + IN_FLIGHT
            before = len(transport.requests)
            await asyncio.sleep(10)
            assert len(transport.requests) - before <= IN_FLIGHT
        await stream.aclose()


async def test_a_stream_at_rest_holds_no_other_up(
    hum: HumClient, transport: ScriptedTransport
) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:
        resting = watcher.watch(TOKENS)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                async for _ in resting:
                    pass
        await asyncio.sleep(10)
        # It joins tokens that are put aside, and is told their state at once.
        other = watcher.watch([*TOKENS[:2], "mine"])
        seen = {(await anext(other)).token for _ in range(6)}
        assert seen == {*TOKENS[:2], "mine"}
        before = len(transport.requests)
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                async for _ in other:
                    pass
        polled = {request.path.split("/")[2] for request in transport.requests[before:]}
        assert polled == {*TOKENS[:2], "mine"}
        # Whoever comes back gets its own tokens polled, and no other's.
        before = len(transport.requests)
        seen = {(await anext(resting)).token for _ in range(10)}
        assert seen == set(TOKENS)


async def test_a_stream_that_nobody_else_holds_lives_while_it_is_read(hum: HumClient) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:
        assert (await anext(watcher.watch(["only"]))).token == "only"
        gc.collect()
        await asyncio.sleep(0)
        assert watcher.statistics().watched == 0


# --- ways to leave a loop, without a cancellation in the middle of a read -------------------------


async def by_an_exception(stream: Any) -> BaseException | None:
    read = 0
    try:
        async for _ in stream:
            read += 1
            _ = 1 / (3 - read)
    except ZeroDivisionError as exc:
        return exc
    raise AssertionError


async def by_a_timeout_of_the_body(stream: Any) -> BaseException | None:
    try:
        async with asyncio.timeout(0.7):
            async for _ in stream:
                await asyncio.sleep(1000)
    except TimeoutError as exc:
        return exc
    raise AssertionError


async def by_break(stream: Any) -> None:
    async for _ in stream:
        break


async def by_a_generator_that_is_closed(stream: Any) -> None:
    async def items() -> AsyncIterator[Any]:
        async for item in stream:
            yield item

    around = items()
    await anext(around)
    await around.aclose()  # type: ignore[attr-defined]  it is a generator


DOORS: list[Callable[[Any], Awaitable[Any]]] = [
    by_an_exception,
    by_a_timeout_of_the_body,
    by_break,
    by_a_generator_that_is_closed,
]


def finishing(request: SentRequest) -> RawResponse:
    """Answer as `answer`, but each search ends after a second."""
    if request.method == "GET" and request.at > 1.0:
        provider = {"provider_name": "Fiber", "offerings": []}
        agents = {"geocoding": "matched", "internet": "matched"}
        token = request.path.split("/")[2]
        return json_response(200, session_json(token, providers=[provider], **agents))
    return answer(request)


@pytest.mark.parametrize("what", ["watch", "qualify"])
@pytest.mark.parametrize("leave", DOORS, ids=lambda leave: leave.__name__)
async def test_a_stream_with_a_name_rests_when_its_loop_is_left(
    what: str, leave: Callable[[Any], Awaitable[Any]]
) -> None:
    transport = ScriptedTransport(answer if what == "watch" else finishing, latency=LATENCY)
    limiter = RateLimiter(rate=50, concurrency=IN_FLIGHT)
    async with (
        HumClient(transport=transport, limiter=limiter) as hum,
        AsyncSessionWatcher(hum, policy=QUICK) as watcher,
    ):
        stream = opened(hum, watcher, what)
        # Both the name and the exception, whose frames have names too, are kept.
        kept = await leave(stream)
        before = len(transport.requests)
        assert before > 0
        await asyncio.sleep(100)
        assert len(transport.requests) - before <= IN_FLIGHT
        await anext(stream)
        await anext(stream)
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                async for _ in stream:
                    pass
        assert len(transport.requests) > before + IN_FLIGHT
        await stream.aclose()
        del kept


async def test_a_loop_inside_a_loop_does_not_stop_the_outer_one(
    hum: HumClient, transport: ScriptedTransport
) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:
        stream, read = watcher.watch(TOKENS), 0
        async for _ in stream:
            async for _ in stream:
                break
            read += 1
            if read == 50:
                break
        assert len(transport.requests) > 50


async def test_a_slow_reader_is_told_the_newest(
    hum: HumClient, transport: ScriptedTransport
) -> None:
    async with AsyncSessionWatcher(hum, policy=QUICK) as watcher:
        async for update in watcher.watch(["only"]):
            await asyncio.sleep(100)
            assert len(transport.requests) > 100
            if update.skipped > 10:
                break
