"""What somebody meets who types the commands for the first time."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hum_async._purchases.sqlite.journal import Journal
from tests.cli.conftest import Ended

Call = Callable[..., Ended]
ROOT = Path(__file__).parents[2]
HEADER = "street,city,state,zip"


@pytest.mark.parametrize("words", [(), ("",), ("  ", ", ")])
def test_a_look_up_without_an_address_asks_for_one(call: Call, words: tuple[str, ...]) -> None:
    ended = call("lookup", *words, "--simulate")
    assert ended.code == 2
    assert "name an address" in ended.err
    assert "house number" not in ended.err


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("ping",), None),
        (("lookup", "1 Main St, 00501"), "  "),
        (("watch", "token"), "two words"),
        (("watch", "token"), "k\u00e9y"),
        (("ping",), '"half'),
    ],
)
def test_a_key_that_cannot_be_sent_is_a_matter_of_authentication(
    call: Call, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], key: str | None
) -> None:
    # So that no platform starts again what needs a person.
    monkeypatch.delenv("HUM_API_KEY", raising=False)
    monkeypatch.setenv("HUM_BASE_URL", "http://127.0.0.1:9")
    if key is not None:
        monkeypatch.setenv("HUM_API_KEY", key)
    ended = call(*command)
    assert ended.code == 4
    assert "API key" in ended.err
    assert not (key or "").strip() or key not in ended.err


@pytest.mark.parametrize("command", ["qualify", "check", "report", "status", "verify", "lookup"])
def test_what_has_no_default_shows_none(call: Call, command: str) -> None:
    shown = call("config", "show", command)
    assert shown.code == 0
    assert "<" not in shown.out
    assert "inspect" not in shown.out


def test_a_row_with_several_faults_is_counted_once(call: Call, tmp_path: Path) -> None:
    broken = tmp_path / "in.csv"
    broken.write_text(f'{HEADER}\n"1420 Washington Blvd,Detroit,MI,48226\n')
    ended = call("qualify", str(broken), "--simulate", "-o", str(tmp_path / "out.csv"))
    assert re.search(r"refused: garbled letters.*: row 1$", ended.err, re.MULTILINE), ended.err
    assert "more" not in ended.err.split("More about")[0]


def test_requests_are_told_per_address_that_was_looked_up(call: Call, tmp_path: Path) -> None:
    job = tmp_path / "in.csv"
    rows = ["1 Served St,Troy,NY,12180"] * 3 + ["5 No State St,Troy,ZZ,12180"]
    job.write_text("\n".join([HEADER, *rows]))
    ended = call("qualify", str(job), "--simulate", "-o", str(tmp_path / "out.csv"))
    told = re.search(r"1 session bought, (\d+) requests \((.*) per address\)", ended.err)
    assert told is not None, ended.err
    assert float(told[2]) == int(told[1])


def test_columns_that_are_written_anew_are_not_said_to_be_carried_along(
    call: Call, tmp_path: Path
) -> None:
    job = tmp_path / "in.csv"
    job.write_text(f"{HEADER},note,hum_outcome\n100 Served St,Troy,NY,12180,mine,old\n")
    target = tmp_path / "out.csv"
    ended = call("qualify", str(job), "--simulate", "-o", str(target))
    assert "Only carried along: note\n" in ended.err
    assert "Results of an earlier job, written anew: hum_outcome\n" in ended.err
    assert ",old" not in target.read_text()


def test_a_bound_that_is_reached_says_which_option_to_raise(call: Call, tmp_path: Path) -> None:
    job = tmp_path / "in.csv"
    job.write_text(f"{HEADER}\n1 Served St,Troy,NY,12180\n2 Served St,Troy,NY,12180\n")
    target = str(tmp_path / "out.csv")
    ended = call("qualify", str(job), "--simulate", "-o", target, "--max-sessions", "1")
    assert ended.code == 5
    assert "raise --max-sessions and run it again" in ended.err
    assert "max_sessions" not in ended.err
    # The same command would stop at once.
    assert "To go on, run it again:" not in ended.err
    assert "Everything so far is in" in ended.err


def test_a_job_that_is_refused_takes_nothing_over(call: Call, tmp_path: Path) -> None:
    job = tmp_path / "in.csv"
    job.write_text(f"{HEADER}\n1 Served St,Troy,NY,12180\n2 Served St,Troy,NY,12180\n")
    words = ("qualify", str(job), "--simulate", "-o", str(tmp_path / "out.csv"))
    assert call(*words, "--max-sessions", "1").code == 5
    held = Journal(tmp_path / "out.journal.sqlite")
    ended = call(*words)
    held.close()
    assert ended.code == 1
    assert "is in use by process" in ended.err
    assert "Going on with" not in ended.err
    assert "Going on with" in call(*words).err


SLOW_IMPORT = """
import sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "cyclopts":
            print("importing", flush=True)
            time.sleep(30)
sys.meta_path.insert(0, Slow())
sys.argv[1:] = ["ping"]
from hum_async.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_while_hum_still_starts_ends_it_without_a_traceback() -> None:
    with subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-c", SLOW_IMPORT], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"importing\n"
        time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        _, told = started.communicate(timeout=20)
    assert started.returncode == 130
    assert told == b""


def test_nothing_asks_a_registry_for_this_library() -> None:
    """It is on none, so that whoever takes its name there could be installed in its place."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("hum_async/**/*.py")]
    asks = re.compile(r"""install[^\n`]{0,40}['" ]hum[-_]async\b""")
    assert not [str(page) for page in pages if asks.search(page.read_text(encoding="utf-8"))]
