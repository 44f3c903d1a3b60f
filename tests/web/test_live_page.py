"""What the live page tells people and lets them do, in Chromium before a directed server."""

import asyncio
from typing import Any

import pytest
from page_support import NEEDS_CHROMIUM, Show
from stage import GEOCODED, SEARCHED, plan, provider

from hum_async.web.http import MAX_IDS

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
expect = playwright_api.expect

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM, pytest.mark.asyncio(loop_scope="module")]

HOME = "1 Home St, Detroit, MI 48226"
AWAY = "2 Away Ave, Detroit, MI 48226"
PHONE = {"width": 390, "height": 844}


# --- a phone -------------------------------------------------------------------------------------


async def test_on_a_phone_the_result_comes_into_view_and_is_announced(show: Show) -> None:
    await show.page.set_viewport_size(PHONE)
    await show.open()
    news = show.page.get_by_role("log")
    await expect(news).to_have_attribute("aria-live", "polite")
    card = await show.look_up(HOME)
    # At the top, below the bar, where no keyboard can cover it.
    await expect(card).to_be_in_viewport(ratio=1)
    box, bar = await card.bounding_box(), await show.page.locator("#bar").bounding_box()
    assert bar["y"] + bar["height"] <= box["y"] < 200
    await expect(show.field).not_to_be_focused()
    await expect(news).to_contain_text(f"Looking up {HOME}")
    show.stage.serve(HOME, provider("Fast", mbps=940, cents=7000), provider("Cheap", cents=2999))
    await expect(news).to_contain_text(
        f"{HOME}: 2 providers serve this address, up to 940 Mbps, from $29.99 a month"
    )
    await expect(card).to_contain_text("2 providers serve this address")
    await expect(card).to_be_in_viewport(ratio=1)
    assert show.said == []


async def test_on_a_phone_an_example_leads_to_its_card_and_the_examples_fold(show: Show) -> None:
    await show.page.set_viewport_size(PHONE)
    await show.open()
    await show.page.get_by_role("button", name="100 Slow Pl").click()
    await expect(show.card("100 Slow Pl, Detroit, MI 48226")).to_be_in_viewport(ratio=1)
    await expect(show.page.get_by_role("button", name="100 Served St")).to_be_hidden()


async def test_on_a_desk_the_field_keeps_the_focus_for_the_next_address(show: Show) -> None:
    await show.open()
    card = await show.look_up(HOME)
    await expect(show.field).to_be_focused()
    await expect(show.field).to_have_value("")
    await expect(card).to_be_in_viewport()


async def test_results_that_come_together_are_all_announced(show: Show) -> None:
    await show.open()
    await show.look_up(HOME, AWAY)
    show.stage.serve(HOME)
    show.stage.end(AWAY, "ADDRESS_NOT_FOUND")
    news = show.page.get_by_role("log")
    await expect(news).to_contain_text(f"{HOME}: No provider is reported for this address")
    await expect(news).to_contain_text(f"{AWAY}: No such address is known")


# --- simulated data ------------------------------------------------------------------------------


async def test_a_banner_and_the_bar_say_that_data_are_simulated(show: Show) -> None:
    await show.open()
    await expect(show.page.get_by_role("complementary", name="Simulated data")).to_be_visible()
    await expect(show.page.get_by_text("Providers, prices and speeds are made up")).to_be_visible()
    await expect(show.page.get_by_text("Each look-up may be billed.")).to_be_hidden()
    await show.look_up(HOME)
    await expect(show.page.locator("#bar").get_by_text("Simulated")).to_be_visible()


@pytest.mark.parametrize("known", [False, None])
async def test_real_data_are_not_called_simulated(show: Show, known: Any) -> None:
    show.stage.simulated = known
    await show.open()
    await show.look_up(HOME)
    await expect(show.page.get_by_text("Simulated")).to_have_count(2)
    for one in await show.page.get_by_text("Simulated").all():
        await expect(one).to_be_hidden()
    await expect(show.page.get_by_text("Each look-up may be billed.")).to_be_visible()
    # What only the simulator knows would be billed for nothing.
    assert await show.page.get_by_role("button", name="100 Served St").count() == 0


async def test_what_the_server_could_not_know_at_first_is_asked_again(show: Show) -> None:
    show.stage.simulated = None
    await show.open()
    await show.look_up(HOME)
    show.stage.simulated = True
    show.stage.serve(HOME)
    await expect(show.page.get_by_role("complementary", name="Simulated data")).to_be_visible()


# --- waiting -------------------------------------------------------------------------------------


async def test_seconds_are_counted_beside_what_is_usual(show: Show) -> None:
    await show.page.clock.install(time=0)
    await show.open()
    await show.page.clock.pause_at(3_600)
    card = await show.look_up(HOME)
    await expect(card).to_contain_text("0 s · usually about 9 s")
    await show.page.clock.run_for(4_000)
    await expect(card).to_contain_text("4 s · usually about 9 s")
    await show.page.clock.run_for(17_000)
    await expect(card).to_contain_text("21 s · longer than usual (about 9 s)")
    show.stage.serve(HOME, provider("One"))
    await expect(card).to_contain_text("in 8.9 s")
    await expect(card).not_to_contain_text("usual")


# --- editing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desk"])
async def test_edit_puts_an_address_back_into_the_field(show: Show, size: Any) -> None:
    await show.page.set_viewport_size(size)
    await show.open()
    card = await show.look_up(HOME)
    show.stage.end(HOME, "AMBIGUOUS_ADDRESS")
    await expect(card).to_contain_text("Several addresses match")
    await show.page.get_by_role("button", name=f"Edit {HOME}").click()
    await expect(show.field).to_have_value(HOME)
    await expect(show.field).to_be_focused()
    await expect(show.field).to_be_in_viewport(ratio=1)
    await show.page.keyboard.type(" USA")
    await show.page.keyboard.press("Enter")
    await expect(show.card(f"{HOME} USA")).to_be_visible()
    assert show.stage.posted == [HOME, f"{HOME} USA"]


@pytest.mark.parametrize("outcome", ["AMBIGUOUS_ADDRESS", "ADDRESS_NOT_FOUND", "INVALID_ADDRESS"])
async def test_what_only_another_address_can_mend_is_edited_and_not_repeated(
    show: Show, outcome: str
) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.end(HOME, outcome)
    await expect(card).to_have_attribute("data-outcome", outcome)
    await expect(card.get_by_role("button", name="Edit")).to_be_visible()
    await expect(card.get_by_role("button", name="Look up again")).to_have_count(0)


async def test_the_focus_goes_on_from_a_card_that_is_removed(show: Show) -> None:
    await show.open()
    await show.look_up(HOME, AWAY)
    await show.page.get_by_role("button", name=f"Remove {AWAY}").click()
    await expect(show.card(HOME)).to_be_focused()
    await show.page.get_by_role("button", name=f"Remove {HOME}").click()
    await expect(show.field).to_be_focused()


# --- buying again --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        ("UNCERTAIN", "broke off before its answer came"),
        ("TIMED_OUT", "did not come in time"),
        ("EXPIRED", "ended before its answer was read"),
        ("FAILED", "although no answer can be read"),
    ],
)
async def test_buying_again_asks_first_and_says_why(show: Show, outcome: str, why: str) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.end(HOME, outcome)
    again = card.get_by_role("button", name=f"Look up again for {HOME}")
    dialog = show.page.get_by_role("dialog", name="Buy this look-up again?")
    await again.click()
    await expect(dialog).to_contain_text(HOME)
    await expect(dialog).to_contain_text(why)
    await expect(dialog).to_contain_text("may be billed a second time")
    await expect(dialog.get_by_role("button", name="Do not buy again")).to_be_focused()
    await show.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(again).to_be_focused()
    await again.click()
    await show.page.keyboard.press("Enter")  # the safe choice
    await expect(dialog).to_be_hidden()
    assert show.stage.posted == [HOME]
    await again.click()
    await dialog.get_by_role("button", name="Look up and buy again").click()
    await expect(card).to_have_attribute("data-id", "w.2")
    await expect(card).to_have_attribute("data-status", "running")
    await expect(card).to_be_focused()
    assert show.stage.posted == [HOME, HOME]
    # A server with a ledger would not buy it otherwise.
    assert show.stage.again == [[], ["UNCERTAIN"]]


@pytest.mark.parametrize("spelling", [HOME, HOME.upper().replace(",", "")])
async def test_typing_the_address_again_is_buying_it_again(show: Show, spelling: str) -> None:
    await show.open()
    await show.look_up(HOME)
    show.stage.end(HOME, "UNCERTAIN")
    await expect(show.card(HOME)).to_have_attribute("data-outcome", "UNCERTAIN")
    await show.page.reload()
    await show.field.fill(spelling)
    await show.field.press("Enter")
    dialog = show.page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await show.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert show.stage.posted == [HOME]
    await expect(show.page.locator(".lookup")).to_have_count(1)


async def test_what_was_never_begun_is_tried_again_without_a_question(show: Show) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.end(HOME, "UNCERTAIN")
    show.stage.refusal = (429, "too many look-ups are running")
    await card.get_by_role("button", name="Look up again").click()
    await show.page.get_by_role("button", name="Look up and buy again").click()
    await expect(card).to_contain_text("Too many look-ups are running.")
    show.stage.refusal = None
    await card.get_by_role("button", name="Look up again").click()
    await expect(card).to_have_attribute("data-status", "running")
    assert show.stage.posted == [HOME, HOME]
    # What a person has said once is said until the server has heard it.
    assert show.stage.again == [[], ["UNCERTAIN"]]


# --- look-ups that were lost ---------------------------------------------------------------------


async def test_what_the_server_has_forgotten_is_kept_and_bought_again_only_when_asked(
    show: Show,
) -> None:
    await show.open()
    await show.look_up(AWAY)
    show.stage.serve(AWAY)
    card = await show.look_up(HOME)
    show.stage.step(HOME, GEOCODED)
    await expect(card).to_contain_text("searching")
    show.stage.forget()
    await expect(card).to_contain_text("The server has forgotten this look-up.")
    await expect(card.locator(".agent")).to_have_text(["Geocoding done", "Internet not known"])
    await expect(show.page.get_by_role("log")).to_contain_text(f"{HOME}: The server has forgotten")
    await expect(show.page.locator("#summary")).to_have_text("1 done, 1 lost")
    await expect(show.page.locator("#lost")).to_be_hidden()
    await show.page.reload()
    await expect(card).to_have_attribute("data-outcome", "LOST")
    dialog = show.page.get_by_role("dialog", name="Buy this look-up again?")
    # By its button, or by typing it anew.
    await card.get_by_role("button", name=f"Look up again for {HOME}").click()
    await expect(dialog).to_contain_text("The server does not know this look-up")
    await expect(dialog).to_contain_text("Here the data are simulated, and nothing is billed.")
    await show.page.keyboard.press("Enter")  # the safe choice
    await expect(dialog).to_be_hidden()
    await show.field.fill(HOME)
    await show.field.press("Enter")
    await expect(dialog).to_contain_text(HOME)
    assert show.stage.posted == [AWAY, HOME]
    await dialog.get_by_role("button", name="Look up and buy again").click()
    await expect(card).to_have_attribute("data-id", "w.3")
    assert (show.stage.posted[2:], show.stage.again[2:]) == ([HOME], [["UNCERTAIN"]])
    show.stage.serve(HOME)
    await expect(show.page.locator("#summary")).to_have_text("2 done")


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desk"])
async def test_several_that_were_lost_are_one_question(show: Show, size: Any) -> None:
    await show.page.set_viewport_size(size)
    show.stage.simulated = False
    await show.open()
    addresses = [f"{number} Lost St, Detroit, MI 48226" for number in range(6)]
    await show.look_up(*addresses)
    show.stage.forget()
    notice = show.page.locator("#lost")
    await expect(notice).to_contain_text("6 look-ups were lost")
    await expect(show.page.locator("#summary")).to_have_text("6 lost")
    again = notice.get_by_role("button", name="Look all up again")
    dialog = show.page.get_by_role("dialog", name="6 look-ups were lost; look all up again?")
    await again.click()
    await expect(dialog).to_contain_text(f"{'; '.join(addresses[:2:-1])}; and 3 more")
    await expect(dialog).to_contain_text("each of them")
    await expect(dialog).not_to_contain_text("simulated")
    await show.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(again).to_be_focused()
    assert show.stage.posted == addresses
    # One that is done with needs no question.
    await show.page.get_by_role("button", name=f"Remove {addresses[0]}").click()
    await expect(notice).to_contain_text("5 look-ups were lost")
    await again.click()
    await show.page.get_by_role("button", name="Look all up and buy again").click()
    await expect(notice).to_be_hidden()
    await expect(show.page.locator("#summary")).to_have_text("5 searching")
    await expect(show.page.locator(".lookup").first).to_be_focused()
    assert sorted(show.stage.posted[6:]) == addresses[1:]
    for address in addresses[1:]:
        show.stage.serve(address)
    await expect(show.page.locator("#summary")).to_have_text("5 done")
    assert len(show.stage.posted) == 11


async def test_a_page_that_was_left_before_the_answer_does_not_buy_when_it_comes_back(
    show: Show,
) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.end(HOME, "UNCERTAIN")
    await show.page.route("**/lookups", lambda _: None)  # it never answers
    await card.get_by_role("button", name="Look up again").click()
    await show.page.get_by_role("button", name="Look up and buy again").click()
    await expect(card).to_have_attribute("data-status", "running")
    await show.page.reload()
    await show.page.unroute("**/lookups")
    await expect(card).to_have_attribute("data-outcome", "LOST")
    await expect(card).to_contain_text("The page was left before the server answered.")
    assert show.stage.posted == [HOME]


@pytest.mark.parametrize("trouble", ["no answer", "an answer of a proxy"])
async def test_a_request_that_may_have_arrived_is_not_sent_again_without_a_question(
    show: Show, trouble: str
) -> None:
    async def lose(route: Any) -> None:
        if trouble == "no answer":
            await route.abort()
        else:
            await route.fulfill(status=504, body="<h1>Gateway time-out</h1>")

    await show.open()
    card = await show.look_up(HOME)
    show.stage.end(HOME, "UNCERTAIN")
    await show.page.route("**/lookups", lose)
    await card.get_by_role("button", name="Look up again").click()
    await show.page.get_by_role("button", name="Look up and buy again").click()
    await expect(card).to_have_attribute("data-outcome", "LOST")
    await show.page.unroute("**/lookups")
    await card.get_by_role("button", name="Look up again").click()
    await expect(show.page.get_by_role("dialog")).to_contain_text("does not know this look-up")
    assert show.stage.posted == [HOME]


# --- the answer ----------------------------------------------------------------------------------


async def test_a_finished_card_is_compact_with_best_speed_and_price(show: Show) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.serve(
        HOME,
        provider("Fiber Inc", mbps=2000, cents=8000, catalog=[plan("Two Gig", down=2000)]),
        provider("Cable Co", mbps=300, cents=2550),
        provider("Dish", mbps=None, cents=None),
    )
    await expect(card).to_contain_text("Best speed up to 2 Gbps Fiber Inc")
    await expect(card).to_contain_text("Best price from $25.50 a month Cable Co")
    assert (await card.bounding_box())["height"] < 200
    await expect(card.get_by_role("heading", name="Fiber Inc")).to_be_hidden()
    await card.get_by_text("Providers and plans").click()
    marked = {
        await one.locator("h3").inner_text(): await one.locator(".marks span").all_inner_texts()
        for one in await card.locator(".provider").all()
    }
    assert marked == {"Fiber Inc": ["Fastest"], "Cable Co": ["Cheapest"], "Dish": []}
    await expect(card.get_by_text("Two Gig")).to_be_hidden()
    await card.get_by_text("1 plan", exact=True).click()
    await expect(card.get_by_text("Two Gig")).to_be_visible()
    await expect(card).to_contain_text("$79.99 a month · 2 Gbps down · 40 Mbps up")
    await expect(card).to_contain_text("Activation fee $35.00")
    await expect(card).not_to_contain_text("Self installation fee")


EUROS = {"amount_cents": 100, "currency": "EUR"}


@pytest.mark.parametrize(
    ("providers", "marks"),
    [
        ([provider("A")], [[]]),
        ([provider("A"), provider("B")], [[], []]),
        ([provider("A"), provider("B", mbps=None, cents=None)], [[], []]),
        ([provider("A"), provider("B"), provider("C", mbps=5, cents=9000)],
         [["Fastest", "Cheapest"], ["Fastest", "Cheapest"], []]),
        ([provider("A", mbps=9), provider("B", min_price=EUROS)], [[], ["Fastest"]]),
    ],
    ids=["alone", "level", "unknown", "two-of-three", "currencies"],
)  # fmt: skip
async def test_only_what_is_better_than_others_is_marked(
    show: Show, providers: list[Any], marks: list[list[str]]
) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.serve(HOME, *providers)
    await expect(card).to_have_attribute("data-outcome", "SERVED")
    items = await card.locator(".provider").all()
    assert [await one.locator(".marks span").all_text_contents() for one in items] == marks


async def test_an_open_card_stays_open_while_news_come(show: Show) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.serve(HOME, provider("One"))
    await card.get_by_text("Providers and plans").click()
    await expect(card.get_by_role("heading", name="One")).to_be_visible()
    await show.look_up(AWAY)
    show.stage.serve(AWAY)
    await expect(show.card(AWAY)).to_have_attribute("data-status", "done")
    await expect(card.get_by_role("heading", name="One")).to_be_visible()


# --- the bar -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desk"])
async def test_with_forty_cards_the_summary_and_the_connection_stay_in_view(
    show: Show, size: Any
) -> None:
    await show.page.set_viewport_size(size)
    await show.open()
    addresses = [f"{number} Many St, Detroit, MI 48226" for number in range(40)]
    await show.look_up(*addresses)
    summary, line = show.page.locator("#summary"), show.page.get_by_text("Connected", exact=True)
    await expect(summary).to_have_text("40 searching")
    for address in addresses[:37]:
        show.stage.serve(address, provider("A", cents=4500), provider("B", mbps=900))
    show.stage.end(addresses[37], "FAILED", message="The look-up failed; try again later.")
    await expect(summary).to_have_text("37 done, 2 searching, 1 failed")
    for place in (0, 2_000, 1_000_000):
        await show.page.evaluate("y => scrollTo(0, y)", place)
        await expect(summary).to_be_in_viewport(ratio=1)
        await expect(line).to_be_in_viewport(ratio=1)
    height = await show.page.evaluate("() => document.documentElement.scrollHeight")
    assert height / 40 < (300 if size == PHONE else 210)
    assert show.said == []


async def test_a_lost_connection_is_told_in_view_and_nothing_turns_meanwhile(show: Show) -> None:
    await show.page.set_viewport_size(PHONE)
    await show.open()
    addresses = [f"{number} Many St, Detroit, MI 48226" for number in range(8)]
    card = await show.look_up(*addresses)
    for address in addresses:
        show.stage.step(address, GEOCODED)
    mark = card.locator("[data-agent=internet] .mark")
    await expect(mark).to_have_css("animation-name", "turn")
    await show.page.evaluate("() => scrollTo(0, 1e6)")
    show.stage.cut(is_down=True)
    lost = show.page.get_by_role("status")
    await expect(lost).to_have_text("Connection lost. Reconnecting…")
    await expect(lost).to_be_in_viewport(ratio=1)
    await expect(mark).to_have_css("animation-name", "none")
    await expect(card).to_contain_text("no news while the connection is lost")
    show.stage.cut(is_down=False)
    await expect(lost).to_be_empty(timeout=20_000)
    await expect(show.page.get_by_text("Connected", exact=True)).to_be_visible()
    await expect(mark).to_have_css("animation-name", "turn")
    for address in addresses:
        show.stage.serve(address)
    await expect(show.page.locator("#summary")).to_have_text("8 done")
    assert show.stage.posted == addresses


async def test_more_look_ups_than_a_stream_takes_are_on_several(show: Show) -> None:
    await show.open()
    addresses = [f"{number} Many St, Detroit, MI 48226" for number in range(MAX_IDS * 2 + 50)]
    ids = show.stage.know(*addresses)
    kept = [
        {"address": address, "id": lookup, "began": 0, "agents": {}}
        for address, lookup in zip(addresses, ids, strict=True)
    ]
    await show.page.evaluate(
        "kept => sessionStorage.setItem('live-lookups', JSON.stringify(kept))", kept
    )
    await show.page.reload()
    await expect(show.page.get_by_text("Connected", exact=True)).to_be_visible()
    assert sorted(map(len, show.stage.streams)) == [50, MAX_IDS, MAX_IDS]
    assert {one for stream in show.stage.streams for one in stream} == {*ids}
    # One more goes where there is room, and disturbs no other stream.
    show.stage.streams.clear()
    await show.look_up(HOME)
    show.stage.serve(HOME)
    await expect(show.card(HOME)).to_have_attribute("data-status", "done")
    assert {len(stream) for stream in show.stage.streams} <= {50, 51}
    for address in addresses:
        show.stage.serve(address)
    await expect(show.page.locator("#summary")).to_have_text(f"{len(addresses) + 1} done")
    await expect(show.page.locator("body")).to_have_attribute("data-connection", "idle")
    assert show.said == []


async def test_a_stream_that_is_refused_is_no_lost_connection(show: Show) -> None:
    await show.open()
    show.stage.limit = 0
    await show.look_up(HOME)
    told = show.page.get_by_role("status")
    await expect(told).to_have_text("The server refuses to send news: too many look-ups")
    await expect(show.card(HOME)).not_to_contain_text("connection is lost")
    show.stage.limit = MAX_IDS
    await expect(told).to_be_empty()
    show.stage.serve(HOME)
    await expect(show.card(HOME)).to_have_attribute("data-status", "done")


WATCH = """() => {
  globalThis.lines = [];
  const line = document.querySelector("#connection");
  new MutationObserver(() => lines.push(line.textContent)).observe(
    line, { childList: true, characterData: true, subtree: true });
}"""


async def test_a_farewell_is_told_until_a_retry_is_refused(show: Show) -> None:
    await show.open()
    await show.page.evaluate(WATCH)
    await show.look_up(HOME)
    await expect(show.page.get_by_text("Connected", exact=True)).to_be_visible()
    show.stage.say_farewell()
    told = show.page.get_by_role("status")
    await expect(told).to_have_text("The server is restarting. Reconnecting…")
    # The stream has ended by now, and the browser waits before it comes back.
    await asyncio.sleep(0.5)
    await expect(told).to_have_text("The server is restarting. Reconnecting…")
    await expect(told).to_have_text("Connection lost. Reconnecting…", timeout=20_000)
    show.stage.cut(is_down=False)
    await expect(told).to_be_empty(timeout=20_000)
    lines = await show.page.evaluate("() => globalThis.lines")
    assert lines == [
        "The server is restarting. Reconnecting…", "Connection lost. Reconnecting…", "",
    ]  # fmt: skip


async def test_a_stream_that_ends_with_its_last_look_up_is_no_lost_connection(show: Show) -> None:
    await show.open()
    await show.page.evaluate(WATCH)
    await show.look_up(HOME, AWAY)
    await expect(show.page.get_by_text("Connected", exact=True)).to_be_visible()
    show.stage.serve(HOME)
    show.stage.serve(AWAY)
    await expect(show.page.locator("#summary")).to_have_text("2 done")
    await expect(show.page.locator("body")).to_have_attribute("data-connection", "idle")
    assert await show.page.evaluate("() => globalThis.lines") == []


async def test_that_the_server_cannot_be_reached_is_taken_back_when_it_can(show: Show) -> None:
    await show.open()
    await show.page.context.set_offline(True)
    await show.field.fill(HOME)
    await show.field.press("Enter")
    alert = show.page.get_by_role("alert")
    await expect(alert).to_contain_text("The server cannot be reached")
    await show.page.context.set_offline(False)
    await expect(alert).to_be_empty()
    await expect(show.field).to_have_value(HOME)


# --- the right words -----------------------------------------------------------------------------

FAILED_LATE = {"geocoding": "matched", "internet": "failed"}
MULTIPLE = {"geocoding": "multiple", "internet": "pending"}
UNKNOWN_ADDRESS = {"geocoding": "failed", "internet": "pending"}


@pytest.mark.parametrize(
    ("outcome", "agents", "geocoding", "internet"),
    [
        ("SERVED", SEARCHED, "done", "done"),
        ("SERVED", {}, "done", "done"),
        ("NO_PROVIDERS", FAILED_LATE, "done", "no provider"),
        ("NO_PROVIDERS", {}, "done", "no provider"),
        ("AMBIGUOUS_ADDRESS", MULTIPLE, "several matches", "not reached"),
        ("ADDRESS_NOT_FOUND", UNKNOWN_ADDRESS, "no match", "not reached"),
        ("INVALID_ADDRESS", {}, "not reached", "not reached"),
        ("UNCERTAIN", {}, "not known", "not known"),
        ("TIMED_OUT", GEOCODED, "done", "not finished"),
        ("EXPIRED", {"geocoding": "pending"}, "not finished", "not reached"),
        ("SERVED", {"geocoding": "matched", "internet": "partial"}, "done", "partial"),
    ],
)
async def test_each_step_is_told_in_the_right_words_and_none_in_red(
    show: Show, outcome: str, agents: dict[str, str], geocoding: str, internet: str
) -> None:
    await show.open()
    card = await show.look_up(HOME)
    show.stage.step(HOME, agents)
    show.stage.end(HOME, outcome)
    await expect(card).to_have_attribute("data-outcome", outcome)
    await expect(card.locator(".agent")).to_have_text(
        [f"Geocoding {geocoding}", f"Internet {internet}"]
    )
    for mark in await card.locator(".mark").all():
        colour = await mark.evaluate("one => getComputedStyle(one).backgroundColor")
        assert colour != "rgb(168, 38, 28)"
    if outcome == "NO_PROVIDERS":
        told = card.get_by_text("No provider is reported for this address")
        await expect(told).to_have_css("color", "rgb(22, 32, 46)")


async def test_an_address_is_told_as_found_only_where_it_differs(show: Show) -> None:
    await show.open()
    await show.look_up(HOME, AWAY)
    for address, found in ((HOME, HOME.upper().replace(" MI", " MI,")), (AWAY, "2 AWAY AVE N")):
        show.stage.tell(
            address, "change", agents=SEARCHED, service_address={"normalized": found}
        )  # fmt: skip
        show.stage.end(address, "NO_PROVIDERS")
    await expect(show.card(AWAY)).to_contain_text("Found as 2 AWAY AVE N")
    await expect(show.card(HOME)).to_have_attribute("data-status", "done")
    await expect(show.card(HOME)).not_to_contain_text("Found as")


async def test_characters_that_nobody_sees_do_not_turn_an_address_around(show: Show) -> None:
    await show.open()
    await show.field.fill(
        HOME.replace("Home", "\u202eHo\u200bme\u0007").replace(", MI", ",\u00a0 MI")
    )
    await show.field.press("Enter")
    await expect(show.card(HOME)).to_be_visible()
    assert show.stage.posted == [HOME]
    show.stage.tell(
        HOME, "change", agents=SEARCHED, service_address={"normalized": "1 \u202eHOME ST N"}
    )
    await expect(show.card(HOME).locator(".found")).to_have_text("Found as 1 HOME ST N")


async def test_a_refused_address_is_explained_at_the_field(show: Show) -> None:
    await show.open()
    show.stage.refusal = (422, "write an address as STREET, CITY, STATE ZIP")
    await show.field.fill("nowhere")
    await show.field.press("Enter")
    await expect(show.page.get_by_role("alert")).to_have_text(
        "Write an address as STREET, CITY, STATE ZIP."
    )
    await expect(show.field).to_be_focused()
    await expect(show.field).to_have_attribute("aria-invalid", "true")
    await expect(show.field).to_have_value("nowhere")
