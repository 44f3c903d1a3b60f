"""What a client is given, and how its tokens are followed at the same time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import attrs

__all__ = ["Job"]


@attrs.frozen
class Job:
    """The task of one client in one run.

    Attributes:
        origin: The server, as ``http://host:port``.
        tokens: Every one of them is to be asked for until it is done.
        interval: Seconds between two questions for one token.
        failures: How many tokens were given up, by the reason.
    """

    origin: str
    tokens: Sequence[str]
    interval: float
    failures: Counter[str] = attrs.field(factory=Counter)

    async def each(self, follow: Callable[[str], Awaitable[object]]) -> None:
        """Follow all tokens, a task for each; one that fails does not stop the others."""
        async with asyncio.TaskGroup() as group:
            for token in self.tokens:
                group.create_task(self._one(follow, token))

    async def _one(self, follow: Callable[[str], Awaitable[object]], token: str) -> None:
        try:
            await follow(token)
        except Exception as exc:  # noqa: BLE001  whatever a client ends a token with is a result
            self.failures[type(exc).__name__] += 1
