"""Reads the snapshots of results, one after the other: from outputs, journals or any results."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from hum_async._addresses.usps_key import Dedupe, KeyRules
from hum_async._purchases.journals import open_reader
from hum_async.bulk.diff.snapshot import (
    Snapshot,
    digest_of,
    label_of,
    snapshot_of,
    snapshot_of_values,
)
from hum_async.bulk.results.reading import (
    input_of,
    is_journal,
    open_output,
    purchases_of,
    rows_of,
)
from hum_async.bulk.results.records import ResultRecord
from hum_async.bulk.results.stored import records_of
from hum_async.errors import InputError
from hum_async.models import Address, Qualification

Given = str | os.PathLike[str] | Iterable[Qualification[Any]]
"""Results as users give them: the name of an output or a journal, or results themselves."""

Found = tuple[bytes | None, Snapshot]
"""A snapshot with what identifies its address; None for one that no job can ask for."""


@attrs.frozen
class Source:
    """Results that are to be compared.

    Attributes:
        name: What the user calls them.
        given: The results.
        journal: The rules by which a journal compares addresses; None if it is none.
    """

    name: str
    given: "Path | Iterable[Qualification[Any]]" = attrs.field(repr=False)
    journal: KeyRules | None = None

    @classmethod
    def of(cls, given: Given, *, name: str) -> "Source":
        """Return results as a source.

        Args:
            given: The name of a file, or results.
            name: What results without a name are called.

        Raises:
            InputError: The file cannot be read.
            JournalError: The journal cannot be read.
        """
        if not isinstance(given, str | os.PathLike):
            return cls(name, given)
        path = Path(given)
        if not is_journal(path):
            return cls(str(path), path)
        with open_reader(path) as journal:
            return cls(str(path), path, journal.dedupe)

    def snapshots(self, rules: KeyRules) -> Iterator[Found]:
        """Yield the snapshots.

        Args:
            rules: How addresses are compared.

        Raises:
            InputError: The file cannot be read, or it does not say which addresses its results are
                those of.
            JournalError: The journal cannot be read, or it is damaged.
        """
        if not isinstance(self.given, Path):
            for record in records_of(self.given):
                yield _of_record(record, rules)
        elif self.journal is None:
            yield from _of_output(self.given, rules)
        else:
            yield from self._of_journal(self.given, rules)

    def _of_journal(self, path: Path, rules: KeyRules) -> Iterator[Found]:
        with open_reader(path) as journal:
            if rules == self.journal:
                for digest, result in purchases_of(journal):
                    yield digest, snapshot_of(result, label=label_of(result.address))
                return
            found = input_of(journal)
            if found is None:
                raise InputError(
                    f"{path} compares addresses by other rules ({self.journal}, not {rules}), "
                    "and its input is not there as it was; compare outputs in place of journals"
                )
            for record in rows_of(journal, *found):
                yield _of_record(record, rules)


def rules_for(sources: Iterable[Source], wanted: Dedupe | None) -> KeyRules:
    """Return how addresses are compared: as is wanted, or as the journals among the sources do."""
    if wanted is not None:
        return wanted
    for source in sources:
        if source.journal is not None:
            return source.journal
    return "usps"


def _of_record(record: ResultRecord, rules: KeyRules) -> Found:
    address: Address = record.result.address
    label = label_of(address)
    if record.values is None:
        told = snapshot_of(record.result, label=label, row=record.row)
    else:
        told = snapshot_of_values(record.values, label=label, row=record.row)
    return digest_of(address, rules), told


def _of_output(path: Path, rules: KeyRules) -> Iterator[Found]:
    # The columns tell what is compared; without the journal they are read in a fifth of the time.
    with contextlib.ExitStack() as opened:
        found = opened.enter_context(open_output(path, whole=False))
        if not found.complete:
            raise InputError(
                f"{path} is a long table, which has no row for an address without providers; "
                "compare the output of the job, or its journal"
            )
        if not found.addressed:
            raise InputError(
                f"{path} does not show which of its columns hold the address; keep the manifest of "
                "the job beside it, or compare its journal"
            )
        for record in found.records:
            yield _of_record(record, rules)
