"""The journal of requests and the figures over it."""

import pytest
from simulator_support import Ask

from hum_async.simulator import Simulator


@pytest.mark.virtual
async def test_the_journal_has_every_request_in_order(ask: Ask, post: Ask) -> None:
    async with Simulator() as simulator:
        await ask(simulator, "GET", "/ping", key=None)
        token = (await post(simulator, "100 Served St")).token
        simulator.advance(10)
        polled = await ask(simulator, "GET", f"/sessions/{token}")
        await ask(simulator, "GET", "/nowhere")
        records = list(simulator.journal)
    assert [(r.method, r.route, r.status) for r in records] == [
        ("GET", "GET /ping", 401),
        ("POST", "POST /sessions", 201),
        ("GET", "GET /sessions/{token}", polled.status),
        ("GET", "unknown", 404),
    ]
    assert records[1].token == records[2].token == token
    assert records[1].address_key == "100 SERVED ST||||48226"
    assert records[2].at - records[1].at == pytest.approx(10)
    assert records[2].sent_at == records[1].sent_at
    assert [r.at for r in records] == sorted(r.at for r in records)


async def test_requests_can_be_filtered(ask: Ask) -> None:
    async with Simulator() as simulator:
        one, two = simulator.add_session(), simulator.add_session()
        for token in (one, two, one):
            await ask(simulator, "GET", f"/sessions/{token}")
        await ask(simulator, "DELETE", f"/sessions/{one}")
        await ask(simulator, "GET", f"/sessions/{one}")

        def count(**wanted: str | int) -> int:
            return len(simulator.requests(**wanted))  # type: ignore[arg-type]

        assert count() == len(simulator.journal) == 5
        assert count(token=one) == 4
        assert count(path=f"/sessions/{two}") == 1
        assert count(method="GET", token=one) == 3
        assert count(status=410) == count(token=one, status=410) == 1
        assert count(route="DELETE /sessions/{token}") == 1


async def test_statistics_add_up(ask: Ask, post: Ask) -> None:
    async with Simulator() as simulator:
        simulator.add_session()
        tokens = [(await post(simulator, f"{n} Served St")).token for n in range(3)]
        await ask(simulator, "DELETE", f"/sessions/{tokens[0]}")
        simulator.expire(tokens[1])
        figures = simulator.statistics()
    assert figures.requests == sum(figures.by_method.values()) == sum(figures.by_status.values())
    assert (figures.sessions_created, figures.sessions_bought) == (4, 3)
    assert (figures.sessions_open, figures.sessions_closed, figures.sessions_expired) == (2, 1, 1)
    assert figures.by_method == {"POST": 3, "DELETE": 1}


async def test_statuses_are_plain_numbers(ask: Ask) -> None:
    async with Simulator() as simulator:
        await ask(simulator, "GET", "/ping")
        await ask(simulator, "GET", "/nowhere")
        assert [type(record.status) for record in simulator.journal] == [int, int]
        assert repr(simulator.statistics().by_status) == "{200: 1, 404: 1}"
