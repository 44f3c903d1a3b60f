"""Decides what has changed between two snapshots of one address."""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache

import attrs

from hum_async.bulk.diff.snapshot import Snapshot, kind_of_data


class ChangeKind(StrEnum):
    """What has changed at an address."""

    OUTCOME = "OUTCOME"
    """It has another outcome."""
    PROVIDERS_GAINED = "PROVIDERS_GAINED"
    """A provider serves it that did not."""
    PROVIDERS_LOST = "PROVIDERS_LOST"
    """A provider does not serve it any more."""
    FIBER_GAINED = "FIBER_GAINED"
    """There is fiber where there was none."""
    FIBER_LOST = "FIBER_LOST"
    """There is no fiber any more."""
    FASTER = "FASTER"
    """The highest download or upload speed is higher."""
    SLOWER = "SLOWER"
    """The highest download or upload speed is lower."""
    CHEAPER = "CHEAPER"
    """The lowest price is lower."""
    DEARER = "DEARER"
    """The lowest price is higher."""
    NOT_COMPARABLE = "NOT_COMPARABLE"
    """The data sets of the two answers differ in kind."""
    ADDED = "ADDED"
    """Only the newer results have the address."""
    REMOVED = "REMOVED"
    """Only the older results have the address."""


@attrs.frozen(kw_only=True)
class AddressChange:
    """What has changed at one address.

    Attributes:
        kinds: What has changed, in the order of `ChangeKind`.
        old: What the older results say; None if they do not have the address.
        new: What the newer results say; None if they do not have the address.
        gained: Names of the providers that serve it now and did not.
        lost: Names of the providers that served it and do not any more.
    """

    kinds: tuple[ChangeKind, ...]
    old: Snapshot | None
    new: Snapshot | None
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The address, for people: as a row has it, or else as Hum understood it."""
        sides = [side for side in (self.new, self.old) if side is not None and side.label]
        return next((side.label for side in sides if side.row), sides[0].label if sides else "")


def comparable(old: Snapshot, new: Snapshot) -> bool:
    """Whether two snapshots rest on data of one kind, as far as that is known."""
    if old.data_set is None or new.data_set is None:
        return True
    return kind_of_data(old.data_set) == kind_of_data(new.data_set)


def change_of(
    old: Snapshot | None, new: Snapshot | None, *, any_data: bool = False
) -> AddressChange | None:
    """Return what has changed at an address; None if nothing has.

    What is not known is no change: providers, speeds and prices are compared where both answers say
    who serves the address, and a failure says nothing about them.

    Args:
        old: What the older results say; None if they do not have the address.
        new: What the newer results say; None if they do not have the address.
        any_data: Compare data sets of different kinds as well.
    """
    if old is None or new is None:
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
        return AddressChange(kinds=(kind,), old=old, new=new)
    if not any_data and not comparable(old, new):
        return AddressChange(kinds=(ChangeKind.NOT_COMPARABLE,), old=old, new=new)
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    if old.knows and new.knows:
        gained, lost = _gained_and_lost(old.providers, new.providers)
    kinds = tuple(_kinds(old, new, gained=bool(gained), lost=bool(lost)))
    if not kinds:
        return None
    return AddressChange(kinds=kinds, old=old, new=new, gained=gained, lost=lost)


def _kinds(old: Snapshot, new: Snapshot, *, gained: bool, lost: bool) -> Iterator[ChangeKind]:
    if old.outcome is not new.outcome:
        yield ChangeKind.OUTCOME
    if not (old.knows and new.knows):
        return
    speeds = {
        *_moved(old.download, new.download),
        *_moved(old.upload, new.upload),
    }
    price = {*_moved(old.price_cents, new.price_cents)}
    yield from (
        kind
        for kind, holds in (
            (ChangeKind.PROVIDERS_GAINED, gained),
            (ChangeKind.PROVIDERS_LOST, lost),
            (ChangeKind.FIBER_GAINED, old.fiber is False and new.fiber is True),
            (ChangeKind.FIBER_LOST, old.fiber is True and new.fiber is False),
            (ChangeKind.FASTER, 1 in speeds),
            (ChangeKind.SLOWER, -1 in speeds),
            (ChangeKind.CHEAPER, -1 in price),
            (ChangeKind.DEARER, 1 in price),
        )
        if holds
    )


def _moved(old: float | None, new: float | None) -> Iterator[int]:
    if old is not None and new is not None and old != new:
        yield 1 if new > old else -1


@lru_cache(maxsize=4096)
def _gained_and_lost(
    old: tuple[str, ...], new: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before, after = ({name.casefold() for name in names} for names in (old, new))
    gained = tuple(name for name in new if name.casefold() not in before)
    return gained, tuple(name for name in old if name.casefold() not in after)
