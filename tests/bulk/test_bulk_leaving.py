"""Leaving a job early, by whatever door, and what cannot go on."""

from __future__ import annotations

import asyncio
import gc
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, AuthenticationError, ConfigurationError, HumClient
from hum_async.bulk import qualify
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

# That nothing is left behind is checked after each test, by `loop_hygiene`.
pytestmark = pytest.mark.virtual


def jobs() -> list[asyncio.Task[Any]]:
    """Return the tasks of jobs that are still alive."""
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("hum-")]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_not_accepted_ends_the_job_at_once(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
    status: int,
) -> None:
    api = make_api()
    api.say("POST", *[json_response(status, {"message": "no"})] * 1000)
    async with client_of(api, concurrency=4) as client:
        stream = qualify(client, streets(100))
        with pytest.raises(AuthenticationError) as caught:
            await anext(stream)
        assert caught.value.status == status
        assert api.count("POST") <= 4
        await asyncio.sleep(1000)
        assert api.count("POST") <= 4
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        assert not jobs()


async def test_a_key_that_is_taken_away_ends_the_job_after_the_rows_that_are_there(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(polling=False)
    api.say("POST", *[json_response(401)] * 1000, street1="5 Main St")
    done = []
    async with client_of(api, rate=1.0) as client:
        with pytest.raises(AuthenticationError):  # noqa: PT012  whenever it comes
            async for result in qualify(client, streets(10)):
                done.append(result.key)  # noqa: PERF401  kept although it ends badly
        posts = api.count("POST")
        await asyncio.sleep(1000)
    assert done == [0, 1, 2, 3]
    assert api.count("POST") == posts == 5


async def test_a_client_that_is_closed_meanwhile_is_told_as_what_it_is(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    stream = qualify(hum, streets(5), max_open=1)
    await anext(stream)
    await hum.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        [result async for result in stream]


async def test_breaking_out_of_a_job_and_closing_it_leaves_nothing(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    async with qualify(hum, streets(20)) as stream:
        async for _ in stream:
            break
    assert not jobs()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_breaking_out_of_a_job_and_dropping_it_leaves_nothing(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    async for _ in qualify(hum, streets(20)):
        break
    gc.collect()
    await asyncio.sleep(1)
    assert not jobs()


async def test_a_job_that_reads_a_generator_closes_it_when_it_is_dropped(
    hum: HumClient, at: Callable[..., Address]
) -> None:
    closed = []

    async def rows() -> AsyncIterator[Address]:
        try:
            for number in range(10_000):
                yield at(f"{number} Main St")
        finally:
            closed.append(True)

    async for _ in qualify(hum, rows(), max_open=2):
        break
    gc.collect()
    await asyncio.sleep(1)
    assert closed == [True]
    assert not jobs()


async def test_an_exception_of_the_reader_comes_out_as_it_is(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    with pytest.raises(KeyError, match="mine"):  # noqa: PT012  as a reader would write it
        async with qualify(hum, streets(5)) as stream:
            async for _ in stream:
                raise KeyError("mine")
    assert not jobs()


async def test_a_cancelled_reader_leaves_nothing(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    async def read() -> None:
        async with qualify(hum, streets(20)) as stream:
            async for _ in stream:
                pass

    for seconds in (0, 0.1, 1, 5, 9, 12):
        task = asyncio.create_task(read())
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not jobs()


async def test_a_reader_with_a_time_limit_loses_no_row(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    stream = qualify(hum, streets(20))
    keys = []
    while True:
        try:
            keys.append((await asyncio.wait_for(anext(stream), 0.3)).key)
        except TimeoutError:
            continue
        except StopAsyncIteration:
            break
    assert sorted(keys) == list(range(20))


async def test_closing_twice_or_before_the_start_does_nothing(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    stream = qualify(hum, streets(3))
    await stream.aclose()
    await stream.aclose()
    assert [result async for result in stream] == []


async def test_closing_ends_a_reader_that_waits(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    stream = qualify(hum, streets(3))
    reader = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(1)
    await stream.aclose()
    async with asyncio.timeout(10):
        assert await reader is None


async def test_a_job_that_was_never_read_sends_nothing(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    async with client_of(api) as client:
        stream = qualify(client, streets(3))
        await asyncio.sleep(10)
        assert stream.statistics().requests == 0
        del stream
    assert not api.transport.requests


async def test_two_jobs_share_one_limit(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()

    async def read(client: HumClient) -> int:
        return len([result async for result in qualify(client, streets(10))])

    async with client_of(api, rate=2.0) as client:
        assert await asyncio.gather(read(client), read(client)) == [10, 10]
    times = sorted(request.at for request in api.transport.requests)
    assert all(after - before > 0.49 for before, after in itertools.pairwise(times))


async def test_the_limiter_gets_every_slot_back_whenever_a_job_is_left(
    hum: HumClient, streets: Callable[[int], list[Address]]
) -> None:
    for seconds in (0, 0.2, 0.21, 3, 10):
        async with qualify(hum, streets(30)) as stream:
            reader = asyncio.create_task(anext(stream))
            await asyncio.sleep(seconds)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        statistics = hum.limiter.statistics()  # type: ignore[attr-defined]  # our own
        assert (statistics.in_use, statistics.waiting) == (0, 0)
