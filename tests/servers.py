"""Redis, PostgreSQL, pgbouncer and Prism on free ports of 127.0.0.1, each a child process of ours.

A server that is missing on this machine skips the test that asks for it, except in CI on Linux,
where `.ci/run` installs all of them.
"""

import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

HOST = "127.0.0.1"
_PATIENCE = 30.0
"""Seconds in which a server must answer; a busy machine must not fail a test."""


def missing(what: str) -> None:
    """Skip the test, or fail it in CI on Linux."""
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(f"{what} is not installed; .ci/run installs it")
    pytest.skip(f"{what} is not installed")


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


class _Server:
    """A child process that listens on a port; it stops with us, however we stop."""

    def __init__(self, prefix: str) -> None:
        self.port = free_port()
        # Not below pytest's own directory, which users other than ours may not enter.
        self.home = Path(tempfile.mkdtemp(prefix=prefix))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process of the server that runs."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start it, and return when it answers."""
        assert self._process is None, "started already"
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own words
                _ends_with_us(self._command()),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it did not start: {self.log()[-2000:]}")
            time.sleep(0.02)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the process by a signal, and wait for its end; `start` brings it back."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.send_signal(signal.SIGCONT)  # one that was stopped hears nothing
            self._process.wait(_PATIENCE)
            self._process = None

    def pause(self) -> None:
        """Stop it (SIGSTOP): connections stay, and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """End `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it for good and remove its files."""
        self.kill(self._farewell)
        shutil.rmtree(self.home, ignore_errors=True)

    def log(self) -> str:
        """Return what it has written so far."""
        path = self.home / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    _farewell: int = signal.SIGTERM
    _user: str | None = None

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


def _ends_with_us(command: list[str]) -> list[str]:
    """Let the kernel end a server whose test run was killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT", *command] if setpriv else command


class RedisServer(_Server):
    """Redis, which keeps nothing on disk: killed and started again, it is empty."""

    def __init__(self) -> None:
        found = shutil.which("redis-server") or shutil.which("valkey-server")
        if found is None:
            missing("redis-server")
        self._binary = str(found)
        super().__init__("redis-")

    @property
    def url(self) -> str:
        """Where it is, for clients."""
        return f"redis://{HOST}:{self.port}/0"

    def call(self, *words: str) -> str:
        """Return the answer to a command in the wire's form, of one packet at most."""
        with socket.create_connection((HOST, self.port), _PATIENCE) as wire:
            wire.sendall((" ".join(words) + "\r\n").encode())
            return wire.recv(1 << 20).decode()

    def _command(self) -> list[str]:
        return [
            self._binary, "--port", str(self.port), "--bind", HOST, "--save", "",
            "--appendonly", "no", "--dir", str(self.home), "--daemonize", "no",
        ]  # fmt: skip

    def _answers(self) -> bool:
        try:
            return self.call("PING").startswith("+PONG")
        except OSError:
            return False


class PostgresServer(_Server):
    """PostgreSQL with the user `hum`, who needs no password.

    Args:
        fsync: Whether commits survive a crash of the machine, and take a sync of the disk each.
        max_connections: Connections at the same time.
        settings: Further settings, as in postgresql.conf.
    """

    _farewell = signal.SIGINT  # "fast": does not wait for clients

    def __init__(self, *, fsync: bool = False, max_connections: int = 100, **settings: str) -> None:
        self._binaries = _postgres_binaries()
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if _is_root() else None
        self._settings = {
            "port": "",
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "fsync": "on" if fsync else "off",
            "max_connections": str(max_connections),
            "shared_buffers": "32MB",
            "log_statement": "none",
        } | settings
        self._databases = 0
        super().__init__("postgres-")
        if self._user:
            shutil.chown(self.home, self._user, self._user)
        self._run(
            "initdb", "-D", str(self.home / "data"), "-A", "trust", "-U", "hum", "--no-sync",
            "--no-instructions", "-E", "UTF8", "--locale=C",
        )  # fmt: skip

    def url(self, database: str = "postgres") -> str:
        """Return where a database is, for clients."""
        return f"postgresql://hum@{HOST}:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database; return its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        self._run("createdb", "-h", HOST, "-p", str(self.port), "-U", "hum", "-w", name)
        return self.url(name)

    def query(self, sql: str, database: str = "postgres") -> str:
        """Return what psql prints for a statement, unaligned and without a head."""
        return self._run(
            "psql", "-h", HOST, "-p", str(self.port), "-U", "hum", "-w", "-X", "-q", "-A", "-t",
            "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql,
        ).strip()  # fmt: skip

    def crash(self) -> None:
        """End it without a shutdown, as ``pg_ctl stop -m immediate`` does; `start` recovers."""
        self.kill(signal.SIGQUIT)

    def _command(self) -> list[str]:
        settings = self._settings | {"port": str(self.port)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.home / "data"), *words]

    def _answers(self) -> bool:
        asked = subprocess.run(  # noqa: S603  our own words
            [self._binaries / "pg_isready", "-q", "-h", HOST, "-p", str(self.port), "-U", "hum"],
            check=False,
        )
        return asked.returncode == 0

    def _run(self, program: str, *words: str) -> str:
        done = subprocess.run(  # noqa: S603  our own words
            [self._binaries / program, *words],
            cwd=self.home,
            capture_output=True,
            text=True,
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")
        return done.stdout


class PgBouncer(_Server):
    """A pooler in transaction mode before a database.

    Args:
        behind: The server that it forwards to.
        pool_size: Connections to it for each database.
    """

    _farewell = signal.SIGQUIT  # at once

    def __init__(self, behind: PostgresServer, *, pool_size: int = 2) -> None:
        path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
        found = shutil.which("pgbouncer", path=path)
        if found is None:
            missing("pgbouncer")
        self._binary = str(found)
        self._user = "postgres" if _is_root() else None
        super().__init__("pgbouncer-")
        settings = self.home / "pgbouncer.ini"
        # With auth_type "any" it connects as the user that is named for the databases.
        settings.write_text(
            f"[databases]\n* = host={HOST} port={behind.port} user=hum\n"
            f"[pgbouncer]\nlisten_addr = {HOST}\nlisten_port = {self.port}\n"
            "unix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
            f"default_pool_size = {pool_size}\nmax_client_conn = 200\n"
        )
        if self._user:
            shutil.chown(self.home, self._user, self._user)

    def url(self, database: str) -> str:
        """Return where a database is, for clients."""
        return f"postgresql://hum@{HOST}:{self.port}/{database}"

    def _command(self) -> list[str]:
        return [self._binary, "-q", str(self.home / "pgbouncer.ini")]


class PrismServer(_Server):
    """Prism, which answers as an OpenAPI document says or checks what passes it by the document.

    The environment variable `PRISM` names its executable, as `.ci/contract` does.

    Args:
        document: The OpenAPI document.
        before: URL of the server that answers; None lets Prism answer by the document alone.
        errors: Whether it answers itself where it objects, or passes everything on and names its
            objections in the header `sl-violations`.
    """

    def __init__(self, document: Path, *, before: str | None = None, errors: bool = True) -> None:
        super().__init__("prism-")
        words = ["mock", str(document)] if before is None else ["proxy", str(document), before]
        self._words = [os.environ["PRISM"], *words, *(["--errors"] if errors else [])]

    @property
    def url(self) -> str:
        """Base URL, for clients."""
        return f"http://{HOST}:{self.port}"

    def _command(self) -> list[str]:
        return [*self._words, "--host", HOST, "--port", str(self.port)]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _postgres_binaries() -> Path:
    """Return the directory of initdb: Debian keeps it out of PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = glob.glob("/usr/lib/postgresql/*/bin/initdb")  # noqa: PTH207  absolute
    if not versions:
        missing("postgresql")
    newest = max((Path(each) for each in versions), key=lambda each: float(each.parts[-3]))
    return newest.parent
