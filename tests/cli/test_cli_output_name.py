"""Where the rows go when no output is named."""

from __future__ import annotations

import gzip
import os
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from hum_async.bulk.tables import open_sink, open_table
from hum_async.cli._output_name import output_name
from hum_async.cli._run import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CSV = b"id,street,zip\n1,100 Main St,48226\n"
CLASH = ["--long", "-", "--events", "/dev/fd/1"]
JSON_LINE = b'{"id": 1, "street": "100 Main St", "zip": "48226"}'


def test_a_long_name_is_cut_where_it_leaves_no_room(
    tmp_path: Path, named: Callable[..., str]
) -> None:
    source = tmp_path / ("n" * 251 + ".csv")
    source.write_bytes(CSV)
    name = os.path.basename(named(str(source)))  # noqa: PTH119  a text
    assert name.startswith("n" * 200)
    assert name.endswith(".results.csv")
    assert len(name) <= 255
    # Another long name has another output.
    other = tmp_path / ("n" * 250 + "m.csv")
    other.write_bytes(CSV)
    assert os.path.basename(named(str(other))) != name  # noqa: PTH119


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return the output of an input where standard output is a terminal."""

    def named(source: str, *, output: str | None = None, fmt: str | None = None) -> str:
        master, slave = os.openpty()
        with open(slave, "w", encoding="utf-8") as screen, monkeypatch.context() as patch:  # noqa: PTH123  a descriptor
            patch.setattr(sys, "stdout", screen)
            found = output_name(open_table(source), source, output=output, fmt=fmt)
        os.close(master)
        return found

    return named


@pytest.mark.parametrize(
    ("name", "content", "fmt", "results"),
    [
        ("in.csv", CSV, None, "in.results.csv"),
        ("in.v2.csv", CSV, None, "in.v2.results.csv"),
        ("in.tsv", CSV.replace(b",", b"\t"), None, "in.results.tsv"),
        ("in.txt", CSV, None, "in.results.txt"),
        ("in", CSV, None, "in.results.csv"),
        (".csv", CSV, None, ".csv.results.csv"),
        ("in.dat", CSV, None, "in.results.csv"),
        ("in.CSV.gz", gzip.compress(CSV, mtime=0), None, "in.results.CSV.gz"),
        ("in.jsonl", JSON_LINE, None, "in.results.jsonl"),
        ("in.json", b"[" + JSON_LINE + b"]", None, "in.results.json"),
        ("in.geojson", b"[" + JSON_LINE + b"]", None, "in.results.geojson"),
        # What it holds counts, not what it is called.
        ("in.xlsx", CSV, None, "in.results.csv"),
        ("in.csv", CSV, "parquet", "in.results.parquet"),
        ("in.csv.gz", gzip.compress(CSV, mtime=0), "excel", "in.results.xlsx"),
    ],
)
def test_on_a_terminal_the_results_go_beside_the_input_in_its_format(  # noqa: PLR0913, PLR0917  a table
    named: Callable[..., str],
    tmp_path: Path,
    name: str,
    content: bytes,
    fmt: str | None,
    results: str,
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    assert named(str(source), fmt=fmt) == str(tmp_path / results)


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_binary_inputs_give_binary_results(
    named: Callable[..., str], tmp_path: Path, ending: str
) -> None:
    pytest.importorskip({"xlsx": "xlsxwriter", "parquet": "pyarrow"}[ending])
    source = str(tmp_path / f"in.{ending}")
    sink = open_sink(source, header=("street", "zip"), added=())
    sink.write(("100 Main St", "48226"), {})
    sink.close()
    assert named(source) == str(tmp_path / f"in.results.{ending}")


def test_on_a_terminal_standard_output_must_be_asked_for(
    named: Callable[..., str], tmp_path: Path
) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(CSV)
    assert named(str(source), output="-") == "-"


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX's")
def test_on_a_terminal_a_pipe_gives_no_name(named: Callable[..., str], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[CSV])
    writer.start()
    with pytest.raises(UsageError, match="-o -"):
        named(str(pipe))
    writer.join()


def test_in_a_pipe_it_is_standard_output(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(CSV)
    assert output_name(open_table(str(source)), str(source), output=None, fmt=None) == "-"


def test_standard_output_has_room_for_one_output(
    call: Callable[..., Any], addresses: Callable[..., str]
) -> None:
    job = addresses("100 Served St")
    for options in (["--events", "-"], ["--long", "/dev/stdout"], ["-o", "o.csv", *CLASH]):
        ended = call("qualify", job, "--simulate", *options)
        assert (ended.code, ended.out) == (2, "")
        assert "-o FILE" in ended.err
        assert re.search(r"sessions? bought", ended.err) is None
