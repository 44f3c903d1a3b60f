"""The TypeScript compiler takes the blocks for browsers, with docs/events.d.ts beside them.

`.ci/contract`, which has Node.js, installs the compiler and names it in TSC.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from documented_blocks import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

# Read before the fixtures clear the environment.
TSC = os.environ.get("TSC")
STRICT = "--noEmit --strict --target es2022 --lib es2022,dom,dom.iterable --module esnext"


def complaints(place: Path, name: str, text: str) -> str:
    """Return what the compiler says of a file."""
    (place / name).write_text(text, "utf-8")
    options = [*STRICT.split(), "--moduleResolution", "bundler"]
    command = ["node", str(TSC), *options, name]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    TSC is None, reason="no TypeScript compiler is named in TSC: .ci/contract has one"
)
def test_blocks_of_typescript_have_right_types(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs" / "events.d.ts", tmp_path)
    written = [block for block in blocks() if block.language == "ts"]
    assert written
    for number, block in enumerate(written):
        assert not complaints(tmp_path, f"block{number}.ts", block.text), block.place
    wrong = (
        'import type { DoneEvent } from "./events";\nexport const f = (e: DoneEvent) => e.nothing;'
    )
    assert "nothing" in complaints(tmp_path, "wrong.ts", wrong)
