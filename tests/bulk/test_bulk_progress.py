"""`show_progress`: a cell of a notebook that shows how far a job is."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import Any

import pytest

from hum_async import Address, HumClient, InputError, Qualification, qualify
from hum_async.bulk import show_progress


class Cell:
    """What `IPython.display.display` returns: a handle of an output cell."""

    shown: list[Any]

    def __init__(self, shown: Any) -> None:
        self.shown = [shown]

    def update(self, shown: Any) -> None:
        self.shown.append(shown)


@pytest.fixture(name="cells")
def _cells(monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """Stand in for a notebook; return its cells."""
    cells: list[Cell] = []

    def display(shown: Any, *, display_id: bool) -> Cell:
        assert display_id
        cells.append(Cell(shown))
        return cells[-1]

    module = ModuleType("IPython.display")
    module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return cells


STREETS = ("100 Served St", "100 No Providers Ave", "100 Ambiguous Rd")
ADDRESSES = [Address(street, zip="48226") for street in STREETS]


@pytest.mark.virtual
async def test_the_cell_changes_while_the_job_runs_and_shows_its_end(
    hum: HumClient, cells: list[Cell]
) -> None:
    job = qualify(hum, ADDRESSES)
    found: list[Qualification[int]] = [each async for each in show_progress(job, total=3)]
    assert sorted(each.key for each in found) == [0, 1, 2]
    (cell,) = cells
    first, *_, last = map(repr, cell.shown)
    assert first.startswith("0 of 3 done, 0 open, ")
    assert last.startswith("3 of 3 done, 1 SERVED, 1 NO_PROVIDERS, 1 AMBIGUOUS_ADDRESS, 0 open")
    # Also while no result comes: the first takes seconds.
    assert len([text for text in map(repr, cell.shown) if text.startswith("0 of 3")]) > 3
    markup = cell.shown[-1]._repr_html_()
    assert '<progress value="3" max="3"' in markup
    for street in STREETS:
        assert street not in "".join(repr(each) + each._repr_html_() for each in cell.shown)


@pytest.mark.virtual
async def test_a_job_that_is_left_shows_nothing_more(hum: HumClient, cells: list[Cell]) -> None:
    async with qualify(hum, ADDRESSES) as job:
        async for _ in show_progress(job):
            break
        (cell,) = cells
        count = len(cell.shown)
        await asyncio.sleep(10)
        assert len(cell.shown) == count
    assert "of" not in repr(cell.shown[0]).split(",")[0]


def test_without_ipython_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    monkeypatch.setitem(sys.modules, "IPython", None)
    with pytest.raises(InputError, match=r"needs ipython: pip install ipython$"):
        show_progress(None)  # type: ignore[arg-type]  # it is not used
