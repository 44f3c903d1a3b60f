"""The stage on which blocks run: a folder with what jobs leave, and a simulated API."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from block_stage import STREETS, Stage
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor

from hum_async.cli._app import make_app
from hum_async.simulator import Simulator, serve_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "examples"
JOBS = (
    "results.csv --journal results.journal.sqlite",
    "results.parquet --journal results.journal.sqlite --long long.parquet",
    "october.csv --journal october.journal.sqlite",
    "november.csv --journal november.journal.sqlite",
    "november.parquet --journal november.journal.sqlite",
)
"""What is there already, by the names that the documentation uses."""


@pytest.fixture(scope="session", name="api")
def _api() -> Iterator[Simulator]:
    with serve_simulator() as simulator:
        yield simulator


@pytest.fixture(scope="session", name="left_by_jobs")
def _left_by_jobs(
    api: Simulator,
    sessions: list[str],  # noqa: ARG001  the API works on them meanwhile
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a folder with inputs, outputs and journals."""
    folder = tmp_path_factory.mktemp("left_by_jobs")
    rows = [f"{at},{street},New York,NY,00501,\n" for at, street in enumerate(STREETS, 1)]
    for name in ("addresses.csv", "customers.csv", "in.csv"):
        (folder / name).write_text("id,street,city,state,zip,notes\n" + "".join(rows), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        _set_up(patch, folder, api)
        for job in JOBS:
            assert (
                make_app()(["qualify", "in.csv", "-q", "--rate", "1000", "-o", *job.split()]) == 0
            )
    return folder


@pytest.fixture(scope="session", name="sessions")
def _sessions(api: Simulator) -> list[str]:
    """Return tokens of sessions whose agents have long worked by the time that blocks run."""
    return [api.add_session() for _ in range(3)]


@pytest.fixture(name="stage")
def _stage(
    api: Simulator,
    sessions: list[str],
    left_by_jobs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    shutil.copytree(left_by_jobs, tmp_path, dirs_exist_ok=True)
    _set_up(monkeypatch, tmp_path, api)
    # A notebook, for what shows itself in one.
    display = ModuleType("IPython.display")
    display.display = lambda *_, **__: _Cell()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    yield Stage(tmp_path, sessions)
    if (tracing := AioHttpClientInstrumentor()).is_instrumented_by_opentelemetry:
        tracing.uninstrument()


class _Cell:
    """A cell of a notebook."""

    def update(self, shown: Any) -> None:
        assert shown


def _set_up(patch: pytest.MonkeyPatch, folder: Path, api: Simulator) -> None:
    patch.chdir(folder)
    for name, value in api.env.items():
        patch.setenv(name, value)
