"""What the tests of the simulator share: replies, waits, and the types of their fixtures."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def token(self) -> str:
        token: str = self.body["meta"]["session_token"]
        return token

    @property
    def agents(self) -> dict[str, str]:
        agents: dict[str, str] = self.body["meta"]["agent_status"]
        return agents


Ask = Callable[..., Coroutine[Any, Any, Reply]]
Arrived = Callable[..., Coroutine[Any, Any, None]]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; the time-out of the test is its only limit."""
    while not condition():  # noqa: ASYNC110  virtual time must not move meanwhile
        await asyncio.sleep(0)
