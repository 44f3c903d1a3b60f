"""Closes the sessions that earlier runs left open although their results are safe."""

from collections.abc import Callable

from hum_async._api.endpoints import close_request
from hum_async._api.retry import is_throttle
from hum_async._api.sender import RequestSender
from hum_async._purchases.store import PurchaseStore
from hum_async.errors import AuthenticationError, ConfigurationError, HumError
from hum_async.limiter import Priority


class LeftOpen:
    """Sends the DELETEs that the end of a run cut off.

    Args:
        sender: Sends the requests.
        goes_on: Returns whether its owner still sends anything.

    `requests` counts what was sent.
    """

    def __init__(self, sender: RequestSender, *, goes_on: Callable[[], bool]) -> None:
        self.requests = 0
        self._sender = sender
        self._goes_on = goes_on

    async def close(self, store: PurchaseStore) -> None:
        """Close each of them. One that cannot be closed now is left to the next run.

        Raises:
            JournalError: The store cannot be read.
        """
        sessions = await store.left_open()
        while sessions:
            async with self._sender.slot(Priority.BULK):
                if not (sessions and self._goes_on()):
                    break
                # Others with the same store take the next one meanwhile.
                left = sessions.pop(0)
                self.requests += 1
                try:
                    await self._sender.attempt(close_request(left.token))
                except (AuthenticationError, ConfigurationError):
                    break
                except HumError as error:
                    if is_throttle(error):
                        break
                    continue
            store.record(left)
