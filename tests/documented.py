"""Checks the types of every Python block of the documentation: README, docs, docstrings, examples.

``python tests/documented.py`` runs mypy (strict) and pyright once over all of them. A block
that uses names which it does not define, as short ones do, gets them from `GIVEN`.
"""

import ast
import builtins
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from documented_blocks import ROOT, blocks

# Those for engines need the engines, with which `.ci/engines` runs them.
EXAMPLES = sorted(
    path for path in (ROOT / "examples").rglob("*.py") if path.parent.name != "engines"
)

# What short blocks are about.
GIVEN = """\
from collections.abc import AsyncIterator as AsyncIterator, Mapping as Mapping
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager as asynccontextmanager
from typing import Any as Any

from aiohttp import web
from fastapi import FastAPI as FastAPI
import pytest as pytest
from starlette.applications import Starlette as Starlette

from hum_async import *
from hum_async.bulk import show_progress as show_progress
from hum_async.shared import SharedRateLimiter as SharedRateLimiter
from hum_async.testing import *
from hum_async.web import SessionHub as SessionHub, encode_sse as encode_sse
from hum_async.web.fastapi import hub_lifespan as hub_lifespan
from hum_async.web.page_guard import PageGuard as PageGuard

address: Address
addresses: list[Address]
app: FastAPI
hum: HumClient
response: web.StreamResponse
tokens: list[str]
watcher: AsyncSessionWatcher

def my_database() -> AbstractAsyncContextManager[None]: ...
"""

# Tests are often written without annotations.
MYPY = ["mypy", "--config-file=", "--strict", "--allow-untyped-defs", "--allow-incomplete-defs"]
# Django comes without types.
MYPY += ["--disable-error-code=import-untyped"]
PYRIGHT = '{"pythonVersion": "3.11", "reportMissingModuleSource": false}'


def python_blocks() -> dict[str, str]:
    """Return every block of Python and every example by its place: ``README.md, line 7``."""
    found = {
        block.place: block.text
        for block in blocks()
        if block.language == "python" and not block.is_drawing
    }
    for path in EXAMPLES:
        found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return found


def module_of(block: str) -> str:
    """Return a module with a block in it, and all that it needs.

    Raises:
        SyntaxError: The block is not Python.
    """
    tree = compile(block, "block", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    given = "".join(f"from given import {name}\n" for name in sorted(_missing(tree)))
    try:
        compile(block, "block", "exec")
    except SyntaxError:
        # Awaits outside of a function.
        block = f"async def block() -> None:\n{textwrap.indent(block, '    ')}"
    return given + block


def _missing(tree: ast.AST) -> set[str]:
    """Return names that are used and nowhere defined."""
    used: set[str] = set()
    defined: set[str] = {*dir(builtins)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.ExceptHandler):
            defined.add(node.name or "")
        elif isinstance(node, ast.alias):
            defined.add((node.asname or node.name).partition(".")[0])
    return used - defined


def main() -> int:
    """Check them all; return 1 if a checker complains."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "given.pyi").write_text(GIVEN, encoding="utf-8")
        names = []
        for number, (where, block) in enumerate(python_blocks().items()):
            names.append(f"block_{number}.py")
            text = f"# {where}\n{module_of(block)}"
            (place / names[-1]).write_text(text, encoding="utf-8")
        (place / "pyrightconfig.json").write_text(PYRIGHT, encoding="utf-8")
        mypy = [*MYPY, f"--cache-dir={ROOT / '.mypy_cache'}"]
        pyright = ["pyright", "--pythonpath", sys.executable]
        for command in ([*mypy, *names], pyright):
            done = subprocess.run(  # noqa: S603  our own commands
                [sys.executable, "-m", *command],
                cwd=place, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                failed = 1
                print(f"{command[0]}:\n{_with_places(done.stdout, place)}{done.stderr}")  # noqa: T201
    print(f"{len(names)} blocks" + (" have wrong types" if failed else ": types are right"))  # noqa: T201
    return failed


def _with_places(printed: str, place: Path) -> str:
    def where(found: re.Match[str]) -> str:
        return (place / found[0]).read_text(encoding="utf-8").partition("\n")[0].strip("# ")

    return re.sub(r"block_\d+\.py", where, printed.replace(f"{place}/", ""))


if __name__ == "__main__":
    sys.exit(main())
