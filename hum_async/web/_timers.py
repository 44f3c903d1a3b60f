"""Timers of a hub's look-ups: at most one for each."""

import asyncio
from collections.abc import Callable

from hum_async.web._registry import HubLookup


class Timers:
    """At most one timer for each look-up."""

    def __init__(self) -> None:
        self._handles: dict[HubLookup, asyncio.TimerHandle] = {}

    def __contains__(self, lookup: HubLookup) -> bool:
        return lookup in self._handles

    def start(
        self,
        loop: asyncio.AbstractEventLoop,
        lookup: HubLookup,
        when: float,
        then: Callable[[HubLookup], None],
    ) -> None:
        """Start the timer of a look-up, instead of one that runs.

        Args:
            loop: The event loop.
            lookup: The look-up.
            when: When it ends, in the loop's time.
            then: Called with the look-up at that time.
        """
        self.stop(lookup)
        self._handles[lookup] = loop.call_at(when, self._end, lookup, then)

    def stop(self, lookup: HubLookup) -> None:
        """Stop the timer of a look-up, if one runs."""
        if (handle := self._handles.pop(lookup, None)) is not None:
            handle.cancel()

    def stop_all(self) -> None:
        """Stop all timers."""
        for lookup in tuple(self._handles):
            self.stop(lookup)

    def _end(self, lookup: HubLookup, then: Callable[[HubLookup], None]) -> None:
        del self._handles[lookup]
        then(lookup)
