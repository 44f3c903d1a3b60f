"""What the README shows is what runs."""

import asyncio
import re
import shlex
import socket
import textwrap
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn

from hum_async import Address, AsyncSessionWatcher, HumClient, Outcome, UpdateKind
from hum_async.simulator import Simulator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def account(hum_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    monkeypatch.setenv("HUM_API_KEY", "any-key")
    monkeypatch.setenv("HUM_BASE_URL", hum_simulator.url)
    return hum_simulator


def namespace_of(snippet: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(compile(snippet, "README.md", "exec"), namespace)  # noqa: S102  our own README
    return namespace


def test_there_are_exactly_two_set_up_commands_of_one_line_each() -> None:
    assert len(SHELL) == 2
    for command in SHELL:
        assert len(command.strip().splitlines()) == 1
        assert shlex.split(command)[:4] == ["python3", "-m", "venv", ".venv"]


def test_the_first_command_uses_files_that_exist() -> None:
    assert "examples/addresses.csv" in SHELL[0]
    assert (ROOT / "examples" / "addresses.csv").is_file()


def test_ci_runs_the_second_command_as_it_is_written() -> None:
    assert "grep -m1 'python -m pytest' README.md" in (ROOT / ".ci" / "run").read_text()
    first = next(line for line in README.splitlines() if "python -m pytest" in line)
    assert first == SHELL[1].strip()


@pytest.mark.virtual
async def test_the_loop_of_the_introduction_runs(
    account: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    snippet = f"async def loop(watcher, tokens):\n{textwrap.indent(PYTHON[0], '    ')}"
    tokens = [account.add_session() for _ in range(3)]
    async with HumClient() as hum, AsyncSessionWatcher(hum) as watcher:
        await namespace_of(snippet)["loop"](watcher, tokens)
    assert capsys.readouterr().out.count(UpdateKind.COMPLETED) == 3


@pytest.mark.virtual
async def test_the_library_example_follows_sessions_to_their_end(
    account: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = [account.add_session() for _ in range(3)]
    await namespace_of(PYTHON[1])["follow"](tokens)
    assert capsys.readouterr().out.count("True") == 3


@pytest.mark.virtual
async def test_the_look_up_examples_run(
    account: Simulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    # The example leaves its journal where it runs.
    monkeypatch.chdir(tmp_path)
    namespace = namespace_of(PYTHON[2])
    await namespace["look_up"]()
    await namespace["look_up_many"]([Address("100 Served St", zip="48226")] * 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [f"0 {Outcome.SERVED}", f"1 {Outcome.SERVED}"]
    assert account.sessions_bought == 2


async def test_the_script_runs(
    account: Simulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    account.play("immediate")
    script = namespace_of(PYTHON[3])["script"]
    await asyncio.to_thread(script, [Address("100 Served St", zip="48226")] * 2)
    assert capsys.readouterr().out.splitlines() == [f"{at} {Outcome.SERVED}" for at in (0, 1)]
    assert account.sessions_bought == 1


@pytest.mark.usefixtures("account")
async def test_the_web_application_answers_as_the_table_says() -> None:
    config = uvicorn.Config(namespace_of(PYTHON[4])["app"], port=0, log_level="error")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        running = asyncio.ensure_future(server.serve(sockets=[listener]))
        address = {"street1": "100 Instant St", "zip": "48226"}
        async with aiohttp.ClientSession() as browser:
            async with browser.post(f"{url}/lookups", json=address) as answer:
                assert answer.status == 201
                lookup = (await answer.json())["id"]
            async with browser.get(f"{url}/events", params={"ids": lookup}) as answer:
                told = re.findall(r"event: (\w+)", await answer.text())
        server.should_exit = True
        await running
    assert (told[0], told[-1]) == ("snapshot", "done")
    assert all(f"| `{event}` |" in README for event in {*told, "farewell"})


def test_every_outcome_and_update_kind_is_explained() -> None:
    for name in [*Outcome, *UpdateKind]:
        assert f"| `{name}` |" in README
