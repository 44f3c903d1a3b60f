"""The applications that docs/web.md and the docstrings show are served, and look something up."""

import sys
from types import ModuleType

import documented
import pytest
from in_process import served

from hum_async.simulator import Simulator

pytestmark = pytest.mark.hum_simulator(speed=1000, generation="immediate")

APPLICATIONS = {
    place: block
    for place, block in documented.python_blocks().items()
    if place.startswith(("docs/web.md", "hum_async/web/")) and "app = " in block
}

DATABASE = "postgresql://db.example.com/hum"


def test_every_framework_is_shown() -> None:
    text = "".join(APPLICATIONS.values())
    assert len(APPLICATIONS) >= 12
    for line in (
        "hub_router()",
        "routes=hub_routes()",
        "HubPlugin()",
        "setup_hub(app, routes",
        "/follow/",
    ):
        assert line in text


@pytest.mark.slow
@pytest.mark.parametrize("place", APPLICATIONS)
async def test_it_runs_as_it_is_written(
    place: str,
    hum_simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("HUM_API_KEY", "any-key")
    monkeypatch.setenv("HUM_BASE_URL", hum_simulator.url)
    block = APPLICATIONS[place]
    if DATABASE in block:
        block = block.replace(DATABASE, request.getfixturevalue("postgres_url"))
    module = ModuleType("documented_app")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # Litestar looks there for types
    exec(compile(block, place, "exec"), vars(module))  # noqa: S102  our own documentation
    async with served(module.app) as browser:
        if "/follow/" in block:
            started = (await browser.post("/lookups"))[1]["id"]
            told = await browser.story(f"/follow/{started}")
            assert (told[0].event, told[-1].event) == ("snapshot", "done")
        paths = [
            f"{at}{name}" for at in ("", "/api", "/internet") for name in ("/lookups", "/mine")
        ]
        authorization = {"Authorization": "Bearer of good news"}
        answers = [await browser.post(path, **authorization) for path in paths]
    begun = [answer for status, answer in answers if status == 201]
    assert all(set(answer) == {"id"} for answer in begun)
    # One shows a lifespan alone.
    assert bool(begun) == ("def lifespan" not in block or "include_router" in block)
