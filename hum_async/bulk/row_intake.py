"""Takes the rows of a job as there is room for them, and begins what the address of each needs."""

import asyncio
from collections.abc import Callable, Hashable
from functools import partial

from hum_async._api.sender import RequestSender
from hum_async._lookups.lookup import Lookup
from hum_async._lookups.recording import known_result
from hum_async._purchases.ledger import given_again
from hum_async._purchases.records import Copied, Entry, address_digest
from hum_async._purchases.resume_rules import ResumeAction, ResumeRules
from hum_async._purchases.store import PurchaseStore
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.input_rows import InputRows
from hum_async.bulk.job_polling import JobPolling
from hum_async.bulk.job_purchases import PLENTY, JobPurchases
from hum_async.bulk.job_state import JobState
from hum_async.bulk.options import JobOptions
from hum_async.bulk.under_way import Purchase
from hum_async.bulk.unread_results import UnreadResults
from hum_async.models import Address, Qualification

_CHUNK = 256
"""Rows that are sorted in together: each chunk costs a look into the journal."""


class RowIntake:
    """Reads rows, and sorts each in by what the purchase store knows of its address.

    Args:
        sender: Tells how requests are repeated, and the time.
        options: How to go about it.
        state: The state of the job.
        rows: The rows.
        purchases: Gets the addresses that are to be looked up.
        results: Gets the results that take no request.
        wake: Called when rows were sorted in.
        buys_every_row: Whether no row can be answered by what the store holds.

    `reused` counts the rows whose result was in the store, `adopted` the sessions taken over.
    `sorting` is whether rows are being sorted in.
    """

    def __init__(  # noqa: PLR0913  all but the first two by name
        self,
        sender: RequestSender,
        options: JobOptions,
        *,
        state: JobState,
        rows: InputRows,
        purchases: JobPurchases,
        results: UnreadResults,
        wake: Callable[[], None],
        buys_every_row: bool,
    ) -> None:
        self.reused = self.adopted = 0
        self.sorting = False
        self._sender = sender
        self._options = options
        self._state = state
        self._rows = rows
        self._purchases = purchases
        self._shared = purchases.shared
        self._results = results
        self._wake = wake
        self._buys_every_row = buys_every_row
        self._polling = JobPolling(self._sessions_left)
        self._rules = ResumeRules(run=0)
        # Addresses that earlier runs knew, as far as rows with them were read.
        self._earlier_read = SeenAddresses()
        # Addresses whose result was copied by this run; the store may not know all of them yet.
        self._copied = SeenAddresses()
        self._store: PurchaseStore | None = None
        self._reading: asyncio.Task[None] | None = None

    # --- reading ----------------------------------------------------------------------------------

    def start(self, store: PurchaseStore) -> None:
        """Begin to read."""
        self._store = store
        self._rules = self._shared.rules(store, self._options)
        # Settled rows come first. Rows of an async iterable may come at any time, and there is no
        # waiting for all of them.
        if not store.known or self._rows.fed:
            self._send_from_now_on()
        self._reading = asyncio.create_task(self._read(store), name="hum-read")

    def read_again(self) -> None:
        """Go on reading where all rows had been read: some are to come back."""
        if self._store is not None and self._reading is not None and self._reading.done():
            self._state.exhausted = False
            self._reading = asyncio.create_task(self._read(self._store), name="hum-read")

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what is to be ended before the store is closed."""
        return [] if self._reading is None else [self._reading]

    async def feed(self) -> None:
        """Read an async iterable a few rows ahead."""
        try:
            await self._rows.feed()
        except Exception as exc:  # noqa: BLE001  of the user's own iterable; the consumer sees it
            self._purchases.fail(exc)
        finally:
            self._rows.room.set()

    def earlier_unread(self, store: PurchaseStore) -> int:
        """Return how many addresses of earlier runs may be in a row that was not read."""
        if self._buys_every_row:
            return 0
        return store.known - len(self._earlier_read)

    async def _read(self, store: PurchaseStore) -> None:
        """Take rows as there is room for them, and sort them in."""
        state, rows = self._state, self._rows
        try:
            while not state.stopping:
                rows.room.clear()
                space = 0 if state.resting else self._space(store)
                chunk = rows.take(min(_CHUNK, space))
                if chunk:
                    self.sorting = True
                    await self._sort_in(chunk, store)
                    self.sorting = False
                elif space > 0 and not self._shared.waiting and not rows.look_ahead():
                    state.exhausted = True
                    break
                else:
                    # All settled rows are out, as far as there was room for them.
                    self._send_from_now_on()
                    await rows.room.wait()
        except Exception as exc:  # noqa: BLE001  of the user's own iterable, or the journal's
            self._purchases.fail(exc)
        self._send_from_now_on()
        self._results.wake()

    def _send_from_now_on(self) -> None:
        self._state.sending = True
        self._purchases.release()

    def _space(self, store: PurchaseStore) -> int:
        """Return how many rows may be read now."""
        purchases = self._purchases
        space = self._options.max_open - purchases.rows - len(self._results)
        if purchases.is_barred():
            # Rows that may not be bought must not keep others out that need no purchase.
            space += purchases.queue.waiting + purchases.under_way.joined
        if not self._state.sending:
            return space
        if purchases.waiting > PLENTY:
            # Where no more may be bought, the result of a later row may still be in the store.
            return space if purchases.is_barred() and self.earlier_unread(store) > 0 else 0
        return min(space, 2 * PLENTY - purchases.waiting)

    def _sessions_left(self) -> int | None:
        """Return how many sessions are open or wait to be opened; None if not the limit holds up.

        Slots are idle however much work there is if no more sessions may be open at the same time,
        or the rows come slowly.
        """
        queue = self._purchases.queue
        if not queue.waiting and not self._state.exhausted and not self._state.stopping:
            return None
        return queue.in_progress + queue.waiting

    # --- sorting in -------------------------------------------------------------------------------

    async def _sort_in(self, chunk: list[tuple[Hashable, Address]], store: PurchaseStore) -> None:
        unknown: list[tuple[bytes, Lookup]] = []
        for key, address in chunk:
            lookup = self._lookup(key, address)
            if lookup.result is not None:
                self._results.put(lookup.result)
                continue
            digest = address_digest(lookup.address, store.dedupe)
            # Before the store is asked: a look-up under way may be settled after that.
            back = partial(self._rows.put_back, key, address)
            if not self._purchases.join(digest, lookup) and not self._shared.waits(digest, back):
                unknown.append((digest, lookup))
        asked = [(digest, lookup.address) for digest, lookup in unknown]
        found = await store.find(asked) if asked else {}
        begun: set[bytes] = set()
        for digest, lookup in unknown:
            if self._purchases.join(digest, lookup):
                continue
            if digest in begun:
                # A row of this chunk had the same address: its purchase has changed since.
                found |= await store.find([(digest, lookup.address)])
            begun.add(digest)
            await self._begin(digest, lookup, found.get(digest), store)
        self._wake()

    def _lookup(self, key: Hashable, address: Address) -> Lookup:
        options = self._options
        return Lookup(
            key=key,
            address=address,
            policy=options.policy if options.policy is not None else self._polling.session(),
            retry=self._sender.retry,
            close=options.close != "never",
            campaign_id=options.campaign_id,
        )

    async def _begin(
        self, digest: bytes, lookup: Lookup, entry: Entry | None, store: PurchaseStore
    ) -> None:
        """Do what an address needs, by what is known of it."""
        action, reason = self._rules.action(entry)
        if self._shared.has_settled(digest, entry):
            # An earlier row's failure is not looked up again for a later one.
            action = ResumeAction.TAKE
        if entry is not None and not entry.copied and self._rules.is_earlier(entry):
            self._earlier_read.first(digest, 1)
        if action is ResumeAction.BUY or entry is None:
            self._purchases.buy(self._purchase(digest, store, lookup, entry, reason))
        elif action is ResumeAction.WAIT:
            back = partial(self._rows.put_back, lookup.key, lookup.address)
            self._shared.waits_elsewhere(digest, lookup.address, back)
        elif action is ResumeAction.ADOPT:
            lookup.adopt(entry.token or "", *self._sender.clocks(), requests=entry.requests)
            self.adopted += 1
            self._purchases.add(self._purchase(digest, store, lookup, entry))
        else:
            await self._take(digest, lookup, entry, store, action)

    def _purchase(
        self,
        digest: bytes,
        store: PurchaseStore,
        lookup: Lookup,
        entry: Entry | None,
        instead_of: str | None = None,
    ) -> Purchase:
        expires = self._options.close != "always"
        replaces = 0 if entry is None else entry.number
        return Purchase(
            digest, store, instead_of, replaces=replaces, expires=expires, lookup=lookup
        )

    async def _take(
        self,
        digest: bytes,
        lookup: Lookup,
        entry: Entry,
        store: PurchaseStore,
        action: ResumeAction,
    ) -> None:
        """Hand out a result that takes no request."""
        if entry.copied and self._copied.first(digest, 1) is None:
            store.record(Copied(digest, entry))
        result = await known_result(action, entry, lookup, digest=digest, store=store)
        # Of what is written off, nothing was sent now.
        written_off = action is ResumeAction.WRITE_OFF
        self._shared.give_back(digest, _again(result, lookup) if written_off else result)
        if entry.theirs or self._rules.is_earlier(entry):
            self.reused += 1
            self._results.put(result)
        else:
            self._results.put(_again(result, lookup))


def _again(result: Qualification, lookup: Lookup) -> Qualification:
    return given_again(result, key=lookup.key, address=lookup.address)
