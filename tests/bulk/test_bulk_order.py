"""In which order a job works, and how far it reads ahead."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from hum_async import Address, HumClient, Outcome
from hum_async.bulk import qualify
from hum_async.errors import StreamBusy
from hum_async.testing import json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


class FixedPolling:
    """Look once, after so many seconds; no end."""

    budget = None

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def first(self) -> float:
        return self.seconds

    def after(self, _: object) -> float:
        return self.seconds


async def test_a_due_poll_goes_before_a_delete_and_both_before_a_new_session(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    async with client_of(api, rate=1.0) as client:
        async for _ in qualify(client, streets(6), policy=FixedPolling(3.5)):
            pass
    # One slot a second. At 3 s nothing is due yet, so a fourth session is begun; from 4 s on
    # there is always something older to do.
    assert api.calls == [
        "POST 1 Main St",
        "POST 2 Main St",
        "POST 3 Main St",
        "POST 4 Main St",
        "GET 1 Main St",
        "GET 2 Main St",
        "GET 3 Main St",
        "GET 4 Main St",
        "DELETE 1 Main St",
        "DELETE 2 Main St",
        "DELETE 3 Main St",
        "DELETE 4 Main St",
        "POST 5 Main St",
        "POST 6 Main St",
        "GET 5 Main St",
        "GET 6 Main St",
        "DELETE 5 Main St",
        "DELETE 6 Main St",
    ]


async def test_a_session_is_closed_only_when_its_row_was_read_and_the_next_asked_for(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    async with client_of(api) as client:
        stream = qualify(client, streets(3))
        for read in range(3):
            await anext(stream)
            await asyncio.sleep(300)
            assert api.count("DELETE") == read
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        assert api.count("DELETE") == 3


async def test_a_session_that_answered_is_closed_while_others_are_still_waited_for(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    api = make_api()
    never = {"agent_status": {"geocoding": "pending", "internet": "pending"}}
    async with client_of(api) as client:
        api.say("GET", *[json_response(202, {"meta": never})] * 100, street1="2 Main St")
        addresses = [Address(f"{n} Main St", zip="48226") for n in (1, 2)]
        results = [result async for result in qualify(client, addresses)]
    assert [result.outcome for result in results] == [Outcome.SERVED, Outcome.TIMED_OUT]
    last_look = max(i for i, call in enumerate(api.calls) if call == "GET 2 Main St")
    assert api.calls.index("DELETE 1 Main St") < last_look


async def test_the_same_address_is_bought_once_and_each_row_gets_the_result(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    api = make_api()
    rows = [
        ("a", Address("1 Main St", zip="48226")),
        ("b", Address(" 1  MAIN st. ", zip="48226-1234")),
        ("c", Address("1 Main St", "Apt 2", zip="48226")),
        ("d", Address("1 main st", zip="48226")),
    ]
    async with client_of(api) as client:
        results = {result.key: result async for result in qualify(client, rows)}
    assert len(api.transport.requests) == 6
    assert {key: result.requests for key, result in results.items()} == {
        "a": 2,
        "b": 0,
        "c": 2,
        "d": 0,
    }
    assert results["a"].token == results["b"].token != results["c"].token
    assert results["b"].providers == results["a"].providers
    assert results["b"].address.zip == "48226-1234"


async def test_a_late_row_of_an_address_that_is_done_gets_the_result_without_a_request(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    api = make_api()

    async def rows() -> AsyncIterator[Address]:
        yield at("1 Main St")
        await asyncio.sleep(1000)
        yield at("1 Main St")

    async with client_of(api) as client:
        results = [result async for result in qualify(client, rows())]
    assert [result.outcome for result in results] == [Outcome.SERVED] * 2
    assert api.count("POST") == 1


async def test_no_row_of_an_address_is_unread_when_its_session_is_closed(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    api = make_api()
    async with client_of(api) as client:
        stream = qualify(client, [at("1 Main St")] * 3)
        for _ in range(3):
            assert api.count("DELETE") == 0
            await anext(stream)
            await asyncio.sleep(300)
        await stream.aclose()


async def test_no_more_sessions_are_open_than_allowed(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api()
    async with client_of(api) as client:
        stream = qualify(client, streets(40), max_open=3)
        async for _ in stream:
            await asyncio.sleep(300)
            # Open, or answered and not yet read.
            assert api.count("POST") == min(40, stream.statistics().delivered + 3)
            assert stream.statistics().open <= 3


async def test_a_reader_that_stops_reading_stops_the_buying(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    api = make_api(polling=False)
    async with client_of(api) as client, qualify(client, streets(100), max_open=5) as stream:
        await anext(stream)
        await asyncio.sleep(1000)
        assert api.count("POST") <= 1 + 5


async def test_an_endless_iterable_is_read_only_as_fast_as_sessions_are_opened(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    api = make_api()
    taken = 0

    def rows() -> Iterator[Address]:
        nonlocal taken
        for taken in itertools.count(1):
            yield Address(f"{taken} Main St", zip="48226")

    async with client_of(api) as client, qualify(client, rows(), max_open=4) as stream:
        for read in range(1, 30):
            await anext(stream)
            assert taken <= read + 4 + 1


async def test_an_endless_async_iterable_is_read_only_as_fast_as_sessions_are_opened(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    api = make_api()
    taken = 0
    closed = False

    async def rows() -> AsyncIterator[Address]:
        nonlocal taken, closed
        try:
            for taken in itertools.count(1):
                yield Address(f"{taken} Main St", zip="48226")
        finally:
            closed = True

    async with client_of(api) as client:
        async with qualify(client, rows(), max_open=4) as stream:
            for read in range(1, 100):
                await anext(stream)
                # A few ahead are fine; all of them are not.
                assert taken <= read + 4 + 40
        assert closed


async def test_rows_that_need_no_request_do_not_pile_up_without_a_bound(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    api = make_api()
    taken = 0

    def rows() -> Iterator[Address]:
        nonlocal taken
        for taken in range(1, 20_001):  # noqa: B007  counted from outside
            yield Address("", zip="48226")

    async with client_of(api) as client, qualify(client, rows(), max_open=10) as stream:
        await anext(stream)
        assert taken <= 12


async def test_rows_of_an_address_that_is_being_looked_up_do_not_pile_up_without_a_bound(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient]
) -> None:
    api = make_api()
    taken = 0

    def rows() -> Iterator[Address]:
        nonlocal taken
        for taken in range(1, 20_001):  # noqa: B007  counted from outside
            yield Address("1 Main St", zip="48226")

    async with client_of(api) as client, qualify(client, rows(), max_open=10) as stream:
        await anext(stream)
        assert taken <= 1000


async def test_an_async_iterable_that_waits_holds_up_nobody(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    api = make_api()
    release = asyncio.Event()

    async def rows() -> AsyncIterator[Address]:
        yield at("1 Main St")
        await release.wait()
        yield at("2 Main St")

    async with client_of(api) as client:
        stream = qualify(client, rows())
        assert (await anext(stream)).key == 0
        release.set()
        assert [result.key async for result in stream] == [1]


@pytest.mark.parametrize("row", [None, "1 Main St, Detroit", 5, ("key", "1 Main St"), ("a", 1, 2)])
async def test_something_that_is_no_address_is_told_as_what_it_is(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    at: Callable[..., Address],
    row: Any,
) -> None:
    async with client_of(make_api()) as client:
        stream = qualify(client, [at("1 Main St"), row, at("2 Main St")])
        with pytest.raises((TypeError, ValueError)):
            async for _ in stream:
                pass


async def test_an_exception_of_the_iterable_comes_out_as_it_is(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    def rows() -> Iterator[Address]:
        yield at("1 Main St")
        raise LookupError("the disk is on fire")

    async with client_of(make_api()) as client:
        with pytest.raises(LookupError, match="on fire"):
            [result async for result in qualify(client, rows())]


async def test_an_exception_of_the_async_iterable_comes_out_as_it_is(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], at: Callable[..., Address]
) -> None:
    async def rows() -> AsyncIterator[Address]:
        yield at("1 Main St")
        raise LookupError("the database is gone")

    async with client_of(make_api()) as client:
        with pytest.raises(LookupError, match="database"):
            [result async for result in qualify(client, rows())]


async def test_two_readers_of_one_job_are_refused_and_never_hang(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    streets: Callable[[int], list[Address]],
) -> None:
    async with client_of(make_api()) as client, qualify(client, streets(4)) as stream:

        async def read() -> list[Any]:
            return [result.key async for result in stream]

        async with asyncio.timeout(600):
            answers = await asyncio.gather(read(), read(), return_exceptions=True)
        assert sum(isinstance(answer, StreamBusy) for answer in answers) == 1
        assert [0, 1, 2, 3] in answers


@pytest.mark.parametrize("max_open", [0, -1])
async def test_a_job_that_could_open_nothing_is_refused(
    make_api: Callable[..., Any], client_of: Callable[..., HumClient], max_open: int
) -> None:
    async with client_of(make_api()) as client:
        with pytest.raises(ValueError, match="max_open"):
            qualify(client, [], max_open=max_open)
