"""Prism answers as `docs/openapi.yaml` says, and the client understands every answer.

It has no state: an answer is chosen by the header `Prefer` and stays the same whatever was asked
before. What needs a session that changes is in test_prism_between.py.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from document import TOKEN, Example, examples
from judge import (
    ADDRESS,
    CLOSE,
    CREATE,
    INTERNET,
    METHODS,
    NEEDS_PRISM,
    PING,
    SESSION,
    Judge,
)
from openapi_file import DOCUMENT, read
from servers import PrismServer

from hum_async import (
    ApiError,
    AsyncSessionWatcher,
    AuthenticationError,
    GuidedPolling,
    InvalidAddress,
    Money,
    Outcome,
    Ping,
    RateLimited,
    RawResponse,
    ResponseError,
    RetryPolicy,
    ServerError,
    Session,
    SessionGone,
    SessionNotFound,
    SpeedRange,
    UpdateKind,
)
from hum_async.transport import AiohttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = NEEDS_PRISM

EXAMPLES = sorted(examples(read()), key=lambda example: example[:3])
STATUSES = {(example.route, example.name): example.status for example in EXAMPLES}
RANDOM = 40
"""Random answers to ask for, of each kind."""
ONCE = RetryPolicy(attempts=1, throttles=0)
LINE, CAPITALS = "18 Elm St, Cambridge, MA 02139", "18 ELM ST, CAMBRIDGE, MA, 02139"
FOUND: dict[tuple[str, str], tuple[Any, ...]] = {
    # statuses of geocoding and internet, whether processing, service address, its ZIP, providers
    (CREATE, "toPoll"): ("pending", "pending", False, None, None, None),
    (CREATE, "synchronous"): ("matched", "pending", False, CAPITALS, "02139", None),
    (CREATE, "immediate"): (None, None, False, None, None, ["Example Fiber"]),
    (CREATE, "rich"): (None, None, False, None, None, ["Example Fiber"]),
    (CREATE, "nothingFound"): (None, None, False, None, None, []),
    (SESSION, "text"): ("matched", "matched", False, LINE, None, None),
    (SESSION, "object"): ("matched", "matched", False, CAPITALS, None, None),
    (SESSION, "noProviders"): ("matched", "failed", False, LINE, None, None),
    (SESSION, "ambiguous"): ("multiple", "pending", False, None, None, None),
    (SESSION, "notFound"): ("failed", "pending", False, None, None, None),
    (SESSION, "waiting"): ("pending", "pending", True, None, None, None),
    (SESSION, "geocoded"): ("matched", "pending", True, LINE, None, None),
    (INTERNET, "rich"): (None, None, False, None, None, ["Example Cable", "Example Satellite"]),
    (INTERNET, "oldest"): ("matched", "matched", False, CAPITALS, None, ["Example DSL"]),
    (INTERNET, "nothingFound"): ("matched", "failed", False, LINE, None, []),
    (INTERNET, "waiting"): ("pending", "pending", True, None, None, None),
    (INTERNET, "geocoded"): ("matched", "pending", True, LINE, None, None),
}
ERRORS = {
    400: InvalidAddress,
    401: AuthenticationError,
    403: AuthenticationError,
    404: SessionNotFound,
    410: SessionGone,
    422: InvalidAddress,
    429: RateLimited,
    503: ServerError,
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with PrismServer(DOCUMENT) as prism:
        yield prism.url


def found(session: Session) -> tuple[Any, ...]:
    """Return what an example says of a session, as in `FOUND`."""
    assert (session.token, session.request_status) in {(TOKEN, "ok"), (TOKEN, "warning")}
    place, providers = session.service_address, session.providers
    return (
        session.agents.get("geocoding"),
        session.agents.get("internet"),
        session.processing,
        None if place is None else place.normalized,
        None if place is None else place.zip,
        None if providers is None else [provider.name for provider in providers],
    )


def prefer(route: str, name: str) -> str:
    return f"code={STATUSES[route, name]}, example={name}"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each.route} {each[1]} {each[2]}")
async def test_every_example(judge: Judge, url: str, example: Example) -> None:
    route, status, name, body, _ = example
    judge.prefer = {route: f"code={status}, example={name}"}
    async with judge.client_of(url, retry=ONCE) as hum:
        if status < 300:
            value = await METHODS[route](hum)
            if isinstance(value, Session):
                assert found(value) == FOUND[route, name]
            else:
                assert value is None or isinstance(value, Ping)
        elif route == CLOSE and status in {404, 410}:
            await METHODS[route](hum)  # it counts as closed
        else:
            with pytest.raises(ApiError) as caught:
                await METHODS[route](hum)
            assert type(caught.value) is ERRORS[status]
            assert caught.value.message == body["message"]
    assert not judge.objections
    assert judge.answers == {(route, status): 1}


async def test_each_spelling_of_a_speed_and_a_price(judge: Judge, url: str) -> None:
    judge.prefer = {CREATE: "example=rich", INTERNET: "example=rich"}
    async with judge.client_of(url, retry=ONCE) as hum:
        created, polled = await hum.create_session(ADDRESS), await hum.get_internet(TOKEN)
    (plan,) = (created.providers or ())[0].catalog
    assert plan.download == SpeedRange(300, 300)
    assert plan.pricing == {"activation_fee": Money(3500, "USD")}
    first, second = (polled.providers or ())[0].catalog
    assert (first.download, first.upload) == (SpeedRange(50, 100), SpeedRange(10, 25))
    assert (second.download, second.upload) == (SpeedRange(100, 100), SpeedRange(20, 20))


async def test_look_ups_end_as_the_answers_say(url: str) -> None:
    ends = {
        ("immediate", "", ""): Outcome.SERVED,
        ("toPoll", "text", "rich"): Outcome.SERVED,
        ("synchronous", "object", "oldest"): Outcome.SERVED,
        ("toPoll", "noProviders", "nothingFound"): Outcome.NO_PROVIDERS,
        ("nothingFound", "noProviders", "nothingFound"): Outcome.NO_PROVIDERS,
        ("nothingFound", "ambiguous", ""): Outcome.AMBIGUOUS_ADDRESS,
        ("nothingFound", "notFound", ""): Outcome.ADDRESS_NOT_FOUND,
        ("toPoll", "", "ended"): Outcome.EXPIRED,
        ("invalidAddress", "", ""): Outcome.INVALID_ADDRESS,
        ("missingFields", "", ""): Outcome.INVALID_ADDRESS,
        ("serverFailed", "", ""): Outcome.UNCERTAIN,
    }

    async def look_up(*names: str) -> Outcome:
        async with Judge() as judge, judge.client_of(url, retry=ONCE) as hum:
            for route, name in zip((CREATE, SESSION, INTERNET), names, strict=True):
                if name:
                    judge.prefer[route] = prefer(route, name)
            outcome = (await hum.lookup(ADDRESS)).outcome
            assert not judge.objections
            return outcome

    outcomes = await asyncio.gather(*[look_up(*names) for names in ends])
    assert dict(zip(ends, outcomes, strict=True)) == ends


async def test_watching_ends_as_the_answers_say(url: str) -> None:
    ends = {
        (SESSION, "text"): UpdateKind.COMPLETED,
        (SESSION, "object"): UpdateKind.COMPLETED,
        (SESSION, "noProviders"): UpdateKind.COMPLETED,
        (SESSION, "ambiguous"): UpdateKind.COMPLETED,
        (SESSION, "geocoded"): UpdateKind.TIMED_OUT,
        (SESSION, "ended"): UpdateKind.GONE,
        (SESSION, "serverFailed"): UpdateKind.FAILED,
        (INTERNET, "rich"): UpdateKind.COMPLETED,
        (INTERNET, "oldest"): UpdateKind.COMPLETED,
        (INTERNET, "waiting"): UpdateKind.TIMED_OUT,
        (INTERNET, "ended"): UpdateKind.GONE,
        (INTERNET, "unknownToken"): UpdateKind.FAILED,
    }

    async def watch(route: str, name: str) -> UpdateKind:
        policy = GuidedPolling(interval=0.1, budget=1.0)
        source: Any = "session" if route == SESSION else "internet"
        async with (
            Judge() as judge,
            judge.client_of(url, retry=ONCE) as hum,
            AsyncSessionWatcher(hum, policy=policy, source=source) as watcher,
        ):
            judge.prefer[route] = prefer(route, name)
            updates = [update async for update in watcher.watch([TOKEN])]
            assert not judge.objections
        (kind,) = [update.kind for update in updates if update.is_terminal]
        return kind

    kinds = await asyncio.gather(*[watch(*each) for each in ends])
    assert dict(zip(ends, kinds, strict=True)) == ends


# --- answers that the schemas admit, and nobody wrote ---------------------------------------------


class RightToken:
    """Puts the token that is asked for into random answers, and keeps the last one.

    It takes the place of the client's own transport, which it uses.
    """

    def __init__(self, transport: AiohttpTransport) -> None:
        self.body: dict[str, Any] = {}
        self._transport = transport

    async def send(self, *words: Any, **options: Any) -> RawResponse:
        answer = await self._transport.send(*words, **options)
        self.body = orjson.loads(answer.body)
        if "meta" in self.body:
            self.body["meta"]["session_token"] = TOKEN
        return RawResponse(answer.status, answer.headers, orjson.dumps(self.body))

    async def aclose(self) -> None:
        await self._transport.aclose()


@pytest.mark.parametrize(
    ("route", "status"),
    [(PING, 200), (CREATE, 201), (SESSION, 200), (SESSION, 202), (INTERNET, 200), (INTERNET, 202)],
)
async def test_random_answers_are_understood(
    judge: Judge, url: str, route: str, status: int
) -> None:
    judge.prefer = {route: f"code={status}, dynamic=true"}
    transport = RightToken(AiohttpTransport(url, api_key="any-key", session=judge.session))
    understood: set[bytes] = set()
    async with judge.client_of(url, retry=ONCE, session=None, transport=transport) as hum:
        for _ in range(RANDOM):
            try:
                await METHODS[route](hum)
            except ServerError:
                # The answer says so itself; or Prism's generator has failed, as it does at times.
                assert transport.body.get("request_status") == "error" or judge.objections
            except ResponseError as error:
                # There is no seed that would bring it back: Prism uses one anew for each answer.
                pytest.fail(f"{error}: {transport.body}")
            else:
                understood.add(orjson.dumps(transport.body))
    assert len(understood) >= RANDOM // 4


# --- that it would be noticed ---------------------------------------------------------------------


async def test_a_broken_request_is_noticed(judge: Judge, url: str) -> None:
    judge.prefer = {CREATE: "code=201"}
    async with judge.client_of(url, retry=ONCE) as hum:
        for number, body in enumerate(({}, {"street1": "1 A St"}, {"street1": "1 A St", "zip": 5})):
            with pytest.raises(ApiError):
                await hum.request("POST", "/sessions", json=body)
            assert len(judge.objections) == number + 1
    assert not judge.answers


async def test_a_broken_example_is_noticed(judge: Judge, tmp_path: Path) -> None:
    text, path = DOCUMENT.read_text(encoding="utf-8"), tmp_path / "broken.yaml"
    path.write_text(text.replace(f"session_token: {TOKEN}", "session_token: 5"), encoding="utf-8")
    with PrismServer(path) as prism:
        async with judge.client_of(prism.url, retry=ONCE) as hum:
            for route, name in FOUND:
                judge.prefer = {route: prefer(route, name)}
                with pytest.raises((ResponseError, ServerError)):
                    await METHODS[route](hum)
    # The client notices it, or Prism does before.
    assert judge.answers.total() + len(judge.objections) == len(FOUND)
