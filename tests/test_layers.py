"""A module imports only modules of a lower rank; the simulator imports nothing of ours."""

import ast
import functools
import importlib.util
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import hum_async

ROOT = Path(hum_async.__file__).parent

# A package is one name here, and so is a public module. Those of one rank do not import each other.
RANKS = [
    {
        "errors",
        "_notebook",
        "_plain",
        "_redact",
        "_tasks",
        "_telemetry",
        "_unusable",
        "_values",
        "_version",
        "_wording",
    },
    {"models", "_logs"},
    {"_addresses", "_limits", "_network"},
    {"limiter", "transport"},
    {"_api", "shared"},
    {"_polling"},
    {"_purchases"},
    {"_lookups"},
    {"client"},
    {"_diagnosis", "watcher", "bulk", "web"},
    {"cli", "otel", "sync"},
]
# Not part of the tower: what they may import is said in tests of their own.
BESIDE = {"simulator", "testing", "_pytest_plugin", "__init__", "__main__"}
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}


def module_name(path: Path) -> str:
    parts = ("hum_async", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


@functools.cache
def tree_of(name: str) -> ast.Module:
    """Return what is written in a module."""
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


@functools.cache
def imports_of(name: str) -> frozenset[str]:
    """Return our modules that a module imports, wherever in it and under whatever condition."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(dots, package) if node.level else dots
            found |= {
                full if (full := f"{base}.{alias.name}") in MODULES else base
                for alias in node.names
            }
    return frozenset(other for other in found if other in MODULES and other != name)


def top(name: str) -> str:
    """Return the module or package right below ours."""
    return name.split(".")[1] if "." in name else "__init__"


def test_every_module_has_a_rank() -> None:
    assert {top(name) for name in MODULES} <= RANK.keys() | BESIDE


def test_imports_go_one_way() -> None:
    wrong = [
        f"{name} imports {other}"
        for name in MODULES
        if top(name) in RANK
        for other in imports_of(name)
        if top(other) != top(name)
        and not (top(name) == "cli" and top(other) == "simulator")
        and RANK.get(top(other), 99) >= RANK[top(name)]
    ]
    assert not wrong


def test_jobs_and_the_web_part_know_nothing_of_each_other() -> None:
    for name in MODULES:
        reaches = {top(other) for other in imports_of(name)}
        if top(name) == "web":
            assert "bulk" not in reaches, name
        if top(name) == "bulk":
            assert "web" not in reaches, name


PLACE = "hum_async._purchases.postgres.url"
"""A value: where a job in a database is."""


def test_what_a_journal_is_kept_in_concerns_only_those_who_write_it() -> None:
    kept_in = ("hum_async._purchases.sqlite", "hum_async._purchases.postgres")
    know = {
        name
        for name in MODULES
        if top(name) != "_purchases"
        and any(other.startswith(kept_in) for other in imports_of(name) - {PLACE})
    }
    write = {"hum_async.client", "hum_async.bulk.qualification", "hum_async.bulk.file_job"}
    assert know <= write | {"hum_async._diagnosis.journal_place"}  # which writes one on trial


def test_there_is_no_cycle() -> None:
    # The package itself re-exports lazily and is what every import passes.
    graph = {name: imports_of(name) - {"hum_async"} for name in MODULES if name != "hum_async"}
    assert list(TopologicalSorter(graph).static_order())


def test_the_simulator_knows_nothing_of_ours_and_only_the_cli_and_the_plugin_start_it() -> None:
    for name in MODULES:
        reaches = {top(other) for other in imports_of(name)}
        if top(name) == "simulator":
            assert reaches <= {"simulator"}, name
        elif top(name) not in {"cli", "_pytest_plugin"}:
            assert "simulator" not in reaches, name


def test_the_test_kit_stands_on_values_and_errors_alone() -> None:
    assert {top(other) for other in imports_of("hum_async.testing")} == {"errors", "models"}


POLICY = (
    "_addresses",
    "_limits",
    "_api.addresses",
    "_api.decoding",
    "_api.endpoints",
    "_api.reading",
    "_api.retry",
    "_api.schema",
    "_api.statuses",
    "_api.structuring",
    "_lookups.lookup",
    "_polling.due_queue",
    "_polling.policies",
    "_polling.response_store",
    "_polling.session_poll",
    "_polling.watched_session",
    "_polling.watched_token",
    "_purchases.codec",
    "_purchases.prices",
    "_purchases.records",
    "_purchases.resume_rules",
    "bulk.dedupe",
    "bulk.diff.compare",
    "bulk.requalify.order",
    "bulk.slot_scheduling",
    "bulk.spending_limit",
    "web._replay_buffer",
)
"""Modules (or packages of them) that decide and do nothing else."""

CLOCKS = {"asyncio", "time", "anyio", "aiohttp", "threading", "sched"}
"""What brings a clock or waiting along, whatever it is called where it is imported."""

PRESENT = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
"""How the present moment is asked for."""


def imported_by(tree: ast.AST) -> set[str]:
    """Return the first part of the names of all modules that are imported, under any name."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found


def looks_at_a_clock(source: str) -> bool:
    """Whether a module can learn what time it is, other than by an argument."""
    tree = ast.parse(source)
    asked = [node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Attribute)]
    return bool(imported_by(tree) & CLOCKS) or any(
        isinstance(node, ast.Attribute) and node.attr in PRESENT for node in asked
    )


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import time as t",
        "from time import monotonic",
        "from time import monotonic as when",
        "import asyncio.events",
        "def f():\n    import time",
        "from datetime import datetime\ndatetime.now(UTC)",
        "import datetime as dt\ndt.datetime.now()",
        "from datetime import datetime as Moment\nnow = Moment.utcnow",
        "from datetime import date\ndate.today()",
        "loop.time()",
    ],
)
def test_a_clock_is_seen_whatever_it_is_called(source: str) -> None:
    assert looks_at_a_clock(source)


def test_a_moment_that_is_an_argument_is_no_clock() -> None:
    assert not looks_at_a_clock("from datetime import datetime\ndef f(now: datetime): return now")


def test_what_decides_neither_waits_nor_looks_at_a_clock() -> None:
    deciding = [
        name
        for name in MODULES
        for policy in POLICY
        if name == f"hum_async.{policy}" or name.startswith(f"hum_async.{policy}.")
    ]
    assert len(deciding) >= len(POLICY)
    for name in deciding:
        source = MODULES[name].read_text(encoding="utf-8")
        waits = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
        assert not [node for node in ast.walk(tree_of(name)) if isinstance(node, waits)], name
        assert not looks_at_a_clock(source), f"{name} looks at a clock"


def test_time_comes_from_the_loop_only() -> None:
    for name in MODULES:
        if top(name) in {"cli", "simulator"} or name == "hum_async._diagnosis.journal_place":
            continue  # the last one measures a disk, which knows no virtual time
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.Import):
                assert "time" not in {alias.name for alias in node.names}, name
            if isinstance(node, ast.ImportFrom):
                assert node.module != "time", name


def test_only_the_transport_and_the_client_know_aiohttp() -> None:
    know = set()
    for name, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        if "import aiohttp" in text or "from aiohttp" in text:
            know.add(top(name))
    assert know <= {"_network", "transport", "client", "simulator", "web"}
