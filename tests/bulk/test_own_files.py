"""A job replaces the files that it wrote, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from hum_async.bulk.columns import find_columns
from hum_async.bulk.file_job import FileJob
from hum_async.bulk.files.outputs import JobOutputs
from hum_async.bulk.files.own_files import OutputExists
from hum_async.bulk.options import JobOptions
from hum_async.bulk.tables import open_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hum_async import HumClient

pytestmark = pytest.mark.virtual


@pytest.fixture
def outputs(tmp_path: Path) -> JobOutputs:
    (tmp_path / "in.csv").write_text("street,zip\n1 Main St,00501\n,00501\n")
    table = open_table(str(tmp_path / "in.csv"))
    columns = find_columns(table.header)
    target, long = str(tmp_path / "out.csv"), str(tmp_path / "long.csv")
    return JobOutputs(table=table, columns=columns, target=target, long=long)


@pytest.fixture
def run(
    tmp_path: Path,
    outputs: JobOutputs,
    make_api: Callable[..., Any],
    client_of: Callable[..., HumClient],
) -> Callable[..., Any]:
    """Run the job; between its look-ups and its outputs call `meanwhile`."""
    journal, usual = tmp_path / "job.sqlite", outputs

    async def run(
        meanwhile: Callable[[], object] = lambda: None, target: str = "out.csv", **options: Any
    ) -> None:
        outputs = attrs.evolve(usual, target=str(tmp_path / target))
        own = outputs.check(journal=journal, **options)
        async with client_of(make_api(polling=False)) as client:
            job = FileJob(
                client,
                table=outputs.table,
                columns=outputs.columns,
                options=JobOptions(journal=journal),
                api="test",
            )
            async with job:
                await job.note_files(own)
                await job.run()
                meanwhile()
                await job.compose(outputs.open(rows=True), own)

    return run


def listed(folder: Path) -> list[Path]:
    return list(folder.iterdir())


FILES = ("out.csv", "out.failed.csv", "long.csv")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", ["edited", "new"])
async def test_a_file_that_is_written_to_while_the_job_runs_is_not_replaced(
    tmp_path: Path, run: Callable[..., Any], name: str, change: str
) -> None:
    if change == "edited":
        await run()
    others = {other: (tmp_path / other).exists() for other in FILES if other != name}

    with pytest.raises(OutputExists, match=rf"{name} is there already"):
        await run(lambda: (tmp_path / name).write_text("my notes"))
    assert (tmp_path / name).read_text() == "my notes"
    # None of them is new when one of them cannot be.
    assert {other: (tmp_path / other).exists() for other in others} == others
    assert not [path for path in listed(tmp_path) if path.name.endswith("partial")]
    with pytest.raises(OutputExists):
        await run()
    await run(overwrite=True)
    assert (tmp_path / name).read_text() != "my notes"
    await run()


async def test_the_journal_alone_knows_the_files_and_goes_with_them(
    tmp_path: Path, run: Callable[..., Any], outputs: JobOutputs
) -> None:
    await run()
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in listed(tmp_path):
        if path.is_file():
            path.rename(moved / path.name)
    (tmp_path / "in.csv").write_text((moved / "in.csv").read_text())
    there = JobOutputs(table=outputs.table, columns=outputs.columns, target=str(moved / "out.csv"))
    there.check(journal=moved / "job.sqlite")
    with pytest.raises(OutputExists):
        there.check(journal=tmp_path / "other.sqlite")
    (moved / "job.sqlite").write_bytes(b"no journal")
    with pytest.raises(OutputExists):
        there.check(journal=moved / "job.sqlite")


async def test_the_journal_knows_the_files_of_each_output_it_was_used_for(
    run: Callable[..., Any],
) -> None:
    await run()
    await run(target="other.csv")
    await run()
    await run(target="other.csv")


async def test_a_file_with_the_name_of_the_manifest_is_not_replaced(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    (tmp_path / "out.manifest.json").write_text('{"name": "my app"}')
    with pytest.raises(OutputExists, match=r"out\.manifest\.json"):
        await run()
    await run(overwrite=True)
