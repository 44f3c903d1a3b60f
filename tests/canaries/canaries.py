"""Made-up secrets, where they may be found, and an API that repeats them wherever it can."""

import base64
import sqlite3
import zlib
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

KEY = "hum_live_CanaryKey0123456789abcdef"
TOKEN = "CanaryToken0123456789Ab"
SECURITY = "CanarySecurity" + "0123456789abcdef" * 3
STREET = "4711 Canarystreet Ave"
CITY = "Canaryville"
CANARIES = {
    "key": KEY,
    "session token": TOKEN,
    "`security_token`": SECURITY,
    "street": "Canarystreet",
    "city": CITY,
}

ALLOWED = {
    # A place, as docs/security.md says it: what may be found there. Anything else is a leak, and
    # what is not found there any more is to be taken out of both tables.
    "messages, causes, notes and `repr` of exceptions": "",
    "`repr` of clients, limiters, watchers, hubs, streams, jobs, answers and values": "",
    "logs at level DEBUG, of all loggers, and what `--log` and `HUM_LOG` write": "",
    "standard output, standard error and warnings of the library": "",
    "spans and metrics, those of aiohttp with `url_filter` too": "",
    "manifests and statistics of jobs and hubs, refusals of a hub's routes": "",
    "`Qualification.to_dict()` and tables in notebooks": "street, city",
    "frames of a traceback with their variables: arguments of your own calls": (
        "session token, street, city"
    ),
    "frames of the decoder with their variables, for an answer that cannot be read": (
        "session token, `security_token`, street, city"
    ),
    "pickles of values": "session token, `security_token`, street, city",
    "pickles of exceptions": "",
    "what browsers get: answers of a hub's routes, SSE and WebSocket": "street, city",
    "journals and ledgers": "session token, `security_token`, street, city",
    "journals after `hum forget`": "session token",
    "outputs of jobs: tables, long tables, events": "street, city",
    "reports and pages of differences": "street, city",
    "screens and `--json` of commands, but of `hum lookup`": "",
    "what `hum lookup` and `hum mcp` answer": "street, city",
    "requests to the API: key in `Authorization`, token in the path, address in the body": (
        "key, session token, street, city"
    ),
}


def found_in(*told: object) -> set[str]:
    """Return the names of the canaries that stand in texts or bytes, in any case or in base64."""
    text = "\n".join(
        each.decode("latin-1") if isinstance(each, bytes) else str(each) for each in told
    )
    lower = text.lower()
    return {
        name
        for name, canary in CANARIES.items()
        if canary.lower() in lower or base64.b64encode(canary.encode())[:-4].decode() in text
    }


class Places:
    """What was found in which place."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {}

    def add(self, place: str, *told: object) -> None:
        """Look through what was told in a place, named by how it begins."""
        (name,) = (name for name in ALLOWED if name.startswith(place))
        self.found.setdefault(name, set()).update(found_in(*told))

    @property
    def as_table(self) -> dict[str, str]:
        """What was found, as `ALLOWED` says it."""
        return {
            name: ", ".join(one for one in CANARIES if one in found)
            for name, found in self.found.items()
        }


def inflated(path: Path) -> Iterable[bytes]:
    """Yield a SQLite file as it is, the files beside it, and what is compressed in it."""
    for beside in path.parent.glob(f"{path.name}*"):
        yield beside.read_bytes()
    with sqlite3.connect(path) as journal:
        for (table,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for row in journal.execute(f"SELECT * FROM {table}"):  # noqa: S608  its own name
                for value in row:
                    if isinstance(value, bytes):
                        yield value
                        try:
                            yield zlib.decompressobj().decompress(value)
                        except zlib.error:
                            continue
                    else:
                        yield str(value).encode()
    journal.close()


ECHO = f"{TOKEN} {SECURITY} {STREET}, {CITY}, MI 48226"
"""What the API says in each text of a success."""
SAID = f"{KEY} {ECHO}"
"""What it says in errors and headers."""


def body_of(status: str = "matched", **more: Any) -> dict[str, Any]:
    """Return the body of an answer about the session, with or without providers."""
    provider = {
        "provider_name": "Great Fiber",
        "security_token": SECURITY,
        "url": f"https://fiber.example/?token={SECURITY}",
        "offerings": [{"technology": "Fiber", "max_download_speed": 1000}],
        "note": ECHO,
    }
    agents = {"geocoding": "matched", "internet": status}
    params = {"street1": STREET, "city": CITY, "state": "MI", "zip": "48226"}
    done = status == "matched"
    return {
        "message": ECHO,
        "request_status": "ok",
        "data": {"internet": [provider]} if done else {"session_token": TOKEN},
        "meta": {
            "session_token": TOKEN,
            "session_status": "open",
            "agent_status": agents,
            "session_params": params,
            "service_address": f"{STREET}, {CITY}, MI 48226" if done else None,
            "hum_data_set": "v.1006",
        },
        **more,
    }


class Api:
    """A Hum API that repeats secrets in messages, headers and errors.

    Args:
        immediate: A POST answers with the providers.
    """

    def __init__(self, *, immediate: bool = False) -> None:
        self.immediate = immediate
        self.requests: list[str] = []
        # What comes next, in place of the usual answers: a status, bytes or a time-out in seconds.
        self.next: deque[int | bytes | str] = deque()

    def app(self) -> web.Application:
        """Return it as an application."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        sent = f"{request.raw_path} {dict(request.headers)} {await request.text()}"
        self.requests.append(sent)
        headers = {"X-Request-Id": ECHO, "Set-Cookie": f"seen={TOKEN}", "X-Trace": ECHO}
        if self.next:
            odd = self.next.popleft()
            if isinstance(odd, int):
                headers |= {"Location": f"/sessions/{TOKEN}?{SECURITY}", "Retry-After": "0"}
                headers |= {"X-Request-Id": SAID, "X-Trace": SAID}
                said = {"message": SAID, "request_status": "error", "data": {"errors": [SAID]}}
                return web.json_response(said, status=odd, headers=headers)
            if odd == "reset":
                assert request.transport is not None
                request.transport.abort()
            elif odd == "pending":
                return web.json_response(body_of("processing"), status=202, headers=headers)
            return web.Response(body=odd if isinstance(odd, bytes) else b"", headers=headers)
        if request.path.endswith("/ping"):
            body = {"message": ECHO, "request_status": "ok", "data": {}}
            return web.json_response(body, headers=headers)
        if request.method == "POST":
            body = body_of("matched" if self.immediate else "processing")
            return web.json_response(body, status=201, headers=headers)
        return web.json_response(body_of(), headers=headers)
