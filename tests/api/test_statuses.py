"""What each error status does to each endpoint, as a table."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from hum_async import (
    Address,
    ApiError,
    AsyncSessionWatcher,
    AuthenticationError,
    ConfigurationError,
    HumClient,
    Outcome,
    RateLimiter,
    UpdateKind,
)
from hum_async.bulk.result_columns import result_values
from hum_async.models import RawResponse
from hum_async.testing import (
    ScriptedTransport,
    SentRequest,
    VirtualTimeLoop,
    json_response,
    session_json,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
ADDRESS = Address("1 A St", zip="48226")
TOKEN = "tCCDr74LjVPByvGAomPD9wBa"
AGENTS = {"geocoding": "matched", "internet": "matched"}
DONE = session_json(TOKEN, providers=[{"provider_name": "A"}], **AGENTS)
CREATED = session_json(TOKEN, geocoding="pending", internet="pending")

# A POST: sent again, an address that is refused, a client that is refused, or nobody knows.
AGAIN = (421, 425, 429)
ADDRESS_REFUSED = (400, 422)
CLIENT_REFUSED = (
    *(300, 301, 302, 303, 304, 307, 308),
    *(402, 404, 405, 406, 407, 410, 411, 412, 413, 414, 415, 416, 417, 418, 426, 428, 431, 451),
    *(494, 495, 496, 497, 511),
)
UNKNOWN = (
    *(408, 409, 419, 420, 423, 424, 430, 440, 444, 449, 450, 460, 463, 498, 499),
    *(500, 501, 502, 503, 504, 505, 507, 508, 509, 520, 521, 522, 524, 529, 530, 599),
)
KEY_REFUSED = (401, 403)
LASTING = (*KEY_REFUSED, 404, 410)


def once(method: str, status: int, *, path_end: str = "") -> ScriptedTransport:
    """Answer the first request of a method so, and all others as they should be."""
    seen: Counter[str] = Counter()

    def answer(request: SentRequest) -> RawResponse:
        seen[request.method] += 1
        if request.method == method and seen[method] == 1 and request.path.endswith(path_end):
            return json_response(status, {"message": "the server's words"})
        if request.method == "POST":
            return json_response(201, CREATED)
        return json_response(200, DONE)

    return ScriptedTransport(answer)


def client(transport: ScriptedTransport) -> HumClient:
    return HumClient(transport=transport, limiter=RateLimiter(rate=1000.0))


def virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    loop = VirtualTimeLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def count(transport: ScriptedTransport, method: str) -> int:
    return sum(request.method == method for request in transport.requests)


@pytest.mark.parametrize(
    ("status", "outcome", "posts"),
    [
        *((status, Outcome.SERVED, 2) for status in AGAIN),
        *((status, Outcome.INVALID_ADDRESS, 1) for status in ADDRESS_REFUSED),
        *((status, Outcome.FAILED, 1) for status in CLIENT_REFUSED),
        *((status, Outcome.UNCERTAIN, 1) for status in UNKNOWN),
    ],
)
def test_a_post_is_sent_again_only_if_the_status_says_that_it_was_not_taken(
    status: int, outcome: Outcome, posts: int
) -> None:
    transport = once("POST", status)

    async def look_up() -> Outcome:
        async with client(transport) as hum:
            return (await hum.lookup(ADDRESS)).outcome

    assert virtually(look_up()) is outcome
    assert count(transport, "POST") == posts


PASSING = tuple(
    status
    for status in (*AGAIN, *ADDRESS_REFUSED, *CLIENT_REFUSED, *UNKNOWN)
    if status not in LASTING
)


@pytest.mark.parametrize("status", PASSING)
def test_a_poll_and_a_delete_go_on_after_a_status_that_says_nothing_of_the_session(
    status: int,
) -> None:
    async def look_up(transport: ScriptedTransport) -> Outcome:
        async with client(transport) as hum:
            return (await hum.lookup(ADDRESS)).outcome

    polls = once("GET", status)
    assert virtually(look_up(polls)) is Outcome.SERVED
    assert (count(polls, "POST"), count(polls, "DELETE")) == (1, 1)

    async def rest(transport: ScriptedTransport) -> UpdateKind:
        async with client(transport) as hum:
            await hum.close_session(TOKEN)
            async with AsyncSessionWatcher(hum) as watcher:
                return [update async for update in watcher.watch([TOKEN])][-1].kind

    assert virtually(rest(once("GET", status))) is UpdateKind.COMPLETED
    deletes = once("DELETE", status)
    assert virtually(rest(deletes)) is UpdateKind.COMPLETED
    assert count(deletes, "DELETE") == 2


@pytest.mark.parametrize("status", LASTING)
def test_a_get_is_not_sent_again_after_a_status_that_will_not_change(status: int) -> None:
    transport = once("GET", status)

    async def ask() -> None:
        async with client(transport) as hum:
            await hum.get_session(TOKEN)

    with pytest.raises(ApiError) as caught:
        virtually(ask())
    assert caught.value.status == status
    assert isinstance(caught.value, AuthenticationError) == (status in KEY_REFUSED)
    assert count(transport, "GET") == 1


def test_a_look_up_without_its_result_is_not_closed() -> None:
    def answer(request: SentRequest) -> RawResponse:
        return json_response(201, CREATED) if request.method == "POST" else json_response(408)

    transport = ScriptedTransport(answer)

    async def look_up() -> Outcome:
        async with client(transport) as hum:
            return (await hum.lookup(ADDRESS)).outcome

    assert virtually(look_up()) is Outcome.FAILED
    assert count(transport, "DELETE") == 0
    assert count(transport, "GET") > 2


def test_a_redirect_says_to_which_host_and_no_more() -> None:
    headers = {"Location": "https://login.example/sessions/SECRET?key=1"}
    transport = ScriptedTransport(lambda _: json_response(302, headers=headers))

    async def ask() -> None:
        async with client(transport) as hum:
            await hum.create_session(ADDRESS)

    with pytest.raises(ApiError, match=r"redirect to login\.example") as caught:
        virtually(ask())
    assert "SECRET" not in str(caught.value)


def test_another_sessions_answer_is_never_delivered() -> None:
    other = session_json("bbbbbbbbbbbbbbbbbbbbbb", providers=[{"provider_name": "B"}], **AGENTS)
    polls = 0

    def answer(request: SentRequest) -> RawResponse:
        nonlocal polls
        if request.method == "POST":
            return json_response(201, CREATED)
        polls += request.method == "GET"
        return json_response(200, other if polls == 1 else DONE)

    async def look_up() -> str:
        async with client(ScriptedTransport(answer)) as hum:
            return (await hum.lookup(ADDRESS)).providers[0].name

    assert virtually(look_up()) == "A"


@pytest.mark.parametrize("asked", [7.0, 12.0, 29.0, 1000.0])
def test_the_next_poll_after_a_202_waits_for_as_long_as_it_asks(asked: float) -> None:
    pending = session_json(TOKEN, geocoding="pending", internet="pending")

    def answer(request: SentRequest) -> RawResponse:
        if request.method == "POST":
            return json_response(201, CREATED)
        return json_response(202, pending, headers={"Retry-After": f"{asked:g}"})

    def gaps(transport: ScriptedTransport) -> list[float]:
        at = [request.at for request in transport.requests if request.method == "GET"]
        return [later - earlier for earlier, later in itertools.pairwise(at)]

    async def follow(hum: HumClient) -> None:
        async with AsyncSessionWatcher(hum) as watcher:
            _ = [update async for update in watcher.watch([TOKEN])]

    async def both() -> None:
        looked, watched = ScriptedTransport(answer), ScriptedTransport(answer)
        async with client(looked) as hum:
            await hum.lookup(ADDRESS)
        async with client(watched) as hum:
            await follow(hum)
            # Other requests are not held up.
            assert hum.limiter.paused_seconds() == 0.0
        for transport in (looked, watched):
            found = gaps(transport)
            assert found
            # The last poll, at the deadline, is sent in any case.
            assert all(gap >= asked - 1e-6 for gap in found[:-1])
            assert sum(found) <= 30.1

    virtually(both())


@pytest.mark.parametrize("path", ["/a\r\nX: 1", "/a\nb", "/a\0", "/a\u2028b", "/\x7f"])
def test_a_raw_path_with_control_characters_is_a_configuration_error(path: str) -> None:
    transport = once("GET", 200)

    async def ask() -> None:
        async with client(transport) as hum:
            await hum.request("GET", path)

    with pytest.raises(ConfigurationError):
        virtually(ask())
    assert not transport.requests


def test_a_space_in_a_raw_path_is_percent_encoded() -> None:
    transport = once("GET", 200)

    async def ask() -> None:
        async with client(transport) as hum:
            await hum.request("GET", "/a b/%2e?x=y z&u=\N{LATIN SMALL LETTER E WITH ACUTE}")

    virtually(ask())
    assert transport.requests[0].path == "/a%20b/%2e?x=y%20z&u=%C3%A9"


def test_the_page_of_statuses_says_what_the_code_does() -> None:
    page = (Path(__file__).parents[2] / "docs" / "answers.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith(("| 4", "| 3"))]
    again, address, client_refused = ({*re.findall(r"\d{3}", row)} for row in rows[:3])
    assert again == {str(status) for status in AGAIN}
    assert address == {str(status) for status in ADDRESS_REFUSED}
    redirects = {str(status) for status in CLIENT_REFUSED if status < 400} | {"399"}
    assert client_refused | redirects == {
        str(status) for status in (*CLIENT_REFUSED, *KEY_REFUSED, 399)
    }


# --- what the errors advise -----------------------------------------------------------------------

PERHAPS_BOUGHT = r"a session may have been bought.*--retry-uncertain, or retry=\{Outcome.UNCERTAIN"


@pytest.mark.parametrize("status", UNKNOWN)
def test_an_uncertain_post_says_that_a_session_may_have_been_bought(status: int) -> None:
    async def create() -> tuple[str, Any]:
        async with client(once("POST", status)) as hum:
            with pytest.raises(ApiError) as caught:
                await hum.create_session(ADDRESS)
        async with client(once("POST", status)) as hum:
            return str(caught.value), result_values(await hum.lookup(ADDRESS))["hum_error"]

    for told in virtually(create()):
        assert re.search(PERHAPS_BOUGHT, told)
        assert not re.search(r"check path|try again later", told)


@pytest.mark.parametrize(
    ("status", "advised"),
    [(402, "check the plan and the payments"), (407, "user and password"), (302, "base URL")],
)
def test_a_refused_post_gives_the_advice_that_a_job_gives(status: int, advised: str) -> None:
    async def create() -> None:
        async with client(once("POST", status)) as hum:
            await hum.create_session(ADDRESS)

    with pytest.raises(ApiError, match=advised):
        virtually(create())


@pytest.mark.parametrize("status", [408, 409, 425, 440, 499])
def test_a_poll_that_was_lost_on_the_way_is_not_blamed_on_its_path(status: int) -> None:
    async def look_up() -> Any:
        transport = ScriptedTransport(
            lambda request: json_response(
                *((201, CREATED) if request.method == "POST" else (status, {}))
            )
        )
        async with client(transport) as hum:
            return result_values(await hum.lookup(ADDRESS))

    values = virtually(look_up())
    assert values["hum_outcome"] == Outcome.FAILED
    assert "it may pass; try again later" in values["hum_error"]
    assert "check path" not in values["hum_error"]


@pytest.mark.parametrize(
    "response", [json_response(201, {}), RawResponse(status=200, headers={}, body=b"<html>")]
)
def test_an_answer_without_a_token_says_that_a_session_may_have_been_bought(
    response: RawResponse,
) -> None:
    async def look_up() -> Any:
        async with client(ScriptedTransport(lambda _: response)) as hum:
            return result_values(await hum.lookup(ADDRESS))

    values = virtually(look_up())
    assert values["hum_outcome"] == Outcome.UNCERTAIN
    assert re.search(PERHAPS_BOUGHT, values["hum_error"])
