"""Finds every block of code of the documentation: fenced ones in pages, and those in docstrings."""

import ast
import functools
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
WRITTEN = ROOT / "docs" / "reference"
"""Where the site's pages lie that are written from the code whenever it is built."""

PAGES = sorted(
    {
        *ROOT.glob("*.md"),
        *(page for place in (".github", "benchmarks", "docs", "examples")
          for page in (ROOT / place).rglob("*.md")
          if page.parent != WRITTEN),
    }
)  # fmt: skip
SOURCES = sorted((ROOT / "hum_async").rglob("*.py"))

DRAWINGS = ("Asked ----> Opened ----> Settled", "HumError\n+-- ConfigurationError")
"""How drawings begin that stand in docstrings as code does."""

_MARKDOWN = MarkdownIt()
# A fence that is a directive of MyST, and the options that may stand in its first lines.
_DIRECTIVE = re.compile(r"^\{(?:(?:code|code-block|sourcecode)\} +(?P<language>\w+)$|[\w:-]+\})")
_OPTIONS = re.compile(r"\A(?::[\w-]+:.*\n)+\n?")
# An indented paragraph after a line that ends with two colons, or after a directive.
_LITERAL = re.compile(
    r"(?:^ *\.\. code(?:-block)?:: *(?P<language>\w+)|::)\n\n(?P<text>(?:(?: {4}.*)?\n)+)",
    re.MULTILINE,
)
_PROMPT = ">>> "


@attrs.frozen
class Block:
    """A block of code.

    Attributes:
        path: The file that it stands in.
        line: Number of its first line there.
        language: What it is said to be written in; empty if nothing is said.
        text: Its lines, without the indentation that they share.
    """

    path: Path
    line: int
    language: str
    text: str

    @property
    def is_drawing(self) -> bool:
        """Whether it is no code: a drawing in a docstring."""
        return self.text.startswith(DRAWINGS)

    @property
    def place(self) -> str:
        """Where it stands, such as ``README.md, line 7``."""
        return f"{self.path.relative_to(ROOT).as_posix()}, line {self.line}"


@functools.cache
def blocks() -> tuple[Block, ...]:
    """Return all blocks, in the order of the files and of their lines."""
    found = [block for page in PAGES for block in blocks_of_page(page, page.read_text("utf-8"))]
    for path in SOURCES:
        found += blocks_of_source(path, path.read_text("utf-8"))
    return tuple(found)


def blocks_of_page(path: Path, text: str, line: int = 1) -> Iterator[Block]:
    """Yield the blocks of a page of Markdown, or of a part of it that begins at a line.

    Raises:
        ValueError: A block has no end.
    """
    lines = text.splitlines()
    for token in _MARKDOWN.parse(text):
        if token.map is None or token.type not in {"code_block", "fence", "html_block"}:
            continue
        first, end = token.map
        if token.type != "fence":
            # Nothing says what is written there.
            if token.type == "code_block" or "<pre" in token.content:
                yield Block(path, line + first, "", token.content)
            continue
        if not lines[end - 1].lstrip(" >").startswith(token.markup) or end - 1 == first:
            raise ValueError(f"{path.name}, line {line + first}: the block has no end")
        info, inside = token.info.strip(), line + first + 1
        directive = _DIRECTIVE.match(info)
        if directive and directive["language"]:
            content = _OPTIONS.sub("", token.content)
            inside += token.content.count("\n") - content.count("\n")
            yield Block(path, inside, directive["language"], content)
            continue
        yield Block(path, inside, info.partition(" ")[0], token.content)
        if directive:  # a note, a warning: Markdown again
            yield from blocks_of_page(path, token.content, inside)


def blocks_of_source(path: Path, text: str) -> Iterator[Block]:
    """Yield the blocks of docstrings, and of the strings below attributes."""
    # Most modules have none, and need not be parsed.
    if not (_PROMPT in text or _LITERAL.search(text)):
        return
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        if isinstance(node.value.value, str):
            docstring = re.sub(
                rf"^ {{{node.col_offset}}}", "", node.value.value, flags=re.MULTILINE
            )
            yield from _blocks_of_docstring(path, node.lineno, docstring.rstrip() + "\n")


def _blocks_of_docstring(path: Path, line: int, docstring: str) -> Iterator[Block]:
    for literal in _LITERAL.finditer(docstring):
        start = line + docstring.count("\n", 0, literal.start("text"))
        text = textwrap.dedent(literal["text"]).strip("\n") + "\n"
        yield Block(path, start, literal["language"] or "python", text)
    outside = _LITERAL.sub("\n", docstring)
    if _PROMPT in outside:
        yield Block(path, line, "pycon", outside)
