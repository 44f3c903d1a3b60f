"""Chooses who keeps a hub's look-ups in its ledger."""

from hum_async.web._ledger_keeper import LedgerKeeper, LedgerParts, OwnLedgerKeeper
from hum_async.web._shared_keeper import SharedKeeper


async def open_keeper(parts: LedgerParts) -> LedgerKeeper:
    """Open a ledger, and return who keeps look-ups in it, before that one has opened.

    Raises:
        JournalError: The ledger cannot be used.
    """
    store = await parts.ledger.open()
    log = store.event_log
    return OwnLedgerKeeper(parts, store) if log is None else SharedKeeper(parts, store, log)
