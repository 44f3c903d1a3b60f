"""Shows in a notebook how far a job is."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from hum_async._notebook import progress_html
from hum_async.bulk.qualification import QualificationStream
from hum_async.bulk.results.frames import needed
from hum_async.models import KeyT_co, Outcome, Qualification

_EVERY = 0.25
"""Seconds between two changes of what is shown."""


class _Shown:
    """What an output cell shows: HTML in a notebook, one line elsewhere."""

    def __init__(self, markup: str, line: str) -> None:
        self._markup = markup
        self._line = line

    def __repr__(self) -> str:
        return self._line

    def _repr_html_(self) -> str:
        return self._markup


class ShownProgress(AsyncIterator[Qualification[KeyT_co]]):
    """What `show_progress` returns: the results of a job, and a cell that shows how far it is."""

    def __init__(
        self, results: QualificationStream[KeyT_co], total: int | None, display: Any
    ) -> None:
        self._results = results
        self._total = total
        self._outcomes: Counter[Outcome] = Counter()
        self._display = display
        self._cell: Any = None
        self._shown_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __anext__(self) -> Qualification[KeyT_co]:
        """Return the next result."""
        loop = asyncio.get_running_loop()
        self._tick(loop)
        ended = True
        try:
            result = await anext(self._results)
            self._outcomes[result.outcome] += 1
            ended = False
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if ended:
                self._show()
        return result

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Show it now and then, also while no result comes."""
        now = loop.time()
        if self._cell is None or now - self._shown_at >= _EVERY:
            self._shown_at = now
            self._show()
        self._timer = loop.call_later(_EVERY, self._tick, loop)

    def _show(self) -> None:
        done = self._outcomes.total()
        of = "" if self._total is None else f" of {self._total:,}"
        by_outcome = [
            f"{self._outcomes[each]:,} {each}" for each in Outcome if self._outcomes[each]
        ]
        statistics = self._results.statistics()
        told = [f"{done:,}{of} done", *by_outcome, f"{statistics.open:,} open"]
        line = ", ".join([*told, f"{statistics.requests:,} requests"])
        shown = _Shown(progress_html(line, done=done, total=self._total), line)
        if self._cell is None:
            self._cell = self._display(shown, display_id=True)
        else:
            self._cell.update(shown)


def show_progress(
    results: QualificationStream[KeyT_co], *, total: int | None = None
) -> ShownProgress[KeyT_co]:
    """Return the results of a job as they come, and show in the notebook's cell how far it is.

    Iterate over what it returns in place of the stream::

        async for found in show_progress(qualify(hum, [address]), total=1):
            print(found.outcome)

    The cell shows a bar and counts, and no address. It changes four times a second at most.

    Args:
        results: What `qualify` returned.
        total: Number of addresses, for the bar; None if it is not known.

    Raises:
        InputError: IPython is not installed.
    """
    display = needed("IPython.display", "show_progress()").display
    return ShownProgress(results, total, display)
