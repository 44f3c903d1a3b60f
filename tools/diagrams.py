"""Draws the Mermaid diagrams of the documentation, for the site, which shows them without a script.

    python tools/diagrams.py MERMAID

`MERMAID` is the file `mermaid.min.js` of the npm package mermaid. Needs the extra `test`, and
Chromium. A drawing is named by its source, so that one which is there need not be drawn again.
"""

import asyncio
import re
import sys
from pathlib import Path

from browser import page_of

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs" / "_extensions"))

from drawing_names import name_of  # noqa: E402  from the folder of the site

FOLDER = ROOT / "docs" / "diagrams"
BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)

DRAW = """async (source) => {
  mermaid.initialize({
    startOnLoad: false, theme: "neutral", htmlLabels: false, flowchart: {htmlLabels: false},
    deterministicIds: true, fontFamily: "sans-serif",
  });
  return (await mermaid.render("diagram", source)).svg;
}"""


def diagrams() -> dict[str, str]:
    """Return the sources of all diagrams, by the names of their drawings."""
    pages = sorted((ROOT / "docs").glob("*.md"))
    found = [text for page in pages for text in BLOCK.findall(page.read_text(encoding="utf-8"))]
    return {name_of(text): text for text in found}


async def draw(mermaid: Path) -> None:
    """Draw what is not there, and remove what no page has any more."""
    wanted = diagrams()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.svg"):
        if path.name not in wanted:
            path.unlink()
    async with page_of(1280, 900) as page:
        await page.set_content("<body></body>")
        await page.add_script_tag(path=mermaid)
        for name, source in wanted.items():
            if not (FOLDER / name).exists():
                drawn = await page.evaluate(DRAW, source)
                (FOLDER / name).write_text(f"{drawn}\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
