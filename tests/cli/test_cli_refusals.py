"""A job at an API that refuses every address: it ends early, and the same command goes on."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hum_async.simulator import Simulator


@pytest.mark.parametrize(
    ("status", "says"),
    [
        pytest.param(402, "check the plan", id="402"),
        pytest.param(302, "redirect to login.example", id="302"),
        pytest.param(404, "check the base URL", id="404"),
    ],
)
@pytest.mark.slow
async def test_a_refusal_of_every_row_is_told_at_once_and_no_row_is_written_off(  # noqa: PLR0917, PLR0913  fixtures
    start: Callable[..., Any],
    addresses: Callable[..., str],
    quick: Simulator,
    tmp_path: Path,
    status: int,
    says: str,
) -> None:
    posts = 0

    async def refuse(request: web.Request) -> web.Response:
        nonlocal posts
        posts += 1
        await request.read()
        headers = {"Location": "https://login.example/?back=1"}
        return web.json_response({"message": "no active plan"}, status=status, headers=headers)

    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", refuse)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    streets = addresses(*(f"{number} Served St" for number in range(1, 201)))
    out = tmp_path / "out.csv"
    command = ("qualify", streets, "-o", str(out), "--base-url")
    try:
        ended = await (await start(*command, f"http://{host}:{port}")).end()
    finally:
        await runner.cleanup()
    told = " ".join(ended.err.split())
    assert ended.code == 1
    assert f"HTTP {status}" in told
    assert "no active plan" in told
    assert says in told
    # Eight in a row, those that are under way meanwhile, and what a slow machine begins beside.
    assert posts <= 100
    ended = await (await start(*command, quick.url)).end()
    assert ended.code == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["hum_outcome"] for row in rows] == ["SERVED"] * 200
    assert quick.sessions_bought == 200
