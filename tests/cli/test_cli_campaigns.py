"""``--campaign-id``: sent with what is bought, noted beside it, and checked before."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hum_async.testing import session_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("street,zip\n100 Served St,48226\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("label", ["", "x" * 101])
def test_a_label_that_cannot_be_sent_is_a_usage_error_before_anything_is_done(
    call: Callable[..., Any], rows: Path, label: str
) -> None:
    out = rows.with_name("out.csv")
    for command in (["lookup", "100 Served St, 48226"], ["qualify", str(rows), "-o", str(out)]):
        ended = call(*command, "--simulate", "--campaign-id", label)
        assert (ended.code, ended.out) == (2, "")
        assert "1 to 100 characters" in ended.err
    assert [path.name for path in rows.parent.iterdir()] == ["in.csv"]


@pytest.mark.slow
async def test_the_label_is_sent_and_noted_in_the_journal_and_the_manifest(
    start: Callable[..., Any], rows: Path
) -> None:
    sent: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            sent.append((await request.json()).get("campaign_id"))
        body = session_json(f"token{len(sent)}", providers=[{"provider_name": "Fiber"}])
        return web.json_response(body, status=201)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        url = ("--base-url", str(server.make_url("")))
        job = ("qualify", str(rows), "-o", str(rows.with_name("out.csv")))
        for label, command in (("summer", job), ("banner", ("lookup", "1 Main St, 48226"))):
            ended = await (await start(*command, "--campaign-id", label, *url)).end()
            assert ended.code == 0, ended.err
    assert sent == ["summer", "banner"]
    manifest = json.loads((rows.parent / "out.manifest.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["campaign_id"] == "summer"
    with closing(sqlite3.connect(rows.parent / "out.journal.sqlite")) as db:
        noted = db.execute("SELECT value FROM setting WHERE name = 'campaign_id'").fetchone()
    assert noted == ("summer",)
