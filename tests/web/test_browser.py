"""The live page in a real browser: what a person sees, with keyboard, phone and restarts."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from page_support import CHROMIUM, FLAGS, NEEDS_CHROMIUM
from web_servers import free_port, serving

from hum_async import HumClient
from hum_async._addresses.line import parse_line
from hum_async.simulator import Simulator
from hum_async.testing import ScriptedTransport, json_response

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM, pytest.mark.hum_simulator(speed=6)]

GOLDEN = Path(__file__).parent / "golden" / "live_lookup.txt"
UPDATE = bool(os.environ.get("HUM_UPDATE_GOLDEN"))
SERVED = "100 Served St, Detroit, MI 48226"
NO_PROVIDERS = "100 No Providers Ave, Detroit, MI 48226"
AMBIGUOUS = "100 Ambiguous Rd, Detroit, MI 48226"
SLOW = "100 Slow Pl, Detroit, MI 48226"

Page = playwright_api.Page
expect = playwright_api.expect


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with playwright_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(viewport={"width": 1000, "height": 900})
        yield await context.new_page()
        await browser.close()


def complaints(page: Page) -> list[str]:
    """Return a list that will hold what the page complains of."""
    found: list[str] = []
    page.on(
        "console", lambda said: found.append(said.text) if said.type in {"error", "warning"} else 0
    )
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def card(page: Page, address: str) -> playwright_api.Locator:
    return page.locator(".lookup", has=page.get_by_role("heading", name=address, exact=True))


async def look_up(page: Page, *addresses: str) -> None:
    for address in addresses:
        await page.get_by_label("US address").fill(address)
        await page.keyboard.press("Enter")
        await expect(card(page, address)).to_be_visible()


async def expect_outcome(page: Page, address: str, outcome: str) -> None:
    await expect(card(page, address)).to_have_attribute("data-outcome", outcome, timeout=40_000)


async def agent(page: Page, address: str, name: str, status: str) -> None:
    step = card(page, address).locator(f"[data-agent={name}]")
    await expect(step).to_have_attribute("data-status", status, timeout=20_000)


# The slow look-up still runs when the others are done, on a busy machine too.
@pytest.mark.hum_simulator(speed=3)
async def test_three_look_ups_at_once_survive_a_restart_of_the_server(
    page: Page, hum_simulator: Simulator, tmp_path: Path
) -> None:
    port, said = free_port(), complaints(page)
    async with serving("uvicorn", hum_simulator.url, tmp_path, port=port) as server:
        await page.goto(server.url)
        await look_up(page, SERVED, NO_PROVIDERS, SLOW)
        await agent(page, SLOW, "geocoding", "pending")
        await agent(page, SERVED, "internet", "matched")
        await expect_outcome(page, SERVED, "SERVED")
        await expect_outcome(page, NO_PROVIDERS, "NO_PROVIDERS")
        await expect(card(page, SLOW)).to_have_attribute("data-status", "running")
        assert said == []
        await server.stop(signal.SIGKILL)
        await expect(page.get_by_text("Connection lost. Reconnecting…")).to_be_visible()
    bought = hum_simulator.sessions_bought
    async with serving("uvicorn", hum_simulator.url, tmp_path, port=port):
        await expect(card(page, SLOW)).to_contain_text("server has forgotten", timeout=20_000)
        await expect(page.get_by_text("Reconnecting")).to_be_hidden()
        await asyncio.sleep(1)
        assert hum_simulator.sessions_bought == bought
        while_down, said[:] = list(said), []
        await card(page, SLOW).get_by_role("button", name="Look up again").click()
        await page.get_by_role("button", name="Look up and buy again").click()
        await expect_outcome(page, SLOW, "SERVED")
        await expect_outcome(page, SERVED, "SERVED")
        assert await page.locator(".lookup").count() == 3
        assert await card(page, SLOW).locator(".provider").count() >= 1
        await asyncio.sleep(1)
    # What was done stays as it was; only the one that was lost is looked up again, when asked.
    assert hum_simulator.sessions_bought == bought + 1
    assert said == []
    # The browser itself tells of every request that did not get through.
    assert all("Failed to load resource" in one or "net::ERR" in one for one in while_down)


async def crash_in_the_post(api: str, ledger: Path) -> None:
    """End a process while the request that creates a session is under way."""
    stuck = ScriptedTransport(lambda _: json_response(503), latency=1000)
    async with HumClient("any-key", base_url=api, transport=stuck, purchases=ledger) as hum:
        looking = asyncio.ensure_future(hum.lookup(parse_line(SERVED)))
        while not stuck.requests and not looking.done():  # noqa: ASYNC110  it is on its way
            await asyncio.sleep(0.01)
        looking.cancel()
        await asyncio.wait([looking])
    assert len(stuck.requests) == 1


async def test_with_a_ledger_nothing_is_lost_and_what_is_uncertain_is_bought_when_asked(
    page: Page, hum_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, port = tmp_path / "hum.sqlite", free_port()
    await crash_in_the_post(hum_simulator.url, ledger)
    monkeypatch.setenv("LIVE_LOOKUP_LEDGER", str(ledger))
    async with serving("uvicorn", hum_simulator.url, tmp_path, port=port) as server:
        await page.goto(server.url)
        await look_up(page, SERVED)
        await expect_outcome(page, SERVED, "UNCERTAIN")
        assert hum_simulator.sessions_bought == 0
        await card(page, SERVED).get_by_role("button", name="Look up again").click()
        await page.get_by_role("button", name="Look up and buy again").click()
        await expect_outcome(page, SERVED, "SERVED")
        assert hum_simulator.sessions_bought == 1
        await look_up(page, SLOW)
        await agent(page, SLOW, "geocoding", "pending")
        await server.stop(signal.SIGKILL)
        await expect(page.get_by_text("Connection lost. Reconnecting…")).to_be_visible()
    async with serving("uvicorn", hum_simulator.url, tmp_path, port=port):
        await expect_outcome(page, SLOW, "SERVED")
        await expect_outcome(page, SERVED, "SERVED")
    assert hum_simulator.sessions_bought == 2


async def test_the_finished_page_looks_as_it_should(
    page: Page, hum_simulator: Simulator, tmp_path: Path
) -> None:
    said = complaints(page)
    async with serving("uvicorn", hum_simulator.url, tmp_path) as server:
        await page.goto(server.url)
        await page.get_by_role("button", name=SERVED).click()
        await look_up(page, NO_PROVIDERS, AMBIGUOUS)
        await expect_outcome(page, SERVED, "SERVED")
        await expect_outcome(page, NO_PROVIDERS, "NO_PROVIDERS")
        await expect_outcome(page, AMBIGUOUS, "AMBIGUOUS_ADDRESS")
        await expect(page.locator("#news")).to_contain_text("address")
        await unfold(page)
        compare(await structure(page))
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for width in (320, 1000):
                await page.set_viewport_size({"width": width, "height": 900})
                await assert_laid_out(page, width)
                picture = await page.screenshot(path=tmp_path / f"{scheme}-{width}.png")
                assert len(picture) > 10_000
        # The same after a reload, without a second purchase.
        await page.reload()
        await expect(page.locator(".lookup")).to_have_count(3)
        await unfold(page)
        compare(await structure(page))
    assert hum_simulator.sessions_bought == 3
    assert said == []


async def unfold(page: Page) -> None:
    for closed in ("#try > summary", ".more:not([hidden]) > summary", ".plans > summary"):
        for one in await page.locator(closed).all():
            await one.click()


async def structure(page: Page) -> str:
    """Return what a screen reader finds, which is what a screenshot shows, without its pixels."""
    shown = ("aside", "header", "form", "#bar", "#lookups")
    parts = [await page.locator(part).aria_snapshot() for part in shown]
    return re.sub(r"\bin [\d.]+ s\b", "in N s", "\n".join(parts)) + "\n"


def compare(found: str) -> None:
    if UPDATE:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


async def assert_laid_out(page: Page, width: int) -> None:
    """Check the picture by its boxes: all within the window, none over another."""
    for selector in (".lookup", ".provider", ".agent:visible", "#examples button"):
        boxes = [await one.bounding_box() for one in await page.locator(selector).all()]
        assert boxes
        for index, box in enumerate(boxes):
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            for other in boxes[:index]:
                assert other is not None
                assert not overlap(box, other), selector
    for one in await page.get_by_role("button").all():
        box = await one.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def overlap(a: playwright_api.FloatRect, b: playwright_api.FloatRect) -> bool:
    beside = a["x"] + a["width"] <= b["x"] + 1 or b["x"] + b["width"] <= a["x"] + 1
    above = a["y"] + a["height"] <= b["y"] + 1 or b["y"] + b["height"] <= a["y"] + 1
    return not (beside or above)


async def test_a_wrong_address_is_explained_and_the_keyboard_is_enough(
    page: Page, hum_simulator: Simulator, tmp_path: Path
) -> None:
    async with serving("uvicorn", hum_simulator.url, tmp_path) as server:
        await page.goto(server.url)
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("US address")).to_be_focused()
        await page.keyboard.type("nowhere")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("STREET, UNIT, CITY, STATE ZIP")
        await expect(page.get_by_label("US address")).to_be_focused()
        await page.get_by_label("US address").fill("100 Invalid Way, Detroit, MI 48226")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        lookup = page.locator(".lookup")
        await expect(lookup).to_have_attribute("data-outcome", "INVALID_ADDRESS", timeout=20_000)
        await expect(lookup).to_contain_text("check it and try again")
        await page.get_by_role("button", name="Edit").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("US address")).to_have_value(
            "100 Invalid Way, Detroit, MI 48226"
        )
        await page.get_by_role("button", name="Remove").focus()
        await page.keyboard.press("Enter")
        await expect(lookup).to_have_count(0)
        await expect(page.get_by_label("US address")).to_be_focused()


def purchases(page: Page) -> list[str]:
    """Return a list that will hold what the page has posted."""
    found: list[str] = []
    page.on("request", lambda one: found.append(one.post_data) if one.method == "POST" else 0)
    return found


async def ids_of(page: Page) -> list[str]:
    cards = await page.locator(".lookup").all()
    return [await one.get_attribute("data-id") or "" for one in cards]


async def test_two_workers_are_asked_for_each_look_up_and_buy_it_once(
    page: Page, hum_simulator: Simulator, tmp_path: Path
) -> None:
    said, posted = complaints(page), purchases(page)
    async with serving("uvicorn-workers", hum_simulator.url, tmp_path) as server:
        await server.wait_until_printed("Application startup complete", times=2)
        await page.goto(server.url)
        addresses: list[str] = []
        # Which worker takes a look-up is chance: go on until both have some.
        while len(addresses) < 6 or len({one[:12] for one in await ids_of(page)}) < 2:
            addresses.append(f"{100 + len(addresses)} Slow Pl, Detroit, MI 48226")
            await look_up(page, addresses[-1])
        # All of them come back over new connections, which may reach either worker.
        await page.reload()
        for address in addresses:
            await expect_outcome(page, address, "SERVED")
        await expect(page.locator(".lookup")).to_have_count(len(addresses))
        await expect(page.locator("#connection")).to_be_empty()
        server.assert_quiet()
    assert len(posted) == hum_simulator.sessions_bought == len(addresses)
    assert all("421" in one for one in said)


async def test_a_worker_that_cannot_be_reached_is_told_and_nothing_is_bought_again(
    page: Page, hum_simulator: Simulator, tmp_path: Path
) -> None:
    async def elsewhere(route: playwright_api.Route) -> None:
        ids = route.request.url.partition("ids=")[2].split("%2C")
        await route.fulfill(status=421, json={"error": "elsewhere", "elsewhere": ids})

    posted = purchases(page)
    async with serving("uvicorn", hum_simulator.url, tmp_path) as server:
        await page.route("**/events*", elsewhere)
        await page.goto(server.url)
        await look_up(page, SERVED)
        told = page.get_by_text("Another worker of the server has your look-ups")
        await expect(told).to_be_visible(timeout=40_000)
        await page.unroute("**/events*")
        await expect_outcome(page, SERVED, "SERVED")
        await expect(told).to_be_hidden()
    assert len(posted) == hum_simulator.sessions_bought == 1


@asynccontextmanager
async def framing() -> AsyncIterator[int]:
    """Serve a page with a frame that shows what its query says; the port is returned."""

    async def answer(request: web.BaseRequest) -> web.Response:
        frame = f"<iframe src='{request.query_string}'></iframe>"
        return web.Response(text=frame, content_type="text/html")

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_site_can_neither_become_the_page_nor_frame_it(
    hum_simulator: Simulator, tmp_path: Path
) -> None:
    # What a site does that lets its own name point to this machine.
    rebinding = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    async with (
        framing() as frame,
        serving("uvicorn", hum_simulator.url, tmp_path) as server,
        playwright_api.async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, rebinding]
        )
        page = await browser.new_page()
        evil = server.url.replace("127.0.0.1", "evil.example")
        answer = await page.goto(evil)
        assert answer is not None
        assert answer.status == 403
        await expect(page.get_by_label("US address")).to_have_count(0)
        said = complaints(page)
        await page.goto(f"http://evil.example:{frame}/?{server.url}")
        await expect(page.frame_locator("iframe").get_by_label("US address")).to_have_count(0)
        assert any("frame-ancestors 'none'" in one for one in said)
        await browser.close()
