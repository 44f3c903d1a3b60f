"""``hum demo``: serves the example application live_lookup on a simulated API."""

import contextlib
import importlib.util
import os
import socket
from pathlib import Path
from types import ModuleType
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async.cli._api import LIFETIME
from hum_async.cli._argument_types import Speed
from hum_async.cli._console import announce
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._run import UsageError, gentle_stop, run
from hum_async.errors import ConfigurationError
from hum_async.simulator import Simulator


def demo(
    *,
    web: Annotated[bool, Parameter(negative=())] = False,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 8401,
    seed: int = 0,
    speed: Speed = 1.0,
) -> int:
    """Show look-ups live, on a simulated API: no account, no cost. Ctrl-C ends it.

    Args:
        web: In a browser: serve the example application live_lookup on 127.0.0.1.
        port: Where to listen; 0 takes a free one.
        seed: Of the simulated API: same seed, same results.
        speed: Of the simulated API: how much faster its agents work.
    """
    return run(lambda: _demo(web=web, port=port, seed=seed, speed=speed))


async def _demo(*, web: bool, port: int, seed: int, speed: float) -> ExitCode:
    if not web:
        raise UsageError("say what to show: hum demo --web")
    async with Simulator(seed=seed, speed=speed, lifetime=LIFETIME * speed) as simulator:
        # The application is the one that users start. It reads its settings from the environment.
        os.environ |= {"HUM_BASE_URL": simulator.url, "HUM_API_KEY": "simulated"}
        with _listen(port) as listener:
            return await _serve(listener)


async def _serve(listener: socket.socket) -> ExitCode:
    try:
        import fastapi  # noqa: F401, PLC0415  an extra that only this command needs
        import uvicorn  # noqa: PLC0415  the same
    except ImportError as exc:
        raise ConfigurationError("the demo needs: pip install fastapi uvicorn") from exc
    application = _load(_example() / "app.py").app
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    # The command already handles the signals, and so does the hub.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    host, port = listener.getsockname()
    announce(f"Live look-ups on http://{host}:{port} (Ctrl-C ends it)")
    announce("The API behind it is simulated: the providers are made up.")
    with gentle_stop(lambda: setattr(server, "should_exit", True)) as received:
        await server.serve(sockets=[listener])
    return received[0] if received else ExitCode.OK


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as exc:
        raise ConfigurationError(f"cannot listen: {exc.strerror or exc}; try --port 0") from exc


def _example() -> Path:
    """Return the folder of the example: in a wheel below the package, else in the source tree."""
    package = Path(__file__).parents[1]
    for place in (package / "examples", package.parent / "examples"):
        if (place / "live_lookup" / "app.py").is_file():
            return place / "live_lookup"
    raise ConfigurationError("the example application live_lookup is not installed")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("live_lookup", path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
