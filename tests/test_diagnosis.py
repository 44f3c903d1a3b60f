"""What `hum doctor` finds out: the way to the API, what it answers, and the place of a journal."""

import asyncio
import shutil
import socket
import ssl
import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hum_async import HumClient, RawResponse
from hum_async._diagnosis.findings import Finding, State
from hum_async._diagnosis.journal_place import examine_place, file_system_of
from hum_async._diagnosis.machine import examine_installation
from hum_async._diagnosis.server import clock_finding, examine_server
from hum_async.simulator import Simulator
from hum_async.testing import ScriptedTransport, json_response

CERTIFICATE = Path(__file__).parent / "self_signed.pem"
PROJECT = Path(__file__).parents[1] / "pyproject.toml"
MOUNTS = r"""21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
22 21 0:5 / /data rw - nfs4 server:/export rw
23 21 0:6 / /data/my\040jobs rw - xfs /dev/sdb1 rw
24 21 0:7 / /scratch rw - ext4 /dev/sdc1 rw
25 24 0:8 / /scratch rw - tmpfs none rw
26 21 short
"""


async def found(client: HumClient) -> dict[str, Finding]:
    return {finding.check: finding async for finding in examine_server(client)}


# --- the place of a journal -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me", "ext4"),
        ("/data/x", "nfs4"),
        ("/data/my jobs/june", "xfs"),
        ("/database", "ext4"),
        ("/scratch/job", "tmpfs"),
    ],
)
def test_a_folder_is_on_the_innermost_mount(tmp_path: Path, folder: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system_of(Path(folder), mounts) == kind


def test_a_system_without_such_a_table_says_nothing(tmp_path: Path) -> None:
    assert file_system_of(tmp_path, tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("kind", "state"),
    [("nfs", State.PROBLEM), ("tmpfs", State.WARNING), ("ext4", State.OK), (None, State.OK)],
)
def test_file_systems_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None, state: State
) -> None:
    monkeypatch.setattr("hum_async._diagnosis.journal_place.file_system_of", lambda _: kind)
    finding = next(iter(examine_place(tmp_path)))
    assert finding.state is state
    assert bool(finding.advice) is (state is not State.OK)


@pytest.mark.parametrize(
    ("free", "state"), [(5e9, State.OK), (5e8, State.WARNING), (1e6, State.PROBLEM)]
)
def test_a_full_disk_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: State
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=int(free))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    told = {finding.check: finding for finding in examine_place(tmp_path)}
    assert told["disk space"].state is state


def test_a_trial_journal_leaves_nothing_behind(tmp_path: Path) -> None:
    told = {finding.check: finding for finding in examine_place(tmp_path)}
    assert told["journal"].state is State.OK
    assert "ms" in told["journal"].told
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    told = {finding.check: finding for finding in examine_place(tmp_path)}
    assert told["journal"].state is State.PROBLEM
    assert "Permission denied" in told["journal"].told
    assert [each.state for each in examine_place(tmp_path / "missing")] == [State.PROBLEM]


# --- the way to the API ---------------------------------------------------------------------------


async def test_all_is_well(hum_simulator: Simulator) -> None:
    async with HumClient("k", base_url=hum_simulator.url) as client:
        told = await found(client)
    assert {finding.state for finding in told.values()} == {State.OK}
    assert told.keys() == {"connection", "API", "clock", "rate limit"}
    assert not hum_simulator.sessions_bought


async def test_a_wrong_key_is_told_without_it(hum_simulator: Simulator) -> None:
    async with HumClient("bad-key", base_url=hum_simulator.url) as client:
        told = await found(client)
    assert told["key"].state is State.PROBLEM
    assert "bad-key" not in str(told)


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with HumClient("k", base_url=f"http://127.0.0.1:{free.getsockname()[1]}") as client:
            told = await found(client)
    assert [finding.state for finding in told.values()] == [State.PROBLEM]
    assert "firewall" in told["connection"].advice
    assert told["connection"].told.endswith("(Connection refused)")


def test_each_extra_is_looked_for() -> None:
    told = examine_installation().told
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    for extra in project["optional-dependencies"]:
        # Without a feature of their own to a user, or here for certain.
        if extra not in {"bench", "cli", "dev", "docs", "engines", "test"}:
            assert f" {extra}" in told, extra


async def test_a_name_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    async with HumClient("k", base_url="https://hum.invalid") as client:
        told = await found(client)
    assert [finding.state for finding in told.values()] == [State.PROBLEM]
    assert "Name or service not known" in told["DNS"].told


@pytest.fixture
async def secure() -> AsyncIterator[str]:
    """A server whose certificate nobody has signed but itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


@pytest.mark.busy  # in debug mode asyncio's own server reports that it is hung up on
async def test_a_certificate_that_nobody_trusts(secure: str) -> None:
    async with HumClient("k", base_url=secure) as client:
        told = await found(client)
    assert told["TLS"].state is State.PROBLEM
    assert "SSL_CERT_FILE" in told["TLS"].advice
    assert "API" not in told


@pytest.mark.slow
async def test_a_certificate_that_the_environment_trusts(
    secure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    async with HumClient("k", base_url=secure) as client:
        told = await found(client)
    assert told["TLS"].state is not State.PROBLEM
    assert "TLSv1" in told["TLS"].told
    # It hangs up on whoever asks.
    assert told["API"].state is State.PROBLEM


async def test_a_server_that_speaks_no_tls() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with HumClient("k", base_url=f"https://127.0.0.1:{port}") as client:
            told = await found(client)
    assert told["TLS"].state is State.PROBLEM
    assert told["TLS"].told.startswith(f"no connection to 127.0.0.1:{port} (no TLS: ")


async def test_none_of_several_addresses_takes_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        found_places = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
            for host in ("127.0.0.1", "127.0.0.2")
        ]

        async def two(*_: Any, **__: Any) -> Any:
            return found_places

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
        async with HumClient("k", base_url=f"http://localhost:{port}") as client:
            told = await found(client)
    assert told["connection"].told.endswith("(none of its addresses takes it)")


async def test_an_ipv6_address_is_told_in_brackets() -> None:
    async with HumClient("k", base_url="http://[::1]:1") as client:
        told = await found(client)
    assert "no connection to [::1]:1 (" in told["connection"].told


@pytest.mark.virtual(grace=0.0001)
async def test_a_proxy_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:sesame@127.0.0.1:{port}")
        async with HumClient("k", base_url="https://hum.invalid") as client:
            told = await found(client)
    assert told["proxy"].told == f"http://127.0.0.1:{port}, as the environment says"
    assert told["API"].state is State.PROBLEM
    assert "sesame" not in str(told)


async def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:sesame@127.0.0.1:{port}")
        async with HumClient("k", base_url="https://hum.invalid") as client:
            told = await found(client)
    assert [*told] == ["proxy"]
    assert told["proxy"].state is State.PROBLEM
    assert "(Connection refused)" in told["proxy"].told
    assert "HTTPS_PROXY" in told["proxy"].advice
    assert "sesame" not in str(told)


# --- what it answers ------------------------------------------------------------------------------

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "state", "told"),
    [
        ("Fri, 27 Nov 2026 12:00:10 GMT", State.OK, "agrees"),
        ("Fri, 27 Nov 2026 11:00:00 GMT", State.WARNING, "3,600 s ahead of"),
        ("Fri, 27 Nov 2026 12:01:00 GMT", State.WARNING, "60 s behind"),
        ("yesterday", State.OK, "does not tell"),
        ("Fri, 27 Nov 2026 12:00:00", State.OK, "does not tell"),
        (None, State.OK, "does not tell"),
    ],
)
def test_clocks_are_compared(date: str | None, state: State, told: str) -> None:
    headers = {} if date is None else {"date": date}
    finding = clock_finding(json_response(200, headers=headers), NOW)
    assert (finding.state, told in finding.told) == (state, True)


@pytest.mark.parametrize(
    ("headers", "state", "told"),
    [
        ({}, State.OK, "does not tell"),
        (
            {"RateLimit-Limit": "100", "RateLimit-Remaining": "42", "RateLimit-Reset": "30"},
            State.OK,
            "100 requests, 42 left, renewed in 30 s",
        ),
        (
            {"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "0.01"},
            State.WARNING,
            "0 left",
        ),
    ],
)
async def test_the_limit_is_told(
    hum_simulator: Simulator, headers: dict[str, str], state: State, told: str
) -> None:
    def answer(_: Any) -> RawResponse:
        return json_response(200, {"message": "up"}, headers=headers)

    transport = ScriptedTransport(answer)
    async with HumClient(base_url=hum_simulator.url, transport=transport) as client:
        finding = (await found(client))["rate limit"]
    assert (finding.state, told in finding.told) == (state, True)
