"""What an assistant may do through `hum mcp`: ask, look at files, and buy as far as it may."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, StdioServerParameters

from hum_async import Address, HumClient, Outcome, Qualification
from hum_async.cli._mcp_tools import PurchaseBound, bound_of, make_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hum_async.simulator import Simulator

SERVED = "100 Served St, Detroit, MI 48226"


async def answer(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    found = result.structured_content
    assert isinstance(found, dict)
    return found


@pytest.mark.hum_simulator(generation="immediate")
@pytest.mark.slow
async def test_nothing_is_bought_without_a_word_and_beyond_the_bound(
    hum_simulator: Simulator,
) -> None:
    async with HumClient("k", base_url=hum_simulator.url) as hum:
        server = make_server(hum, PurchaseBound(1))
        async with Client(server) as client:
            asked = await answer(client, "lookup", address=SERVED)
            assert asked["bought"] is False
            assert "buy=true" in asked["reason"]
            assert hum_simulator.sessions_bought == 0
            bought = await answer(client, "lookup", address=SERVED, buy=True)
            assert (bought["hum_outcome"], bought["bought"]) == (Outcome.SERVED, True)
            assert bought["sessions_left"] == 0
            refused = await answer(client, "lookup", address=SERVED, buy=True)
            assert "--max-sessions" in refused["reason"]
            assert hum_simulator.sessions_bought == 1


@pytest.mark.hum_simulator(generation="immediate")
@pytest.mark.slow
async def test_what_is_known_costs_nothing(hum_simulator: Simulator, tmp_path: Path) -> None:
    purchases = tmp_path / "hum.sqlite"
    async with HumClient("k", base_url=hum_simulator.url, purchases=purchases) as hum:
        bound = PurchaseBound(2)
        async with Client(make_server(hum, bound)) as client:
            await answer(client, "lookup", address=SERVED, buy=True)
            again = await answer(
                client, "lookup", address="100 SERVED STREET, Detroit, MI 48226", buy=True
            )
            assert again["bought"] is False
            assert bound.left == 1
    assert hum_simulator.sessions_bought == 1


async def test_an_address_that_cannot_be_read_is_told_without_it(
    hum_simulator: Simulator,
) -> None:
    async with HumClient("k", base_url=hum_simulator.url) as hum:
        bound = PurchaseBound(1)
        async with Client(make_server(hum, bound)) as client:
            result = await client.call_tool("lookup", {"address": "nowhere", "buy": True})
            assert result.is_error
            assert "house number" in str(result.content)
            assert "nowhere" not in str(result.content)
            assert bound.left == 1
            missing = await client.call_tool("job_status", {"journal": "missing.sqlite"})
            assert missing.is_error
            assert "missing.sqlite" in str(missing.content)


async def test_files_and_jobs_are_looked_at_for_nothing(
    hum_simulator: Simulator, tmp_path: Path
) -> None:
    rows = tmp_path / "in.csv"
    rows.write_text("street,zip\n100 Served St,48226\n100 Served Street,48226\nPO Box 1,48226\n")
    async with (
        HumClient("k", base_url=hum_simulator.url) as hum,
        Client(make_server(hum, PurchaseBound(0))) as client,
    ):
        found = await answer(client, "check", file=str(rows))
        assert (found["rows"], found["sessions"], found["duplicates"]) == (3, 2, 1)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools.keys() == {"lookup", "check", "job_status"}
    for name, tool in tools.items():
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (name != "lookup")


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/zero"])
async def test_a_stream_is_no_file_for_an_assistant(hum_simulator: Simulator, name: str) -> None:
    async with (
        HumClient("k", base_url=hum_simulator.url) as hum,
        Client(make_server(hum, PurchaseBound(0))) as client,
    ):
        for tool, argument in (("check", "file"), ("job_status", "journal")):
            refused = await client.call_tool(tool, {argument: name})
            assert refused.is_error
            assert "name a file" in str(refused.content)


def result(outcome: Outcome, *, token: str | None, requests: int) -> Qualification:
    return Qualification(
        0, Address("1 Main St", zip="48226"), outcome, requests=requests, token=token
    )


@pytest.mark.parametrize(
    ("ended", "left"),
    [
        (result(Outcome.SERVED, token="t", requests=2), 1),
        (result(Outcome.SERVED, token="t", requests=0), 2),
        (result(Outcome.UNCERTAIN, token=None, requests=1), 1),
        (result(Outcome.FAILED, token=None, requests=4), 2),
        (result(Outcome.INVALID_ADDRESS, token=None, requests=0), 2),
    ],
)
def test_only_what_was_certainly_not_bought_is_put_back(ended: Qualification, left: int) -> None:
    bound = PurchaseBound(2)
    assert bound.reserve()
    bound.settle(ended)
    assert bound.left == left
    assert PurchaseBound(0).reserve() is False


@pytest.mark.virtual
@pytest.mark.hum_simulator(generation="immediate")
async def test_a_new_start_buys_no_more(hum_simulator: Simulator, tmp_path: Path) -> None:
    purchases = tmp_path / "hum.sqlite"
    async with HumClient("k", base_url=hum_simulator.url, purchases=purchases) as hum:
        assert (await bound_of(hum, 3)).left == 3
        await hum.lookup(Address("100 Served St", zip="48226"))
    for sessions, left in ((3, 2), (1, 0), (0, 0)):
        async with HumClient("k", base_url=hum_simulator.url, purchases=purchases) as hum:
            assert (await bound_of(hum, sessions)).left == left
    async with HumClient("k", base_url=hum_simulator.url) as hum:
        assert (await bound_of(hum, 3)).left == 3


@pytest.mark.hum_simulator(generation="immediate")
@pytest.mark.slow
async def test_calls_at_the_same_time_buy_no_more(hum_simulator: Simulator) -> None:
    async with (
        HumClient("k", base_url=hum_simulator.url) as hum,
        Client(make_server(hum, PurchaseBound(2))) as client,
    ):
        streets = [f"{number} Served St, Detroit, MI 48226" for number in range(100, 106)]
        answers = await asyncio.gather(
            *[answer(client, "lookup", address=street, buy=True) for street in streets]
        )
    assert sorted(each["bought"] for each in answers) == [False] * 4 + [True] * 2
    assert hum_simulator.sessions_bought == 2


@pytest.mark.slow
async def test_it_serves_over_standard_streams() -> None:
    command = ["-m", "hum_async", "mcp", "--simulate", "--speed", "100", "--max-sessions", "1"]
    async with Client(StdioServerParameters(command=sys.executable, args=command)) as client:
        bought = await answer(client, "lookup", address=SERVED, buy=True)
        assert bought["hum_outcome"] == Outcome.SERVED


def test_the_key_cannot_come_from_the_assistants_stream(call: Callable[..., Any]) -> None:
    ended = call("mcp", "--key-file", "-")
    assert ended.code == 1
    assert "name a file" in ended.err
