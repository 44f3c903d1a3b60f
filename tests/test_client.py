"""`HumClient`: one method per endpoint, one attempt per slot, and what is never said aloud."""

import asyncio
import itertools
import logging
import math
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from hum_async import (
    PRODUCTION,
    Address,
    AddressError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectFailed,
    HumClient,
    HumError,
    InvalidAddress,
    Outcome,
    Priority,
    RateLimited,
    RateLimiter,
    RawResponse,
    RequestTimeout,
    ResponseError,
    RetryPolicy,
    ServerError,
    SessionGone,
    SessionNotFound,
    TransportError,
)
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

virtual = pytest.mark.virtual

KEY = "sk-77-short"
TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
STREET = "29090 Tiffany Drive E"
ADDRESS = Address(STREET, "A2", "Southfield", "MI", "48034", 42.501721339274, -83.286263465881)
CREATED = {
    "message": "Session created successfully.",
    "data": {"session_token": TOKEN},
    "meta": {"session_token": TOKEN, "agent_status": {"geocoding": "pending"}},
}
IMMEDIATE = {**CREATED, "data": [{"provider_name": "Frontier"}]}
MATCHED = {"geocoding": "matched", "internet": "matched"}
Answer = Callable[[SentRequest], RawResponse | HumError]


def scripted(*answers: RawResponse | HumError) -> ScriptedTransport:
    """Give these answers one after the other, and the last one for ever."""
    left = list(answers)
    return ScriptedTransport(lambda _: left.pop(0) if len(left) > 1 else left[0])


@asynccontextmanager
async def client_of(
    transport: ScriptedTransport, *, retry: RetryPolicy | None = None, **arguments: Any
) -> AsyncIterator[HumClient]:
    limiter = RateLimiter(rate=math.inf)
    async with HumClient(
        KEY, transport=transport, limiter=limiter, retry=retry, **arguments
    ) as hum:
        yield hum
    assert transport.closed
    assert transport.in_flight == 0
    statistics = limiter.statistics()
    assert (statistics.in_use, statistics.waiting) == (0, 0)
    assert statistics.granted == len(transport.requests)


def sent(transport: ScriptedTransport) -> list[tuple[str, str]]:
    return [(request.method, request.path) for request in transport.requests]


# --- the endpoints --------------------------------------------------------------------------------


@virtual
async def test_a_session_is_created_with_what_is_known_of_the_address() -> None:
    transport = scripted(json_response(201, CREATED))
    async with client_of(transport) as hum:
        session = await hum.create_session(ADDRESS, campaign_id="summer")
    assert (session.token, session.providers, session.processing) == (TOKEN, None, False)
    (request,) = transport.requests
    assert (request.method, request.path, request.timeout) == ("POST", "/sessions", 90.0)
    assert request.body == {
        "street1": STREET,
        "street2": "A2",
        "city": "Southfield",
        "state": "MI",
        "zip": "48034",
        "latitude": 42.501721339274,
        "longitude": -83.286263465881,
        "campaign_id": "summer",
    }


@virtual
async def test_a_created_session_may_carry_its_providers() -> None:
    async with client_of(scripted(json_response(201, IMMEDIATE))) as hum:
        session = await hum.create_session(ADDRESS)
    assert [provider.name for provider in session.providers or ()] == ["Frontier"]


@virtual
async def test_an_address_that_cannot_be_sent_is_not() -> None:
    transport = scripted(json_response(201, CREATED))
    async with client_of(transport) as hum:
        with pytest.raises(AddressError):
            await hum.create_session(Address("", zip="48034"))
        for label in ("", "x" * 101, "\udcff"):
            with pytest.raises(ConfigurationError):
                await hum.create_session(ADDRESS, campaign_id=label)
    assert not transport.requests


@virtual
async def test_a_session_is_read_from_both_endpoints() -> None:
    body = session_json(TOKEN, providers=[{"provider_name": "X"}], **MATCHED)
    transport = scripted(json_response(200, body), json_response(200, body), json_response(202))
    async with client_of(transport) as hum:
        plain = await hum.get_session(TOKEN)
        full = await hum.get_internet(TOKEN)
        early = await hum.get_internet(TOKEN)
    assert (plain.settled, plain.providers) == (True, None)
    assert full.providers
    assert (early.processing, early.providers, early.settled) == (True, None, False)
    assert sent(transport) == [
        ("GET", f"/sessions/{TOKEN}"),
        ("GET", f"/sessions/{TOKEN}/services/internet"),
        ("GET", f"/sessions/{TOKEN}/services/internet"),
    ]


@virtual
@pytest.mark.parametrize("status", [200, 204, 404, 410])
async def test_a_session_that_is_not_there_counts_as_closed(status: int) -> None:
    transport = scripted(json_response(status))
    async with client_of(transport) as hum:
        await hum.close_session(TOKEN)
    assert sent(transport) == [("DELETE", f"/sessions/{TOKEN}")]


@virtual
async def test_ping_checks_the_key() -> None:
    body = {"message": "humming", "request_status": "ok", "timestamp": "2024-09-20T23:13:31.179Z"}
    async with client_of(scripted(json_response(200, body), json_response(401))) as hum:
        ping = await hum.ping()
        assert (ping.message, ping.request_status) == ("humming", "ok")
        with pytest.raises(AuthenticationError):
            await hum.ping()


@virtual
async def test_any_other_request_goes_the_same_way() -> None:
    transport = scripted(json_response(200, {"x": 1}, headers={"X-A": "b"}), json_response(404))
    async with client_of(transport) as hum:
        response = await hum.request("get", "sessions/x/services/tv")
        assert (response.status, response.body, response.headers["x-a"]) == (200, b'{"x":1}', "b")
        with pytest.raises(ApiError):
            await hum.request("POST", "/new", json={"a": [1]})
    assert sent(transport) == [("GET", "/sessions/x/services/tv"), ("POST", "/new")]
    assert transport.requests[1].body == {"a": [1]}


@virtual
@pytest.mark.parametrize(
    ("token", "path"),
    [
        ("../ping", "/sessions/..%2Fping"),
        ("a b?c#d", "/sessions/a%20b%3Fc%23d"),
        ("%2e%2e", "/sessions/%252e%252e"),
        ("☃", "/sessions/%E2%98%83"),
    ],
)
async def test_a_token_stays_one_segment_of_the_path(token: str, path: str) -> None:
    transport = scripted(json_response(202))
    async with client_of(transport) as hum:
        assert (await hum.get_session(token)).token == token
    assert sent(transport) == [("GET", path)]


@virtual
@pytest.mark.parametrize("token", ["", ".", "..", "\udcff"])
async def test_what_cannot_be_a_token_is_not_sent(token: str) -> None:
    transport = scripted(json_response(202))
    async with client_of(transport) as hum:
        with pytest.raises(SessionNotFound):
            await hum.get_session(token)
    assert not transport.requests


# --- errors and retries ---------------------------------------------------------------------------


@virtual
@pytest.mark.parametrize(
    ("status", "post", "get"),
    [
        (400, InvalidAddress, ApiError),
        (401, AuthenticationError, AuthenticationError),
        (403, AuthenticationError, AuthenticationError),
        (404, ApiError, SessionNotFound),
        (410, ApiError, SessionGone),
        (418, ApiError, ApiError),
        (422, InvalidAddress, ApiError),
        (302, ApiError, ApiError),
        (500, ServerError, ServerError),
        (504, ServerError, ServerError),
    ],
)
async def test_each_status_has_its_error(
    status: int, post: type[HumError], get: type[HumError]
) -> None:
    answer = json_response(status, {"message": "no"}, headers={"X-Request-Id": "r1"})
    async with client_of(scripted(answer)) as hum:
        for wanted, call in (
            (post, lambda: hum.create_session(ADDRESS)),
            (get, lambda: hum.get_session(TOKEN)),
        ):
            with pytest.raises(ApiError) as caught:
                await call()
            assert type(caught.value) is wanted
            assert (caught.value.status, caught.value.message) == (status, "no")
            assert caught.value.request_id == "r1"


@virtual
@pytest.mark.parametrize(
    "trouble",
    [
        ConnectFailed("x"),
        RequestTimeout("x"),
        TransportError("x"),
        json_response(502),
        json_response(200, ["?"]),
    ],
    ids=["connect", "timeout", "broken", "502", "nonsense"],
)
async def test_reading_is_tried_four_times_with_growing_delays(
    trouble: RawResponse | HumError,
) -> None:
    transport = scripted(trouble)
    async with client_of(transport) as hum:
        with pytest.raises(HumError):
            await hum.get_session(TOKEN)
    times = [request.at for request in transport.requests]
    assert len(times) == 4
    for index, bound in enumerate((0.5, 1.0, 2.0)):
        assert times[index + 1] - times[index] <= bound
    transport = scripted(trouble, json_response(202))
    async with client_of(transport) as hum:
        assert (await hum.get_session(TOKEN)).processing


@virtual
@pytest.mark.parametrize(
    "trouble",
    [RequestTimeout("x"), TransportError("x"), ResponseError("x"), json_response(201, ["?"])]
    + [json_response(status) for status in (500, 502, 503, 504)]
    + [RawResponse(201, {}, b"")],
)
async def test_a_post_that_may_have_taken_effect_is_sent_once(
    trouble: RawResponse | HumError,
) -> None:
    transport = scripted(trouble, json_response(201, CREATED))
    async with client_of(transport) as hum:
        with pytest.raises((TransportError, ResponseError, ServerError)):
            await hum.create_session(ADDRESS)
        assert len(transport.requests) == 1
        assert (await hum.lookup(ADDRESS, timeout=0.0)).outcome != Outcome.UNCERTAIN


@virtual
@pytest.mark.parametrize("method", ["POST", "patch"])
async def test_an_unknown_request_that_may_create_is_sent_once_too(method: str) -> None:
    transport = scripted(json_response(500))
    async with client_of(transport) as hum:
        with pytest.raises(ServerError):
            await hum.request(method, "/anything", json={})
    assert len(transport.requests) == 1


@virtual
@pytest.mark.parametrize(
    "trouble",
    [
        ConnectFailed("x"),
        json_response(429, headers={"Retry-After": "3"}),
        json_response(503, headers={"retry-after": "3"}),
    ],
    ids=["connect", "429", "503"],
)
async def test_a_post_that_certainly_had_no_effect_is_sent_again(
    trouble: RawResponse | HumError,
) -> None:
    transport = scripted(trouble, trouble, json_response(201, CREATED))
    async with client_of(transport) as hum:
        assert (await hum.create_session(ADDRESS)).token == TOKEN
    assert len(transport.requests) == 3
    if isinstance(trouble, RawResponse):
        assert transport.requests[1].at >= 3.0
        assert transport.requests[2].at >= 6.0


@virtual
async def test_429_uses_up_no_try_but_patience() -> None:
    throttle = json_response(429, headers={"Retry-After": "1"})
    transport = scripted(*[throttle] * 10, json_response(202))
    async with client_of(transport, retry=RetryPolicy(attempts=1)) as hum:
        await hum.get_session(TOKEN)
    async with client_of(scripted(throttle), retry=RetryPolicy(throttles=2)) as hum:
        with pytest.raises(RateLimited) as caught:
            await hum.get_session(TOKEN)
    assert caught.value.retry_after == 1.0


@virtual
async def test_a_429_pauses_everybody_and_the_throttled_request_goes_first() -> None:
    def answer(request: SentRequest) -> RawResponse:
        if request.at == 0.0:
            return json_response(429, headers={"Retry-After": "5"})
        return json_response(202)

    transport = ScriptedTransport(answer, latency=0.5)
    limiter = RateLimiter(rate=1)
    async with HumClient(KEY, transport=transport, limiter=limiter) as hum:
        await asyncio.gather(*[hum.get_session(f"t{number}") for number in range(4)])
    paths = [request.path[-2:] for request in transport.requests]
    assert paths == ["t0", "t0", "t1", "t2", "t3"]
    assert transport.requests[1].at >= 5.5


@virtual
async def test_a_200_that_says_error_is_an_error() -> None:
    body = {"request_status": "error", "message": "agents on strike", "meta": {}}
    async with client_of(scripted(json_response(200, body)), retry=RetryPolicy(attempts=1)) as hum:
        with pytest.raises(ServerError, match="agents on strike"):
            await hum.get_session(TOKEN)
    warning = {**session_json(TOKEN, **MATCHED), "request_status": "warning"}
    async with client_of(scripted(json_response(200, warning))) as hum:
        assert (await hum.get_session(TOKEN)).request_status == "warning"


# --- lookup ---------------------------------------------------------------------------------------


def sessions(**agents: str) -> Answer:
    def answer(request: SentRequest) -> RawResponse:
        if request.method == "POST":
            return json_response(201, CREATED)
        if request.method == "DELETE":
            return json_response(200)
        if request.at < 6.0:
            return json_response(202, session_json(TOKEN, geocoding="pending", internet="pending"))
        providers = [{"provider_name": "X"}] if agents.get("internet") == "matched" else []
        return json_response(200, session_json(TOKEN, providers=providers, **agents))

    return answer


@virtual
async def test_a_lookup_goes_from_post_to_delete() -> None:
    transport = ScriptedTransport(sessions(**MATCHED))
    async with client_of(transport) as hum:
        found = await hum.lookup(ADDRESS)
    assert (found.outcome, found.token, found.key) == (Outcome.SERVED, TOKEN, 0)
    assert [provider.name for provider in found.providers] == ["X"]
    assert found.requests == len(transport.requests)
    assert [method for method, _ in sent(transport)][0 :: len(transport.requests) - 1] == [
        "POST",
        "DELETE",
    ]


@virtual
async def test_a_lookup_may_leave_the_session_open() -> None:
    transport = ScriptedTransport(sessions(**MATCHED))
    async with client_of(transport) as hum:
        await hum.lookup(ADDRESS, close=False)
    assert "DELETE" not in {method for method, _ in sent(transport)}


@virtual
async def test_a_lookup_of_the_newest_generation_never_polls() -> None:
    transport = scripted(json_response(201, IMMEDIATE))
    async with client_of(transport) as hum:
        assert (await hum.lookup(ADDRESS)).outcome == Outcome.SERVED
    assert [method for method, _ in sent(transport)] == ["POST", "DELETE"]


@virtual
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (json_response(422), Outcome.INVALID_ADDRESS),
        (json_response(500), Outcome.UNCERTAIN),
        (RequestTimeout("x"), Outcome.UNCERTAIN),
        (ConnectFailed("x"), Outcome.FAILED),
    ],
)
async def test_what_goes_wrong_is_an_outcome_and_no_exception(
    answer: RawResponse | HumError, outcome: Outcome
) -> None:
    async with client_of(scripted(answer)) as hum:
        found = await hum.lookup(ADDRESS)
        assert (found.outcome, isinstance(found.error, HumError)) == (outcome, True)
        nothing = await hum.lookup(Address("1 Main St"))
        assert (nothing.outcome, nothing.requests) == (Outcome.INVALID_ADDRESS, 0)


def patient(seconds: float) -> Answer:
    """Sessions that are done so long after their POST."""
    made: dict[str, float] = {}

    def answer(request: SentRequest) -> RawResponse:
        if request.method == "POST":
            token = f"token{len(made):06}"
            made[token] = request.at
            return json_response(201, session_json(token, geocoding="pending", internet="pending"))
        if request.method == "DELETE":
            return json_response(200)
        token = request.path.split("/")[2]
        if request.at - made[token] < seconds:
            return json_response(202, session_json(token, geocoding="pending", internet="pending"))
        return json_response(
            200, session_json(token, providers=[{"provider_name": "X"}], **MATCHED)
        )

    return answer


@virtual
async def test_lookups_learn_from_each_other_when_to_look() -> None:
    transport = ScriptedTransport(patient(9.0))
    async with client_of(transport) as hum:
        found = [await hum.lookup(ADDRESS) for _ in range(60)]
    polls = [one.requests - 1 for one in found]
    assert sum(polls[30:]) < sum(polls[:30]) < 30 * 4
    assert {one.outcome for one in found} == {Outcome.SERVED}
    assert sum(one.elapsed for one in found[30:]) / 30 < 9.0 + 2.5


@virtual
async def test_lookups_leave_2_s_between_two_looks_and_look_last_at_the_deadline() -> None:
    transport = ScriptedTransport(patient(1000.0))
    async with client_of(transport) as hum:
        for _ in range(10):
            began = len(transport.requests)
            assert (await hum.lookup(ADDRESS, close=False)).outcome == Outcome.TIMED_OUT
            times = [request.at for request in transport.requests[began:]]
            apart = [later - earlier for earlier, later in itertools.pairwise(times)]
            assert min(apart[1:]) >= 2.0 - 1e-6
            assert max(apart) <= 20.0 + 1e-6
            assert times[-1] - times[0] == pytest.approx(30.0)


@virtual
async def test_what_headers_say_of_the_limit_is_heeded() -> None:
    telling = {"RateLimit": '"default";r=0;t=7', "RateLimit-Policy": '"default";q=10;w=7'}

    def answer(request: SentRequest) -> RawResponse:
        return json_response(200, {"message": "up"}, headers=telling if request.at == 0 else None)

    transport = ScriptedTransport(answer)
    async with HumClient(KEY, transport=transport, limiter=RateLimiter()) as hum:
        await hum.ping()
        assert hum.limiter.paused_seconds() == 0.0
        await hum.ping()
    assert 7.0 <= transport.requests[1].at <= 7.8


@virtual
async def test_a_429_without_retry_after_waits_for_the_quota_that_its_headers_tell() -> None:
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}
    transport = scripted(json_response(429, headers=used_up), json_response(202))
    async with HumClient(KEY, transport=transport, limiter=RateLimiter()) as hum:
        await hum.get_session(TOKEN)
    assert 9.0 <= transport.requests[1].at <= 10.0


@virtual
@pytest.mark.parametrize("trouble", [json_response(500), json_response(403), RequestTimeout("x")])
async def test_trouble_says_nothing_of_the_limit(trouble: RawResponse | HumError) -> None:
    limiter = RateLimiter()
    async with HumClient(
        KEY, transport=scripted(trouble), limiter=limiter, retry=RetryPolicy(attempts=1)
    ) as hum:
        for _ in range(5):
            with pytest.raises(HumError):
                await hum.get_session(TOKEN)
    assert (limiter.statistics().rate, limiter.statistics().throttled) == (5.0, 0)
    assert limiter.found_rate is None


@virtual
async def test_the_rate_that_one_client_found_serves_the_next() -> None:
    earlier, later = RateLimiter(), RateLimiter()

    def answer(request: SentRequest) -> RawResponse:
        busy = 2.0 <= request.at < 2.5
        return json_response(429, headers={"Retry-After": "1"}) if busy else json_response(202)

    async with HumClient(
        KEY, transport=ScriptedTransport(answer, latency=0.1), limiter=earlier
    ) as hum:
        while earlier.statistics().granted < 300:
            await asyncio.gather(*(hum.get_session(TOKEN) for _ in range(50)))
    assert earlier.found_rate is not None
    later.resume(earlier.found_rate)
    assert later.statistics().rate == earlier.found_rate
    assert later.found_rate is None
    with pytest.raises(ValueError, match="above 0"):
        later.resume(0.0)


@virtual
async def test_a_throttled_step_of_a_lookup_keeps_its_place_in_the_queue() -> None:
    def answer(request: SentRequest) -> RawResponse:
        if request.at == 0.0:
            return json_response(429, headers={"Retry-After": "5"})
        return json_response(201, IMMEDIATE) if request.method == "POST" else json_response(202)

    transport = ScriptedTransport(answer, latency=0.5)
    limiter = RateLimiter(rate=1)
    async with HumClient(KEY, transport=transport, limiter=limiter) as hum:
        equals = hum.with_options(priority=Priority.INTERACTIVE)
        await asyncio.gather(
            hum.lookup(ADDRESS), *[equals.get_session(f"t{number}") for number in range(3)]
        )
    assert [method for method, _ in sent(transport)][:3] == ["POST", "POST", "GET"]


@virtual
@pytest.mark.parametrize("when", ["POST", "GET"])
async def test_a_refused_key_is_raised(when: str) -> None:
    def answer(request: SentRequest) -> RawResponse:
        return json_response(401 if request.method == when else 201, CREATED)

    async with client_of(ScriptedTransport(answer)) as hum:
        with pytest.raises(AuthenticationError):
            await hum.lookup(ADDRESS)


@virtual
@pytest.mark.parametrize("status", [401, 403, 400, 500])
async def test_a_refused_delete_does_not_lose_the_result(status: int) -> None:
    def answer(request: SentRequest) -> RawResponse:
        return (
            json_response(status) if request.method == "DELETE" else json_response(201, IMMEDIATE)
        )

    async with client_of(ScriptedTransport(answer)) as hum:
        found = await hum.lookup(ADDRESS)
    assert (found.outcome, found.error) == (Outcome.SERVED, None)


# --- secrets --------------------------------------------------------------------------------------

ECHO = f"key {KEY} may not see {TOKEN} at {STREET}, SOUTHFIELD, MI 48034 ({TOKEN.lower()})"
SECRETS = (
    KEY,
    "77-short",
    TOKEN,
    TOKEN.lower(),
    "Tiffany",
    "tiffany",
    "TIFFANY",
    "29090",
    "42.5017",
)


def everything_shown(error: BaseException) -> str:
    texts = ["".join(traceback.format_exception(error))]
    while error is not None:
        texts += [repr(error), str(error), repr(vars(error))]
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return "\n".join(texts)


def assert_discreet(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


@virtual
@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 410, 422, 429, 500, 503])
@pytest.mark.parametrize("debug", [False, True])
async def test_no_error_repeats_the_key_the_token_or_the_address(
    *, status: int, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(debug)
    caplog.set_level(logging.DEBUG)

    def answer(request: SentRequest) -> RawResponse:
        body, request_id = {"message": ECHO, "request_status": "error"}, f"r-{KEY}"
        if request.method == "POST":
            # Whatever the request carried is hidden word by word.
            body["message"] += " (tiffany? 42.501721339274? A2?)"
        elif TOKEN in request.path:
            request_id += TOKEN
        headers = {"X-Request-Id": request_id, "Retry-After": "1"}
        return json_response(status, body, headers=headers)

    retry = RetryPolicy(attempts=1, throttles=0)
    async with client_of(ScriptedTransport(answer), retry=retry) as hum:
        calls: list[Callable[[], Awaitable[object]]] = [
            lambda: hum.create_session(ADDRESS, campaign_id="c"),
            lambda: hum.get_session(TOKEN),
            lambda: hum.get_internet(TOKEN),
            lambda: hum.close_session(TOKEN),
            hum.ping,
        ]
        for call in calls:
            try:
                await call()
            except HumError as error:
                assert_discreet(everything_shown(error))
                assert_discreet(everything_shown(pickle.loads(pickle.dumps(error))))  # noqa: S301
        if status != 401:
            found = await hum.lookup(ADDRESS)
            assert_discreet(repr(found))
            if found.error is not None:
                assert_discreet(everything_shown(found.error))
    assert_discreet(caplog.text)


async def test_no_error_of_the_network_repeats_them_either(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    retry = RetryPolicy(attempts=2, base=0.0)
    async with HumClient(KEY, base_url="http://127.0.0.1:9", retry=retry) as hum:
        for call in (lambda: hum.create_session(ADDRESS), lambda: hum.get_session(TOKEN)):
            with pytest.raises(ConnectFailed) as caught:
                await call()
            assert_discreet(everything_shown(caught.value))
        assert_discreet(repr(hum) + repr(hum.limiter) + repr(hum.sender) + repr(vars(hum)))
    assert_discreet(caplog.text)


# --- the object -----------------------------------------------------------------------------------


def test_the_key_and_the_base_url_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigurationError, match="HUM_API_KEY"):
        HumClient()
    monkeypatch.setenv("HUM_API_KEY", " key\n")
    assert PRODUCTION in repr(HumClient())
    monkeypatch.setenv("HUM_BASE_URL", "https://hum.example.com/")
    assert repr(HumClient()) == "<HumClient https://hum.example.com>"
    assert repr(HumClient(base_url="http://127.0.0.1:1")) == "<HumClient http://127.0.0.1:1>"
    monkeypatch.setenv("HUM_BASE_URL", "")
    assert PRODUCTION in repr(HumClient())


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "''",
        '"',
        "'half",
        "two words",
        "new\nline",
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "\x00",
    ],
)
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        HumClient(key)
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize("key", ['"abc"', "'abc'", ' "abc"\n', "\ufeffabc", "abc\r\n", "' abc '"])
async def test_what_env_files_and_editors_put_around_a_key_is_not_sent(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    monkeypatch.setenv("HUM_API_KEY", key)
    async with HumClient(base_url=url, retry=RetryPolicy(attempts=1)) as hum:
        with pytest.raises(TransportError):
            await hum.ping()
    server.close()
    assert "Authorization: Bearer abc\r\n" in seen[0]


async def test_text_is_no_address_and_that_is_said() -> None:
    async with client_of(ScriptedTransport(lambda _: json_response(500, {}))) as hum:
        line: Any = "100 Main St, Detroit, MI 48226"
        for call in (hum.lookup, hum.create_session):
            with pytest.raises(TypeError, match="Address, not str"):
                await call(line)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0.0},
        {"create_timeout": -1.0},
        {"timeout": math.nan},
        {"base_url": "http://api.letshum.com"},
        {"base_url": ""},
    ],
)
def test_a_client_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        HumClient("key", **wrong)


@virtual
async def test_time_outs_are_per_attempt_and_longer_for_a_post() -> None:
    transport = scripted(json_response(201, CREATED))
    async with client_of(transport, timeout=3.0, create_timeout=45.0) as hum:
        await hum.create_session(ADDRESS)
        await hum.get_session(TOKEN)
        await hum.close_session(TOKEN)
    assert [request.timeout for request in transport.requests] == [45.0, 3.0, 3.0]


def test_a_client_refuses_to_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(HumClient("key"))


def test_a_client_with_a_transport_of_ones_own_needs_no_key() -> None:
    assert HumClient(transport=ScriptedTransport(lambda _: json_response(200)))


async def test_a_client_that_was_closed_says_so() -> None:
    hum = HumClient(KEY, base_url="http://127.0.0.1:9")
    await hum.aclose()
    await hum.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await hum.ping()


async def test_a_borrowed_session_stays_open() -> None:
    async with aiohttp.ClientSession() as session:
        retry = RetryPolicy(attempts=1)
        async with HumClient(
            KEY, base_url="http://127.0.0.1:9", session=session, retry=retry
        ) as hum:
            with pytest.raises(ConnectFailed):
                await hum.ping()
        assert not session.closed


@virtual
async def test_clients_that_share_a_limiter_share_the_limit() -> None:
    limiter = RateLimiter(rate=10)
    transports = [ScriptedTransport(lambda _: json_response(202)) for _ in range(3)]
    clients = [HumClient(KEY, transport=transport, limiter=limiter) for transport in transports]
    await asyncio.gather(*[hum.get_session(f"t{n}") for n in range(10) for hum in clients])
    times = sorted(request.at for transport in transports for request in transport.requests)
    assert times == pytest.approx([number / 10 for number in range(30)])


@virtual
async def test_a_copy_with_other_options_shares_everything_else() -> None:
    transport = scripted(json_response(500), json_response(202))
    limiter = RateLimiter(rate=10)
    async with HumClient(KEY, transport=transport, limiter=limiter) as hum:
        copy = hum.with_options(timeout=3.0, retry=RetryPolicy(attempts=1))
        with pytest.raises(ServerError):
            await copy.get_session("a")
        assert (await hum.get_session("b")).processing
        await hum.get_session("c")
        assert [request.timeout for request in transport.requests] == [3.0, 10.0, 10.0]
        assert [request.at for request in transport.requests] == pytest.approx([0.0, 0.1, 0.2])
        assert copy.limiter is hum.limiter
        assert copy.base_url == hum.base_url
        # Options that are not given stay as they were, from copy to copy.
        with pytest.raises(ConfigurationError, match="timeout"):
            copy.with_options(timeout=0)
        await copy.with_options(priority=Priority.BULK).get_session("d")
        assert transport.requests[-1].timeout == 3.0


async def test_leaving_a_copy_leaves_the_client_open() -> None:
    async with HumClient(KEY, base_url="http://127.0.0.1:9") as hum:
        async with hum.with_options(retry=RetryPolicy(attempts=1)) as copy:
            with pytest.raises(ConnectFailed):
                await copy.ping()
        assert KEY not in repr(copy)
        with pytest.raises(ConnectFailed):
            await hum.with_options(retry=RetryPolicy(attempts=1)).ping()
    with pytest.raises(ConfigurationError, match="closed"):
        await copy.ping()


@virtual
@pytest.mark.parametrize(("missing", "outcome"), [(1, "SERVED"), (1000, "FAILED")])
async def test_a_session_that_is_not_known_everywhere_yet_is_asked_for_again(
    missing: int, outcome: str
) -> None:
    polls = 0

    def answer(request: SentRequest) -> RawResponse:
        nonlocal polls
        if request.method != "GET":
            return json_response(201, CREATED)
        polls += 1
        if polls <= missing:
            return json_response(404)
        provider = {"provider_name": "Frontier", "offerings": []}
        return json_response(200, session_json(TOKEN, providers=[provider], **MATCHED))

    transport = ScriptedTransport(answer)
    async with client_of(transport) as hum:
        assert (await hum.lookup(ADDRESS)).outcome == outcome
    polled = [request.at for request in transport.requests if request.method == "GET"]
    # It is given up 5 s after its first poll, and no sooner.
    assert len(polled) >= 2
    assert missing == 1 or 5.0 <= polled[-1] - polled[0] < 9.0
