"""Leads from a name, as docstrings and annotations write it, to where the reference explains it."""

import re
from typing import Any

from docutils import nodes
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


def lead(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> nodes.reference | None:
    """Find the public home of a class of ours that Sphinx does not know by this name."""
    found = NAME.fullmatch(node.get("reftarget", ""))
    if node.get("refdomain") != "py" or not found:
        return None
    objects = env.get_domain("py").objects  # type: ignore[attr-defined]
    for name in (found[1], found[1].partition(".")[0]):  # a member may stand in its class's list
        if homes := [home for home in objects if home.endswith(f".{name}")]:
            break
    else:
        return None
    home = objects[min(homes, key=len)]
    return make_refnode(app.builder, node["refdoc"], home.docname, home.node_id, shown)


def check(_: Sphinx, env: BuildEnvironment) -> None:
    """Warn of names of `hum_async` that no page of the reference explains."""
    objects = env.get_domain("py").objects  # type: ignore[attr-defined]
    explained = {name.rpartition(".")[2] for name in objects}
    for name in sorted({*hum_async.__all__, *bulk.__all__} - explained):
        logger.warning("the reference does not have the public name %s", name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("env-check-consistency", check)
    app.connect("missing-reference", lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
