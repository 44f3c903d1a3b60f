"""Knows what a program may use of the package."""

import functools
import importlib
from collections.abc import Iterator
from typing import Any

import hum_async

MODULES = {
    "client": "The client",
    "watcher": "Watching",
    "models": "Values",
    "errors": "Errors",
    "limiter": "The rate limit",
    "shared": "One limit for many processes",
    "sync": "Without asyncio",
    "bulk": "Jobs and results",
    "web": "Hubs",
    "web.fastapi": "Hubs in FastAPI",
    "web.starlette": "Hubs in Starlette",
    "web.litestar": "Hubs in Litestar",
    "web.aiohttp": "Hubs in aiohttp.web",
    "web.http": "Hubs in another framework",
    "web.page_guard": "A page beside a hub",
    "otel": "OpenTelemetry",
    "transport": "Transports",
    "testing": "Help for tests",
    "simulator": "The simulated API",
}
"""The public modules, and the titles of their pages."""


@functools.cache
def public_names() -> dict[str, Any]:
    """Return every name that a program may import, without its module."""
    return {name: getattr(home, name) for home in _modules() for name in home.__all__}


def is_internal(cls: type) -> bool:
    """Return whether a class is one of ours that no program is meant to use."""
    return cls.__module__.startswith("hum_async") and cls.__name__ not in public_names()


def _modules() -> Iterator[Any]:
    yield hum_async
    yield from (importlib.import_module(f"hum_async.{name}") for name in MODULES)
