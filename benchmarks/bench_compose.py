"""CPU time of the rows of an output: each row read, its result found, and its columns filled.

    python benchmarks/bench_compose.py [--rows 20000] [--rounds 3] [--against CHECKOUT]

Once for different addresses and once for 1,000 that come again and again. The journal is a table in
memory. `--against` names another checkout, which does the same in turn.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_check import write_file


def compose(path: Path) -> float:
    """Return the microseconds of CPU time for each row."""
    # Those of the checkout that is measured.
    from hum_async import Address, Money, Offering, Outcome, Plan, Provider, Qualification  # noqa: PLC0415
    from hum_async._api.addresses import checked_or_error  # noqa: PLC0415
    from hum_async._purchases.codec import pack  # noqa: PLC0415
    from hum_async._purchases.records import Entry, address_digest  # noqa: PLC0415
    from hum_async.bulk.columns import find_columns  # noqa: PLC0415
    from hum_async.bulk.files.compose import results_of  # noqa: PLC0415
    from hum_async.bulk.result_columns import result_values  # noqa: PLC0415
    from hum_async.bulk.tables import open_table  # noqa: PLC0415

    how: dict[str, Any] = {}
    with contextlib.suppress(ImportError):  # an older checkout makes a whole result of each row
        from hum_async.bulk.result_facts import stored_facts  # noqa: PLC0415

        how["unpack"] = stored_facts

    providers = tuple(
        Provider(
            name,
            min_price=Money(4999),
            offerings=(Offering("Fiber", max_download_mbps=1000.0),),
            catalog=(Plan("1", name="Gig", pricing={"monthly": Money(4999)}),) * 2,
        )
        for name in ("Great Lakes Fiber", "Lone Star Cable", "Skyreach")
    )
    result = Qualification(
        key=0, address=Address(""), outcome=Outcome.SERVED, token="x" * 22, providers=providers
    )
    table = open_table(str(path))
    columns = find_columns(table.header)
    numbered = "number" in Entry.__annotations__  # older checkouts count addresses instead
    entries = {}
    for cells in table.rows():
        address = checked_or_error(columns.address(cells))
        if isinstance(address, Address):
            digest = address_digest(address, "usps")
            entries[digest] = Entry(
                token=None,
                outcome=Outcome.SERVED,
                run=1,
                requests=3,
                observed_at=None,
                packed=pack(result, digest=digest),
                digest=digest,
                **({"number": len(entries) + 1} if numbered else {}),
            )
    began, rows = time.process_time(), 0
    for row in results_of(
        table,
        columns,
        lambda digests: {each: entries[each] for each in digests},
        dedupe="usps",
        **how,
    ):
        rows += 1
        if row.result is not None:
            result_values(row.result, row.reading.note, row=rows)
    return 1e6 * (time.process_time() - began) / rows


def measured(path: Path, checkout: Path) -> float:
    """Measure a checkout in a process of its own."""
    ended = subprocess.run(  # noqa: S603  ourselves
        [sys.executable, __file__, "--child", str(path)],
        stdout=subprocess.PIPE,
        check=True,
        env=os.environ | {"PYTHONPATH": str(checkout)},
    )
    return float(ended.stdout)


def main() -> None:
    """Print the figures; write JSON beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(compose(arguments.child))
        return
    checkouts = {"this checkout": Path(__file__).resolve().parent.parent}
    if arguments.against:
        checkouts["the other"] = arguments.against.resolve()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        for kind, distinct in (("different", arguments.rows), ("1,000 addresses", 1000)):
            write_file(path, distinct)
            header, *lines = path.read_text().splitlines()
            repeated = lines * (arguments.rows // distinct)
            path.write_text("\n".join([header, *repeated]) + "\n")
            rounds: dict[str, list[float]] = {name: [] for name in checkouts}
            for _ in range(arguments.rounds):
                for name, checkout in checkouts.items():
                    rounds[name].append(measured(path, checkout))
            for name, each in rounds.items():
                found[f"{kind}, {name}"] = round(statistics.median(each), 1)
                print(f"{kind}, {name}: {found[f'{kind}, {name}']} us a row")
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
