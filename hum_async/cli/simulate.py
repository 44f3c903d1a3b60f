"""``hum simulate``: serves a simulated Hum API on this machine."""

import asyncio
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async.cli._argument_types import Positive, Speed
from hum_async.cli._console import announce
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._run import Command, run
from hum_async.errors import ConfigurationError
from hum_async.simulator import MAGIC, Simulator


def simulate(  # noqa: PLR0913  each is an option of the command
    *,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 8400,
    seed: int = 0,
    speed: Speed = 1.0,
    generation: Literal["polling", "immediate"] = "polling",
    rate: Positive | None = None,
    burst: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    retry_after: Annotated[float | None, Parameter(validator=Number(gte=0))] = None,
    drift: Annotated[float, Parameter(validator=Number(gte=0, lte=1))] = 0.1,
    epoch: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
) -> int:
    """Serve a simulated Hum API on 127.0.0.1 until Ctrl-C. Any key but bad-key is accepted.

    Args:
        port: Where to listen; 0 takes a free one.
        seed: Same seed, same answers for an address.
        speed: How much faster than real the agents work and sessions expire.
        generation: Whether sessions are polled, or their POST carries the providers.
        rate: Requests per second after which 429 is answered; no limit if not given.
        burst: Requests that may come at once under that limit.
        retry_after: Seconds that a 429 asks to wait; says nothing if not given.
        drift: Share of the addresses that change in an epoch.
        epoch: Simulate the world so many epochs later.
    """

    def prepare() -> Command:
        try:
            simulator = Simulator(
                port=port,
                seed=seed,
                speed=speed,
                generation=generation,
                rate=rate,
                burst=burst,
                retry_after=retry_after,
                drift=drift,
                epoch=epoch,
            )
        except ValueError as exc:
            raise ConfigurationError(str(exc)) from exc
        return _serve(simulator)

    return run(prepare)


async def _serve(simulator: Simulator) -> ExitCode:
    try:
        await simulator.start()
    except OSError as exc:
        raise ConfigurationError(f"cannot listen: {exc.strerror or exc}; try --port 0") from exc
    try:
        announce(f"Simulated Hum API on {simulator.url} (Ctrl-C ends it)")
        announce(f"  export HUM_BASE_URL={simulator.url} HUM_API_KEY=any-key")
        announce(f"Addresses with a fixed fate: {', '.join(MAGIC)}")
        await asyncio.Event().wait()
    finally:
        await simulator.aclose()
    return ExitCode.OK
