"""Leads from a name, as docstrings and annotations write it, to where the reference explains it."""

import builtins
import enum
import functools
import inspect
import keyword
import re
import sys
from typing import Any, get_origin

from docutils import nodes
from public_api import is_internal, public_names
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

import hum_async
from hum_async import bulk

logger = logging.getLogger(__name__)

NAME = re.compile(r"(?:hum_async\.)?(?:[a-z_]\w*\.)*([A-Z]\w*(?:\.\w+)?)")
"""A class and perhaps its member, behind modules that may be internal ones."""

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def lead(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> nodes.Element | None:
    """Find the public home of a name that Sphinx does not know as it is written.

    Names of arguments and words of Python lead nowhere, and need not.
    """
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py":
        return None
    if home := _home(env, target):
        return make_refnode(app.builder, node["refdoc"], home.docname, home.node_id, shown)
    return shown if node.get("reftype") == "obj" and target in _plain_words() else None


def _home(env: BuildEnvironment, target: str) -> Any:
    objects = env.get_domain("py").objects  # type: ignore[attr-defined]
    found = NAME.fullmatch(target)
    whole = found[1] if found else target.rpartition(".")[2]
    for name in (whole, whole.partition(".")[0]):  # a member may stand in its class's list
        if homes := [home for home in objects if home.endswith(f".{name}")]:
            return objects[min(homes, key=len)]
    with_it = [
        name
        for name, value in public_names().items()
        if inspect.isclass(value) and issubclass(value, enum.Enum) and target in value.__members__
    ]
    return _home(env, with_it[0]) if len(with_it) == 1 else None


@functools.cache
def _plain_words() -> frozenset[str]:
    """Return the words of Python, and the names of arguments and fields of the public API."""
    words = {*keyword.kwlist, *dir(builtins), *sys.stdlib_module_names, "hum_async"}
    for value in public_names().values():
        members = vars(value).values() if inspect.isclass(value) else ()
        for each in (value, *members):
            if inspect.isclass(each) or inspect.isroutine(each):
                words |= _arguments(each)
    return frozenset(words)


def _arguments(value: Any) -> set[str]:
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):  # of C
        return set()
    words = {parameter.name for parameter in parameters}
    for parameter in parameters:  # **options: Unpack[Options]
        words |= set(getattr(_options(parameter), "__annotations__", ()))
    return words


def _options(parameter: inspect.Parameter) -> Any:
    if parameter.kind is not parameter.VAR_KEYWORD:
        return None
    return next(iter(getattr(parameter.annotation, "__args__", ())), None)


@functools.cache
def _internal() -> frozenset[str]:
    """Return the names of our classes that only other layers of the package are meant to use."""
    public_names()  # imports them
    modules = [module for name, module in sys.modules.items() if name.startswith("hum_async")]
    values = [value for module in modules for value in vars(module).values()]
    names = {cls.__name__ for cls in values if inspect.isclass(cls) and is_internal(cls)}
    return frozenset(name for name in names if not name.startswith("_") and "Options" not in name)


def skip(_: Sphinx, __: str, ___: str, obj: Any, *____: Any) -> bool | None:
    """Leave out members by which the layers of the package talk to each other.

    They take or return what is none of the caller's business.
    """
    function = obj.fget if isinstance(obj, property) else obj
    if not inspect.isroutine(function):
        return None
    told = " ".join(map(str, getattr(function, "__annotations__", {}).values()))
    return True if _internal() & set(IDENTIFIER.findall(told)) else None


def own_bases(_: Sphinx, __: str, ___: Any, ____: Any, bases: list[Any]) -> None:
    """Leave out the bases that the reference does not explain."""
    bases[:] = [base for base in bases if not is_internal(get_origin(base) or base)] or [object]


def check(_: Sphinx, env: BuildEnvironment) -> None:
    """Warn of names of `hum_async` that no page of the reference explains."""
    objects = env.get_domain("py").objects  # type: ignore[attr-defined]
    explained = {name.rpartition(".")[2] for name in objects}
    for name in sorted({*hum_async.__all__, *bulk.__all__} - explained):
        logger.warning("the reference does not have the public name %s", name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("autodoc-process-bases", own_bases)
    app.connect("autodoc-skip-member", skip)
    app.connect("env-check-consistency", check)
    app.connect("missing-reference", lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
