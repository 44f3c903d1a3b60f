"""Runs the hub of one application, once."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from hum_async.client import HumClient
from hum_async.errors import ConfigurationError
from hum_async.web.hub import HubOptions, SessionHub


class HubLifespan:
    """Runs a hub as long as an application runs, unless that has one already.

    Args:
        client: Makes the client when the application starts.
        options: Keyword arguments of `SessionHub`.
    """

    def __init__(self, client: Callable[[], HumClient], options: HubOptions) -> None:
        self._client = client
        self._options = options
        self._hub: SessionHub | None = None

    @asynccontextmanager
    async def run(self, known: Any) -> AsyncGenerator[SessionHub]:
        """Run a hub.

        Args:
            known: What the application keeps where its hub belongs; a hub that runs is yielded.

        Raises:
            ConfigurationError: A hub runs that was not made of this client and these options.
        """
        if isinstance(known, SessionHub) and not known.closed:
            if known is not self._hub and (self._options or self._client is not HumClient):
                raise ConfigurationError(
                    "the application has a hub already: give a client or options only to the "
                    "first of its hub_lifespan(), hub_router() and HubPlugin()"
                )
            yield known
        else:
            async with run_hub(self._client, self._options) as self._hub:
                yield self._hub


@asynccontextmanager
async def run_hub(
    client: Callable[[], HumClient], options: HubOptions
) -> AsyncGenerator[SessionHub]:
    """Run a hub with a client of its own, as long as an application runs."""
    async with client() as hum, SessionHub(hum, **options) as hub:
        yield hub
