"""The recipe for Prometheus, as the documentation shows it, scraped over HTTP."""

import asyncio
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families

from hum_async import Address, HumClient, SessionHub, qualify
from hum_async.models import RawResponse
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

PAGE = (Path(__file__).parents[2] / "docs" / "telemetry.md").read_text("utf-8")
RECIPE = next(
    block
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    if "PrometheusMetricReader" in block
)
TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
ROWS = [Address(f"{number} Main St", zip="48226") for number in range(1, 4)]


def client() -> HumClient:
    refusals = iter([json_response(429, headers={"Retry-After": "1"})])

    def answer(request: SentRequest) -> RawResponse:
        del request
        told = session_json(TOKEN, providers=[{"provider_name": "X"}], internet="matched")
        return next(refusals, None) or json_response(200, told)

    return HumClient(transport=ScriptedTransport(answer))


@pytest.fixture
def recipe() -> Iterator[dict[str, Any]]:
    names: dict[str, Any] = {"HumClient": client}
    exec(RECIPE, names)  # noqa: S102  our own page
    yield names
    names["meters"].shutdown()


def scraped(port: int) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return the values of each sample by its labels, as Prometheus reads them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


@pytest.mark.virtual
async def test_prometheus_finds_what_the_page_asks_for(recipe: dict[str, Any]) -> None:
    async with recipe["client"]() as hum:
        async with SessionHub(hum, signals=False) as hub:
            _ = [event async for event in hub.subscribe(hub.lookup(ROWS[0]))]
        _ = [row async for row in qualify(hum, ROWS)]
    server, thread = start_http_server(0, addr="127.0.0.1")
    try:
        found = await asyncio.to_thread(scraped, server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    asked = set(re.findall(r"\bhum_(?:lookup|rate|bulk|stream)\w+\b", PAGE))
    assert len(asked) >= 10
    families = {re.sub("_(sum|count|bucket)$", "", name) for name in found}
    assert asked <= {*found, *families}
    assert sum(found["hum_lookup_duration_seconds_count"].values()) == 4
    assert sum(found["hum_bulk_rows_total"].values()) == 3
    for name, labels in (
        ("hum_lookup_duration_seconds_count", {"hum_owner", "hum_outcome"}),
        ("hum_lookup_retries_total", {"hum_owner", "error_type"}),
        ("hum_bulk_rows_total", {"hum_outcome"}),
    ):
        (sample, *_) = found[name]
        assert labels <= {label for label, _ in sample}
