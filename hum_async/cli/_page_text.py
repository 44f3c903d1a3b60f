"""Lays out the text of help pages: paragraphs, and entries with a column of their own."""

import textwrap

_LABELS = 26
"""Columns for the names of options."""
_NARROW = 60


def entry(label: str, text: str, width: int) -> str:
    """Return an entry: its label, and its text in the second column."""
    indent = " " * (_LABELS if width >= _NARROW else 4)
    text = wrapped(text, width, indent)
    if len(label) < len(indent):
        return f"{label:{len(indent)}}{text.lstrip()}"
    return f"{label}\n{text}" if text else label


def wrapped(text: str, width: int, indent: str = "") -> str:
    """Return a paragraph of lines that are no longer than the page is wide."""
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
