"""The live page in Chromium: what its tests have in common."""

import gzip
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import pytest_asyncio
from stage import Stage, staged

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent / "axe" / "axe.min.js.gz"

# Where everything is installed for it, a browser that is missing is a failure.
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium: apt-get install chromium"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    """One browser for all tests of a module; each has a context of its own."""
    playwright_api = pytest.importorskip("playwright.async_api")
    async with playwright_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@attrs.define(eq=False)
class Show:
    """The page on a stage.

    Attributes:
        stage: Directs the server.
        page: Playwright's page.
        said: What the page has complained of.
    """

    stage: Stage
    page: Any
    said: list[str] = attrs.field(factory=list)

    async def open(self) -> None:
        """Load the page."""
        await self.page.goto(self.stage.url)
        await self.page.locator("#examples button").first.wait_for(state="attached")

    @property
    def field(self) -> Any:
        return self.page.get_by_label("US address")

    def card(self, address: str) -> Any:
        heading = self.page.get_by_role("heading", name=address, exact=True)
        return self.page.locator(".lookup", has=heading)

    async def look_up(self, *addresses: str) -> Any:
        """Type addresses; return the card of the last."""
        for address in addresses:
            await self.field.fill(address)
            await self.field.press("Enter")
            await self.card(address).wait_for()
        return self.card(addresses[-1])

    async def violations(self) -> list[str]:
        """Return what axe finds wrong with what is shown now."""
        if not await self.page.evaluate("() => Boolean(globalThis.axe)"):
            await self.page.evaluate(gzip.decompress(AXE.read_bytes()).decode())
        found = await self.page.evaluate(
            "async () => (await axe.run()).violations.map("
            "one => `${one.id}: ${one.nodes.map(node => node.html).join(' | ')}`)"
        )
        return [str(one) for one in found]


@pytest_asyncio.fixture(loop_scope="module")
async def show(browser: Any) -> AsyncIterator[Show]:
    """The page before a directed server, not yet loaded."""
    async with staged() as stage:
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        show = Show(stage, await context.new_page())
        show.page.set_default_timeout(10_000)
        show.page.on(
            "console",
            lambda one: show.said.append(one.text) if one.type in {"error", "warning"} else None,
        )
        show.page.on("pageerror", lambda error: show.said.append(str(error)))
        yield show
        await context.close()
