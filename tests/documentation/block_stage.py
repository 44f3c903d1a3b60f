"""Runs blocks of Python: with the names that short ones leave out, and with what they define.

An application is served and used as a browser uses it; functions are called.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import logging
import re
import socket
import sys
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import uvicorn
from aiohttp import web
from aiohttp.test_utils import TestServer

from hum_async import Address, AsyncSessionWatcher, HumClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

STREETS = ("100 Served St", "100 No Providers Ave", "100 Ambiguous Rd")
"""What the blocks look up: one address of each usual outcome."""

# Names that short blocks use and do not import.
PRELUDE = """\
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette

from hum_async import *
from hum_async.bulk import show_progress
from hum_async.shared import SharedRateLimiter
from hum_async.testing import *
from hum_async.web import SessionHub, encode_sse
from hum_async.web.fastapi import hub_lifespan
from hum_async.web.page_guard import PageGuard
"""
# The application of a block that only adds something to one.
APPLICATION = """\
from hum_async.web.fastapi import hub_router
app = FastAPI()
app.include_router(hub_router())
"""


@attrs.frozen
class Routes:
    """How a browser uses an application.

    Attributes:
        start: Where it posts an address.
        events: Where it reads the events of a look-up; None: the block has no such route.
        headers: What it has to send along.
    """

    start: str = "/lookups"
    events: str | None = "/events?ids={}"
    headers: dict[str, str] = attrs.field(factory=dict)


_MEMBER = {"Authorization": "Bearer of good news"}
_UNDER_INTERNET = Routes("/internet/lookups", "/internet/events?ids={}")
ROUTES = {
    "of good news": attrs.evolve(_UNDER_INTERNET, headers=_MEMBER),
    'prefix="/internet")': _UNDER_INTERNET,
    "/follow/": Routes(events="/follow/{}"),
    'mount("/api"': Routes("/api/lookups", "/api/events?ids={}"),
    "/mine": Routes("/mine", None),
}
"""The routes of applications that have others than most, by a text that the block contains."""
NO_ROUTES = "app = FastAPI(lifespan=lifespan)\n"
"""The last line of a block whose application has no routes, and only has to start."""


class Response:
    """Where a handler of a block writes."""

    async def write(self, data: bytes) -> None:
        assert data.endswith(b"\n\n")


@attrs.frozen
class Stage:
    """A folder with what jobs leave, and a simulated API that the environment names.

    Attributes:
        folder: The working directory.
        tokens: Sessions that the API has.
    """

    folder: Path
    tokens: list[str]

    def run(self, code: str) -> None:
        """Run a block, and then the application or else the functions that it defines.

        Raises:
            LookupError: A function has a parameter for which the stage has nothing.
        """
        with _logging_as_it_was(), _module() as module:
            names = vars(module)
            exec(PRELUDE, names)  # noqa: S102  our own
            names |= self._given()
            if _is_used(code, "app"):
                exec(APPLICATION, names)  # noqa: S102  our own
            compiled = compile(code, "block", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if compiled.co_flags & inspect.CO_COROUTINE:
                _finish(_with_client(names, lambda: eval(compiled, names)))  # noqa: S307  our pages
                return
            exec(compiled, names)  # noqa: S102  our pages
            if re.search(r"\bapp\b", code) and "app" in names:
                routes = None if code.endswith(NO_ROUTES) else _routes(code)
                _finish(_drive(names["app"], routes))
                return
            for value in list(names.values()):
                if inspect.isfunction(value) and value.__module__ == module.__name__:
                    self._call(value)

    def run_prompts(self, text: str) -> None:
        """Run what stands behind ``>>>``, and compare what it prints.

        Raises:
            doctest.DocTestFailure: It prints something else.
        """
        with _module() as module:
            exec(PRELUDE, vars(module))  # noqa: S102  our own
            test = doctest.DocTestParser().get_doctest(text, vars(module), "block", None, 0)
            doctest.DebugRunner(optionflags=doctest.ELLIPSIS).run(test)

    def _given(self) -> dict[str, Any]:
        addresses = [Address(street, zip="48226") for street in STREETS]
        return {
            "address": addresses[0],
            "addresses": addresses,
            "my_database": asynccontextmanager(_nothing),
            "noted": self.folder / "noted.txt",
            "response": Response(),
            "tokens": self.tokens,
        }

    def _call(self, function: Callable[..., Any]) -> None:
        given = self._given() | {"app": None}
        parameters = inspect.signature(function).parameters
        if "parts" in parameters:
            given["parts"] = self._parts()
        if unknown := set(parameters) - set(given):
            raise LookupError(f"nothing is given for {unknown}: add it in {Path(__file__).name}")
        arguments = {name: given[name] for name in parameters}
        if inspect.iscoroutinefunction(function):
            _finish(function(**arguments))
        elif inspect.isasyncgenfunction(function):
            _finish(_exhaust(function(**arguments)))
        elif inspect.isasyncgenfunction(inspect.unwrap(function)):
            _finish(_enter(function(**arguments)))
        else:
            function(**arguments)

    def _parts(self) -> list[Any]:
        import pandas as pd  # noqa: PLC0415  only where a block needs it

        frame = pd.read_csv(self.folder / "addresses.csv", dtype=str, keep_default_na=False)
        return [frame[:2], frame[2:]]


async def _nothing() -> AsyncIterator[None]:
    yield


async def _exhaust(values: AsyncIterator[object]) -> None:
    async for _ in values:
        pass


async def _enter(manager: Any) -> None:
    async with manager:
        pass


async def _with_client(
    names: dict[str, Any], block: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    async with HumClient() as hum, AsyncSessionWatcher(hum) as watcher:
        names |= {"hum": hum, "watcher": watcher}
        await block()


@contextmanager
def _logging_as_it_was() -> Iterator[None]:
    """Take back what a block sets of the log."""
    loggers = [logging.getLogger(), logging.getLogger("hum_async")]
    before = [(logger.level, list(logger.handlers)) for logger in loggers]
    try:
        yield
    finally:
        for logger, (level, handlers) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.handlers[:] = handlers


@contextmanager
def _module() -> Iterator[ModuleType]:
    """Make a module, where frameworks look for annotations."""
    module = ModuleType("block_of_the_documentation")
    sys.modules[module.__name__] = module
    try:
        yield module
    finally:
        del sys.modules[module.__name__]


def _finish(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner() as runner:
        runner.run(work)


def _is_used(code: str, name: str) -> bool:
    """Say whether a block uses a name that it does not define."""
    nodes = [node for node in ast.walk(_parsed(code)) if isinstance(node, ast.Name)]
    used = {type(node.ctx) for node in nodes if node.id == name}
    return used == {ast.Load}


def _parsed(code: str) -> ast.AST:
    return compile(code, "block", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _routes(code: str) -> Routes:
    return next((routes for text, routes in ROUTES.items() if text in code), Routes())


async def _drive(app: Any, routes: Routes | None) -> None:
    """Start an application, and look an address up as a browser does, to the last event."""
    async with serving(app) as url:
        if routes is None:
            return
        async with aiohttp.ClientSession(headers=routes.headers) as browser:
            body = {"street1": STREETS[0], "zip": "48226"}
            async with browser.post(url + routes.start, json=body) as answer:
                assert answer.status == 201, await answer.text()
                lookup = (await answer.json())["id"]
            if routes.events is None:
                return
            async with browser.get(url + routes.events.format(lookup)) as answer:
                told = re.findall(r"event: (\w+)", await answer.text())
            assert (told[0], told[-1]) == ("snapshot", "done")


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve an application of any framework on this machine; yield its URL."""
    if isinstance(app, web.Application):
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")
        return
    unicorn = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = asyncio.ensure_future(unicorn.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            unicorn.should_exit = True
            await running
