"""The Job for Kubernetes of the examples: pods are killed and start again, as in a cluster."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from servers import PostgresServer

from hum_async.simulator import Faults, Simulator, serve_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
MANIFEST = ROOT / "examples" / "engines" / "kubernetes_job.yaml"
ADDRESSES, ROWS, PODS = 200, 220, 3

pytestmark = pytest.mark.slow


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    faults = Faults(slow_body=0.3, slow_seconds=0.4)
    with serve_simulator(
        speed=20.0, generation="polling", faults=faults, lifetime=36_000.0
    ) as simulator:
        yield simulator


class Pod:
    """A container that is started again until its command ends with 0 (OnFailure)."""

    def __init__(self, command: str, environment: dict[str, str]) -> None:
        self._command = command
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.codes: list[int] = []

    def run(self) -> None:
        while not self.codes or (self.codes[-1] and len(self.codes) < 5):
            self.process = subprocess.Popen(  # noqa: S603  the words of our example
                ["/bin/sh", "-c", self._command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            self.codes.append(self.process.wait())

    def kill(self) -> None:
        """Kill all processes in it, as a node does that is out of memory."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)


def test_pods_that_are_killed_and_started_again_buy_nothing_twice(
    simulator: Simulator, tmp_path: Path
) -> None:
    source, out = tmp_path / "addresses.csv", tmp_path / "out.csv"
    rows = [f"row {row},{row % ADDRESSES + 1} Oak St,48226\n" for row in range(ROWS)]
    source.write_text("id,street,zip\n" + "".join(rows), encoding="utf-8")
    written = re.search(r"args:\n\s+- (.+)\n", MANIFEST.read_text(encoding="utf-8"))
    assert written is not None
    hum = f"{sys.executable} -m hum_async"
    command = written[1].replace("/data/addresses.csv", str(source)).replace("hum ", f"{hum} ", 1)
    with PostgresServer() as postgres:
        database = f"{postgres.new_database()}?lease=2"
        environment = {**os.environ, **simulator.env, "HUM_DATABASE": database}
        environment["PYTHONPATH"] = str(ROOT)
        pods = [Pod(command, environment) for _ in range(PODS)]
        with ThreadPoolExecutor(PODS) as cluster:
            running = [cluster.submit(pod.run) for pod in pods]
            for pod, share in zip(pods[:2], (4, 2), strict=True):
                while simulator.sessions_bought < ADDRESSES // share:
                    time.sleep(0.02)
                pod.kill()
            for each in running:
                each.result()
        assert [pod.codes[-1] for pod in pods] == [0] * PODS
        assert [pod.codes[0] for pod in pods[:2]] == [-signal.SIGKILL] * 2
        subprocess.run(  # noqa: S603
            [*hum.split(), "compose", str(source), "-o", str(out), "--job", "june"],
            env=environment,
            check=False,  # 3: some rows failed
        )
    with out.open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [row["id"] for row in found] == [f"row {row}" for row in range(ROWS)]
    assert simulator.one_post_per_address()
    uncertain = {row["street"] for row in found if row["hum_outcome"] == "UNCERTAIN"}
    assert len(uncertain) <= 2 * 32  # the POSTs under way at the two kills
    assert ADDRESSES - len(uncertain) <= simulator.sessions_bought <= ADDRESSES
