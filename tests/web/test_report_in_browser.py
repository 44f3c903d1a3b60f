"""The report in Chromium: nothing is asked of the network, everybody can use it, nothing runs wild.

After a change look at it, at 390 and 1280 pixels, light and dark, and on paper.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import pytest_asyncio
from page_support import AXE, NEEDS_CHROMIUM
from report_cases import offered, result, results

from hum_async import Address, HumError, Outcome, Qualification, ServiceAddress
from hum_async.bulk import ReportSection, changes_section, write_report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
expect = playwright_api.expect

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM, pytest.mark.asyncio(loop_scope="module")]

NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
LONG = "Nobodyhaseverheardofaproviderwithsuchanamebuttheremightbeone" * 3
HOSTILE = (
    '</script><img src="//x.example/a.png" onerror="document.title=1"><script>document.title=2'
)
RIGHT_TO_LEFT = "\u202e\u2067\u05e8\u05d7\u05d5\u05d1 \u0634\u0627\u0631\u0639"


@attrs.define
class Opened:
    """A report in the browser.

    Attributes:
        page: Playwright's page.
        said: What the page has complained of.
        asked: What was asked of the network or the disk.
    """

    page: Any
    said: list[str] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)

    async def violations(self) -> list[str]:
        """Return what axe finds wrong."""
        await self.page.evaluate(gzip.decompress(AXE.read_bytes()).decode())
        found = await self.page.evaluate(
            "async () => (await axe.run()).violations.map("
            "one => `${one.id}: ${one.nodes.map(node => node.html).join(' | ')}`)"
        )
        return [str(one) for one in found]

    async def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        found = await self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(found)


@pytest_asyncio.fixture(name="open_report", loop_scope="module")
async def _open_report(browser: Any, tmp_path: Path) -> AsyncIterator[Any]:
    contexts = []

    async def open_report(
        found: list[Qualification[Any]],
        *,
        size: Any = WIDE,
        title: str | None = None,
        sections: tuple[ReportSection, ...] = (),
        **how: Any,
    ) -> Opened:
        path = tmp_path / "report.html"
        write_report(found, path, title=title, sections=sections, overwrite=True)
        context = await browser.new_context(viewport=size, **how)
        contexts.append(context)
        opened = Opened(await context.new_page())
        opened.page.set_default_timeout(10_000)
        opened.page.on(
            "console",
            lambda one: opened.said.append(one.text) if one.type in {"error", "warning"} else None,
        )
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        await opened.page.goto(path.as_uri())
        return opened

    yield open_report
    for context in contexts:
        await context.close()


@SIZES
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("count", [0, 1, 300])
async def test_axe_finds_nothing_wrong_and_nothing_is_asked_of_anybody(
    open_report: Any, size: Any, scheme: str, count: int
) -> None:
    # Only a test gets past the policy of the page, to bring axe in.
    sections = (changes_section(results(20), results(40)),) if count else ()
    opened = await open_report(
        results(count), size=size, sections=sections, color_scheme=scheme, bypass_csp=True
    )
    for closed in await opened.page.locator("summary").all():
        await closed.click()
    assert await opened.violations() == []
    assert await opened.overflow() == 0
    assert opened.said == []
    assert len(opened.asked) == 1
    assert opened.asked[0].startswith("file:")


@SIZES
@pytest.mark.parametrize("text", [HOSTILE, LONG, RIGHT_TO_LEFT], ids=["html", "long", "rtl"])
async def test_no_text_breaks_the_page(open_report: Any, size: Any, text: str) -> None:
    provider = offered(text, text, 100, 20, 4000)
    found = [
        result(
            0,
            providers=(attrs.evolve(provider, url="javascript:document.title=3"),),
            address=Address(text, city="Detroit", state="MI", zip="48226"),
            service_address=ServiceAddress(text, state="MI"),
            data_set=text,
        ),
        result(1, Outcome.FAILED, address=Address(text), error=HumError(text)),
        result(2),
    ]
    opened = await open_report(found, size=size, title=text)
    # What turns the direction of text is left out.
    shown = text.translate(dict.fromkeys(map(ord, "\u202e\u2067")))
    assert await opened.page.title() in {shown, f"{shown[:199]}…"}
    await expect(opened.page.locator("#table tbody tr")).to_have_count(3)
    await opened.page.get_by_label("Search", exact=True).fill(shown[:40])
    await expect(opened.page.locator("#table tbody tr")).to_have_count(2)
    assert await opened.page.locator("img").count() == 0
    assert await opened.overflow() == 0
    assert (opened.said, len(opened.asked)) == ([], 1)
    # What is written from right to left turns nothing around it.
    heading = opened.page.get_by_role("heading", name="Outcomes")
    assert (await heading.bounding_box())["x"] < 100


async def test_thresholds_move_with_the_keyboard_and_the_table_follows(open_report: Any) -> None:
    found = [
        result(0, providers=(offered("Fiber", "Fiber", 1000, 1000, 7000),)),
        result(1, providers=(offered("Cable", "Cable", 300, 10, 5000),)),
        result(2, Outcome.NO_PROVIDERS),
    ]
    opened = await open_report(found)
    page = opened.page

    async def counts() -> list[str]:
        names = ("served", "underserved", "unserved", "unknown")
        return [await page.locator(f"#count-{name}").inner_text() for name in names]

    assert await counts() == ["1", "1", "1", "0"]
    upload = page.get_by_label("Served from, Mbps up")
    await upload.focus()
    await page.keyboard.press("ArrowLeft")
    assert await upload.get_attribute("aria-valuetext") == "10 Mbps"
    assert await counts() == ["2", "0", "1", "0"]
    assert await page.locator("#share-served").inner_text() == "67 %"
    assert await page.locator("#upper-text").inner_text() == "100/10"
    await expect(page.locator("#shares-status")).to_contain_text("Served 2")
    width = await page.locator("#shares .served").get_attribute("width")
    assert width.startswith("66.6")
    await page.get_by_label("Service", exact=True).select_option("Served")
    await expect(page.locator("#table tbody tr")).to_have_count(2)
    await page.keyboard.press("End")
    await upload.focus()
    await page.keyboard.press("End")
    await expect(page.locator("#table tbody tr")).to_have_count(0)
    await expect(page.locator("#found")).to_have_text("No row is like that.")
    await page.get_by_role("button", name="As it was").click()
    assert await counts() == ["1", "1", "1", "0"]
    await expect(page.locator("#table tbody tr")).to_have_count(1)


async def test_rows_are_searched_filtered_sorted_and_shown_part_by_part(open_report: Any) -> None:
    opened = await open_report(results(300))
    page, rows = opened.page, opened.page.locator("#table tbody tr")
    await expect(rows).to_have_count(50)
    await expect(page.locator("#found")).to_have_text("50 of 300 rows")
    await page.get_by_role("button", name="Show 100 more").focus()
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(150)
    # The focus goes on with the first new row.
    await expect(rows.nth(50).get_by_role("rowheader")).to_be_focused()
    await page.get_by_role("button", name="Show all").click()
    await expect(rows).to_have_count(300)
    await page.get_by_label("Search", exact=True).fill("sky honolulu")
    await expect(page.locator("#found")).to_contain_text("found among 300")
    for text in await rows.all_inner_texts():
        assert "Honolulu" in text
        assert "Sky Internet" in text
    await page.get_by_label("Search", exact=True).fill("")
    await page.get_by_label("Outcome", exact=True).select_option("Invalid address")
    for text in await rows.all_inner_texts():
        assert "zip: 5 or 9 digits" in text
    await page.get_by_label("Outcome", exact=True).select_option("all")
    head = page.locator("#table").get_by_role("columnheader", name="From")
    await head.get_by_role("button").focus()
    await page.keyboard.press("Enter")
    await expect(head).to_have_attribute("aria-sort", "ascending")
    prices = [await rows.nth(at).locator("td").last.inner_text() for at in (0, 49)]
    assert prices[0] == "$35.00"
    await page.keyboard.press("Enter")
    await expect(head).to_have_attribute("aria-sort", "descending")
    assert await rows.first.locator("td").last.inner_text() == "$70.00"
    assert opened.said == []


async def test_on_a_phone_rows_are_cards_that_say_what_each_cell_is(open_report: Any) -> None:
    opened = await open_report(results(20), size=NARROW)
    await opened.page.get_by_label("Sort by").select_option("Mbps down, descending")
    card = opened.page.locator("#table tbody tr").first
    cell = card.get_by_role("cell").filter(has_text="1,000").first
    label = await cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert "Mbps down" in label
    box = await card.bounding_box()
    assert box["width"] <= NARROW["width"]


async def test_without_scripts_all_but_the_table_and_the_sliders_is_there(open_report: Any) -> None:
    opened = await open_report(results(30), java_script_enabled=False)
    page = opened.page
    await expect(page.locator("#count-served")).to_be_visible()
    await expect(page.locator("svg.map").first).to_be_visible()
    await expect(page.get_by_text("needs JavaScript")).to_be_visible()
    await expect(page.locator("#thresholds")).to_be_hidden()
    await expect(page.locator("#filter")).to_be_hidden()


async def test_on_paper_it_is_black_on_white_and_has_no_controls(open_report: Any) -> None:
    opened = await open_report(results(30), color_scheme="dark")
    await opened.page.emulate_media(media="print")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert await opened.page.evaluate(ground) == "rgb(255, 255, 255)"
    await expect(opened.page.locator("form").first).to_be_hidden()
    assert (await opened.page.pdf(format="Letter")).startswith(b"%PDF")


async def test_on_paper_nothing_stays_folded_and_no_head_is_a_button(open_report: Any) -> None:
    opened = await open_report(results(30))
    folded = opened.page.locator("details table").first
    await expect(folded).to_be_hidden()
    await opened.page.emulate_media(media="print")
    await expect(folded).to_be_visible()
    await expect(opened.page.locator("summary").first).to_be_hidden()
    # Chromium leaves the text of a button out where it repeats the head on the next sheet.
    head = "() => getComputedStyle(document.querySelector('#table thead button')).display"
    assert await opened.page.evaluate(head) == "contents"
