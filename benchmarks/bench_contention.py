"""Who finds the server's limit: clients that poll many tokens under a limit they are not told.

    python benchmarks/bench_contention.py [--only NAME ...] [--tokens 500] [--runs 1] [--quick]

Each of 500 tokens is done 3 to 10 seconds after the start and asked for every half second, which is
five times what the server grants; it refuses the rest with 429 and ``Retry-After: 1``. Each client
runs in a process of its own, one after the other; ``pip install -e '.[bench]'`` brings them all,
and one that is not installed is left out. Several runs differ in their seed; the table is of the
medians.
"""

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs
from _report import publish
from contention.driver import MissingPeer, RunningServer, run_client, running_server
from contention.scenario import Scenario

PEERS = {
    "hum_async": "hum_async",
    "azure-core": "azure_core",
    "google-api-core": "google_api_core",
    "openai": "openai",
    "fal-client": "fal_client",
    "tenacity + httpx": "tenacity_httpx",
    "stamina + aiohttp": "stamina_aiohttp",
    "aiohttp-retry": "aiohttp_retry",
    "aiobotocore": "aiobotocore",
    "aiolimiter": "aiolimiter",
}
"""What the table calls a client, and its module."""

COLUMNS = [
    "done",
    "requests",
    "429 %",
    "sent in a pause",
    "wall s",
    "CPU s",
    "RSS MB",
    "over idle MB",
    "lag p50 s",
    "lag p95 s",
    "server CPU s",
]


def summary(client: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the client's row: of each column the median over its runs."""
    row: dict[str, Any] = {"client": client}
    for column in COLUMNS:
        known = [run[column] for run in runs if run.get(column) is not None]
        row[column] = statistics.median(known) if known else None
    return row


def lost(client: str, runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each reason for which the client gave tokens up, in all runs."""
    reasons: Counter[str] = Counter()
    for run in runs:
        reasons.update(run["failures"])
    return [{"client": client, "given up for": why, "tokens": n} for why, n in reasons.items()]


def measure(
    clients: Sequence[str], scenario: Scenario, runs: int, server: RunningServer
) -> dict[str, list[dict[str, Any]]]:
    """Run the clients in turn, so that a machine that drifts drifts for all; return the tables."""
    taken: dict[str, list[dict[str, Any]]] = {client: [] for client in clients}
    for number in range(runs):
        seeded = attrs.evolve(scenario, seed=scenario.seed + number)
        for client in list(taken):
            print(f"run {number + 1} of {runs}: {client}", flush=True)
            try:
                taken[client].append(run_client(PEERS[client], seeded, server))
            except MissingPeer as exc:
                print(f"{client} is left out: there is no module {exc}; see the extra `bench`")
                del taken[client]
    return {
        _title(scenario): [summary(client, found) for client, found in taken.items()],
        "Tokens given up": [row for client, found in taken.items() for row in lost(client, found)],
    }


def _title(scenario: Scenario) -> str:
    return (
        f"{scenario.tokens} tokens, {scenario.rate:g} requests/s granted; what was under way when a"
        f" pause began may arrive in its first {scenario.allowance * 1000:g} ms"
    )


def main() -> None:
    """Print the tables; write JSON beside this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), metavar="NAME")
    parser.add_argument("--tokens", type=int, default=500)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="hum_async alone, 100 tokens")
    asked = parser.parse_args()
    clients, tokens = (["hum_async"], 100) if asked.quick else (asked.only, asked.tokens)
    with running_server() as server:
        figures = measure(clients, Scenario(tokens=tokens), asked.runs, server)
    publish(__file__, figures)


if __name__ == "__main__":
    main()
