"""Schemathesis, which knows nothing of us, drives the simulator by `docs/openapi.yaml`."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from hum_async.simulator import serve_simulator

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "openapi.yaml"
EXAMPLES = 30


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("schemathesis") is None and not os.environ.get("CI"),
    reason="schemathesis is not installed",
)
@pytest.mark.parametrize("generation", ["polling", "immediate"])
def test_the_simulator_does_all_that_the_document_says(generation: str, tmp_path: Path) -> None:
    with serve_simulator(generation=generation) as simulator:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
            *("--config-file", str(HERE / "schemathesis.toml")),
            *("run", str(DOCUMENT), "--url", simulator.url, "-H", "Authorization: Bearer a-key"),
            *("--max-examples", str(EXAMPLES), "--seed", "1"),
        ]
        # Its own folder: it leaves files of what it has found.
        done = subprocess.run(  # noqa: S603  our own command
            command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )
        statuses = {record.status for record in simulator.journal}
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Tested: 5" in done.stdout
    assert statuses >= {200, 201, 400, 404, 405, 410, 422}
