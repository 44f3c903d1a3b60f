"""Which limiter a command uses: one of its own, or one that it shares with other processes."""

import os
from contextlib import AsyncExitStack

from hum_async._network.store_urls import holds_password
from hum_async._redact import Secret
from hum_async.cli._run import UsageError
from hum_async.errors import ConfigurationError
from hum_async.limiter import RateLimiter

VARIABLE = "HUM_LIMITER"
"""Name of the environment variable that holds the URL of the store."""


def shared_store(typed: str | None, *, default: Secret | None = None) -> Secret | None:
    """Return the URL of the store by which processes share a limit; None if they do not.

    Args:
        typed: What stands on the command line, which other users of the machine can see.
        default: The store if neither the command line nor the environment names one.

    Raises:
        UsageError: A password was typed.
    """
    if typed is None:
        text = os.environ.get(VARIABLE, "").strip()
        return Secret(text) if text else default
    if holds_password(typed):
        raise UsageError(
            "a password on the command line can be seen by all who use this machine, and stays in "
            f"the history of the shell: put the whole URL of --limiter into {VARIABLE}"
        )
    return Secret(typed)


async def open_limiter(
    stack: AsyncExitStack, store: Secret | None, *, rate: float | None, concurrency: int
) -> RateLimiter:
    """Return the limiter of a command.

    Args:
        stack: What closes it.
        store: The store by which processes share it; None: they do not.
        rate: Requests per second; None finds the limit.
        concurrency: Requests under way at the same time in this process.

    Raises:
        ConfigurationError: The store cannot be used, or a number is out of its range.
    """
    try:
        if store is None:
            return RateLimiter(rate=rate, concurrency=concurrency)
        from hum_async.shared import SharedRateLimiter  # noqa: PLC0415  not needed alone

        shared = SharedRateLimiter(store.reveal(), rate=rate, concurrency=concurrency)
    except ValueError as exc:
        raise ConfigurationError(str(exc)) from exc
    return await stack.enter_async_context(shared)
