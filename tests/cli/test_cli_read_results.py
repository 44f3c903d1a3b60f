"""`read_results`: the results of a job, from any of its files, as they were."""

from __future__ import annotations

import csv
import json
import re
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import pyarrow as pa
import pytest

from hum_async import InputError, JournalError, Outcome, Qualification
from hum_async.bulk import Results, read_results, to_arrow, to_pandas, to_polars
from hum_async.bulk.files.long_table import long_columns
from hum_async.bulk.result_schema import ServiceLevel, result_columns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENDINGS = ("csv", "tsv.gz", "jsonl", "json", "geojson", "xlsx", "parquet", "geo.parquet")
STREETS = ("100 Served St", "100 No Providers Ave", "", "100 Ambiguous Rd", "100 SERVED ST.")


@pytest.fixture(name="job")
def _job(
    call: Callable[..., Any], addresses: Callable[..., str], tmp_path: Path
) -> Callable[..., Path]:
    name = addresses(*STREETS)

    def job(*options: str) -> Path:
        ended = call("qualify", name, "--simulate", "--speed", "1000", "-q", *options)
        assert ended.code == 3, ended.err
        return tmp_path

    return job


def rows_of(table: Any) -> list[dict[str, Any]]:
    # An empty cell is an empty text in CSV, and nothing in Excel.
    return [
        {name: None if value == "" else value for name, value in row.items()}
        for row in table.to_pylist()
    ]


def compared(results: Results[int]) -> list[Any]:
    # Errors are not equal to each other.
    return [(attrs.evolve(found, error=None), str(found.error)) for found in results]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.slow
def test_results_are_whole_beside_their_journal_and_typed_without_it(
    job: Callable[..., Path], call: Callable[..., Any], tmp_path: Path, ending: str
) -> None:
    out, long_out = (str(tmp_path / f"{stem}.{ending}") for stem in ("out", "long"))
    folder = job("-o", out, "--long", long_out)
    verified = call("verify", str(folder / "out.journal.sqlite"))
    assert verified.code == 0, verified.out
    manifest = json.loads((folder / "out.manifest.json").read_text())
    assert manifest["results"]["schema_version"] == 2
    assert manifest["results"]["columns"]["hum_observed_at"] == "timestamp"
    assert manifest["settings"]["served"] == ["100/20", "25/3"]

    whole = read_results(folder / f"out.{ending}")
    assert whole.complete
    assert [type(found) for found in whole] == [Qualification] * len(STREETS)
    assert [found.key for found in whole] == [0, 1, 2, 3, 4]
    assert whole[0].address.street1 == STREETS[0]
    assert whole[0].address.zip == "00501"
    assert whole[0].providers[0].offerings
    assert whole[0].token
    of_journal = read_results(folder / "out.journal.sqlite")
    assert of_journal.complete
    assert compared(of_journal) == compared(whole)

    (folder / "out.journal.sqlite").rename(folder / "elsewhere")
    told = read_results(folder / f"out.{ending}")
    assert not told.complete
    assert [found.outcome for found in told] == [found.outcome for found in whole]
    assert [found.address for found in told] == [found.address for found in whole]
    assert [each.name for each in told[0].providers] == [each.name for each in whole[0].providers]
    assert told[0].observed_at == whole[0].observed_at.replace(microsecond=0)
    assert rows_of(told.to_arrow()) == rows_of(whole.to_arrow())
    assert told.to_arrow().schema == whole.to_arrow().schema
    with pytest.raises(InputError, match=r"no offerings and plans.*read the journal"):
        told.to_arrow(long=True)
    again = read_results(folder / f"out.{ending}", journal=folder / "elsewhere")
    assert compared(again) == compared(whole)

    long = read_results(folder / f"long.{ending}")
    assert [found.key for found in long] == [0, 4]
    offered, known = long[0].providers, whole[0].providers
    for name in ("name", "id", "telephone", "url", "min_price"):
        assert [getattr(each, name) for each in offered] == [getattr(each, name) for each in known]
    assert [each.catalog[0].pricing for each in offered if each.catalog] == [
        each.catalog[0].pricing for each in known if each.catalog
    ]
    both = (rows_of(found.to_arrow(long=True)) for found in (long, whole))
    assert next(both) == next(both)


def test_a_journal_elsewhere_and_columns_that_were_named_are_found_by_the_manifest(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("a,b,c\n1,100 Served St,00501\n")
    named = ("--map", "street1=b", "--map", "zip=c", "--journal", str(tmp_path / "jobs.sqlite"))
    out, long = str(tmp_path / "out.csv"), str(tmp_path / "long.csv")
    usual = ("--simulate", "--speed", "1000", "-q", "-o", out, "--long", long)
    assert call("qualify", str(tmp_path / "in.csv"), *named, *usual).code == 0
    for name in (out, long):
        (found,) = read_results(name)
        assert (found.address.street1, found.address.zip) == ("100 Served St", "00501")
    assert read_results(out).complete
    # The whole job moved to another folder.
    (tmp_path / "moved").mkdir()
    for name in ("out.csv", "long.csv", "out.manifest.json", "jobs.sqlite"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    assert read_results(tmp_path / "moved" / "out.csv").complete


def test_failed_rows_keep_the_number_of_their_row(job: Callable[..., Path], tmp_path: Path) -> None:
    job("-o", str(tmp_path / "out.csv"))
    failed = read_results(tmp_path / "out.failed.csv", journal=tmp_path / "out.journal.sqlite")
    (found,) = failed
    assert failed.to_arrow(long=True).num_rows == 0
    assert (found.key, found.outcome) == (2, Outcome.INVALID_ADDRESS)
    assert "street" in str(found.error)


def test_a_journal_without_its_input_has_a_result_for_each_address_that_was_bought(
    job: Callable[..., Path], tmp_path: Path
) -> None:
    job("-o", str(tmp_path / "out.csv"))
    whole = read_results(tmp_path / "out.csv")
    (tmp_path / "in.csv").write_text("id,street,zip\n1,something else,00501\n")
    found = read_results(tmp_path / "out.journal.sqlite")
    assert found.complete
    # The empty row was never asked for, and the last is the address of the first.
    assert sorted(found.outcomes) == ["AMBIGUOUS_ADDRESS", "NO_PROVIDERS", "SERVED"]
    (served,) = (each for each in found if each.outcome == Outcome.SERVED)
    assert served.providers == whole[0].providers
    assert served.service_address is not None
    assert served.address.street1 in {
        served.service_address.street, served.service_address.normalized
    }  # fmt: skip
    assert found.to_arrow()["hum_row"].to_pylist() == [None] * 3


def test_what_the_output_says_goes_before_a_later_result_of_the_journal(
    job: Callable[..., Path], tmp_path: Path
) -> None:
    job("-o", str(tmp_path / "out.csv"))
    text = (tmp_path / "out.csv").read_text()
    (tmp_path / "out.csv").write_text(re.sub(r"20\d\d-\d\d-\d\dT", "2001-02-03T", text))
    found = read_results(tmp_path / "out.csv")
    assert not found.complete
    assert found[0].observed_at is not None
    assert found[0].observed_at.year == 2001


OLD = """\
id,street,zip,hum_outcome,hum_service_address,hum_provider_count,hum_providers,hum_technologies,\
hum_max_download_mbps,hum_max_upload_mbps,hum_min_price_usd,hum_data_set,hum_observed_at,\
hum_requests,hum_elapsed_s,hum_library_version,hum_error,hum_note
1,1 Main St,00501,SERVED,"1 MAIN ST",2,A; B,Fiber; DSL,1000,500,29.5,v.1006,\
2026-01-02T03:04:05Z,3,1.5,0.0.9,,
2,2 Main St,00501,FAILED,,0,,,,,,,2026-01-02T03:04:05Z,3,1.5,0.0.9,'=it broke,
"""


def test_an_output_of_an_older_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(OLD)
    served, failed = read_results(tmp_path / "old.csv")
    assert [provider.name for provider in served.providers] == ["A", "B"]
    assert (served.address.street1, served.address.zip) == ("1 Main St", "00501")
    assert (served.requests, served.elapsed, served.source) == (3, 1.5, None)
    assert str(failed.error) == "=it broke"
    first, second = read_results(tmp_path / "old.csv").to_arrow().to_pylist()
    assert first["hum_min_price_usd"] == Decimal("29.50")
    assert (first["hum_min_price_cents"], first["hum_row"]) == (2950, 1)
    assert first["hum_technologies"] == ["Fiber", "DSL"]
    assert (first["hum_has_fiber"], first["hum_latitude"]) == (None, None)
    assert second["hum_providers"] == []


def test_a_long_table_of_an_older_version_is_read(tmp_path: Path) -> None:
    header = (
        "street,zip,hum_record,hum_outcome,hum_observed_at,hum_provider_id,hum_provider,"
        "hum_min_price,hum_min_price_currency,hum_technology,hum_plan,hum_plan_pricing"
    )
    prices = json.dumps({"monthly_price": {"amount": 49.99, "currency": "USD"}})
    rows = [
        ["1 Main St", "00501", "offering", "SERVED", "2026-01-02T03:04:05Z", "a", "A", "29.5"],
        ["1 Main St", "00501", "plan", "SERVED", "2026-01-02T03:04:05Z", "a", "A", "29.5"],
        ["2 Main St", "00501", "provider", "SERVED", "2026-01-02T03:04:06Z", "", "B", ""],
    ]
    more = [["USD", "Fiber", "", ""], ["USD", "fiber", "Gig", prices], ["", "", "", ""]]
    with (tmp_path / "long.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [header.split(","), *(row + end for row, end in zip(rows, more, strict=True))]
        )
    first, second = read_results(tmp_path / "long.csv")
    (provider,) = first.providers
    assert provider.min_price is not None
    assert (provider.id, provider.min_price.amount_cents) == ("a", 2950)
    assert provider.offerings[0].technology == "Fiber"
    assert provider.catalog[0].pricing["monthly_price"].amount_cents == 4999
    assert [each.name for each in second.providers] == ["B"]


def test_a_file_without_results_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,street,zip\n1,1 Main St,00501\n")
    with pytest.raises(InputError, match="no column hum_outcome"):
        read_results(path)
    path.write_text("id,street,zip,hum_outcome,hum_requests\n1,1 Main St,00501,SERVED,many\n")
    with pytest.raises(InputError, match="hum_requests is no integer"):
        read_results(path)
    with pytest.raises(InputError, match="No such file"):
        read_results(tmp_path / "missing.csv")
    (tmp_path / "other.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100))
    with pytest.raises(JournalError, match="not a journal"):
        read_results(tmp_path / "other.sqlite")


def test_tables_of_results_have_the_schema_wide_and_long(
    job: Callable[..., Path], tmp_path: Path
) -> None:
    job("-o", str(tmp_path / "out.csv"), "--served", "1000/500")
    results = read_results(tmp_path / "out.csv")
    wide = results.to_arrow()
    assert wide.column_names[:3] == ["id", "street", "zip"]
    assert "hum_served_1000_500" in wide.column_names
    assert wide.schema.field("hum_observed_at").type == pa.timestamp("us", tz="UTC")
    chosen = results.to_arrow(served=["10/1"])
    assert chosen.column_names == ["id", "street", "zip", *results_columns("10/1")]
    with pytest.raises(ValueError, match="100/20"):
        results.to_arrow(served=["fast"])
    long = results.to_arrow(long=True)
    assert set(long["hum_row"].to_pylist()) == {1, 5}
    assert "hum_price_monthly_price_cents" in long.column_names

    # Of results that no file holds.
    found = to_arrow([results[0], results[2]])
    address = ["key", "street1", "street2", "city", "state", "zip"]
    assert found.column_names == [*address, *result_columns()]
    assert found["key"].to_pylist() == [0, 2]
    assert found["hum_row"].to_pylist() == [None, None]
    assert to_arrow([results[0]], long=True).num_rows == long.num_rows // 2
    assert to_arrow([]).num_rows == to_arrow([], long=True).num_rows == 0
    assert to_arrow([], long=True).column_names == [*address, *long_columns()]
    assert isinstance(Results.of(results), Results)
    assert Results.of(results) is results


def results_columns(*levels: str) -> tuple[str, ...]:
    parsed = tuple(map(ServiceLevel.parse, levels))
    return result_columns(parsed)


def test_polars_and_pandas_get_the_types(job: Callable[..., Path], tmp_path: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    job("-o", str(tmp_path / "out.csv"))
    results = read_results(tmp_path / "out.csv")
    frame = to_polars(results)
    assert frame.schema["hum_observed_at"] == polars.Datetime("us", "UTC")
    assert frame.schema["hum_min_price_cents"] == polars.Int64
    assert frame.schema["hum_providers"] == polars.List(polars.String)
    assert frame["zip"].to_list() == ["00501"] * 5
    assert frame.filter(hum_has_fiber=False)["hum_outcome"].to_list()[0] == "NO_PROVIDERS"
    assert len(results.to_polars(long=True)) == results.to_arrow(long=True).num_rows
    table = to_pandas(results)
    assert str(table["hum_min_price_cents"].dtype) == "Int64"
    assert str(table["hum_has_fiber"].dtype) == "boolean"
    assert str(table["hum_observed_at"].dtype).startswith("datetime64[us, UTC")
    assert table["hum_min_price_usd"].max() * 100 == table["hum_min_price_cents"].max()
    assert isinstance(results.to_pandas(long=True), pandas.DataFrame)


@pytest.mark.parametrize(
    ("missing", "advice"),
    [("pyarrow", "pip install pyarrow"), ("polars", "pip install polars pyarrow")],
)
def test_a_library_that_is_missing_is_named_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, missing: str, advice: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match=f"needs {missing}: {advice}$"):
        to_polars([])


def test_the_repr_counts_and_the_html_shows(job: Callable[..., Path], tmp_path: Path) -> None:
    job("-o", str(tmp_path / "out.csv"))
    results = read_results(tmp_path / "out.csv")
    assert repr(results).startswith("<Results: 5 rows: 2 SERVED, 1 NO_PROVIDERS")
    assert "100 Served St" not in repr(results)
    markup = results._repr_html_()
    assert "100 Served St" in markup
    assert markup.count("<tr>") == 6
    assert results[1:3] == (results[1], results[2])


def rewritten(frame: Any, path: Path) -> Path:
    """Write a data frame as its own library does."""
    ending = path.suffix
    if ending == ".csv":
        frame.to_csv(path, index=False)
    elif ending == ".json":
        frame.to_json(path, orient="records", date_format="iso")
    elif ending == ".parquet":
        frame.to_parquet(path)
    else:
        frame.assign(hum_observed_at=frame["hum_observed_at"].dt.tz_localize(None)).to_excel(
            path, index=False, engine="xlsxwriter"
        )
    return path


def by_columns(results: Results[int]) -> list[Any]:
    return [
        (
            found.outcome,
            [provider.name for provider in found.providers],
            found.observed_at and found.observed_at.replace(microsecond=0),
        )
        for found in results
    ]


def test_what_a_data_frame_has_written_again_is_read(
    job: Callable[..., Path], tmp_path: Path
) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    job("-o", str(tmp_path / "out.csv"))
    results = read_results(tmp_path / "out.csv")
    told = by_columns(results)
    cents = results.to_arrow()["hum_min_price_cents"].to_pylist()
    codes = results.to_arrow()["hum_fcc_technology_codes"].to_pylist()
    guessed = pandas.read_csv(tmp_path / "out.csv")
    assert str(guessed["hum_min_price_cents"].dtype) == "float64"  # some have none
    guessed["hum_observed_at"] = pandas.to_datetime(guessed["hum_observed_at"])
    for name, frame in (("typed", results.to_pandas()), ("guessed", guessed)):
        for ending in ("csv", "json", "parquet", "xlsx"):
            again = read_results(rewritten(frame, tmp_path / f"{name}.{ending}"))
            assert by_columns(again) == told, (name, ending)
            assert again.to_arrow()["hum_min_price_cents"].to_pylist() == cents
            assert again.to_arrow()["hum_fcc_technology_codes"].to_pylist() == codes


@pytest.mark.parametrize(
    ("column", "cell", "read"),
    [
        ("hum_min_price_cents", "2999.0", 2999),
        ("hum_min_price_cents", "NaN", None),
        ("hum_max_download_mbps", "nan", None),
        ("hum_has_fiber", "<NA>", None),
        ("hum_observed_at", "NaT", None),
        ("hum_fcc_technology_codes", "[50, 10]", [50, 10]),
        ("hum_fcc_technology_codes", "[]", []),
        ("hum_providers", "['A, B', \"C's\"]", ["A, B", "C's"]),
        ("hum_providers", "[sic] Telephone", ["[sic] Telephone"]),
    ],
)
def test_cells_are_read_as_data_frames_write_them(
    tmp_path: Path, column: str, cell: str, read: Any
) -> None:
    path = tmp_path / "out.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["street", "hum_outcome", column], ["1 A St", "SERVED", cell]])
    assert read_results(path).to_arrow()[column].to_pylist() == [read]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("hum_min_price_cents", "29.99"),
        ("hum_min_price_cents", "9" * 40),
        ("hum_max_download_mbps", "inf"),
        ("hum_latitude", "1e999"),
        ("hum_fcc_technology_codes", "[50 10]"),
    ],
)
def test_what_is_no_value_of_a_column_is_refused(tmp_path: Path, column: str, cell: str) -> None:
    path = tmp_path / "out.csv"
    path.write_text(f"street,hum_outcome,{column}\n1 Main St,SERVED,{cell}\n")
    with pytest.raises(InputError, match=f"a cell of {column} is no"):
        read_results(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("street,hum_outcome,hum_outcome\n1 Main St,SERVED,FAILED\n")
    with pytest.raises(InputError, match="has the column hum_outcome twice"):
        read_results(path)
