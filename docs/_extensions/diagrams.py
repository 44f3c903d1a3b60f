"""Shows the drawings of Mermaid diagrams, made by `tools/diagrams.py`, in place of the sources."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from drawing_names import name_of
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

COLUMN = 720
"""Pixels that a page has for its text where the screen is wide enough."""
SMALLEST = 0.65
"""A drawing is not made smaller than this: its letters are of 16 pixels."""

VIEW = re.compile(r'viewBox="\S+ \S+ (\S+) ')


def show(app: Sphinx, doctree: nodes.document) -> None:
    """Put each drawing where its source stands, in a box that scrolls if it is too wide."""
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") != "mermaid":
            continue
        name = name_of(block.astext())
        drawing = Path(app.srcdir, "diagrams", name)
        if not drawing.is_file():
            raise ExtensionError(
                f"{app.env.docname}, line {block.line}: run tools/diagrams.py, this diagram is new"
            )
        image = nodes.image(uri=f"diagrams/{name}", alt=_words(block), classes=["diagram"])
        image["candidates"] = {"*": f"diagrams/{name}"}
        image["width"] = f"{_width(drawing)}px"
        app.env.images.add_file(app.env.docname, f"diagrams/{name}")
        block.replace_self(nodes.container("", image, classes=["diagram-box"]))


def _words(block: nodes.Element) -> str:
    """Return what is read aloud in place of a drawing, whose steps the text around it tells."""
    section = block.parent
    while section and not isinstance(section, nodes.section):
        section = section.parent
    return f"Diagram: {section[0].astext()}" if section else "Diagram"


def _width(drawing: Path) -> int:
    found = VIEW.search(drawing.read_text(encoding="utf-8"))
    natural = float(found[1]) if found else COLUMN
    return round(min(natural, max(COLUMN, SMALLEST * natural)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-read", show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
