"""The options of every command that uses the API, and the client that they describe."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async._redact import Secret
from hum_async.cli._argument_types import PathOrDash, Positive, Speed
from hum_async.cli._console import messages
from hum_async.cli._help import API, SIMULATED
from hum_async.cli._limiter import open_limiter, shared_store
from hum_async.cli._log import start_log
from hum_async.client import HumClient
from hum_async.errors import UnusableKey
from hum_async.models import SESSION_LIFETIME

_DRIFT = 0.1
"""Share of the addresses that change in an epoch of the simulated API."""
LIFETIME = SESSION_LIFETIME.total_seconds()
"""Seconds for which a simulated session lives, at the usual speed."""


@Parameter(name="*", group=API)
@attrs.frozen(kw_only=True)
class ApiOptions:
    """How to reach the API."""

    base_url: Annotated[
        str | None,
        Parameter(metavar="URL", help="Where the API is; default HUM_BASE_URL, then production."),
    ] = None
    key_file: Annotated[
        PathOrDash | None,
        Parameter(help="Read the API key from this file, or from - (standard input)."),
    ] = None
    rate: Annotated[
        Positive | None, Parameter(help="Requests per second at most; default: find the limit out.")
    ] = None
    concurrency: Annotated[
        int,
        Parameter(validator=Number(gte=1), help="Requests under way at the same time."),
    ] = 32
    limiter: Annotated[
        str | None,
        Parameter(
            metavar="URL",
            help="Share the limit with all processes that name the same redis:// or "
            "postgresql://; default HUM_LIMITER. Put a URL with a password there.",
        ),
    ] = None
    log: Annotated[
        Path | None,
        Parameter(
            help="Write what happens to this file, at the level that HUM_LOG says, else debug. "
            "HUM_LOG alone (debug, info, warning, error) writes to standard error."
        ),
    ] = None


@Parameter(name="*", group=API)
@attrs.frozen(kw_only=True)
class SimulatedApiOptions(ApiOptions):
    """How to reach the API, or a simulated one."""

    simulate: Annotated[
        bool,
        Parameter(
            negative=(),
            group=SIMULATED,
            help="Use a simulated API inside this process: no account.",
        ),
    ] = False
    seed: Annotated[int, Parameter(group=SIMULATED, help="Same seed, same results.")] = 0
    speed: Annotated[
        Speed,
        Parameter(group=SIMULATED, help="How much faster its agents work."),
    ] = 1.0


@asynccontextmanager
async def open_client(  # noqa: PLR0913  all but one by name
    options: ApiOptions,
    *,
    key: str | None,
    quiet: bool = False,
    purchases: Path | None = None,
    store: Secret | None = None,
    epoch: int = 0,
) -> AsyncIterator[HumClient]:
    """Yield the client that the options describe, and run a simulator for it if they ask for one.

    Args:
        options: The options.
        key: The API key; None takes it from the environment.
        quiet: Print nothing about the simulator.
        purchases: The client's ledger; None for none.
        store: URL of the store by which processes share the limit, unless the user names another.
        epoch: Epochs for which the simulated world has drifted.

    Raises:
        ConfigurationError: The options contradict each other.
        UnusableKey: There is no key.
    """
    start_log(options.log)
    simulated = isinstance(options, SimulatedApiOptions) and options.simulate
    shared = shared_store(options.limiter, default=store)
    if simulated and options.limiter is None:
        # The limit of a simulated API in this process is nobody else's.
        shared = None
    async with AsyncExitStack() as stack:
        url = options.base_url
        limiter = await open_limiter(
            stack, shared, rate=options.rate, concurrency=options.concurrency
        )
        if isinstance(options, SimulatedApiOptions) and options.simulate:
            from hum_async.simulator import Simulator  # noqa: PLC0415  not needed with the real API

            # Faster agents must not make sessions expire faster.
            simulator = Simulator(
                seed=options.seed,
                speed=options.speed,
                lifetime=LIFETIME * options.speed,
                drift=_DRIFT,
                epoch=epoch,
            )
            await stack.enter_async_context(simulator)
            key, url = "simulated", simulator.url
            if not quiet:
                messages.print(
                    f"[dim]Simulated API on {url} (seed {options.seed}): "
                    "the providers are made up.[/]"
                )
        client = HumClient(key, base_url=url, limiter=limiter, purchases=purchases)
        yield await stack.enter_async_context(client)


def read_key(options: ApiOptions) -> str | None:
    """Return the API key that the options name; None if the environment has it, or none is needed.

    Raises:
        UnusableKey: There is no key, or it cannot be read.
    """
    key_file = options.key_file
    if key_file is not None:
        return _key_in(key_file)
    advice = "; to see it work without an account, type hum demo --web"
    if isinstance(options, SimulatedApiOptions):
        if options.simulate:
            return None
        advice = "; to try it without an account, type the same again with --simulate"
    if not os.environ.get("HUM_API_KEY", "").strip():
        raise UnusableKey(
            "no API key: set the environment variable HUM_API_KEY, or name a file that holds it "
            f"with --key-file{advice}"
        )
    return None


def _key_in(key_file: str) -> str:
    if key_file == "-" and sys.stdin is None:
        raise UnusableKey("cannot read the API key: standard input is closed")
    try:
        if key_file == "-":
            # One line only: the table may follow.
            key = sys.stdin.buffer.readline().decode("utf-8-sig").strip()
        else:
            key = Path(key_file).read_text(encoding="utf-8-sig").strip()
    except OSError as exc:
        reason = exc.strerror or exc
        raise UnusableKey(f"cannot read the API key from {key_file}: {reason}") from exc
    except UnicodeError:
        # From nothing: the error that was raised holds the bytes of the key.
        raise UnusableKey(f"the API key in {key_file} is no text in UTF-8") from None
    if not key:
        raise UnusableKey(f"no API key in {key_file}: write it there, or set HUM_API_KEY")
    return key
