"""``hum ping``: checks that the API is up and takes the key."""

import asyncio

import attrs

from hum_async._redact import redact
from hum_async.cli._api import SimulatedApiOptions, open_client, read_key
from hum_async.cli._console import data, escaped
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._json_output import AsJson, ping_values, print_json
from hum_async.cli._run import run

_DEFAULT_API = SimulatedApiOptions()


def ping(*, json: AsJson = False, api: SimulatedApiOptions = _DEFAULT_API) -> int:
    """Check that the API is up and takes the key.

    Args:
        json: Print one JSON object.
        api: How to reach the API.
    """
    return run(lambda: _ping(api, key=read_key(api), json=json))


async def _ping(api: SimulatedApiOptions, *, key: str | None, json: bool) -> ExitCode:
    clock = asyncio.get_running_loop().time
    async with open_client(api, key=key) as client:
        began = clock()
        answer = await client.ping()
        took = clock() - began
        # What the server says is printed as errors are.
        message = redact(answer.message or "", (client.sender.key,))
        answer = attrs.evolve(answer, message=answer.message and message)
        if json:
            print_json(ping_values(answer, base_url=client.base_url, seconds=took))
            return ExitCode.OK
        told = f"up, and the key is valid ({took * 1000:.0f} ms)"
        data.print(f"{told}: {escaped(answer.message or '')}")
    return ExitCode.OK
