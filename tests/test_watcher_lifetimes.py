"""Every way of leaving a watch leaks nothing, warns of nothing and cancels nobody else."""

import asyncio
import subprocess
import sys
from pathlib import Path

import leaving_cases
import pytest

SCRIPT = Path(leaving_cases.__file__)


@pytest.mark.virtual
@pytest.mark.parametrize("name", leaving_cases.CASES)
async def test_a_watch_is_left_without_a_trace(name: str) -> None:
    await leaving_cases.run_case(leaving_cases.CASES[name])


@pytest.mark.virtual
@pytest.mark.parametrize("name", leaving_cases.CASES)
async def test_the_same_without_debugging_which_changes_the_order_of_things(name: str) -> None:
    asyncio.get_running_loop().set_debug(False)
    await leaving_cases.run_case(leaving_cases.CASES[name])


@pytest.mark.slow
def test_a_process_of_its_own_has_nothing_to_complain_about() -> None:
    done = subprocess.run(  # noqa: S603  our own script
        [sys.executable, "-X", "dev", "-W", "error", str(SCRIPT)],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        cwd=SCRIPT.parent.parent,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.split() == [*leaving_cases.CASES, *leaving_cases.LOOP_CASES]
