"""Every block of code of the documentation is run, or stands in `blocks_not_run` with the reason.

All of them are read as what they are written in. `tests/documented.py` checks the types of Python.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from anyio.from_thread import start_blocking_portal
from block_shell import script_of
from block_stage import STREETS, serving
from block_syntax import LANGUAGES, check
from blocks_not_run import NOT_RUN, NOT_RUN_LANGUAGES
from documented_blocks import ROOT, Block, blocks
from fastapi import FastAPI

from hum_async.cli._app import make_app
from hum_async.web.fastapi import hub_router

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from block_stage import Stage
    from servers import PostgresServer

BLOCKS = blocks()
RUN = ("python", "pycon", "tests", "sh", "console", "toml", "nginx", "sql")
"""The kinds of blocks that tests of this file run."""

# What blocks call the stores that several processes share; servers of the test stand in for them.
STORES = re.compile(r"(redis|postgresql)://[\w.:]+/(?:hum|0)\b")
LIBRARIES = ("duckdb", "pandas", "polars")
TEST = re.compile(r"^ *(?:async )?def test_", re.MULTILINE)

# What a block prints that contains the text.
PRINTED = {
    "print(streets[update.token]": r"(?s)(COMPLETED .*){3}",
    "print(update.kind, update.changes": r"(?s)(COMPLETED .* True\n.*){3}",
    "print(found.outcome, [provider": r"SERVED \[.+\]",
    "SELECT hum_has_fiber, count(*)": "hum_has_fiber",
    "cheapest = duckdb": "usd",
    "polars.scan_parquet": r"shape: \(1,",
    'polars.read_csv("results.csv"': "00501",
    "print(found.key, found.outcome)": r"(?s)(?=.*0 SERVED)(?=.*1 NO_PROVIDERS)",
    "print(found.key, found.outcome, [": r"1 NO_PROVIDERS \[\]",
    "offers.pivot(": "hum_provider",
    "qualify_frame(addresses": "SERVED",
    "written = write_report(": r"3 3 \d+",
    "diff = diff_results(": r"0 \{",
}


def kind(block: Block) -> str:
    """Return how a block is run, or that it is not."""
    if block.language.startswith("{"):
        return "directive"
    if block.language in NOT_RUN_LANGUAGES:
        return "not run"
    if any(text in block.text for text in NOT_RUN):
        return "not run"
    return "tests" if block.language == "python" and TEST.search(block.text) else block.language


def of_kind(*kinds: str) -> list[Any]:
    """Return the blocks as parameters; those that need a server are slow."""
    slow = pytest.mark.slow
    return [
        pytest.param(block, id=block.place, marks=[slow] if STORES.search(block.text) else [])
        for block in BLOCKS
        if kind(block) in kinds
    ]


def with_stores(text: str, request: pytest.FixtureRequest) -> str:
    """Return a block that asks servers of the test in place of those that it names."""
    for store in {found[1] for found in STORES.finditer(text)}:
        fixture = {"redis": "redis_url", "postgresql": "postgres_url"}[store]
        url = request.getfixturevalue(fixture)
        text = STORES.sub(lambda found: url if found[1] == store else found[0], text)  # noqa: B023
    return text


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_is_what_its_language_says(block: Block) -> None:
    if kind(block) == "directive":
        assert block.path.is_relative_to(ROOT / "docs")  # where the build of the site checks it
    elif not block.is_drawing:
        assert block.language in LANGUAGES, "say what it is written in"
        check(block.language, block.text)


def test_each_block_is_run_or_has_a_reason() -> None:
    without = {block.place for block in BLOCKS if kind(block) not in {*RUN, "not run", "directive"}}
    assert not without
    for text in NOT_RUN:
        assert [text in block.text for block in BLOCKS].count(True) == 1, text
    assert set(NOT_RUN_LANGUAGES) <= {block.language for block in BLOCKS}
    for text in PRINTED:
        assert any(text in block.text for block in BLOCKS), text


@pytest.mark.parametrize("block", of_kind("python", "pycon"))
def test_a_block_of_python_runs(
    block: Block, stage: Stage, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    for library in LIBRARIES:
        if re.search(rf"\b(?:import |to_){library}\b", block.text):
            pytest.importorskip(library, reason=f"{library} is not installed")
    if block.language == "pycon":
        stage.run_prompts(block.text)
    else:
        stage.run(with_stores(block.text, request))
    shown = next((shown for text, shown in PRINTED.items() if text in block.text), "")
    assert re.search(shown, capsys.readouterr().out)


@pytest.mark.parametrize("block", of_kind("toml"))
def test_settings_are_read_by_hum(
    block: Block, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert block.text.startswith("# hum.toml\n")
    (stage.folder / "hum.toml").write_text(block.text, "utf-8")
    for name, value in tomllib.loads(block.text).items():
        command, names = ([name], list(value)) if isinstance(value, dict) else ([], [name])
        assert make_app()(["config", "show", "--json", *command, *["in.csv"][: len(command)]]) == 0
        shown = capsys.readouterr().out
        for each in names:
            assert re.search(rf'"{each}".*hum\.toml', shown), each


@pytest.mark.slow
def test_tests_that_are_shown_pass(tmp_path: Path) -> None:
    wanted = 0
    for number, parameter in enumerate(of_kind("tests")):
        text = parameter.values[0].text
        named = re.match(r"# (test_\w+\.py)", text)
        head = "" if re.search(r"^import pytest$", text, re.MULTILINE) else "import pytest\n"
        path = tmp_path / (named[1] if named else f"test_block_{number}.py")
        path.write_text(text if named else head + text, "utf-8")
        wanted += len(TEST.findall(text))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout
    assert re.search(rf"^{wanted} passed", done.stdout, re.MULTILINE), done.stdout


@pytest.fixture(name="shell")
def _shell(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Return a stage where `hum` is a program, and a port where an application answers."""
    programs = stage.folder / "programs"
    programs.mkdir()
    hum = programs / "hum"
    hum.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hum_async "$@"\n', "utf-8")
    hum.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HUM_LOG", "")
    examples = stage.folder / "clone" / "examples"
    examples.mkdir(parents=True)
    rows = (ROOT / "examples" / "addresses.csv").read_text("utf-8").splitlines(keepends=True)
    (examples / "addresses.csv").write_text("".join(rows[:11]), "utf-8")  # the rest takes a while
    return stage


def served(block: str) -> Iterator[str]:
    """Yield a block that asks an application of the test in place of its reader's."""
    if "localhost:8000" not in block:
        yield block
        return
    app = FastAPI()
    app.include_router(hub_router())
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(serving(app)) as url,
    ):
        lookup = portal.call(_started, url)
        yield block.replace("localhost:8000", url).replace("ids=ID", f"ids={lookup}")


async def _started(url: str) -> str:
    body = {"street1": STREETS[1], "zip": "48226"}
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(f"{url}/lookups", json=body) as answer,
    ):
        return str((await answer.json())["id"])


# What a test has already, and what takes a minute in real time.
INSTALLATION = re.compile(r"python3 -m venv \.venv && \.venv/bin/pip install [^&]+ && \.venv/bin/")


@pytest.mark.slow
@pytest.mark.parametrize("block", of_kind("sh", "console"))
def test_a_block_of_shell_runs(block: Block, shell: Stage, request: pytest.FixtureRequest) -> None:
    script = script_of(block.language, block.text)
    place = shell.folder / "clone" if "examples/" in script else shell.folder
    script = INSTALLATION.sub("", script)
    script = with_stores(
        script.replace(" --simulate", " --simulate --speed 100 --rate 200"), request
    )
    for ready in served(script):
        done = subprocess.run(  # noqa: S603  our own pages
            ["bash", "-euo", "pipefail", "-c", ready],  # noqa: S607  the one on the path
            cwd=place, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{ready}\n{done.stdout}\n{done.stderr}"
        if "curl" in script:
            assert re.search(r'"id":|^event: done$', done.stdout, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("block", of_kind("nginx"))
def test_nginx_takes_its_blocks(block: Block, tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert nginx, "install nginx"
    written = (
        f"pid nginx.pid; error_log stderr; events {{}} http {{ access_log off; {block.text} }}"
    )
    (tmp_path / "nginx.conf").write_text(written, "utf-8")
    command = [nginx, "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("block", of_kind("sql"))
def test_postgresql_takes_its_blocks(
    block: Block, stage: Stage, postgres_server: PostgresServer, postgres_url: str
) -> None:
    job = ["qualify", "in.csv", "-q", "-o", "out.csv", "--database", postgres_url, "--job", "june"]
    assert make_app()(job) == 0
    assert stage.folder.joinpath("out.csv").exists()
    postgres_server.query(block.text, postgres_url.rpartition("/")[2])
