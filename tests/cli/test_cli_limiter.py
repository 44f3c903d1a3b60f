"""`--limiter` and HUM_LIMITER: commands share one limit, and show no password."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hum_async.simulator import serve_simulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import RedisServer

    from tests.cli.conftest import Ended


def hum(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-m", "hum_async", *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("by", ["option", "variable"])
@pytest.mark.slow
def test_a_command_uses_the_limit_that_is_named(redis_server: RedisServer, by: str) -> None:
    redis_server.call("FLUSHALL")
    with serve_simulator() as simulator:
        words = ("--limiter", redis_server.url) if by == "option" else ()
        variables = {} if words else {"HUM_LIMITER": redis_server.url}
        done = hum("ping", *words, **simulator.env, **variables)
    assert done.returncode == 0, done.stderr
    assert "hum_async:limit:" in redis_server.call("KEYS", "*")


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("redis://u:hunter2@cache/0", 2, "HUM_LIMITER"),
        ("postgresql://cache/x?password=hunter2", 2, "HUM_LIMITER"),
        ("mysql://cache", 1, "use redis://"),
    ],
)
def test_a_limit_that_cannot_be_used_is_said(
    url: str, code: int, said: str, call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "k")
    done = call("ping", "--limiter", url)
    assert done.code == code
    assert said in done.err
    assert "hunter2" not in done.err
