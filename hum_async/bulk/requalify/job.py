"""A job that asks again what is due, and carries all other results over."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._purchases.codec import unpack
from hum_async._purchases.journals import carry_over, open_reader
from hum_async._purchases.records import Copied
from hum_async._tasks import run_in_thread
from hum_async.bulk.diff.compare import ChangeKind, change_of
from hum_async.bulk.diff.snapshot import snapshot_of
from hum_async.bulk.diff.table import SnapshotTable
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.requalify.due import DueCounts, Earlier, Find, earlier_addresses
from hum_async.bulk.requalify.order import Candidate, RequalifyOrder
from hum_async.errors import SessionLimitReached
from hum_async.models import Address, Outcome, Qualification

_LEAST_AT_ONCE = 16
_PART = 500
"""Results that are carried over in one commit."""
_ROUNDS = 16
"""What is asked for at once is so small a part of the budget that the rest profits from it."""


class RequalifyJob(FileJob):
    """Asks again what is due among the rows of earlier results.

    The journal gets every earlier result first, with the time at which it was observed. What is due
    replaces its result there, so that the outputs hold all rows, and the next job can go on from
    them.

    Args:
        client: Whose API, key and limiter are used.
        earlier: The journal of the earlier results.
        budget: Sessions that may be bought, all runs together; None for all that are due.
        more: Further arguments, as of `FileJob`. `max_age` of its options says what is due.
    """

    buys_every_row = True

    def __init__(self, client: Any, *, earlier: Path, budget: int | None, **more: Any) -> None:
        super().__init__(client, **more)
        self.due = DueCounts()
        self._earlier = earlier
        self._budget = budget
        self._old = SnapshotTable()
        self._wanted: dict[int, tuple[bytes, Address]] = {}
        self._first: deque[int] = deque()
        self._order = RequalifyOrder(())
        self._left = 0
        self._at_once = 0
        self._under_way = 0
        self._answered = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Open the journal, carry the earlier results over, and find what is due."""
        await run_in_thread(self._carry_over)
        await super().__aenter__()
        try:
            await self._opened.work(lambda journal: self._prepare(journal.find, journal.dedupe))
        except BaseException:
            await self._opened.aclose()
            raise
        return self

    async def run(self) -> None:
        """Ask for what is due, as far as the budget goes; raises as `FileJob.run` does."""
        try:
            await super().run()
        except SessionLimitReached:
            # A session that was gone had to be bought again; that is what a budget is for.
            if self._budget is None or self._opened.spent + self.report.sessions < self._budget:
                raise

    def _carry_over(self) -> None:
        options = self._options
        if not isinstance(options.journal, Path):
            raise TypeError("a file job needs a journal in a file")

        def copies(target: Any) -> Iterator[list[Copied]]:
            part: list[Copied] = []
            for each in self._earlier_addresses(target.find, target.dedupe):
                if each.mine is None and each.entry is not None and each.entry.packed is not None:
                    part.append(Copied(each.digest, attrs.evolve(each.entry, copied=True)))
                if len(part) >= _PART:
                    yield part
                    part = []
            yield part

        with open_reader(self._earlier, api=self._api):
            # Before there is a new journal, which would belong to the wrong API.
            pass
        carry_over(options.journal, copies, api=self._api, dedupe=options.dedupe)

    def _earlier_addresses(self, find: Find, rules: KeyRules) -> Iterator[Earlier]:
        with open_reader(self._earlier, api=self._api) as earlier:
            yield from earlier_addresses(
                self._table, self._columns, earlier=earlier, find=find, rules=rules
            )

    def _prepare(self, find: Find, rules: KeyRules) -> None:
        store, now = self._opened, datetime.now(UTC)
        since, retry = store.taken_since or "", self._options.retry
        uncertain = {Outcome.UNCERTAIN} & {*retry}
        candidates: list[Candidate] = []
        renewed: list[Earlier] = []
        for each in self._earlier_addresses(find, rules):
            if not self.due.count(each, since, retry):
                continue
            self._wanted[each.number] = each.digest, each.address
            if each.snapshot is not None:
                self._old.add(each.digest, each.snapshot)
            candidates.append(each.candidate(now))
            mine = each.mine
            if mine is not None and not each.is_carried_over and mine.outcome not in uncertain:
                # An earlier run of this job has asked for it.
                renewed.append(each)
        self._order = RequalifyOrder(candidates)
        for each in renewed:
            self._order.skip(each.number)
            if each.mine is not None and each.mine.outcome is None:
                self._first.append(each.number)
            elif each.mine is not None:
                self._learn_from_entry(each, each.mine.packed)
        left = len(candidates) - len(renewed)
        most = left if self._budget is None else max(0, self._budget - store.spent)
        self._left = min(left, most)
        # Where everything is bought, there is nothing to choose.
        self._at_once = left if self._left >= left else max(_LEAST_AT_ONCE, self._left // _ROUNDS)
        self.report.total = len(self._first) + self._left

    def _learn_from_entry(self, each: Earlier, packed: bytes | None) -> None:
        if packed is not None:
            result = unpack(packed, key=each.number, address=each.address, digest=each.digest)
            self._learn(each.number, result)

    async def _addresses(self) -> AsyncIterator[tuple[int, Address]]:
        while self._first:
            number = self._first.popleft()
            self._under_way += 1
            yield number, self._wanted[number][1]
        while self._left > 0:
            while self._under_way >= self._at_once:
                self._answered.clear()
                await self._answered.wait()
            number_ = self._order.next()
            if number_ is None:
                return
            self._left -= 1
            self._under_way += 1
            yield number_, self._wanted[number_][1]

    def _take(self, result: Qualification) -> None:
        self._under_way -= 1
        if isinstance(result.key, int):
            self._learn(result.key, result)
        self._answered.set()
        super()._take(result)

    def _learn(self, number: int, result: Qualification) -> None:
        digest, _ = self._wanted[number]
        old, new = self._old.take(digest), snapshot_of(result)
        if old is None or old.failed or new.failed:
            return
        change = change_of(old, new)
        if change is None or ChangeKind.NOT_COMPARABLE not in change.kinds:
            self._order.found(number, changed=change is not None)
