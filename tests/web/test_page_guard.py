"""What a server that shows a page refuses, and what it tells browsers."""

from typing import Any

import orjson
import pytest
from asgi_request import ask

from hum_async.web.page_guard import CONTENT_SECURITY_POLICY, PageGuard

OWN = [
    "localhost", "LOCALHOST:8401", "localhost.:80", "lookup.localhost", "127.0.0.1",
    "127.0.0.1:8401", "127.8.9.1", "[::1]", "[::1]:8401",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:8401", "localhost.evil.example", "127.0.0.1.evil.example",
    "notlocalhost", "192.168.1.9", "[2001:db8::1]", "[::1]evil.example", "[::1", "", "127.0.0.1:x",
    "localhost:80:80", "localhost evil.example", "evil.example@127.0.0.1", "8.8.8.8",
]  # fmt: skip


async def hello(_: Any, __: Any, send: Any) -> None:
    headers = [(b"Referrer-Policy", b"origin")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.mark.parametrize("host", OWN)
async def test_names_of_this_machine_pass(host: str) -> None:
    answer = await ask(PageGuard(hello), host)
    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_name_of_another_site_is_refused_and_the_answer_says_what_to_do(host: str) -> None:
    answer = await ask(PageGuard(hello), host)
    assert answer.status == 403
    assert "add it to the hosts" in orjson.loads(answer.body)["error"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_request_without_a_host_or_with_two_is_refused() -> None:
    assert (await ask(PageGuard(hello))).status == 403
    assert (await ask(PageGuard(hello), "localhost", "evil.example")).status == 403


async def test_the_address_that_a_connection_came_to_passes_and_no_other() -> None:
    on_lan = ("192.168.1.9", 80)
    assert (await ask(PageGuard(hello), "192.168.1.9:80", server=on_lan)).status == 200
    assert (await ask(PageGuard(hello), "192.168.1.8:80", server=on_lan)).status == 403
    assert (await ask(PageGuard(hello), "192.168.1.8", server=("/run/socket", None))).status == 403
    assert (await ask(PageGuard(hello), "192.168.1.8", server=None)).status == 403


@pytest.mark.parametrize("hosts", [["a.example", "Lookup.Example.com:443"], "lookup.example.com"])
async def test_further_names_can_be_named(hosts: Any) -> None:
    guard = PageGuard(hello, hosts=hosts)
    assert (await ask(guard, "lookup.example.com")).status == 200
    assert (await ask(guard, "example.com")).status == 403


def test_what_is_no_name_is_refused_when_the_guard_is_made() -> None:
    with pytest.raises(ValueError, match="such as 'lookup"):
        PageGuard(hello, hosts=["https://lookup.example.com/"])


async def test_each_response_says_what_a_page_may_do_unless_it_says_so_itself() -> None:
    answer = await ask(PageGuard(hello), "localhost")
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "origin"
    assert "referrer-policy" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://localhost:8401", 200),
        ("http://127.0.0.1:5173", 200),
        ("https://lookup.example.com", 200),
        ("https://evil.example", 403),
        ("https://localhost.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_a_page_of_another_name_can_change_nothing(origin: str | None, status: int) -> None:
    guard = PageGuard(hello, hosts=["lookup.example.com"])
    assert (await ask(guard, "localhost", method="POST", origin=origin)).status == status
    assert (await ask(guard, "localhost", origin=origin)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [(b"host", b"evil.example")],
        [(b"host", b"localhost"), (b"origin", b"https://evil.example")],
    ],
)
async def test_a_web_socket_of_another_site_is_closed(headers: Any) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "headers": headers}
    await PageGuard(hello)(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_web_socket_of_the_same_name_is_opened() -> None:
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["type"])

    headers = [(b"host", b"localhost:80"), (b"origin", b"http://localhost:80")]
    await PageGuard(app)({"type": "websocket", "headers": headers}, None, None)  # type: ignore[arg-type]
    assert seen == ["websocket"]


async def test_lifespan_messages_reach_the_application() -> None:
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["type"])

    await PageGuard(app)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
