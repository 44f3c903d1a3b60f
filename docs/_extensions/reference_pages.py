"""Writes the pages of the reference from the code, before each build: nothing is typed twice."""

import inspect
from pathlib import Path
from typing import Any

from command_pages import commands_page
from sphinx.application import Sphinx

from hum_async import errors

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
    "web.page_guard": "A page beside a hub",
    "otel": "OpenTelemetry",
    "transport": "Transports",
    "testing": "Help for tests",
    "simulator": "The simulated API",
}


ERRORS = (
    "Whatever goes wrong is a subclass of `HumError`, so that one `except` catches all of it. The "
    "table shows each class below the one that it is a kind of. [answers.md](../answers.md) says "
    "which status of the API leads to which, and [faults.md](../faults.md) does so for faults of "
    "the network."
)


def api_page(module: str, title: str) -> str:
    """Return the page of a module, whose docstrings Sphinx reads."""
    name = f"hum_async.{module}"
    return f"# {title}: `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n```\n"


def errors_page() -> str:
    """Return the page with every error and what it means."""
    lines = [
        "# Every error",
        "",
        ERRORS,
        "",
        "| error | is a | when | what to do |",
        "|---|---|---|---|",
    ]
    classes = [getattr(errors, name) for name in errors.__all__]
    for cls in sorted(classes, key=lambda cls: [base.__name__ for base in cls.__mro__[::-1]]):
        parents = ", ".join(f"`{base.__name__}`" for base in cls.__bases__)
        told = " ".join((inspect.getdoc(cls) or "").partition("\n\n")[0].split())
        told = told.replace("|", "\\|")
        lines.append(
            f"| `{cls.__name__}` | {parents} | {told} | {getattr(cls, 'hint', '') or ''} |"
        )
    return "\n".join(lines) + "\n"


def api_index() -> str:
    """Return the list of the pages of modules."""
    pages = "\n".join(_page_of(module) for module in MODULES)
    return (
        "# Python API\n\nEvery name that a program may use, from its docstring. The commonest can "
        f"be imported from `hum_async` itself.\n\n```{{toctree}}\n{pages}\n```\n"
    )


def _page_of(module: str) -> str:
    return f"api-{module.replace('.', '-').replace('_', '-')}"


def write(app: Sphinx) -> None:
    """Write the pages that have changed."""
    pages = {_page_of(module): api_page(module, title) for module, title in MODULES.items()}
    pages |= {"api": api_index(), "errors": errors_page(), "commands": commands_page()}
    folder = Path(app.srcdir, "reference")
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
