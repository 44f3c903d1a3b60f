"""One line when trouble begins and one when it ends; quiet unless asked; no secret in any."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hum_async import (
    Address,
    ApiUnavailable,
    AsyncSessionWatcher,
    AuthenticationError,
    ConfigurationError,
    ConnectFailed,
    GuidedPolling,
    HumClient,
    Poll,
    RateLimiter,
    RequestTimeout,
    RetryPolicy,
    WatcherFailed,
    qualify,
)
from hum_async.models import RawResponse
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

KEY = "canary-key-7f3a"
TOKEN = "canaryTOKEN0123456789ab"
ADDRESS = Address("4711 Canary Row", city="Canarytown", state="MI", zip="48226")
CANARIES = (KEY, TOKEN, "Canary")

pytestmark = pytest.mark.virtual


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    caplog.set_level(logging.DEBUG, logger="hum_async")
    yield caplog
    for record in caplog.get_records("call"):
        said = record.getMessage() + repr(record.args) + repr(record.exc_info)
        assert not [canary for canary in CANARIES if canary in said], said


def told(
    log: pytest.LogCaptureFixture, logger: str, *, level: int = logging.INFO
) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage())
        for record in log.get_records("call")
        if record.name == f"hum_async.{logger}" and record.levelno >= level
    ]


def done(request: SentRequest) -> RawResponse:
    del request
    return json_response(200, session_json(TOKEN, geocoding="matched", internet="failed"))


def client(answers: list[RawResponse | Exception]) -> HumClient:
    left = iter(answers)

    def answer(request: SentRequest) -> RawResponse:
        found = next(left, None) or done(request)
        if isinstance(found, Exception):
            raise found
        return found

    return HumClient(KEY, transport=ScriptedTransport(answer), limiter=RateLimiter(rate=100))


async def test_a_pause_is_told_when_it_begins_and_when_it_ends(
    log: pytest.LogCaptureFixture,
) -> None:
    refusal = json_response(429, {"message": "4711 Canary Row"}, headers={"Retry-After": "5"})
    async with client([refusal, refusal]) as hum:
        await asyncio.gather(hum.get_session(TOKEN), hum.get_session(TOKEN))
    (_, begins), *more, (_, ends) = told(log, "limits")
    assert begins.startswith("requests are paused for 5.")
    assert ends == "requests go on, at most 100.0 per second"
    assert len(more) in {0, 2}  # a refusal that comes after the pause begins another one


async def test_failing_requests_are_told_once_and_again_when_they_succeed(
    log: pytest.LogCaptureFixture,
) -> None:
    failure = json_response(500, {"message": TOKEN})
    async with client([failure, RequestTimeout("Canarytown"), failure]) as hum:
        for _ in range(25):
            await hum.get_session(TOKEN)
    assert told(log, "client") == [
        ("WARNING", "requests begin to fail: ServerError (500)"),
        ("INFO", "requests succeed again, after 3 failures"),
    ]


async def test_a_refused_key_ends_every_stream_with_one_line(
    log: pytest.LogCaptureFixture,
) -> None:
    async with client([json_response(401, {"message": KEY})]) as hum:
        with pytest.raises(AuthenticationError):
            async with AsyncSessionWatcher(hum) as watcher:
                [update async for update in watcher.watch([TOKEN])]
    assert told(log, "watcher") == [("ERROR", "every stream ends: AuthenticationError")]


async def test_a_job_that_the_api_asks_to_wait_long_says_that_it_sends_nothing_more(
    log: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    refusal = json_response(429, {"message": KEY}, headers={"Retry-After": "250"})
    async with client([refusal]) as hum:
        with pytest.raises(ApiUnavailable):
            async with qualify(hum, [ADDRESS], journal=tmp_path / "job.sqlite") as results:
                await anext(results)
    assert told(log, "bulk") == [("WARNING", "the job sends nothing more: ApiUnavailable")]


async def test_a_limit_that_was_found_is_told_once(log: pytest.LogCaptureFixture) -> None:
    def answer(request: SentRequest) -> RawResponse:
        slow = 3.0 < request.at < 4.0
        return json_response(429, headers={"Retry-After": "1"}) if slow else done(request)

    async with HumClient(KEY, transport=ScriptedTransport(answer, latency=0.1)) as hum:
        while asyncio.get_running_loop().time() < 12:
            await asyncio.gather(*(hum.get_session(TOKEN) for _ in range(20)))
    found = [text for _, text in told(log, "limits") if text.startswith("found a rate that holds")]
    assert len(found) == 1


async def test_a_watcher_that_a_bug_stops_says_so_without_quoting_it(
    log: pytest.LogCaptureFixture,
) -> None:
    class Broken(GuidedPolling):
        def after(self, poll: Poll) -> float:
            raise LookupError(f"no {TOKEN} after {poll.number}")

    async with client([]) as hum:
        with pytest.raises(WatcherFailed):
            async with AsyncSessionWatcher(hum, policy=Broken()) as watcher:
                [update async for update in watcher.watch([TOKEN])]
    ((level, text),) = told(log, "watcher")
    assert level == "ERROR"
    assert text.startswith("the watcher stopped because of a fault of its own: ")
    assert "LookupError" in text


def test_nothing_is_printed_unless_logging_is_configured() -> None:
    program = """
import asyncio
from hum_async import HumClient, RateLimiter
from hum_async.testing import ScriptedTransport, json_response

answers = iter([json_response(429, {}, headers={"Retry-After": "0.01"}), json_response(500, {})])
transport = ScriptedTransport(lambda _: next(answers, json_response(200, {"message": "up"})))

async def main():
    async with HumClient("key", transport=transport, limiter=RateLimiter(rate=100)) as hum:
        await hum.ping()

asyncio.run(main())
"""
    ran = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=600
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


async def test_many_polls_that_meet_a_refused_key_make_one_line(
    log: pytest.LogCaptureFixture,
) -> None:
    transport = ScriptedTransport(lambda _: json_response(401, {"message": KEY}), latency=1.0)
    limiter = RateLimiter(rate=1000.0)
    async with HumClient(KEY, transport=transport, limiter=limiter) as hum:
        with pytest.raises(AuthenticationError):
            async with AsyncSessionWatcher(hum) as watcher:
                [update async for update in watcher.watch(f"{TOKEN}{n}" for n in range(40))]
    assert told(log, "watcher") == [("ERROR", "every stream ends: AuthenticationError")]


async def test_each_request_makes_a_line_at_level_debug(log: pytest.LogCaptureFixture) -> None:
    answers = [
        json_response(202, session_json(TOKEN, geocoding="pending")),
        ConnectFailed("no route"),
        json_response(200, session_json(TOKEN)),
        json_response(200),
    ]
    async with client(answers) as hum:
        await hum.get_session(TOKEN)
        with pytest.raises(ConnectFailed):
            await hum.with_options(retry=RetryPolicy(attempts=1)).close_session(TOKEN)
        await hum.request("GET", f"/sessions/{TOKEN}?of={TOKEN}")
        await hum.request("GET", "/ping")
    assert [
        line for level, line in told(log, "client", level=logging.DEBUG) if level == "DEBUG"
    ] == [
        "GET /sessions/{token}: 202 after 0.000 s",
        "DELETE /sessions/{token}: ConnectFailed after 0.000 s",
        "GET /sessions/...: 200 after 0.000 s",
        "GET /ping: 200 after 0.000 s",
    ]


ASKED = """
import logging, sys
{before}
from hum_async import HumClient
HumClient("{key}"); HumClient("{key}")
logging.getLogger("hum_async.client").debug("seen")
"""


@pytest.mark.parametrize(
    ("level", "before", "written"),
    [
        ("debug", "", 1),
        (" DEBUG ", "", 1),
        ("info", "", 0),
        ("", "", 0),
        ("debug", "logging.basicConfig(level=logging.WARNING)", 0),
    ],
)
def test_the_environment_asks_for_the_log(level: str, before: str, written: int) -> None:
    child = subprocess.run(  # noqa: S603  our own text
        [sys.executable, "-c", ASKED.format(before=before, key=KEY)],
        env={"HUM_LOG": level},
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stderr.count("DEBUG hum_async.client: seen") == written


def test_an_unknown_level_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUM_LOG", "loud")
    with pytest.raises(ConfigurationError, match="debug, info, warning, error"):
        HumClient(KEY)
