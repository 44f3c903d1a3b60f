"""Applications with a hub, each in a server in a child process of its own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import attrs
from web_support import KEY

ROOT = Path(__file__).parent.parent.parent
LIVE = ROOT / "examples" / "live_lookup"
HERE = Path(__file__).parent

_PYTHON = [sys.executable, "-m"]
COMMANDS = {
    "uvicorn": [*_PYTHON, "uvicorn", "--app-dir", str(LIVE), "app:app", "--port", "{port}"],
    "uvicorn-reload": [
        *_PYTHON, "uvicorn", "--reload", "--reload-dir", str(LIVE), "--app-dir", str(LIVE),
        "app:app", "--port", "{port}",
    ],
    "uvicorn-workers": [
        *_PYTHON, "uvicorn", "--workers", "2", "--app-dir", str(LIVE), "app:app", "--port", "{port}"
    ],
    "uvicorn-litestar": [
        *_PYTHON, "uvicorn", "--app-dir", str(HERE), "litestar_app:app", "--port", "{port}"
    ],
    "hypercorn": [*_PYTHON, "hypercorn", "app:app", "--bind", "127.0.0.1:{port}"],
    "hypercorn-inline": [
        *_PYTHON, "hypercorn", "app:app", "--workers", "0", "--bind", "127.0.0.1:{port}"
    ],
    "granian": [
        *_PYTHON, "granian", "--interface", "asgi", "--working-dir", str(LIVE), "app:app",
        "--host", "127.0.0.1", "--port", "{port}",
    ],
    "aiohttp": [sys.executable, str(ROOT / "examples" / "aiohttp_web.py"), "{port}"],
}  # fmt: skip

WEBSOCKET = {
    "websocket": [
        *_PYTHON, "uvicorn", "--app-dir", str(ROOT / "examples"), "websocket:app",
        "--port", "{port}",
    ]
}  # fmt: skip
UNTOLD = {
    # Nothing on its command line says that there are two.
    "uvicorn-run": [
        sys.executable, "-c",
        f"import uvicorn; uvicorn.run('app:app', app_dir={str(LIVE)!r}, workers=2, port={{port}})",
    ]
}  # fmt: skip
MANY = {
    "uvicorn-4-workers": [
        *_PYTHON, "uvicorn", "--workers", "4", "--app-dir", str(LIVE), "app:app", "--port", "{port}"
    ]
}  # fmt: skip
PROBES = {
    "probe-uvicorn": [
        *_PYTHON, "uvicorn", "--app-dir", str(HERE), "probe_app:app", "--port", "{port}"
    ],
    "probe-hypercorn": [
        *_PYTHON, "hypercorn", "probe_app:app", "--workers", "0", "--bind", "127.0.0.1:{port}"
    ],
    "probe-granian": [
        *_PYTHON, "granian", "--interface", "asgi", "--working-dir", str(HERE), "probe_app:app",
        "--host", "127.0.0.1", "--port", "{port}",
    ],
    "probe-aiohttp": [sys.executable, str(HERE / "probe_aiohttp.py"), "{port}"],
}  # fmt: skip


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@attrs.define(eq=False)
class Server:
    """A server that runs."""

    url: str
    process: asyncio.subprocess.Process
    log: Path

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait until the process is gone; the test's time-out is the limit."""
        self.process.send_signal(number)
        await self.process.wait()

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def wait_until_printed(self, text: str, *, times: int) -> None:
        """Wait for what the processes of the server say; the test's time-out is the limit."""
        while self.printed().count(text) < times:  # noqa: ASYNC110  a file tells of no event
            await asyncio.sleep(0.05)

    def assert_quiet(self) -> None:
        """Check that nothing went wrong in the server."""
        printed = self.printed()
        assert "Traceback" not in printed, printed
        assert "Warning" not in printed, printed


@asynccontextmanager
async def serving(
    kind: str, api: str, place: Path, *, port: int | None = None
) -> AsyncIterator[Server]:
    """Run one of the servers above against an API; kill whatever is left of it in the end."""
    port = port or free_port()
    log = place / f"{kind}.log"
    environment = {
        **os.environ,
        "HUM_API_KEY": KEY,
        "HUM_BASE_URL": api,
        "PYTHONWARNINGS": "default,ignore::ResourceWarning",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(
                part.format(port=port)
                for part in {**COMMANDS, **PROBES, **WEBSOCKET, **UNTOLD, **MANY}[kind]
            ),
            env=environment,
            cwd=HERE if kind in PROBES else LIVE,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        await _wait_until_up(server)
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _wait_until_up(server: Server) -> None:
    async with asyncio.timeout(300), aiohttp.ClientSession() as session:
        while True:
            if server.process.returncode is not None:
                raise RuntimeError(server.printed())
            try:
                async with session.get(f"{server.url}/events"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
