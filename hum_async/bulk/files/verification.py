"""Verifies a finished job: its journal, the checksums of its files, and its rows."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from hum_async._addresses.usps_key import KeyRules
from hum_async._purchases.codec import unpack
from hum_async._purchases.sqlite.schema import (
    LEDGER,
    check_tokens,
    damaged,
    dedupe_of,
    find,
    integrity_errors,
    open_reading,
    setting,
    settled,
)
from hum_async._wording import counted
from hum_async.bulk.columns import MappingError, mapped_columns
from hum_async.bulk.files.compose import results_of
from hum_async.bulk.files.manifest import read_manifest
from hum_async.bulk.files.own_files import checksum
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


def verify(journal: Path) -> Verdict:
    """Verify a finished job.

    Args:
        journal: The journal; it names the manifest, and the manifest names the files.

    Raises:
        JournalError: The journal cannot be read.
        InputError: The manifest cannot be read.
    """
    verdict = Verdict()
    db = open_reading(journal)
    try:
        _check(journal, db, verdict)
    except (sqlite3.DatabaseError, ValueError, TypeError) as exc:
        # ValueError and TypeError: values that no journal writes.
        verdict.problems.append(str(damaged(journal, exc)))
    finally:
        db.close()
    return verdict


def _check(journal: Path, db: sqlite3.Connection, verdict: Verdict) -> None:
    if setting(db, LEDGER) is not None:
        _check_ledger(journal, db, verdict)
        return
    verdict.note("the journal is sound", _damage(db))
    verdict.note("every row has its result", _unfinished(db))
    verdict.note("no address was bought twice without a reason", _bought_twice(db))
    name = setting(db, "manifest")
    if name is None:
        verdict.problems.append("the journal names no manifest: its output was not written")
        return
    manifest_path = journal.parent / os.fsdecode(name)
    manifest = read_manifest(manifest_path)
    files = {
        role: manifest_path.parent / str(file["name"]) for role, file in manifest["files"].items()
    }
    verdict.note("every file is as it was written", list(_changed(files, manifest)))
    if "input" in files and "output" in files:
        rows = list(_wrong_rows(db, manifest, files, dedupe=dedupe_of(journal, db)))
        verdict.note("every row of the input is in the output once, with its result", rows)


def _check_ledger(path: Path, db: sqlite3.Connection, verdict: Verdict) -> None:
    """Check what holds of a ledger: it has no end, no manifest and no files."""
    verdict.note("the ledger is sound", _damage(db) or _unreadable(path, db))
    verdict.note("every session and every request for one has its result", _without_result(db))
    verdict.note("no address was bought twice without a reason", _bought_twice(db))


def _unreadable(path: Path, db: sqlite3.Connection) -> list[str]:
    """Check each result and each token by its checksum."""
    try:
        for entry in settled(db):
            unpack(entry.packed or b"", key=0, address=_ANY, digest=entry.digest)
        rows = db.execute(
            "SELECT address FROM purchase WHERE superseded IS NULL AND token IS NOT NULL"
        )
        check_tokens(path, db, find(db, [address for (address,) in rows]))
    except JournalError as error:
        return [str(error)]
    return []


def _damage(db: sqlite3.Connection) -> list[str]:
    return [f"the journal is damaged: {error}" for error in integrity_errors(db)]


def _unfinished(db: sqlite3.Connection) -> list[str]:
    problems = []
    if setting(db, "finished_at") is None:
        problems.append("the job is not finished; run it again")
    return problems + _without_result(db)


def _without_result(db: sqlite3.Connection) -> list[str]:
    open_, asked = db.execute(
        "SELECT count(token), count(*) - count(token) FROM purchase "
        "WHERE superseded IS NULL AND outcome IS NULL"
    ).fetchone()
    problems = []
    if open_:
        have = "has" if open_ == 1 else "have"
        problems.append(f"{counted(open_, 'session')} {have} no result yet")
    if asked:
        have = "has" if asked == 1 else "have"
        problems.append(f"{counted(asked, 'request')} for a session {have} no answer yet")
    return problems


def _bought_twice(db: sqlite3.Connection) -> list[str]:
    # The journal's index forbids this. Another program may have written to the file.
    twice = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM purchase WHERE superseded IS NULL "
        "GROUP BY address HAVING count(*) > 1)"
    ).fetchone()[0]
    return [f"{twice:,} addresses have two purchases that count"] if twice else []


def _changed(files: dict[str, Path], manifest: dict[str, Any]) -> Iterator[str]:
    for role, path in files.items():
        try:
            if checksum(path) != manifest["files"][role]["sha256"]:
                yield f"the {role} {path} was changed after it was written"
        except InputError as exc:
            yield f"the {role} cannot be checked: {exc}"


def _wrong_rows(
    db: sqlite3.Connection, manifest: dict[str, Any], files: dict[str, Path], *, dedupe: KeyRules
) -> Iterator[str]:
    try:
        source = _opened(files["input"], manifest["files"]["input"])
        target = _opened(files["output"], manifest["files"]["output"])
        columns = mapped_columns(source.header, manifest["files"]["input"]["columns"])
    except (InputError, MappingError) as exc:
        yield str(exc)
        return
    outcome_at = target.header.index("hum_outcome")
    written = target.rows()
    number = 0
    for number, expected in enumerate(
        results_of(
            source, columns, lambda digests: find(db, digests, receipts=True), dedupe=dedupe
        ),
        1,
    ):
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
