"""``hum ping``: checks that the API is up and takes the key."""

import asyncio

from hum_async.cli._api import SimulatedApiOptions, open_client, read_key
from hum_async.cli._console import data, escaped
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._run import run

_DEFAULT_API = SimulatedApiOptions()


def ping(*, api: SimulatedApiOptions = _DEFAULT_API) -> int:
    """Check that the API is up and takes the key.

    Args:
        api: How to reach the API.
    """
    return run(lambda: _ping(api, key=read_key(api)))


async def _ping(api: SimulatedApiOptions, *, key: str | None) -> ExitCode:
    clock = asyncio.get_running_loop().time
    async with open_client(api, key=key) as client:
        began = clock()
        answer = await client.ping()
        took = (clock() - began) * 1000
        data.print(f"up, and the key is valid ({took:.0f} ms): {escaped(answer.message or '')}")
    return ExitCode.OK
