"""Writes the pages of the reference from the code, before each build: nothing is typed twice."""

import importlib
import inspect
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from command_pages import commands_page
from public_api import MODULES, is_internal
from sphinx.application import Sphinx
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

import hum_async
from hum_async import errors

OTHERS = "Policies and addresses of the API"

ERRORS = (
    "Whatever goes wrong is a subclass of `HumError`, so that one `except` catches all of it. The "
    "table shows each class below the one that it is a kind of. [answers.md](../answers.md) says "
    "which status of the API leads to which, and [faults.md](../faults.md) does so for faults of "
    "the network."
)


def api_page(module: str, title: str) -> str:
    """Return the page of a module, whose docstrings Sphinx reads.

    Each name is asked for by itself, because some modules import theirs when they are used.
    """
    name = f"hum_async.{module}"
    directives = [f".. automodule:: {name}\n   :no-members:"]
    directives += [_directive(name, public) for public in importlib.import_module(name).__all__]
    return _page(f"{title}: `{name}`", directives)


def other_page() -> str:
    """Return the page of the names that only `hum_async` itself has."""
    elsewhere = {
        public
        for module in MODULES
        for public in importlib.import_module(f"hum_async.{module}").__all__
    }
    others = [public for public in hum_async.__all__ if public not in elsewhere]
    return _page(f"{OTHERS}: `hum_async`", [_directive("hum_async", public) for public in others])


def _page(title: str, directives: list[str]) -> str:
    listed = "\n\n".join(directives)
    return f"# {title}\n\n```{{eval-rst}}\n{listed}\n```\n"


def _directive(module: str, public: str) -> str:
    value = getattr(importlib.import_module(module), public)
    if inspect.isclass(value):
        return f".. autoclass:: {module}.{public}{_bases(value)}{_inherited(value)}"
    if inspect.isroutine(value):
        return f".. autofunction:: {module}.{public}"
    value_of = f"\n   :value: {value!r}" if isinstance(value, str | bytes) else ""
    told = "\n".join(f"   {line}" for line in _explanation(public, value))
    return f".. py:data:: {module}.{public}{value_of}\n\n{told}"


def _bases(cls: type) -> str:
    """Return the option that says nothing of bases where there is nothing to say."""
    told = [base for base in cls.__bases__ if base is not object and not is_internal(base)]
    return "" if told else "\n   :no-show-inheritance:"


def _inherited(cls: type) -> str:
    """Return the option that shows what a class has from bases that have no place of their own."""
    above = cls.__mro__[1:]
    told = [value for base in above if is_internal(base) for value in _told(base)]
    if not any(map(inspect.isroutine, told)):
        return ""
    others = ", ".join(base.__name__ for base in above if not is_internal(base))
    return f"\n   :inherited-members: {others}"


def _told(cls: type) -> list[Any]:
    return [value for name, value in vars(cls).items() if not name.startswith("_")]


def _explanation(public: str, value: Any) -> list[str]:
    """Return what stands below a constant where it is defined, which may be an inner module."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith("hum_async") and vars(module).get(public) is value:
            with suppress(PycodeError):  # some valid signatures are more than it can read
                if told := ModuleAnalyzer.for_module(name).find_attr_docs().get(("", public)):
                    return told
    return []


def errors_page() -> str:
    """Return the page with every error and what it means."""
    lines = [
        "# Every error",
        "",
        ERRORS,
        "",
        "| error | when | what to do | is a |",
        "|---|---|---|---|",
    ]
    classes = [getattr(errors, name) for name in errors.__all__]
    for cls in sorted(classes, key=lambda cls: [base.__name__ for base in cls.__mro__[::-1]]):
        parents = ", ".join(f"`{base.__name__}`" for base in cls.__bases__)
        told = " ".join((inspect.getdoc(cls) or "").partition("\n\n")[0].split())
        told = told.replace("|", "\\|")
        hint = getattr(cls, "hint", "") or ""
        lines.append(f"| `{cls.__name__}` | {told} | {hint} | {parents} |")
    return "\n".join(lines) + "\n"


def api_index() -> str:
    """Return the list of the pages of modules."""
    pages = "\n".join([*map(_page_of, MODULES), "api-other"])
    return (
        "# Python API\n\nEvery name that a program may use, from its docstring. The commonest can "
        f"be imported from `hum_async` itself.\n\n```{{toctree}}\n{pages}\n```\n"
    )


def _page_of(module: str) -> str:
    return f"api-{module.replace('.', '-').replace('_', '-')}"


def write(app: Sphinx) -> None:
    """Write the pages that have changed."""
    pages = {_page_of(module): api_page(module, title) for module, title in MODULES.items()}
    pages |= {
        "api-other": other_page(),
        "api": api_index(),
        "errors": errors_page(),
        "commands": commands_page(),
    }
    folder = Path(app.srcdir, "reference")
    folder.mkdir(exist_ok=True)
    for page in folder.glob("*.md"):
        if page.stem not in pages:
            page.unlink()
    for name, text in pages.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
