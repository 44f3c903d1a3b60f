"""The documentation names nothing that does not exist: no section, no file, no heading."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACT = ROOT / "docs" / "hum-api.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = [
    path
    for place in ("hum_async", "tests", "benchmarks")
    for suffix in ("*.py", "*.md")
    for path in sorted((ROOT / place).rglob(suffix))
]

SECTION = r"[1-9](?:\.[1-9])?(?![\w-])"
# "hum-api 2.1, 2.2 and 2.5", and after it perhaps "...) or its internet services (2.4)".
CITATION = re.compile(
    rf"hum-api ({SECTION}(?:(?:, | and | or ){SECTION})*)(?:\)[^.()]{{1,60}}\(({SECTION})\))?"
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def headings(page: Path) -> list[str]:
    return HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))


def sections(page: Path) -> set[str]:
    """Return the numbers that begin headings, such as 2 and 2.1."""
    return {
        found.group().rstrip(".")
        for heading in headings(page)
        if (found := re.match(r"\d[\d.]*", heading))
    }


def anchors(page: Path) -> set[str]:
    """Return what a link can name in a page, as forges make it of headings."""
    bare = (re.sub(r"[^\w\- ]", "", heading) for heading in headings(page))
    return {heading.lower().replace(" ", "-") for heading in bare}


def cited(text: str) -> Iterator[str]:
    """Yield the sections that a text cites, also where a comment wraps in between."""
    for listed, another in CITATION.findall(re.sub(r"\s+(?:# )?", " ", text)):
        yield from re.findall(SECTION, f"{listed} {another}")


@pytest.mark.parametrize(
    ("text", "sections_cited"),
    [
        ("POST /sessions (hum-api 2.2), for an address", ["2.2"]),
        ("(hum-api 2.3) or its internet services (2.4).", ["2.3", "2.4"]),
        ("hum-api 2.1, 2.2, 2.3 and 2.5.", ["2.1", "2.2", "2.3", "2.5"]),
        ("guidance (hum-api\n    # 5): every 2-3 s", ["5"]),
        ("the usual time (hum-api 5: 5 to 15). A value (7) that hum-api does not list", ["5"]),
    ],
)
def test_citations_are_found_however_they_are_written(text: str, sections_cited: list[str]) -> None:
    assert list(cited(text)) == sections_cited


def test_every_section_of_the_contract_that_is_cited_exists() -> None:
    known = sections(CONTRACT)
    citations = {
        (path.relative_to(ROOT).as_posix(), section)
        for path in (*SOURCES, *PAGES)
        if path != Path(__file__)
        for section in cited(path.read_text(encoding="utf-8"))
    }
    assert len(citations) > 30
    assert not {where for where in citations if where[1] not in known}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_the_glossary_names_code_that_exists() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "hum_async").rglob("*.py")
    )
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = [row.rsplit("|", 2)[1] for row in glossary.splitlines() if row.startswith("| **")]
    names = re.findall(r"`(\w+(?:\.\w+)?)`", " ".join(cells))
    assert len(names) > 50
    owners = set(re.findall(r"^(?:class |def )?(\w+)", code, re.MULTILINE))
    members = set(re.findall(r"^ +(?:async |def )*(\w+)", code, re.MULTILINE)) | {""}
    for name in names:
        owner, _, member = name.partition(".")
        assert owner in owners, name
        assert member in members, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_of_the_repository_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:hum_async|tests|docs|examples|benchmarks|\.ci)/[\w./]+)`", text):
        assert (ROOT / name).exists(), name
