"""The decoder is built before the first answer, and never on the event loop."""

import subprocess
import sys

import pytest

_PROGRAM = """
import asyncio, sys, threading
from hum_async import Address, HumClient, RateLimiter
from hum_async.testing import ScriptedTransport, json_response, session_json

on_loop = []

class Finder:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "cattrs" and threading.current_thread() is loop_thread:
            on_loop.append(name)

loop_thread = threading.current_thread()
sys.meta_path.insert(0, Finder())
body = session_json("token", geocoding="matched", providers=[{
    "provider_name": "Fiber", "min_plan_price": {"amount_cents": 1},
    "offerings": [{"technology": "Fiber", "max_download_speed": "300"}],
    "product_catalog": [{"products": [{"id": "x", "pricing": {"a": {"amount_cents": 1}}}]}],
    "url_promo": {"promo_text": "free"}}])
transport = ScriptedTransport(lambda _: json_response(201, body))

async def main():
    hum = HumClient(transport=transport, limiter=RateLimiter(rate=1000))
    assert "cattrs" not in sys.modules
    USE
    assert "cattrs" in sys.modules
    print(len(on_loop), len(transport.requests))

asyncio.run(main())
"""


def run(use: str) -> str:
    code = _PROGRAM.replace("USE", use)
    done = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("use", "printed"),
    [
        ("await hum.__aenter__()", "0 0"),
        ("await hum.create_session(Address('1 Main St', zip='48226'))", "0 1"),
    ],
    ids=["entered", "never entered"],
)
def test_nothing_of_it_is_imported_on_the_thread_of_the_loop(use: str, printed: str) -> None:
    assert run(use) == printed


def test_after_entering_an_answer_builds_nothing_more() -> None:
    use = """await hum.__aenter__()
    import linecache
    built = len([name for name in linecache.cache if "cattrs" in name])
    assert built
    await hum.create_session(Address('1 Main St', zip='48226'))
    await hum.get_internet('token')
    assert built == len([name for name in linecache.cache if "cattrs" in name])"""
    assert run(use) == "0 2"
