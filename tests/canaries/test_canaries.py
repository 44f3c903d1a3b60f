"""Every feature, with made-up secrets: they are found where docs/security.md says, and only there.

One test looks at the library, one at the commands.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import gc
import json
import logging
import os
import pickle
import re
import subprocess
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from anyio.from_thread import start_blocking_portal
from canaries import (
    ALLOWED,
    CANARIES,
    CITY,
    ECHO,
    KEY,
    SAID,
    STREET,
    TOKEN,
    Api,
    Places,
    body_of,
    found_in,
    inflated,
)
from mcp import Client
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hum_async import (
    Address,
    AsyncSessionWatcher,
    GuidedPolling,
    HumClient,
    HumError,
    Outcome,
    RateLimiter,
    RetryPolicy,
    SessionHub,
    qualify,
    sync,
)
from hum_async.cli._app import make_app
from hum_async.cli._mcp_tools import PurchaseBound, make_server
from hum_async.otel import instrument, url_filter
from hum_async.web import encode_json, encode_sse
from hum_async.web.aiohttp import setup_hub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

HERE = str(Path(__file__).parent)
HOME = Address(STREET, city=CITY, state="MI", zip="48226")
PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")
FAULTS: list[int | bytes | str] = [
    302, 400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503, "reset",
    b"{", ECHO.encode(), json.dumps(body_of())[:-2].encode(), b"[" + b"0" * 10,
    json.dumps(body_of() | {"meta": ECHO}).encode(),
    json.dumps(body_of() | {"request_status": "error", "data": {}, "meta": {}}).encode(),
    json.dumps(body_of()).replace(TOKEN, "Foreign" + TOKEN[7:]).encode(),
]  # fmt: skip


class Heard:
    """All that a program writes beside its results: logs, spans, metrics and warnings."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self._spans = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._metrics = InMemoryMetricReader()
        self.meters = MeterProvider([self._metrics])

    def to(self, client: HumClient) -> HumClient:
        return instrument(client, tracer_provider=self.tracers, meter_provider=self.meters)

    def told(self) -> list[str]:
        data = self._metrics.get_metrics_data()
        spans = [span.to_json() for span in self._spans.get_finished_spans()]
        assert len(spans) > 50
        return [*spans, "" if data is None else data.to_json()]


class _Keeping(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{self.format(record)} {record.args!r}")


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Hear the root logger at DEBUG, and OpenTelemetry with its instrumentation of aiohttp."""
    heard, root = Heard(), logging.getLogger()
    keeping, before = _Keeping(heard.log), root.level
    root.addHandler(keeping)
    root.setLevel(logging.DEBUG)
    stock = AioHttpClientInstrumentor()
    providers = {"tracer_provider": heard.tracers, "meter_provider": heard.meters}
    stock.instrument(**providers, url_filter=url_filter)
    yield heard
    stock.uninstrument()
    root.removeHandler(keeping)
    root.setLevel(before)


def chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and one not in seen:
            seen.append(one)
            todo += [one.__cause__, one.__context__]
            yield one


def look_at_error(places: Places, error: BaseException) -> None:
    """Look at what is printed of an error, pickled, and recorded by an error tracker."""
    for one in chain(error):
        said = "".join(traceback.format_exception_only(one))
        places.add("messages", said, repr(one), one.args, vars(one), getattr(one, "__notes__", ""))
        places.add("pickles of exc", pickle.dumps(copy.copy(one).with_traceback(None)))
        told = traceback.TracebackException.from_exception(one, capture_locals=True)
        for frame in told.stack:
            if not frame.filename.startswith(HERE):
                decoding = re.search(r"_api/(decod|read|struct|endp)", frame.filename)
                place = "frames of the decoder" if decoding else "frames of a traceback"
                places.add(place, *(frame.locals or {}).values())


async def failing(places: Places, call: Callable[[], Awaitable[Any]]) -> None:
    try:
        look_at(places, await call())
    except (HumError, OSError) as error:
        look_at_error(places, error)


def look_at(places: Places, *values: Any) -> None:
    """Look at the `repr` of values, and at their pickles if they have any."""
    for value in values:
        places.add("`repr`", repr(value))
        if attrs.has(type(value)) and type(value).__module__ == "hum_async.models":
            places.add("pickles of values", pickle.dumps(value))
            for way in ("to_dict", "_repr_html_"):
                if hasattr(value, way):
                    places.add("`Qualification", getattr(value, way)())
            if (error := getattr(value, "error", None)) is not None:
                look_at_error(places, error)


async def use_the_endpoints(places: Places, api: Api, hum: HumClient) -> None:
    calls: list[Callable[[], Awaitable[Any]]] = [
        hum.ping,
        lambda: hum.create_session(HOME, campaign_id="june"),
        lambda: hum.get_session(TOKEN),
        lambda: hum.get_internet(TOKEN),
        lambda: hum.close_session(TOKEN),
        lambda: hum.request(
            "POST", f"/sessions/{TOKEN}?of={TOKEN}", json={"street": STREET, "city": CITY}
        ),
        lambda: hum.lookup(HOME, timeout=30.0),
    ]
    for call in calls:
        await failing(places, call)
        for fault in FAULTS:
            api.next = api.next.__class__([fault])
            await failing(places, call)
    api.next.clear()


async def use_the_watcher(places: Places, api: Api, hum: HumClient) -> None:
    for fault in ("pending", *FAULTS):
        api.next.append(fault)
        async with AsyncSessionWatcher(hum) as watcher:
            stream = watcher.watch([TOKEN])
            look_at(places, watcher, stream, watcher.statistics())
            try:
                async for update in stream:
                    look_at(places, update)
            except HumError as error:
                look_at_error(places, error)
        api.next.clear()


async def use_a_job(places: Places, api: Api, hum: HumClient, folder: Path) -> None:
    journal = folder / "job.sqlite"
    for fault in (422, 500, b"{", "pending"):
        api.next.append(fault)
        stream = qualify(hum, [HOME, attrs.evolve(HOME, street1=f"{STREET}nue")], journal=journal,
                         policy=GuidedPolling(), retry=set(Outcome))  # fmt: skip
        look_at(places, stream)
        try:
            async for row in stream:
                look_at(places, row)
        except HumError as error:
            look_at_error(places, error)
        places.add("manifests", repr(stream.statistics()))
        api.next.clear()


async def use_a_hub(places: Places, api: Api, hum: HumClient, folder: Path) -> None:
    for fault in (None, 422, 500, b"{", "pending"):
        app = web.Application()
        client = HumClient(KEY, base_url=hum.base_url, purchases=folder / f"{fault!r:.3}.sqlite")
        setup_hub(app, lambda: client, routes=True, policy=GuidedPolling(), signals=False)  # noqa: B023
        api.next.extend([] if fault is None else [fault])
        async with TestServer(app) as server, aiohttp.ClientSession() as browser:
            body = {"street1": STREET, "city": CITY, "state": "MI", "zip": "48226"}
            async with browser.post(server.make_url("/lookups"), json=body) as answer:
                started = await answer.text()
            events = server.make_url("/events").with_query(ids=json.loads(started)["id"])
            async with browser.get(events) as answer:
                places.add("what browsers", started, dict(answer.headers), await answer.text())
            for wrong in ({"street1": STREET}, {"street1": STREET, "zip": SAID}, [SAID]):
                async with browser.post(server.make_url("/lookups"), json=wrong) as answer:
                    # Of what a browser has sent itself, no more comes back than it needs.
                    places.add("manifests", await answer.text())
        api.next.clear()
    async with SessionHub(hum, signals=False, policy=GuidedPolling()) as hub:
        stream = hub.subscribe(hub.lookup(HOME))
        look_at(places, hub, stream, hub.statistics())
        async for event in stream:
            look_at(places, event)
            places.add("what browsers", event.payload, encode_json(event), encode_sse(event))


def use_objects(places: Places, hum: HumClient) -> None:
    look_at(places, hum, hum.with_options(timeout=3.0), hum.sender, hum.sender.transport)
    look_at(places, hum.limiter, hum.limiter.statistics())  # type: ignore[attr-defined]
    look_at(places, vars(hum), HOME, RetryPolicy())
    for wrong in ({"api_key": f"{KEY} {SAID}"}, {"api_key": f"'{KEY}"}, {"timeout": 0}):
        try:
            HumClient(**{"api_key": KEY, **wrong})
        except HumError as error:
            look_at_error(places, error)
    with pytest.raises(TypeError) as refused:
        pickle.dumps(hum)
    look_at_error(places, refused.value)


def ledgers_in(folder: Path) -> list[Path]:
    """Return what jobs and hubs have kept."""
    found = [*folder.glob("*.sqlite")]
    assert len(found) > 3
    return found


@contextlib.asynccontextmanager
async def serving(api: Api) -> AsyncIterator[str]:
    """Serve the API, whose own log would tell what it is asked for."""
    server = TestServer(api.app())
    await server.start_server(access_log=None)
    try:
        yield str(server.make_url("/")).rstrip("/")
    finally:
        await server.close()


@pytest.mark.virtual
async def test_the_library_shows_no_secret_but_where_the_page_says(
    heard: Heard, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    places, api = Places(), Api()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with serving(api) as url:
            limiter = RateLimiter(rate=1000)
            retry = RetryPolicy(attempts=1, throttles=0)
            async with heard.to(
                HumClient(KEY, base_url=url, limiter=limiter, retry=retry, timeout=2.0)
            ) as hum:
                use_objects(places, hum)
                await use_the_endpoints(places, api, hum)
                await use_the_watcher(places, api, hum)
                await use_a_job(places, api, hum, tmp_path)
                await use_a_hub(places, api, hum, tmp_path)
        async with heard.to(HumClient(KEY, base_url="http://127.0.0.1:9", retry=retry)) as hum:
            await failing(places, lambda: hum.get_session(TOKEN))
            await failing(places, lambda: hum.create_session(HOME))
        gc.collect()
    for kept in ledgers_in(tmp_path):
        places.add("journals and", *inflated(kept))
    places.add("standard output", *capfd.readouterr(), *(str(one.message) for one in warned))
    places.add("logs", *heard.log)
    places.add("spans", *heard.told())
    places.add("requests", *api.requests)
    assert len(heard.log) > 100
    assert places.as_table == {name: ALLOWED[name] for name in places.found}


ROWS = f"""id,street,city,state,zip,notes
1,{STREET},{CITY},MI,48226,
2,"{STREET}nue, {CITY}",{CITY},MI,48226,{STREET}
3,{STREET} #2 Apt 3,{CITY},MI,4822,
4,PO Box 12 {STREET},{CITY},Michigan State,,
5,,{CITY},MI,48226,
"""


class Commands:
    """Runs commands in this process, and looks at what they print."""

    def __init__(self, places: Places, capsys: pytest.CaptureFixture[str]) -> None:
        self._places = places
        self._capsys = capsys

    def run(self, *arguments: str, place: str = "screens") -> int:
        try:
            code = int(make_app()(list(arguments)) or 0)
        except SystemExit as ended:
            code = int(ended.code or 0)
        self._places.add(place, *self._capsys.readouterr())
        return code


def use_the_log(places: Places) -> None:
    """Run commands that write their log, and look at that: it holds each request."""
    program = [sys.executable, "-X", "dev", "-m", "hum_async"]
    job = ["qualify", "in.csv", "-o", "logged.csv", "--yes", "--log", "job.log"]
    environment = {**os.environ, "HUM_LOG": "debug"}
    for command, code in ((job, 3), (["watch", TOKEN], 0)):
        ended = subprocess.run(  # noqa: S603  our own program
            [*program, *command], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == code, ended.stderr
        told = Path("job.log").read_text("utf-8") if command is job else ended.stderr
        assert "DEBUG hum_async.client: " in told
        assert ("POST /sessions: 201" if command is job else "GET /sessions/{token}: 200") in told
        places.add("logs", told)
        places.add("screens", ended.stdout, ended.stderr)


def use_a_finished_job(hum: Commands) -> None:
    """Look at a job by all commands that do, and at what is there beside it."""
    out, journal = "june/out.csv", "june/out.journal.sqlite"
    hum.run("status", journal)
    hum.run("status", journal, "--json")
    hum.run("verify", out)
    assert hum.run("compose", "in.csv", "-o", out, "--yes", "--journal", journal) == 3
    assert hum.run("report", out, "-o", "report.html", "--since", "july/out.csv") == 0
    hum.run("diff", out, "july/out.csv")
    hum.run("diff", out, "july/out.csv", "--json", "-o", "july/diff.html")
    again = ("requalify", out, "--older-than", "0s", "--yes", "-o", "july/new.csv", "--rate", "999")
    assert hum.run(*again, "--changes", "july/changes.csv") == 3
    assert {"diff.html", "new.csv", "changes.csv"} <= {one.name for one in Path("july").iterdir()}
    assert hum.run("ping") == 0
    hum.run("doctor")
    hum.run("config", "show")


async def use_mcp(places: Places, url: str, table: str) -> None:
    async with (
        HumClient(KEY, base_url=url) as hum,
        Client(make_server(hum, PurchaseBound(9))) as assistant,
    ):
        line = f"{STREET}, {CITY}, MI 48226"
        for arguments in ({"address": line, "buy": True}, {"address": f"{STREET} {CITY}"}):
            found = await assistant.call_tool("lookup", arguments)
            places.add("what `hum lookup`", found.model_dump_json())
        for tool, path in (("check", {"file": table}), ("job_status", {"journal": "no.sqlite"})):
            found = await assistant.call_tool(tool, path)
            places.add("screens", found.model_dump_json())


def test_the_page_has_the_table_of_these_tests() -> None:
    section = PAGE.partition("\n## Where a secret may be\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| (.+) \|$", section, re.MULTILINE)[1:]
    told = {place: "" if found == "nothing" else found for place, found in rows}
    assert told == ALLOWED


def test_a_canary_is_found_however_it_is_written() -> None:
    assert found_in("at 4711 CANARYSTREET ave", b"x" + CITY.encode()) == {"street", "city"}
    assert found_in(base64.b64encode(KEY.encode()).decode()) == {"key"}
    assert found_in(repr(SAID)) == set(CANARIES)
    assert found_in("Canary") == set()


@pytest.mark.slow
def test_the_commands_show_no_secret_but_where_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places, api = Places(), Api(immediate=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUM_API_KEY", KEY)
    monkeypatch.setenv("COLUMNS", "200")
    hum, line = Commands(places, capsys), f"{STREET}, {CITY}, MI 48226"
    Path("in.csv").write_text(ROWS, "utf-8")
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(serving(api)) as url,
    ):
        monkeypatch.setenv("HUM_BASE_URL", url)
        use_the_log(places)
        hum.run("check", "in.csv")
        hum.run("check", "in.csv", "--json")
        for folder in ("june", "july"):
            Path(folder).mkdir()
            more = ("--long", f"{folder}/long.csv", "--events", f"{folder}/events.jsonl")
            job = ("qualify", "in.csv", "-o", f"{folder}/out.csv", "--yes", "--rate", "1000", *more)
            api.next.extend([401] if folder == "june" else [])
            assert hum.run(*job) == (4 if folder == "june" else 3)
            assert hum.run(*job) == 3
        use_a_finished_job(hum)
        for fault in (None, 422, 401, b"{", 500):
            for as_json in ((), ("--json",)):
                api.next.extend([] if fault is None else [fault] * 3)
                command = ("lookup", line, "--rate", "1000", *as_json)
                hum.run(*command, place="what `hum lookup`")
                api.next.clear()
        api.next.append(401)
        hum.run("ping", "--json")
        hum.run("lookup", f"{STREET} {CITY}")
        hum.run("lookup", line, "--key-file", KEY[:20])
        hum.run("watch", TOKEN)
        portal.call(use_mcp, places, url, "in.csv")
        result = sync.lookup(HOME)
        assert result.outcome == Outcome.SERVED
        places.add("standard output", *capsys.readouterr())
        journal = "june/out.journal.sqlite"
        places.add("journals and", *inflated(Path(journal)))
        assert hum.run("forget", line, journal) == 0
        hum.run("forget", "--older-than", "1s", journal)
        places.add("journals after", *inflated(Path(journal)))
    for written in (*Path("june").iterdir(), *Path("july").iterdir(), Path("report.html")):
        if "manifest" in written.name:
            places.add("manifests", written.read_bytes())
        elif written.suffix == ".html":
            places.add("reports", written.read_bytes())
        elif ".sqlite" not in written.name:
            places.add("outputs", written.read_bytes())
    assert places.as_table == {name: ALLOWED[name] for name in places.found}
