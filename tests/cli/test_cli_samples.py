"""`hum check` and `hum qualify` agree on every sample file: what one refuses, the other refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ended

SAMPLES = sorted((Path(__file__).parent.parent / "bulk" / "samples").iterdir())
COULD_NOT_RUN, USAGE = 1, 2


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_check_and_qualify_agree(
    sample: Path, tmp_path: Path, call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checked = call("check", str(sample), "--limit", "0")
    qualified = call("qualify", str(sample), "-o", "out.jsonl", "--simulate")
    ended_early = {COULD_NOT_RUN, USAGE}
    assert checked.code in ended_early or qualified.code not in ended_early, qualified.err
    if checked.code in ended_early:
        assert qualified.code == checked.code, (checked.err, qualified.err)
        assert not Path("out.jsonl").exists()
        return
    rows = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    invalid = sum(row["hum_outcome"] == "INVALID_ADDRESS" for row in rows)
    found = re.search(r"([\d,]+) rows? will be refused|([\d,]+) refused", checked.out)
    refused = int((found[1] or found[2]).replace(",", "")) if found else 0
    assert invalid == refused, (checked.out, rows)
