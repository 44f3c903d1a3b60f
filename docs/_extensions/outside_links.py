"""Lets pages of the site stand for files that lie outside the folder of the documentation."""

from typing import Any

from sphinx.application import Sphinx

PAGES = {
    "../README.md": "index.md",
    "../CHANGELOG.md": "project/changelog.md",
    "../CONTRIBUTING.md": "project/contributing.md",
    "../SECURITY.md": "project/security-policy.md",
    "../benchmarks/README.md": "project/measurements.md",
}
"""From a file outside, as pages name it, to the page of the site that includes it."""


def lead_inside(_: Sphinx, docname: str, source: list[str]) -> None:
    """Rewrite the links of a page."""
    up = "../" * docname.count("/")
    for outside, page in PAGES.items():
        for end in (")", "#"):
            source[0] = source[0].replace(f"]({up}{outside}{end}", f"]({up}{page}{end}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("source-read", lead_inside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
