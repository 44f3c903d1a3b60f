"""One poll per look-up, and what its subscribers are told."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from web_support import KEY, kinds, outcome, served, told

from hum_async import (
    Address,
    AddressError,
    HumClient,
    RateLimiter,
    RawResponse,
)
from hum_async.errors import BadRequest, HubBusy, HubClosed, LookupNotFound, StreamBusy
from hum_async.simulator import Simulator
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json
from hum_async.web import EventKind, EventStream, SessionHub

pytestmark = pytest.mark.virtual


async def test_a_look_up_is_told_from_snapshot_to_done(hub: SessionHub) -> None:
    lookup = hub.lookup(served())
    events = await told(hub, lookup)
    assert kinds(events)[0] == "snapshot"
    assert kinds(events)[-2:] == ["providers", "done"]
    assert set(kinds(events)[1:-2]) == {"change"}
    assert outcome(events) == "SERVED"
    assert events[-2].data["providers"][0]["name"]
    assert {event.lookup for event in events} == {lookup}


async def test_changes_tell_what_each_agent_did(hub: SessionHub) -> None:
    events = await told(hub, hub.lookup(served()))
    agents: dict[str, str] = {}
    for event in events:
        for change in event.data.get("changes", ()):
            assert agents.get(change["agent"]) == change["before"]
            agents[change["agent"]] = change["after"]
            assert event.data["agents"][change["agent"]] == change["after"]
    assert agents["geocoding"] == agents["internet"] == "matched"


@pytest.mark.parametrize(
    ("street", "expected"),
    [
        ("No Providers Ave", "NO_PROVIDERS"),
        ("Ambiguous Rd", "AMBIGUOUS_ADDRESS"),
        ("Not Found Ln", "ADDRESS_NOT_FOUND"),
        ("Invalid Way", "INVALID_ADDRESS"),
        ("Never Done Dr", "TIMED_OUT"),
        ("Expired Ct", "EXPIRED"),
        ("Vanished Blvd", "UNCERTAIN"),
        ("Throttled St", "SERVED"),
        ("Flaky St", "SERVED"),
        ("New Agent St", "SERVED"),
    ],
)
async def test_every_look_up_ends_with_one_done(
    hub: SessionHub, street: str, expected: str
) -> None:
    events = await told(hub, hub.lookup(served(street=street)))
    assert kinds(events).count("done") == 1
    assert kinds(events)[-1] == "done"
    assert outcome(events) == expected
    told_providers = expected in {"SERVED", "NO_PROVIDERS"}
    assert kinds(events).count("providers") == told_providers
    message = events[-1].data["message"]
    settled = {"SERVED", "NO_PROVIDERS", "AMBIGUOUS_ADDRESS", "ADDRESS_NOT_FOUND"}
    assert (message is None) == (expected in settled)


async def test_an_answer_that_names_no_agents_does_not_undo_what_was_told(hub: SessionHub) -> None:
    events = await told(hub, hub.lookup(served(street="Ambiguous Rd")))
    assert all(
        change["after"] is not None for event in events for change in event.data.get("changes", ())
    )


@pytest.mark.hum_simulator(generation="immediate")
async def test_an_answer_that_comes_with_the_post_is_told_without_a_poll(
    hub: SessionHub, hum_simulator: Simulator
) -> None:
    events = await told(hub, hub.lookup(served()))
    assert kinds(events) == ["snapshot", "providers", "done"]
    assert [record.method for record in hum_simulator.journal] == ["POST"]


async def test_any_number_of_subscribers_cost_one_poll_stream(
    hub: SessionHub, hum_simulator: Simulator
) -> None:
    alone = await told(hub, hub.lookup(served(1)))
    before = len(hum_simulator.journal)
    lookup = hub.lookup(served(1, street="Slow Pl"))
    stories = await asyncio.gather(*(told(hub, lookup) for _ in range(50)))
    assert len({tuple(event.id for event in story) for story in stories}) == 1
    polls = Counter(record.method for record in hum_simulator.journal[before:])
    assert polls["POST"] == 1
    assert polls["GET"] <= 15
    assert outcome(alone) == "SERVED"
    assert outcome(stories[0]) == "SERVED"


async def test_several_look_ups_on_one_stream_come_in_the_order_of_events(hub: SessionHub) -> None:
    ids = [hub.lookup(served(number)) for number in range(5)]
    events = await told(hub, *ids)
    positions = [event.position for event in events]
    assert positions == sorted(positions)
    for lookup in ids:
        assert kinds(events, lookup)[0] == "snapshot"
        assert kinds(events, lookup)[-2:] == ["providers", "done"]


async def test_the_same_id_twice_is_one_look_up(hub: SessionHub) -> None:
    lookup = hub.lookup(served())
    assert kinds(await told(hub, lookup, lookup)).count("done") == 1


async def test_who_comes_late_gets_where_it_stands_and_the_rest(hub: SessionHub) -> None:
    lookup = hub.lookup(served())
    first = await told(hub, lookup)
    late = await told(hub, lookup)
    assert kinds(late) == ["snapshot", "providers", "done"]
    assert late[0].data["agents"]["internet"] == "matched"
    assert [event.id for event in late] == [event.id for event in first[-3:]]


async def test_every_place_to_come_back_to_gives_exactly_the_rest(hub: SessionHub) -> None:
    ids = [hub.lookup(served(number)) for number in range(3)]
    events = await told(hub, *ids)
    # Before that, some of them start with a snapshot of where they stand now.
    for index, event in list(enumerate(events))[len(ids) :]:
        rest = await told(hub, *ids, last_event_id=event.id)
        assert [one.id for one in rest] == [one.id for one in events[index + 1 :]]


async def test_nothing_is_left_after_the_last_event(hub: SessionHub) -> None:
    lookup = hub.lookup(served())
    events = await told(hub, lookup)
    stream = hub.subscribe(lookup, last_event_id=events[-1].id)
    assert stream.over
    assert hub.statistics().subscribers == 0
    assert not hub.subscribe(lookup, last_event_id=events[-2].id).over


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x",
        "1",
        "-1",
        "00000000-1",
        "' OR 1=1",
        "\N{SNOWMAN}",
        "9" * 10_000,
        "{own}-999999",
        "{own}--1",
    ],
)
async def test_an_id_that_this_hub_never_gave_is_ignored(hub: SessionHub, forged: str) -> None:
    lookup = hub.lookup(served())
    events = await told(hub, lookup)
    own = str(events[0].id).partition("-")[0]
    again = await told(hub, lookup, last_event_id=forged.replace("{own}", own))
    assert kinds(again) == ["snapshot", "providers", "done"]


async def test_a_look_up_that_began_after_the_last_event_starts_with_a_snapshot(
    hub: SessionHub,
) -> None:
    first = hub.lookup(served(1))
    last = (await told(hub, first))[-1]
    second = hub.lookup(served(2))
    events = await told(hub, first, second, last_event_id=last.id)
    assert {event.lookup for event in events} == {second}
    assert kinds(events)[0] == "snapshot"


async def test_a_slow_subscriber_disturbs_nobody_and_loses_nothing(hub: SessionHub) -> None:
    lookup = hub.lookup(served(street="Slow Pl"))
    slow = hub.subscribe(lookup)
    seen = [await anext(slow)]
    quick = await told(hub, lookup)
    await asyncio.sleep(60)
    seen += [event async for event in slow]
    assert [event.id for event in seen] == [event.id for event in quick]


async def test_who_leaves_does_not_end_the_look_up(hub: SessionHub) -> None:
    lookup = hub.lookup(served())
    async for _ in hub.subscribe(lookup):
        break
    gc.collect()
    await asyncio.sleep(0)
    assert hub.statistics().subscribers == 0
    await asyncio.sleep(40)
    assert outcome(await told(hub, lookup)) == "SERVED"


@pytest.mark.parametrize("way", ["close", "cancel", "drop", "block"])
async def test_every_way_of_leaving_leaves_nothing(hub: SessionHub, way: str) -> None:
    lookup = hub.lookup(served(street="Never Done Dr"))
    stream = hub.subscribe(lookup)
    await anext(stream)
    assert hub.statistics().subscribers == 1
    if way == "close":
        stream.close()
    elif way == "cancel":
        reading = asyncio.ensure_future(told_from(stream))
        await asyncio.sleep(1)
        reading.cancel()
        await asyncio.wait([reading])
    elif way == "block":
        async with stream:
            pass
    del stream
    gc.collect()
    await asyncio.sleep(0.1)
    reading = None
    gc.collect()
    await asyncio.sleep(0.1)
    assert hub.statistics().subscribers == 0


async def told_from(stream: object) -> list[object]:
    return [event async for event in stream]  # type: ignore[attr-defined]


async def test_two_readers_of_one_stream_are_refused(hub: SessionHub) -> None:
    stream = hub.subscribe(hub.lookup(served()))
    await anext(stream)
    first = asyncio.ensure_future(anext(stream))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    with pytest.raises(StreamBusy, match="once per consumer"):
        await anext(stream)
    await first


async def test_the_same_address_is_answered_from_the_first(
    hub: SessionHub, hum_simulator: Simulator
) -> None:
    first = hub.lookup(served())
    again = hub.lookup(Address("100  SERVED st.", city="detroit", state="mi", zip="48226-0001"))
    assert again == first
    await told(hub, first)
    assert hub.lookup(served()) == first
    assert hub.statistics().reused == 2
    assert hum_simulator.sessions_bought == 1


async def test_the_same_flat_in_other_words_is_answered_by_the_first_look_up(
    client: HumClient, hum_simulator: Simulator
) -> None:
    async with SessionHub(client, reuse_for=60, signals=False) as hub:
        first = hub.lookup(Address("20 Main St", "Apt 4", zip="48226"))
        assert hub.lookup(Address("20 MAIN STREET", "#4", zip="48226-1234")) == first
        assert hub.lookup(Address("20 Main St Apartment 4", zip="48226")) == first
        other = hub.lookup(Address("20 Main Ct", "Apt 4", zip="48226"))
        assert other != first
        await asyncio.gather(told(hub, first), told(hub, other))
    assert hum_simulator.sessions_bought == 2


async def test_it_is_asked_anew_when_the_time_is_over(client: HumClient) -> None:
    async with SessionHub(client, reuse_for=60, signals=False) as hub:
        first = hub.lookup(served())
        await asyncio.sleep(61)
        second = hub.lookup(served())
        assert second != first
        assert {outcome(await told(hub, one)) for one in (first, second)} == {"SERVED"}


@pytest.mark.parametrize("street", ["Vanished Blvd", "Never Done Dr", "Invalid Way", "Expired Ct"])
async def test_what_failed_answers_for_nothing(hub: SessionHub, street: str) -> None:
    first = hub.lookup(served(street=street))
    await told(hub, first)
    assert hub.lookup(served(street=street)) != first


async def test_ended_look_ups_are_forgotten_after_a_time(client: HumClient) -> None:
    async with SessionHub(client, keep_for=100, signals=False) as hub:
        lookup = hub.lookup(served())
        await told(hub, lookup)
        await asyncio.sleep(99)
        assert outcome(await told(hub, lookup)) == "SERVED"
        await asyncio.sleep(2)
        assert hub.statistics().remembered == 0
        with pytest.raises(LookupNotFound, match="may be billed already: ask the person") as caught:
            hub.subscribe(lookup)
        assert caught.value.ids == (lookup,)


async def test_a_stream_is_read_to_its_end_though_its_look_up_is_forgotten(
    client: HumClient,
) -> None:
    async with SessionHub(client, keep_for=0, signals=False) as hub:
        stream = hub.subscribe(hub.lookup(served()))
        await asyncio.sleep(60)
        assert hub.statistics().remembered == 0
        assert outcome([event async for event in stream]) == "SERVED"


async def test_no_more_than_so_many_ended_look_ups_are_kept(client: HumClient) -> None:
    async with SessionHub(client, max_ended=3, signals=False) as hub:
        ids = [hub.lookup(served(number)) for number in range(10)]
        await told(hub, *ids)
        assert hub.statistics().remembered == 3


async def test_one_look_up_too_many_is_refused(client: HumClient, hum_simulator: Simulator) -> None:
    async with SessionHub(client, max_running=3, signals=False) as hub:
        ids = [hub.lookup(served(number)) for number in range(3)]
        with pytest.raises(HubBusy, match=r"are running \(3\); try again in a moment") as caught:
            hub.lookup(served(3))
        assert (caught.value.status, caught.value.retry_after) == (429, 5.0)
        assert hub.lookup(served(0)) == ids[0]
        await told(hub, *ids)
        hub.lookup(served(3))
        assert hub.statistics().refused == 1
    assert hum_simulator.sessions_bought == 3


async def test_one_subscriber_too_many_is_refused(client: HumClient) -> None:
    async with SessionHub(client, max_subscribers=2, signals=False) as hub:
        lookup = hub.lookup(served())
        streams = [hub.subscribe(lookup) for _ in range(2)]
        with pytest.raises(HubBusy) as caught:
            hub.subscribe(lookup)
        assert caught.value.status == 503
        streams.pop().close()
        await told(hub, lookup)


async def test_an_address_that_cannot_be_sent_is_refused_before_anything_is(
    hub: SessionHub, hum_simulator: Simulator
) -> None:
    with pytest.raises(AddressError, match="zip"):
        hub.lookup(Address("1 Main St", zip="1"))
    assert hub.statistics().started == 0
    assert not hum_simulator.journal


async def test_without_an_id_there_is_no_stream(hub: SessionHub) -> None:
    with pytest.raises(BadRequest):
        hub.subscribe()


# --- nobody is left ---------------------------------------------------------------------------


async def test_an_abandoned_look_up_is_kept_by_default(hub: SessionHub) -> None:
    lookup = hub.lookup(served(street="Slow Pl"))
    hub.subscribe(lookup).close()
    await asyncio.sleep(60)
    assert outcome(await told(hub, lookup)) == "SERVED"
    assert hub.statistics().abandoned == 0


async def test_an_abandoned_look_up_is_closed_if_you_say_so(
    client: HumClient, hum_simulator: Simulator
) -> None:
    async with SessionHub(client, on_abandon="close", abandon_after=5, signals=False) as hub:
        lookup = hub.lookup(served(street="Slow Pl"))
        stream = hub.subscribe(lookup)
        await anext(stream)
        await asyncio.sleep(3)
        stream.close()
        await asyncio.sleep(4)
        assert hub.statistics().running == 1
        await asyncio.sleep(2)
        assert hub.statistics().running == hub.statistics().remembered == 0
        assert hub.statistics().abandoned == 1
        with pytest.raises(LookupNotFound):
            hub.subscribe(lookup)
        assert hum_simulator.journal[-1].method == "DELETE"
        asked = len(hum_simulator.journal)
        await asyncio.sleep(60)
        assert len(hum_simulator.journal) == asked


async def left_by_an_exception(stream: EventStream) -> BaseException:
    try:
        async for _ in stream:
            _ = 1 / 0
    except ZeroDivisionError as exc:
        return exc
    raise AssertionError


async def left_by_a_timeout(stream: EventStream, seconds: float = 3) -> BaseException:
    try:
        async with asyncio.timeout(seconds):
            async for _ in stream:
                pass
    except TimeoutError as exc:
        return exc
    raise AssertionError


@pytest.mark.parametrize("leave", [left_by_an_exception, left_by_a_timeout])
async def test_a_reader_whose_exception_is_kept_has_left(
    client: HumClient,
    hum_simulator: Simulator,
    leave: Callable[[EventStream], Awaitable[BaseException]],
) -> None:
    async with SessionHub(client, on_abandon="close", abandon_after=5, signals=False) as hub:
        stream = hub.subscribe(hub.lookup(served(street="Never Done Dr")))
        kept = await leave(stream)
        await asyncio.sleep(4)
        # It may read on.
        reading = asyncio.ensure_future(left_by_a_timeout(stream, 1000))
        await asyncio.sleep(6)
        assert hub.statistics().abandoned == 0
        reading.cancel()
        await asyncio.sleep(6)
        assert hub.statistics().abandoned == 1
        assert hum_simulator.journal[-1].method == "DELETE"
        # One that comes back too late is told so.
        assert [event.kind async for event in stream][-1] == "done"
        del kept


async def test_who_comes_back_in_time_finds_it(client: HumClient) -> None:
    async with SessionHub(client, on_abandon="close", abandon_after=5, signals=False) as hub:
        lookup = hub.lookup(served(street="Slow Pl"))
        for _ in range(5):
            stream = hub.subscribe(lookup)
            await anext(stream)
            stream.close()
            await asyncio.sleep(4)
        assert outcome(await told(hub, lookup)) == "SERVED"


async def test_who_asks_for_an_abandoned_look_up_has_time_to_subscribe(client: HumClient) -> None:
    async with SessionHub(client, on_abandon="close", abandon_after=5, signals=False) as hub:
        lookup = hub.lookup(served(street="Slow Pl"))
        hub.subscribe(lookup).close()
        await asyncio.sleep(4)
        assert hub.lookup(served(street="Slow Pl")) == lookup
        await asyncio.sleep(4)
        assert outcome(await told(hub, lookup)) == "SERVED"


@pytest.mark.busy
async def test_many_look_ups_on_one_stream_are_read_in_order(client: HumClient) -> None:
    async with SessionHub(client, signals=False) as hub:
        ids = [hub.lookup(served(number)) for number in range(50)]
        live = await told(hub, *ids)
        later = await told(hub, *reversed(ids))
    for events in (live, later):
        positions = [event.position for event in events]
        assert positions == sorted(positions)
        assert len(set(positions)) == len(positions)
        assert kinds(events).count("done") == 50
    assert kinds(later).count("snapshot") == 50


async def test_one_of_two_who_leaves_abandons_nothing(client: HumClient) -> None:
    async with SessionHub(client, on_abandon="close", abandon_after=1, signals=False) as hub:
        lookup = hub.lookup(served(street="Slow Pl"))
        hub.subscribe(lookup).close()
        assert outcome(await told(hub, lookup)) == "SERVED"
        assert hub.statistics().abandoned == 0


@pytest.mark.hum_simulator(generation="immediate", median=20)
async def test_a_post_under_way_is_not_cut_but_its_session_is_closed(
    client: HumClient, hum_simulator: Simulator
) -> None:
    async with SessionHub(client, on_abandon="close", abandon_after=1, signals=False) as hub:
        hub.subscribe(hub.lookup(served(street="Slow Pl"))).close()
        await asyncio.sleep(2)
        assert hub.statistics().running == 0
        await asyncio.sleep(60)
        assert [record.method for record in hum_simulator.journal] == ["POST", "DELETE"]


@pytest.mark.hum_simulator(generation="immediate", median=20)
@pytest.mark.parametrize("close", [True, False])
async def test_a_session_that_is_known_after_the_deadline_is_closed_if_sessions_are(
    client: HumClient,
    hum_simulator: Simulator,
    close: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    async with SessionHub(client, timeout=1, close=close, signals=False) as hub:
        lookup = hub.lookup(served(street="Slow Pl"))
        assert outcome(await told(hub, lookup)) == "UNCERTAIN"
        await asyncio.sleep(60)
    sent = [record.method for record in hum_simulator.journal]
    assert sent == (["POST", "DELETE"] if close else ["POST"])


async def test_what_waits_for_its_turn_is_not_bought_once_it_is_abandoned(
    hum_simulator: Simulator,
) -> None:
    limiter = RateLimiter(rate=0.1)
    async with (
        HumClient(KEY, base_url=hum_simulator.url, limiter=limiter) as client,
        SessionHub(client, on_abandon="close", abandon_after=1, signals=False) as hub,
    ):
        ids = [hub.lookup(served(number)) for number in range(3)]
        await asyncio.sleep(0.1)
        for lookup in ids:
            hub.subscribe(lookup).close()
        await asyncio.sleep(100)
        assert hum_simulator.sessions_bought == 1
        assert hub.statistics().abandoned == 3


# --- the end ----------------------------------------------------------------------------------


async def test_closing_says_farewell_after_what_there_is_to_tell(hub: SessionHub) -> None:
    lookup = hub.lookup(served(street="Never Done Dr"))
    stream = hub.subscribe(lookup)
    await asyncio.sleep(3)
    hub.close()
    events = [event async for event in stream]
    assert kinds(events)[0] == "snapshot"
    assert kinds(events)[-1] == "farewell"
    assert events[-1].id is None
    assert kinds(events).count("farewell") == 1
    for call in (lambda: hub.lookup(served()), lambda: hub.subscribe(lookup)):
        with pytest.raises(HubClosed, match="shutting down") as caught:
            call()
        assert caught.value.status == 503


async def test_what_waits_for_its_turn_is_not_bought_after_a_farewell(
    hum_simulator: Simulator,
) -> None:
    limiter = RateLimiter(rate=1)
    async with (
        HumClient(KEY, base_url=hum_simulator.url, limiter=limiter) as client,
        SessionHub(client, signals=False) as hub,
    ):
        for number in range(10):
            hub.lookup(served(number))
        await asyncio.sleep(1.5)
        hub.close()
        bought = hum_simulator.sessions_bought
        await asyncio.sleep(20)
        assert bought == hum_simulator.sessions_bought < 10


async def test_leaving_the_hub_ends_everything(client: HumClient) -> None:
    async with SessionHub(client, signals=False) as hub:
        stream = hub.subscribe(hub.lookup(served(street="Never Done Dr")))
        await anext(stream)
    assert kinds([event async for event in stream])[-1] == "farewell"
    await hub.aclose()


async def test_a_hub_that_is_not_entered_says_so(client: HumClient) -> None:
    hub = SessionHub(client)
    with pytest.raises(HubClosed, match="async with"):
        hub.lookup(served())
    await hub.aclose()
    async with hub:
        with pytest.raises(RuntimeError, match="once"):
            await hub.__aenter__()


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_running": 0},
        {"max_subscribers": 0},
        {"max_ended": 0},
        {"reuse_for": -1},
        {"keep_for": -1},
        {"abandon_after": -1},
        {"on_abandon": "forget"},
    ],
)
async def test_arguments_out_of_range_are_refused(client: HumClient, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        SessionHub(client, **wrong)  # type: ignore[arg-type]


async def test_a_handler_in_a_thread_is_told_and_harms_nothing(hub: SessionHub) -> None:
    lookup = hub.lookup(served())
    for call in (lambda: hub.lookup(served(2)), lambda: hub.subscribe(lookup)):
        with pytest.raises(RuntimeError, match="async def"):
            await asyncio.to_thread(call)
    assert hub.statistics().started == 1
    assert hub.statistics().subscribers == 0
    assert outcome(await told(hub, lookup)) == "SERVED"


# --- what goes wrong ----------------------------------------------------------------------------


async def test_a_refused_key_ends_the_look_up_and_is_logged(
    hum_simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        HumClient("bad-key", base_url=hum_simulator.url) as client,
        SessionHub(client, signals=False) as hub,
    ):
        events = await told(hub, hub.lookup(served()))
        assert outcome(events) == "FAILED"
        assert hub.statistics().running == 0
        # The hub lives on.
        assert outcome(await told(hub, hub.lookup(served(2)))) == "FAILED"
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert "HUM_API_KEY" in errors[0].getMessage()
    assert "bad-key" not in caplog.text
    assert "Served St" not in caplog.text


async def test_one_look_up_that_meets_a_bug_does_not_end_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(request: SentRequest) -> RawResponse:
        if request.method == "POST" and request.body["zip"] == "11111":
            raise ZeroDivisionError
        return json_response(
            200 if request.method != "POST" else 201,
            session_json("t" * 22, providers=[{"provider_name": "Fiber"}], internet="matched"),
        )

    async with (
        HumClient(KEY, transport=ScriptedTransport(answer)) as client,
        SessionHub(client, signals=False) as hub,
    ):
        broken = hub.lookup(Address("1 Main St", zip="11111"))
        fine = hub.lookup(Address("1 Main St", zip="22222"))
        events = await told(hub, broken, fine)
    assert (outcome(events, broken), outcome(events, fine)) == ("FAILED", "SERVED")
    assert "please report it" in caplog.text


async def test_what_failed_is_logged_without_address_and_token(
    hub: SessionHub, caplog: pytest.LogCaptureFixture
) -> None:
    await told(hub, hub.lookup(served(street="Server Error Blvd")))
    assert "UNCERTAIN" in caplog.text
    assert "Server Error Blvd" not in caplog.text
    assert KEY not in caplog.text


async def test_what_is_shown_of_hub_and_events_holds_no_secret(hub: SessionHub) -> None:
    lookup = hub.lookup(served())
    events = await told(hub, lookup)
    shown = f"{hub!r}{events!r}"
    assert "Served" not in shown
    assert lookup not in shown


@pytest.mark.parametrize("kind", list(EventKind))
def test_kinds_are_what_a_browser_listens_to(kind: EventKind) -> None:
    assert kind == kind.name.lower()


async def test_a_look_up_that_runs_for_long_is_not_bought_a_second_time(client: HumClient) -> None:
    async with SessionHub(client, reuse_for=60, signals=False) as hub:
        await client.ping()
        first = hub.lookup(served())
        client.limiter.throttled(300.0)
        await asyncio.sleep(100)
        assert hub.lookup(served()) == first


async def test_an_abandoned_look_up_takes_no_slot_beside_its_requests(client: HumClient) -> None:
    async with SessionHub(client, on_abandon="close", abandon_after=0, signals=False) as hub:
        stream = hub.subscribe(hub.lookup(served()))
        await anext(stream)
        stream.close()
        await asyncio.sleep(30)
        limiter = client.limiter
        assert isinstance(limiter, RateLimiter)
        assert limiter.statistics().granted == hub.statistics().requests
