"""Where the state of a shared limit is kept: a value that is only replaced by who has seen it.

`Register` is what a store has to do, and all that it has to do. The policy knows nothing of stores.
"""

from typing import Protocol, runtime_checkable

import attrs


class StoreError(Exception):
    """The store of a shared limit cannot be used; `SharedRateLimiter` then goes on alone."""


@attrs.frozen
class Reading:
    """The value of a register at one moment.

    Attributes:
        state: The value; None if there is none.
        time: The store's clock, in seconds.
        replaced: Whether the call has replaced the value.
    """

    state: bytes | None
    time: float
    replaced: bool = False


@runtime_checkable
class Register(Protocol):
    """One value in a store that has a clock. Bring your own for a store that is not built in.

    Every method may raise anything if the store cannot be reached, and may be cancelled.
    """

    async def read(self) -> Reading:
        """Return the value and the time."""
        ...

    async def replace(self, old: bytes | None, new: bytes) -> Reading:
        """Replace the value if it is still `old`, as one step; else return what it is.

        Args:
            old: What the value has to be; None: there has to be none.
            new: What it becomes.
        """
        ...

    async def aclose(self) -> None:
        """Close the connection. It is opened again if another call follows."""
