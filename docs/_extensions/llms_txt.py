"""Writes ``llms.txt``: what a language model is to read, with the Markdown of each page beside."""

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

HEAD = """# hum_async

> The asyncio-first Python client for the Hum API, which says which internet providers serve a US
> address. It polls many sessions at once under one shared rate limit and yields what changed.

Every page is Markdown. Begin with "Start here".
"""


def write(app: Sphinx, failure: Exception | None) -> None:
    """Write the list and the pages, when the HTML is built."""
    if failure is not None or app.builder.format != "html":
        return
    lines = [HEAD]
    for tree in app.env.get_doctree("index").findall(addnodes.toctree):
        lines.append(f"\n## {tree['caption']}\n")
        for _, page in tree["entries"]:
            lines.append(_line(app, page))
            source = _text_of(Path(app.env.doc2path(page)))
            target = Path(app.outdir, page).with_suffix(".md")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    Path(app.outdir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _text_of(page: Path) -> Path:
    """Return the file that holds the text of a page: it may include one from elsewhere."""
    included = re.match(r"```\{include\} (\S+)", page.read_text(encoding="utf-8"))
    return page.parent / included[1] if included else page


def _line(app: Sphinx, page: str) -> str:
    title = app.env.titles[page].astext()
    first = next(iter(app.env.get_doctree(page).findall(nodes.paragraph)), None)
    told = " ".join(first.astext().split()) if first is not None else ""
    sentence, dot, _ = told.partition(". ")
    return f"- [{title}]({page}.md): {sentence}{dot.strip()}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
