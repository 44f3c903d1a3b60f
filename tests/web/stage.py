"""The live page before a server that a test directs, so that each state of it can be held."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import attrs
import orjson
from aiohttp import web
from web_servers import LIVE

from hum_async.web.http import MAX_IDS
from hum_async.web.page_guard import CONTENT_SECURITY_POLICY

GEOCODED = {"geocoding": "matched", "internet": "pending"}
SEARCHED = {"geocoding": "matched", "internet": "matched"}


def plan(name: str = "Gig", *, cents: int = 7999, down: int = 1000) -> dict[str, Any]:
    return {
        "id": "p", "sku": "s", "name": name, "technology": "fiber", "data_limit": "Unlimited",
        "download": {"low": down, "high": down}, "upload": {"low": 40, "high": 40},
        "pricing": {
            "monthly_price": {"amount_cents": cents, "currency": "USD"},
            "activation_fee": {"amount_cents": 3500, "currency": "USD"},
            "self_installation_fee": {"amount_cents": 0, "currency": "USD"},
        },
    }  # fmt: skip


def provider(
    name: str, *, mbps: int | None = 100, cents: int | None = 4999, **more: Any
) -> dict[str, Any]:
    """Return a provider as the hub's events tell of it."""
    price = None if cents is None else {"amount_cents": cents, "currency": "USD"}
    offering = {
        "technology": "Cable", "category": "internet",
        "max_download_mbps": mbps, "max_upload_mbps": 20,
    }  # fmt: skip
    return {
        "id": name, "name": name, "telephone": "800-555-0100", "buyflow_type": "x",
        "button_label": "Get started", "url": "https://provider.example/start", "logo": None,
        "icon": None, "min_price": price, "promos": [], "offerings": [offering],
        "catalog": [], **more,
    }  # fmt: skip


@attrs.define(eq=False)
class Stage:
    """A server whose answers a test directs.

    Attributes:
        simulated: What it knows of its data.
        posted: The addresses that were bought.
        again: Of each of them, what was to be looked up anew.
        refusal: Status and error of the next POSTs; None takes them.
        is_down: Whether event streams are refused and cut.
        limit: Ids that one stream may have.
        streams: The ids of each stream that was asked for.
    """

    url: str = ""
    simulated: bool | None = True
    posted: list[str] = attrs.field(factory=list)
    again: list[list[str]] = attrs.field(factory=list)
    refusal: tuple[int, str] | None = None
    is_down: bool = False
    limit: int = MAX_IDS
    streams: list[list[str]] = attrs.field(factory=list)
    _told: dict[str, list[bytes]] = attrs.field(factory=dict)
    _is_leaving: bool = False
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event)

    def application(self) -> web.Application:
        """Return its routes: the files of the page, and an interface that is directed."""
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/favicon.svg", self._icon)
        app.router.add_static("/static", LIVE / "static")
        app.router.add_get("/about", self._about)
        app.router.add_post("/lookups", self._post)
        app.router.add_get("/events", self._events)
        return app

    def tell(self, address: str, kind: str, **data: Any) -> None:
        """Tell the page something of the latest look-up of an address."""
        number = len(self.posted) - self.posted[::-1].index(address)
        self._tell(f"w.{number}", kind, **data)

    def step(self, address: str, agents: dict[str, str]) -> None:
        """Tell how far the agents are."""
        self.tell(address, "change", agents=agents, service_address=None)

    def end(self, address: str, outcome: str, *, elapsed: float = 8.9, **more: Any) -> None:
        """Tell that a look-up is done."""
        self.tell(
            address, "done", **{"outcome": outcome, "message": None, "elapsed": elapsed, **more}
        )

    def serve(self, address: str, *providers: dict[str, Any]) -> None:
        """Tell that providers were found."""
        self.step(address, SEARCHED)
        self.tell(address, "providers", providers=list(providers))
        self.end(address, "SERVED" if providers else "NO_PROVIDERS")

    def cut(self, *, is_down: bool) -> None:
        """Cut off all streams, and take new ones or not."""
        self.is_down = is_down
        self._wake()

    def say_farewell(self) -> None:
        """End all streams as a server does that is stopped, and take no others."""
        self._is_leaving = True
        self.cut(is_down=True)

    def know(self, *addresses: str) -> list[str]:
        """Begin look-ups that were posted elsewhere; return their ids."""
        return [self._begin(address) for address in addresses]

    def forget(self) -> None:
        """Forget all look-ups, as a server without a ledger does that is started again."""
        self._told.clear()
        self._wake()

    def _tell(self, lookup: str, kind: str, **data: Any) -> None:
        event = b"event: %b\ndata: %b\n\n" % (
            kind.encode(),
            orjson.dumps({"lookup": lookup, **data}),
        )
        self._told[lookup].append(event)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _is_done(self, lookup: str) -> bool:
        return any(event.startswith(b"event: done") for event in self._told.get(lookup, [])[-1:])

    async def _index(self, _: web.Request) -> web.FileResponse:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return web.FileResponse(LIVE / "static" / "index.html", headers=headers)

    async def _icon(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(LIVE / "static" / "icon.svg")

    async def _about(self, _: web.Request) -> web.Response:
        return web.json_response({"simulated": self.simulated})

    async def _post(self, request: web.Request) -> web.Response:
        if self.refusal is not None:
            return web.json_response({"error": self.refusal[1]}, status=self.refusal[0])
        body = await request.json()
        self.again.append(body.get("retry", []))
        return web.json_response({"id": self._begin(body["address"])}, status=201)

    def _begin(self, address: str) -> str:
        self.posted.append(address)
        lookup = f"w.{len(self.posted)}"
        self._told[lookup] = []
        self._tell(lookup, "snapshot", agents={}, service_address=None)
        return lookup

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.is_down:
            return web.json_response({"error": "down"}, status=503)
        ids = request.query["ids"].split(",")
        self.streams.append(ids)
        if len(ids) > self.limit:
            return web.json_response({"error": "too many look-ups"}, status=400)
        if unknown := [one for one in ids if one not in self._told]:
            return web.json_response({"error": "unknown", "unknown": unknown}, status=404)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        sent = dict.fromkeys(ids, 0)
        with suppress(ConnectionError):  # the page has closed it
            while not self.is_down and {*ids} <= {*self._told}:
                changed = self._changed
                for lookup in sent:
                    for event in self._told.get(lookup, [])[sent[lookup] :]:
                        await response.write(event)
                    sent[lookup] = len(self._told.get(lookup, []))
                if all(self._is_done(lookup) for lookup in ids):
                    break
                await changed.wait()
            if self._is_leaving:
                await response.write(b"event: farewell\ndata: {}\n\n")
        return response


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Run a stage on a free port."""
    stage = Stage()
    runner = web.AppRunner(stage.application(), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stage.url = "http://{}:{}".format(*runner.addresses[0])
    try:
        yield stage
    finally:
        stage.cut(is_down=True)
        await runner.cleanup()
