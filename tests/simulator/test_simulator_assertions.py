"""The rules that a test can hold its own code to, and what their messages say."""

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from simulator_support import Ask

from hum_async.simulator import Faults, Simulator

pytestmark = pytest.mark.virtual


async def test_an_address_that_is_posted_again_is_named_by_its_requests(post: Ask) -> None:
    async with Simulator() as simulator:
        tokens = [(await post(simulator, street)).token for street in ("7 Oak St", "9 Elm St")]
        assert simulator.one_post_per_address()
        tokens.append((await post(simulator, "7 oak st")).token)
        with pytest.raises(AssertionError, match="billed") as caught:
            simulator.one_post_per_address()
    message = str(caught.value)
    assert "journal[2] (POST /sessions, answered 201" in message
    assert "repeats journal[0] (POST /sessions, answered 201, at 0.00 s)" in message
    assert "oak" not in message.casefold()
    assert not any(token in message for token in tokens)


async def test_a_post_without_an_answer_must_not_be_sent_again(post: Ask) -> None:
    async with Simulator(faults=Faults(reset_before=1.0)) as simulator:
        for _ in range(2):
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await post(simulator, "7 Oak St")
        with pytest.raises(AssertionError, match=r"repeats .* not answered"):
            simulator.one_post_per_address()


async def test_a_post_that_was_refused_may_come_again(post: Ask) -> None:
    async with Simulator(rate=1) as simulator:
        await post(simulator, "9 Elm St")
        assert (await post(simulator, "100 Unavailable Blvd")).status == 429
        await asyncio.sleep(1)
        assert (await post(simulator, "100 Unavailable Blvd")).status == 503
        await asyncio.sleep(1)
        assert (await post(simulator, "100 Unavailable Blvd")).status == 201
        simulator.one_post_per_address()


async def test_of_many_broken_rules_a_few_are_shown(post: Ask) -> None:
    async with Simulator() as simulator:
        for _ in range(9):
            await post(simulator, "7 Oak St")
        with pytest.raises(AssertionError, match="and 3 more"):
            simulator.one_post_per_address()


@pytest.mark.parametrize("retry_after", [3, 2.5, timedelta(seconds=4)])
async def test_a_request_inside_a_pause_is_named_with_the_one_that_asked_for_it(
    retry_after: Any, ask: Ask
) -> None:
    async with Simulator(rate=1, retry_after=retry_after) as simulator:
        await ask(simulator, "GET", "/ping")
        assert (await ask(simulator, "GET", "/ping")).status == 429
        await asyncio.sleep(0.2)
        await ask(simulator, "GET", "/sessions/secret")
        assert simulator.nothing_inside_a_pause()
        await asyncio.sleep(0.9)
        await ask(simulator, "GET", "/sessions/secret")
        with pytest.raises(AssertionError, match="had asked to wait") as caught:
            simulator.nothing_inside_a_pause()
        assert simulator.nothing_inside_a_pause(grace=2)
    message = str(caught.value)
    assert "journal[3] (GET /sessions/{token}, answered 404, at 1.10 s) came 1.10 s into" in message
    assert "that journal[1] (GET /ping, answered 429, at 0.00 s) asked for" in message
    assert "secret" not in message


async def test_who_waits_as_long_as_asked_breaks_no_rule(ask: Ask) -> None:
    async with Simulator(rate=1, retry_after=3) as simulator:
        await ask(simulator, "GET", "/ping")
        await ask(simulator, "GET", "/ping")
        await asyncio.sleep(3)
        assert (await ask(simulator, "GET", "/ping")).status == 200
        assert simulator.nothing_inside_a_pause(grace=0)


async def test_a_429_that_asks_for_no_pause_begins_none(ask: Ask) -> None:
    async with Simulator(rate=1) as simulator:
        for _ in range(5):
            await ask(simulator, "GET", "/ping")
        assert simulator.nothing_inside_a_pause(grace=0)
        with pytest.raises(ValueError, match="grace"):
            simulator.nothing_inside_a_pause(grace=-1)
