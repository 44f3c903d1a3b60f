"""Between the queue of a hub, its ledger, and the hub, which tells its browsers."""

import logging
from typing import Protocol

from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._lookups.observer import LookupObserver
from hum_async._purchases.refusals import ClaimRefused
from hum_async.errors import HumError

logger = logging.getLogger("hum_async.web")


class Teller(Protocol):
    """Who tells browsers of look-ups."""

    def record(self, work: Lookup) -> None:
        """Tell what an answer showed."""

    def record_failure(self, work: Lookup) -> None:
        """Tell that no answer will end a look-up."""

    def begin_again(self, work: Lookup) -> None:
        """Ask the ledger again for the address of a look-up: another process was first with it."""


class HubRecorder(LookupObserver):
    """Makes what a hub's look-ups find safe, and passes it on.

    Args:
        teller: Who is told what is safe.
        purchases: Makes it safe.
    """

    def __init__(self, teller: Teller, purchases: LookupObserver) -> None:
        self._teller = teller
        self._purchases = purchases

    async def before_create(self, lookup: Lookup) -> None:
        """Record that a POST is about to be sent."""
        await self._purchases.before_create(lookup)

    def claim_refused(self, lookup: Lookup, refusal: ClaimRefused) -> None:
        """Ask the ledger again: another process was first with the address."""
        del refusal
        self._teller.begin_again(lookup)

    def create_had_no_effect(self, lookup: Lookup) -> None:
        """Record that a POST had no effect."""
        self._purchases.create_had_no_effect(lookup)

    def dropped(self, lookup: Lookup) -> None:
        """Forget a look-up that is not begun, because the hub closes."""
        self._purchases.ended(lookup)

    async def answered(self, lookup: Lookup, step: LookupStep) -> None:
        """Record what an answer showed, and tell it."""
        await self._purchases.answered(lookup, step)
        if step is not LookupStep.CLOSE:
            self._teller.record(lookup)

    def failed(self, lookup: Lookup, error: Exception) -> None:
        """Tell that a look-up failed."""
        if isinstance(error, HumError):
            logger.error("a look-up cannot be made: %s", error)
        else:
            logger.error("a look-up ended by a bug of hum_async; please report it", exc_info=error)
        self._teller.record_failure(lookup)
