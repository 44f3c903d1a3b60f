"""Shows the drawings of Mermaid diagrams, made by `tools/diagrams.py`, in place of the sources."""

from pathlib import Path
from typing import Any

from docutils import nodes
from drawing_names import name_of
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


def show(app: Sphinx, doctree: nodes.document) -> None:
    """Put each drawing where its source stands."""
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") != "mermaid":
            continue
        name = name_of(block.astext())
        if not Path(app.srcdir, "diagrams", name).is_file():
            raise ExtensionError(
                f"{app.env.docname}, line {block.line}: run tools/diagrams.py, this diagram is new"
            )
        image = nodes.image(uri=f"diagrams/{name}", alt="diagram", classes=["diagram"])
        image["candidates"] = {"*": f"diagrams/{name}"}
        app.env.images.add_file(app.env.docname, f"diagrams/{name}")
        block.replace_self(image)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-read", show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
