"""The endpoint that a method and a path name."""

import pytest

from hum_async.simulator._routes import (
    CLOSE_SESSION,
    CREATE_SESSION,
    GET_INTERNET,
    GET_SESSION,
    PING,
    UNKNOWN,
    find_route,
)


@pytest.mark.parametrize(
    ("method", "path", "name", "token"),
    [
        ("GET", "/ping", PING, None),
        ("GET", "/ping?x=1", PING, None),
        ("POST", "/sessions", CREATE_SESSION, None),
        ("GET", "/sessions/abc", GET_SESSION, "abc"),
        ("GET", "/sessions/..%2Fping", GET_SESSION, "../ping"),
        ("GET", "/sessions/a%20b%3Fc", GET_SESSION, "a b?c"),
        ("GET", "/sessions/abc/services/internet", GET_INTERNET, "abc"),
        ("DELETE", "/sessions/a%2Fservices%2Finternet", CLOSE_SESSION, "a/services/internet"),
        ("GET", "/sessions", UNKNOWN, None),
        ("GET", "/sessions//services/internet", UNKNOWN, None),
        ("PUT", "/sessions/abc", UNKNOWN, "abc"),
        ("GET", "/sessions/abc/services/tv", UNKNOWN, "abc"),
        ("GET", "/", UNKNOWN, None),
    ],
)
def test_a_path_leads_to_its_endpoint(method: str, path: str, name: str, token: str | None) -> None:
    route = find_route(method, path=path)
    assert (route.name, route.token) == (name, token)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/sessions/abc", ("DELETE", "GET")),
        ("HEAD", "/ping", ("GET",)),
        ("GET", "/sessions", ("POST",)),
        ("GET", "/sessions/abc", ()),
        ("POST", "/sessions/abc/services/tv", ()),
    ],
)
def test_the_methods_of_a_path_are_told_to_who_uses_another(
    method: str, path: str, allowed: tuple[str, ...]
) -> None:
    assert find_route(method, path=path).allowed == allowed
