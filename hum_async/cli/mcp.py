"""``hum mcp``: offers look-ups, checks of files and the status of jobs to an assistant."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from hum_async.cli._api import SimulatedApiOptions, open_client, read_key
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._help import PURCHASES
from hum_async.cli._run import Command, run
from hum_async.errors import ConfigurationError

_DEFAULT_API = SimulatedApiOptions()


def mcp(
    *,
    max_sessions: Annotated[
        int,
        Parameter(
            validator=Number(gte=0),
            group=PURCHASES,
            help="Sessions that may be bought at most: of all that --purchases records, else "
            "while this server runs.",
        ),
    ] = 0,
    purchases: Annotated[
        Path | None,
        Parameter(
            group=PURCHASES,
            help="File that remembers what was bought, so that an address that is asked for again "
            "within a day costs nothing, and a new start buys no more.",
        ),
    ] = None,
    api: SimulatedApiOptions = _DEFAULT_API,
) -> int:
    """Serve an assistant over standard input and output (Model Context Protocol).

    Tools: lookup, check and job_status. Nothing is bought unless a call says that the user has
    agreed, and never more than --max-sessions.

    Args:
        max_sessions: Sessions that may be bought at most.
        purchases: File that remembers what was bought.
        api: How to reach the API.
    """

    def prepare() -> Command:
        if api.key_file == "-":
            raise ConfigurationError("standard input belongs to the assistant: name a file")
        return _serve(api, key=read_key(api), max_sessions=max_sessions, purchases=purchases)

    return run(prepare)


async def _serve(
    api: SimulatedApiOptions, *, key: str | None, max_sessions: int, purchases: Path | None
) -> ExitCode:
    try:
        from hum_async.cli._mcp_tools import bound_of, make_server  # noqa: PLC0415  an extra
    except ImportError as exc:
        if exc.name is None or not exc.name.startswith("mcp"):
            raise
        raise ConfigurationError("hum mcp needs: pip install mcp") from exc
    async with open_client(api, key=key, quiet=True, purchases=purchases) as client:
        await make_server(client, await bound_of(client, max_sessions)).run_stdio_async()
    return ExitCode.OK
