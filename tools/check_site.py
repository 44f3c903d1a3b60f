"""Check that a built site needs no network: ``python tools/check_site.py FOLDER``."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

LOADED = {
    "audio": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}
"""Elements that a browser loads when it shows a page, and the attribute that names what."""

ABROAD = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?\s*(?:https?:)?//[^)\"']+", re.IGNORECASE)


class Page(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.abroad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element."""
        named = dict(attrs)
        if named.get("rel") == "canonical":
            return
        where = named.get(LOADED.get(tag, ""))
        if where and ABROAD.match(where):
            self.abroad.append(where)


def problems(site: Path) -> list[str]:
    """Return what a site lacks, or loads from elsewhere."""
    found = [
        f"there is no {name}" for name in ("index.html", "llms.txt") if not (site / name).is_file()
    ]
    for path in sorted(site.rglob("*.html")):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(site)} loads {where}" for where in page.abroad]
    for path in sorted(site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(site)} loads {where}" for where in STYLE.findall(text)]
    return found


def main() -> int:
    """Say what is wrong; return 1 if anything is."""
    found = problems(Path(sys.argv[1]))
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
