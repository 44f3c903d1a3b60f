"""Verifies a finished job: its journal, the checksums of its files, and its rows."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from hum_async._purchases.codec import unpack
from hum_async._purchases.journals import open_reader
from hum_async._purchases.place import Place
from hum_async._purchases.reader import FINISHED_AT, DamagedJournal, JournalReader
from hum_async._wording import counted
from hum_async.bulk.columns import MappingError, mapped_columns
from hum_async.bulk.files.compose import results_of
from hum_async.bulk.files.manifest import manifest_in, read_manifest
from hum_async.bulk.files.own_files import checksum
from hum_async.bulk.result_facts import stored_facts
from hum_async.bulk.tables import Table, as_text, open_table
from hum_async.errors import InputError, JournalError
from hum_async.models import Address

_ANY = Address("1 Any St", zip="00000")
_SHOWN = 5


@attrs.define
class Verdict:
    """The findings of a verification.

    Attributes:
        passed: Statements that hold.
        problems: Descriptions of what does not hold.
    """

    passed: list[str] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    def note(self, statement: str, problems: Sequence[str]) -> None:
        """Record the problems of one statement; without any, the statement holds."""
        if problems:
            self.problems.extend(problems[:_SHOWN])
            if (more := len(problems) - _SHOWN) > 0:
                self.problems.append(f"... and {more:,} more of this kind")
        else:
            self.passed.append(statement)


def verify(journal: Place) -> Verdict:
    """Verify a finished job.

    Args:
        journal: The journal, or the job in a database; it names the manifest, and the manifest
            names the files.

    Raises:
        JournalError: The journal cannot be read.
        InputError: The manifest cannot be read.
    """
    verdict = Verdict()
    with open_reader(journal) as reader:
        try:
            _check(reader, verdict)
        except DamagedJournal as exc:
            verdict.problems.append(str(exc))
    return verdict


def _check(journal: JournalReader, verdict: Verdict) -> None:
    if journal.ledger:
        _check_ledger(journal, verdict)
        return
    verdict.note("the journal is sound", _damage(journal))
    verdict.note("every row has its result", _unfinished(journal))
    verdict.note("no address was bought twice without a reason", _bought_twice(journal))
    manifest_path = manifest_in(journal)
    if manifest_path is None:
        verdict.problems.append("the journal names no manifest: its output was not written")
        return
    manifest = read_manifest(manifest_path)
    try:
        _check_files(journal, manifest, manifest_path.parent, verdict)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        reason = type(exc).__name__
        verdict.problems.append(f"the manifest {manifest_path} is damaged ({reason})")


def _check_files(
    journal: JournalReader, manifest: dict[str, Any], folder: Path, verdict: Verdict
) -> None:
    files = {role: folder / str(file["name"]) for role, file in manifest["files"].items()}
    verdict.note("every file is as it was written", list(_changed(files, manifest)))
    if "input" in files and "output" in files:
        rows = list(_wrong_rows(journal, manifest, files))
        verdict.note("every row of the input is in the output once, with its result", rows)


def _check_ledger(journal: JournalReader, verdict: Verdict) -> None:
    """Check what holds of a ledger: it has no end, no manifest and no files."""
    verdict.note("the ledger is sound", _damage(journal) or _unreadable(journal))
    verdict.note("every session and every request for one has its result", _without_result(journal))
    verdict.note("no address was bought twice without a reason", _bought_twice(journal))


def _unreadable(journal: JournalReader) -> list[str]:
    """Check each result and each token by its checksum."""
    try:
        for entry in journal.settled():
            unpack(entry.packed or b"", key=0, address=_ANY, digest=entry.digest)
        journal.check_every_token()
    except JournalError as error:
        return [str(error)]
    return []


def _damage(journal: JournalReader) -> list[str]:
    return [f"the journal is damaged: {error}" for error in journal.damage()]


def _unfinished(journal: JournalReader) -> list[str]:
    problems = []
    if journal.setting(FINISHED_AT) is None:
        problems.append("the job is not finished; run it again")
    return problems + _without_result(journal)


def _without_result(journal: JournalReader) -> list[str]:
    open_, asked = journal.without_result()
    problems = []
    if open_:
        have = "has" if open_ == 1 else "have"
        problems.append(f"{counted(open_, 'session')} {have} no result yet")
    if asked:
        have = "has" if asked == 1 else "have"
        problems.append(f"{counted(asked, 'request')} for a session {have} no answer yet")
    return problems


def _bought_twice(journal: JournalReader) -> list[str]:
    twice = journal.bought_twice()
    return [f"{twice:,} addresses have two purchases that count"] if twice else []


def _changed(files: dict[str, Path], manifest: dict[str, Any]) -> Iterator[str]:
    for role, path in files.items():
        try:
            if checksum(path) != manifest["files"][role]["sha256"]:
                yield f"the {role} {path} was changed after it was written"
        except InputError as exc:
            yield f"the {role} cannot be checked: {exc}"


def _wrong_rows(
    journal: JournalReader, manifest: dict[str, Any], files: dict[str, Path]
) -> Iterator[str]:
    try:
        source = _opened(files["input"], manifest["files"]["input"])
        target = _opened(files["output"], manifest["files"]["output"])
        columns = mapped_columns(source.header, manifest["files"]["input"]["columns"])
    except (InputError, MappingError) as exc:
        yield str(exc)
        return
    if "hum_outcome" not in target.header:
        yield "the output has no column hum_outcome any more"
        return
    outcome_at = target.header.index("hum_outcome")
    written = target.rows()
    number = 0
    find = partial(journal.find, receipts=True)
    results = results_of(source, columns, find, dedupe=journal.dedupe, unpack=stored_facts)
    for number, expected in enumerate(results, 1):
        cells, result = expected.cells, expected.result
        row = next(written, None)
        if row is None:
            yield f"the output ends before row {number:,}"
            return
        if [*map(as_text, row[: len(cells)])] != [*map(as_text, cells)]:
            yield f"row {number:,} of the output is not row {number:,} of the input"
        if result is None or row[outcome_at] != str(result.outcome):
            yield f"the outcome in row {number:,} of the output is not that of the journal"
    if extra := sum(1 for _ in written):
        yield f"the output has {counted(extra, 'row')} more than the input"


def _opened(path: Path, file: dict[str, Any]) -> Table:
    return open_table(
        str(path),
        encoding=file.get("encoding"),
        sheet=file.get("sheet"),
        fmt=file.get("format"),
        header_row=file.get("header_row"),
    )
