"""The package asks the system for nothing that Windows or macOS lack.

Type checkers look at it as if it ran there (`mypy --platform`), which knows the branches that are
for one system. This test runs it without the names.
"""

import subprocess
import sys
from pathlib import Path

import pytest

NOT_EVERYWHERE = {
    "os": "O_CLOEXEC O_DIRECTORY O_DSYNC O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_SYNC "
    "O_TMPFILE chown chroot copy_file_range fchdir fchmod fchown fdatasync fork forkpty "
    "geteuid getegid getgid getgroups getloadavg getpgid getpgrp getpriority getresuid getsid "
    "getuid initgroups killpg lchown lockf major memfd_create mkfifo mknod nice openpty pathconf "
    "posix_fadvise posix_fallocate posix_spawn pread preadv pwrite pwritev readv "
    "sched_getaffinity sched_yield sendfile setegid seteuid setgid setpgid setpriority setsid "
    "setuid splice sync sysconf tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4 waitid "
    "writev",
    "signal": "SIGALRM SIGBUS SIGCHLD SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 "
    "alarm getitimer pause pthread_kill pthread_sigmask sigpending sigtimedwait sigwait",
}
CHILD = """
import os, signal, sys
# Libraries may use what is here; each has its own ways elsewhere.
import aiohttp, anyio, asyncio, cyclopts, platformdirs, rich.console, sqlite3, subprocess, uvloop
for module, names in {names!r}.items():
    for name in names.split():
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
for name in ("grp", "pwd", "resource", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
from hum_async.cli import main
for arguments in {commands!r}:
    sys.argv = ["hum", *arguments]
    code = main()
    assert code == 0, (arguments, code)
"""


@pytest.mark.slow
def test_a_job_needs_nothing_that_other_systems_lack(tmp_path: Path) -> None:
    rows = tmp_path / "in.csv"
    rows.write_text("street,zip\n100 Served St,48226\n101 Served St,48226\n", encoding="utf-8")
    journal = str(tmp_path / "out.journal.sqlite")
    commands = [
        ("check", str(rows)),
        ("qualify", str(rows), "-o", str(tmp_path / "out.csv"), "--simulate", "--speed", "100"),
        ("status", journal),
        ("verify", journal),
        ("lookup", "100 Served St, 48226", "--simulate", "--speed", "100"),
        ("doctor", "--simulate", "--journal", journal),
    ]
    child = subprocess.run(  # noqa: S603  our own text
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            CHILD.format(names=NOT_EVERYWHERE, commands=commands),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert child.returncode == 0, child.stderr
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("SERVED") == 2
