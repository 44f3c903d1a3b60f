"""An address is bought once however it is spelled; a journal keeps the rules it was begun with."""

import csv
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hum_async import HumClient, JournalError, Outcome
from hum_async.bulk.columns import find_columns
from hum_async.bulk.preflight import Finding, examine
from hum_async.bulk.tables import open_table
from hum_async.models import Address

FLAT = [
    Address("20 Main St", "Apt 4", zip="48226"),
    Address("20 Main Street", "Apt 4", zip="48226"),
    Address("20 MAIN ST.", "#4", zip="48226"),
    Address("20 Main St", "Apartment 4", zip="48226-1234"),
    Address("20 Main St Apt 4", zip="48226"),
]
OTHERS = [
    Address("20 Main St", "Apt 44", zip="48226"),
    Address("20 Main Ct", "Apt 4", zip="48226"),
    Address("20 N Main St", "Apt 4", zip="48226"),
]


@pytest.fixture
def older(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    tmp_path: Path,
) -> Callable[..., Any]:
    """Make a finished journal of a version that had one way to compare addresses."""

    async def make(rows: list[Address]) -> Path:
        path = tmp_path / "older.sqlite"
        async with client_of(make_api(polling=False)) as client:
            await results_of(client, rows, journal=path, dedupe="exact")
        with sqlite3.connect(path) as db:
            db.execute("DELETE FROM setting WHERE name = 'address_key'")
            db.execute("UPDATE run SET address_key = NULL")
        db.close()
        return path

    return make


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(("dedupe", "sessions"), [(None, 4), ("usps", 4), ("exact", 8)])
async def test_one_flat_in_five_spellings_is_bought_once(  # noqa: PLR0913, PLR0917  fixtures
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    tmp_path: Path,
    dedupe: Any,
    sessions: int,
    *,
    kept: bool,
) -> None:
    api = make_api(polling=False)
    journal = tmp_path / "job.sqlite" if kept else None
    async with client_of(api) as client:
        found = await results_of(client, [*FLAT, *OTHERS], journal=journal, dedupe=dedupe)
    assert api.count("POST") == sessions
    assert {result.outcome for result in found.values()} == {Outcome.SERVED}
    # Each row keeps its own spelling.
    assert [found[key].address for key in range(5)] == FLAT


async def test_an_older_journal_goes_on_by_its_own_rules(
    older: Callable[..., Any],
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
) -> None:
    path, api = await older(FLAT[:2]), make_api(polling=False)
    async with client_of(api) as client:
        await results_of(client, FLAT[:2], journal=path)
        assert api.count("POST") == 0
        await results_of(client, FLAT[:3], journal=path, dedupe="exact")
        assert api.count("POST") == 1
        with pytest.raises(JournalError, match="begun with --dedupe exact"):
            await results_of(client, FLAT, journal=path, dedupe="usps")
    assert api.count("POST") == 1


STATE_ROAD = [Address("20 State Rd 7", zip="33317"), Address("20 SR-7", zip="33317")]


async def test_a_journal_of_the_first_rules_of_usps_goes_on_by_them(
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    path, api = tmp_path / "first.sqlite", make_api(polling=False)
    async with client_of(api) as client:
        # Both rules have the same key for this spelling.
        await results_of(client, STATE_ROAD[:1], journal=path)
        with sqlite3.connect(path) as db:
            db.execute("UPDATE setting SET value = 'usps-1' WHERE name = 'address_key'")
            db.execute("UPDATE run SET address_key = 'usps-1'")
        db.close()
        await results_of(client, STATE_ROAD, journal=path, dedupe="usps")
        assert api.count("POST") == 2
        await results_of(client, STATE_ROAD, journal=path)
        await results_of(client, STATE_ROAD, journal=tmp_path / "new.sqlite", reuse_from=path)
        assert api.count("POST") == 2
        with pytest.raises(JournalError, match="begun with --dedupe usps"):
            await results_of(client, STATE_ROAD, journal=path, dedupe="exact")
        await results_of(client, STATE_ROAD, journal=tmp_path / "newest.sqlite")
    assert api.count("POST") == 3


async def test_rules_of_a_later_version_are_refused(
    older: Callable[..., Any],
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
) -> None:
    path = await older(FLAT[:1])
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO setting VALUES ('address_key', 'usps-9')")
    db.close()
    async with client_of(make_api()) as client:
        with pytest.raises(JournalError, match="another version"):
            await results_of(client, FLAT[:1], journal=path)


async def test_results_are_reused_from_a_journal_of_other_rules(
    older: Callable[..., Any],
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
    results_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    exact, api = await older([FLAT[0], *OTHERS]), make_api(polling=False)
    usps, third = tmp_path / "usps.sqlite", tmp_path / "third.sqlite"
    async with client_of(api) as client:
        found = await results_of(client, [*FLAT, *OTHERS], journal=usps, reuse_from=exact)
        assert api.count("POST") == 0
        assert len(found) == 8
        # The other way round every spelling finds the one result.
        await results_of(client, FLAT, journal=third, reuse_from=usps, dedupe="exact")
    assert api.count("POST") == 0


def test_a_check_names_the_same_address_in_another_spelling(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    with path.open("w", newline="") as stream:
        rows = [[address.street1, address.street2 or "", address.zip] for address in FLAT]
        csv.writer(stream).writerows([["street1", "street2", "zip"], *rows, rows[0]])
    table = open_table(path)
    findings: list[Finding] = []
    columns = find_columns(table.header)
    found = examine(table, columns, on_finding=findings.append)
    assert (found.sessions, found.duplicates, found.spelled) == (1, 5, 4)
    messages = [finding.message for finding in findings if finding.kind == "duplicate"]
    assert messages == [
        *["same address as row 1, spelled differently; it is bought once"] * 4,
        "same address as row 1; it is bought once",
    ]
    assert examine(table, columns, dedupe="exact").sessions == 5
