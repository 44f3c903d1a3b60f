"""Finds what is due among the rows of earlier results. It blocks; use a thread."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._api.addresses import checked_or_error
from hum_async._purchases.codec import pack, unpack
from hum_async._purchases.reader import JournalReader
from hum_async._purchases.records import FAILED_OUTCOMES, Entry, address_digest
from hum_async._purchases.resume_rules import written_off
from hum_async.bulk.columns import AddressColumns
from hum_async.bulk.dedupe import SeenAddresses
from hum_async.bulk.diff.snapshot import Snapshot, snapshot_of
from hum_async.bulk.files.compose import next_rows
from hum_async.bulk.requalify.order import Area, Candidate, kind_of_result
from hum_async.bulk.tables import Table
from hum_async.errors import AddressError
from hum_async.models import Address, Outcome

RETRIED = FAILED_OUTCOMES - {Outcome.UNCERTAIN, Outcome.INVALID_ADDRESS}
"""Outcomes that are due whatever their age: there is no answer that could be young."""

Find = Callable[[Sequence[bytes]], Mapping[bytes, Entry]]


@attrs.frozen(kw_only=True)
class Earlier:
    """An address of earlier results.

    Attributes:
        number: Number of its first row, from 0.
        address: The address.
        digest: What identifies it in the new journal.
        entry: What the earlier journal has of it; None if it has nothing.
        mine: What the new journal has of it; None if it has nothing.
        snapshot: The earlier result; None if there is none.
    """

    number: int
    address: Address = attrs.field(repr=False)
    digest: bytes
    entry: Entry | None = attrs.field(repr=False)
    mine: Entry | None = attrs.field(repr=False)
    snapshot: Snapshot | None

    @property
    def is_carried_over(self) -> bool:
        """Whether the new journal has nothing but the earlier result."""
        mine, entry = self.mine, self.entry
        if mine is None or entry is None:
            return False
        return mine.outcome is entry.outcome and mine.asked_at == entry.asked_at

    def is_due(self, since: str, retry: Collection[Outcome] = RETRIED) -> bool:
        """Return whether it is to be asked for again.

        Args:
            since: Time (ISO 8601, UTC) before which results are old.
            retry: Outcomes that are due whatever their age.
        """
        if self.entry is None or self.entry.outcome is None:
            return True
        if self.entry.outcome in retry:
            return True
        return self.entry.outcome is not Outcome.UNCERTAIN and self.entry.asked_at < since

    def candidate(self, now: datetime) -> Candidate:
        """Return it as what is due."""
        snapshot, asked = self.snapshot, self.entry.asked_at if self.entry is not None else ""
        age = (now - datetime.fromisoformat(asked)).total_seconds() if asked else 0.0
        outcome = Outcome.FAILED if snapshot is None else snapshot.outcome
        fiber = None if snapshot is None else snapshot.fiber
        return Candidate(
            number=self.number,
            kind=kind_of_result(outcome, fiber=fiber),
            age=max(age, 0.0),
            area=area_of(self.address),
        )


def area_of(address: Address) -> Area:
    """Return where an address is, from its state to its ZIP code."""
    zip5 = (address.zip or "")[:5]
    if not zip5:
        return (address.state or "", (address.city or "").casefold())
    return (address.state or zip5[:3], zip5[:3], zip5)


def earlier_addresses(
    table: Table,
    columns: AddressColumns,
    *,
    earlier: JournalReader,
    find: Find,
    rules: KeyRules,
) -> Iterator[Earlier]:
    """Yield each address of a table once.

    Args:
        table: The table.
        columns: Where its rows hold the address.
        earlier: The journal of the earlier results.
        find: Returns what the new journal has.
        rules: How the new journal compares addresses.
    """
    seen = SeenAddresses()
    rows = table.rows()
    number = -1
    while chunk := next_rows(rows, table.name):
        asked: list[tuple[int, Address, bytes]] = []
        for cells in chunk:
            number += 1
            address = checked_or_error(columns.read(cells).address)
            if isinstance(address, AddressError):
                continue
            digest = address_digest(address, rules)
            if seen.first(digest, number + 1) is None:
                asked.append((number, address, digest))
        theirs = [address_digest(address, earlier.dedupe) for _, address, _ in asked]
        entries = earlier.find(list(dict.fromkeys(theirs)))
        mine = find([digest for _, _, digest in asked])
        yield from (
            Earlier(
                number=at,
                address=address,
                digest=digest,
                entry=entry,
                mine=mine.get(digest),
                snapshot=_snapshot(entry, address),
            )
            for (at, address, digest), their in zip(asked, theirs, strict=True)
            for entry in (_settled(entries.get(their), address),)
        )


def _settled(entry: Entry | None, address: Address) -> Entry | None:
    """Return an entry; one whose POST a crash has left without an answer, as `UNCERTAIN`."""
    if entry is None or entry.outcome is not None or entry.token is not None:
        return entry
    result = written_off(entry, key=None, address=address)
    return attrs.evolve(entry, outcome=result.outcome, packed=pack(result, digest=entry.digest))


def _snapshot(entry: Entry | None, address: Address) -> Snapshot | None:
    if entry is None or entry.packed is None:
        return None
    return snapshot_of(unpack(entry.packed, key=None, address=address, digest=entry.digest))


@attrs.define
class DueCounts:
    """How many addresses are due, and why the others are not.

    Attributes:
        addresses: Number of distinct addresses.
        due: Number of those that are due.
        uncertain: Number of those that are left alone, because a session may have been bought.
        outcomes: Number of those that are due by outcome.
    """

    addresses: int = 0
    due: int = 0
    uncertain: int = 0
    outcomes: Counter[Outcome] = attrs.field(factory=Counter)

    def count(self, each: Earlier, since: str, retry: Collection[Outcome] = RETRIED) -> bool:
        """Count an address; return whether it is due. The arguments are those of `is_due`."""
        due = each.is_due(since, retry)
        self.addresses += 1
        self.due += due
        outcome = None if each.entry is None else each.entry.outcome
        self.uncertain += outcome is Outcome.UNCERTAIN and not due
        if due and outcome is not None:
            self.outcomes[outcome] += 1
        return due


def now_and_since(older_than: float) -> tuple[datetime, str]:
    """Return the present moment, and the time before which results are old by now."""
    now = datetime.now(UTC)
    return now, datetime.fromtimestamp(now.timestamp() - older_than, UTC).isoformat()
