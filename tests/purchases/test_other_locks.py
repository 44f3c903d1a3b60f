"""The lock of a journal as Windows has it, on a stand-in for its calls.

Locks of open file descriptions (fcntl(2), F_OFD_SETLK) are those of handles on Windows: one byte,
free when it is closed, and refused to every other handle, in the same process too.
"""

import contextlib
import fcntl
import importlib.util
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from hum_async._purchases.sqlite import lock as ours
from hum_async.errors import JournalError

pytestmark = pytest.mark.skipif(
    not hasattr(fcntl, "F_OFD_SETLK"), reason="this system has no locks that are like those"
)

CHILD = """
import sys
sys.path.insert(0, {here!r})
from test_other_locks import as_on_windows
from pathlib import Path
with as_on_windows() as lock:
    held = lock.LockFile(Path({path!r}))
    print("held", flush=True)
    sys.stdin.read()
    import os
    os._exit(1)
"""


class Msvcrt(ModuleType):
    """The calls of msvcrt that the lock needs; a byte is locked where the file stands."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def locking(self, fd: int, mode: int, nbytes: int) -> None:
        kind = fcntl.F_WRLCK if mode == self.LK_NBLCK else fcntl.F_UNLCK
        at = os.lseek(fd, 0, os.SEEK_CUR)
        call = struct.pack("hhqqi4x", kind, os.SEEK_SET, at, nbytes, 0)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, call)
        except OSError as exc:
            raise PermissionError(exc.errno, "Permission denied") from None


@contextlib.contextmanager
def as_on_windows() -> Iterator[ModuleType]:
    """Yield the module as Windows would import it, where nobody removes what is open."""

    def refuse(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002  as the method
        del missing_ok
        raise PermissionError(13, "in use", str(path))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setitem(sys.modules, "msvcrt", Msvcrt("msvcrt"))
        spec = importlib.util.spec_from_file_location("lock_on_windows", ours.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        patch.undo()
        patch.setattr(Path, "unlink", refuse)
        yield module


def test_one_process_at_a_time_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "job.sqlite"
    child = subprocess.Popen(  # noqa: S603  our own text
        [sys.executable, "-c", CHILD.format(here=str(Path(__file__).parent), path=str(path))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child, as_on_windows() as lock:
        assert child.stdout.readline() == "held\n"
        for _ in range(2):
            with pytest.raises(JournalError, match=f"in use by process {child.pid} "):
                lock.LockFile(path)
            assert lock.holder_of(path)["pid"] == child.pid
        child.communicate()
        # It ended without a word; what it left is free.
        assert lock.lock_path(path).exists()
        assert lock.holder_of(path) is None
        lock.LockFile(path).release()


def test_it_is_free_at_once_after_its_release(tmp_path: Path) -> None:
    path = tmp_path / "job.sqlite"
    with as_on_windows() as lock:
        for _ in range(3):
            with lock.LockFile(path):
                with pytest.raises(JournalError, match=f"process {os.getpid()} "):
                    lock.LockFile(path)
                assert lock.holder_of(path)["pid"] == os.getpid()
            assert lock.holder_of(path) is None
        assert lock.lock_path(path).read_text(encoding="utf-8").count("pid") == 1


def test_it_is_unlocked_before_it_is_closed(tmp_path: Path) -> None:
    # Windows unlocks what is closed when it finds the time.
    with as_on_windows() as lock:
        held = lock.LockFile(tmp_path / "job.sqlite")
        copy = os.dup(held._stream.fileno())  # noqa: SLF001  keeps it locked, unless it is unlocked
        held.release()
        assert lock.holder_of(tmp_path / "job.sqlite") is None
        os.close(copy)
