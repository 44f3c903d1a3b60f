"""The synchronous face of `hum_async`, for scripts, notebooks and the interactive prompt.

::

    from hum_async import Address, sync

    print(sync.lookup(Address("1600 Amphitheatre Pkwy", city="Mountain View", state="CA")))
    for result in sync.qualify(addresses, journal="job.sqlite"):
        print(result.key, result.outcome)

Each call makes a client of its own, on an event loop of its own in a thread (anyio's blocking
portal). So all of it works where no loop runs and where one does, as in a notebook; there it holds
the running loop up, as every blocking call does. An application that is asynchronous itself uses
`HumClient`. What is called on the way, such as `on_update` or an iterator of addresses, is called
in that thread.
"""

from collections.abc import AsyncIterator, Callable, Collection, Generator, Hashable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import Any, Generic, TypeVar, Unpack, overload

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from hum_async._api.endpoints import Source
from hum_async._polling.policies import PollPolicy
from hum_async._polling.tokens import Watchable
from hum_async.bulk.qualification import QualifyOptions
from hum_async.bulk.qualification import qualify as _qualify
from hum_async.client import HumClient
from hum_async.models import DEFAULT_AGENTS, Address, Outcome, Qualification, SessionUpdate
from hum_async.watcher import AsyncSessionWatcher

__all__ = ["lookup", "qualify", "watch"]

T = TypeVar("T")
KeyT = TypeVar("KeyT", bound=Hashable)
Client = Callable[[], HumClient]
Opening = Callable[[HumClient], AbstractAsyncContextManager[AsyncIterator[T]]]


def lookup(  # noqa: PLR0913  those of the client's method
    address: Address,
    *,
    timeout: float | None = 120.0,
    close: bool = True,
    campaign_id: str | None = None,
    retry: Collection[Outcome] = (),
    client: Client = HumClient,
) -> Qualification:
    """Look up one address and wait for the result: `HumClient.lookup`, whose arguments these are.

    Args:
        address: The address to look up.
        timeout: Seconds for all of it; None for no bound.
        close: End the session when the result is there.
        campaign_id: Your own label for it, 1 to 100 characters.
        retry: Outcomes that the client's `purchases` knows and that are looked up anew.
        client: Makes the client: `HumClient` itself, or with other arguments, as
            ``functools.partial(HumClient, purchases="ledger.sqlite")`` does.

    Raises:
        HumError: What `HumClient` and `HumClient.lookup` raise.
    """

    @asynccontextmanager
    async def opened(hum: HumClient) -> AsyncIterator[AsyncIterator[Qualification]]:
        async def one() -> AsyncIterator[Qualification]:
            yield await hum.lookup(
                address, timeout=timeout, close=close, campaign_id=campaign_id, retry=retry
            )

        yield one()

    with closing(_items(client, opened)) as results:
        return next(results)


@overload
def qualify(
    addresses: Iterable[Address | tuple[int, Address]],
    *,
    client: Client = ...,
    **options: Unpack[QualifyOptions],
) -> Generator[Qualification[int]]: ...
@overload
def qualify(
    addresses: Iterable[tuple[KeyT, Address]],
    *,
    client: Client = ...,
    **options: Unpack[QualifyOptions],
) -> Generator[Qualification[KeyT]]: ...
def qualify(
    addresses: Iterable[Any], *, client: Client = HumClient, **options: Unpack[QualifyOptions]
) -> Generator[Qualification[Any]]:
    """Look up many addresses; iterate over the results with ``for``.

    It begins with the first result that is asked for. Between two results the work goes on. Left
    early, by ``break`` or Ctrl-C, it ends at once as `QualificationStream.aclose` does: with a
    journal, the same call goes on later.

    Args:
        addresses: `Address` or ``(key, Address)``, any iterable, read as fast as sessions can be
            opened.
        client: Makes the client; see `lookup`.
        **options: Those of `hum_async.qualify`, such as ``journal="job.sqlite"``.

    Raises:
        HumError: What `HumClient` and `hum_async.qualify` raise.
    """

    def opened(hum: HumClient) -> AbstractAsyncContextManager[AsyncIterator[Qualification[Any]]]:
        return _qualify(hum, addresses, **options)

    return _items(client, opened)


def watch(
    tokens: Iterable[Watchable],
    *,
    policy: PollPolicy | None = None,
    agents: Collection[str] = DEFAULT_AGENTS,
    source: Source = "session",
    client: Client = HumClient,
) -> Generator[SessionUpdate]:
    """Watch sessions until all are done; iterate over the updates with ``for``.

    Args:
        tokens: Session tokens, or `Session` objects.
        policy: When to poll; None for `GuidedPolling`, the API's own guidance.
        agents: Names of the agents to wait for.
        source: ``session`` polls the session, ``internet`` the services endpoint.
        client: Makes the client; see `lookup`.

    Raises:
        HumError: What `HumClient` and `AsyncSessionWatcher.watch` raise.
    """

    @asynccontextmanager
    async def opened(hum: HumClient) -> AsyncIterator[AsyncIterator[SessionUpdate]]:
        async with (
            AsyncSessionWatcher(hum, policy=policy, agents=tuple(agents), source=source) as watcher,
            watcher.watch(tokens) as updates,
        ):
            yield updates

    return _items(client, opened)


def _items(client: Client, opened: Opening[T]) -> Generator[T]:
    """Yield the items of an async iterator that lives on a loop in a thread."""
    with start_blocking_portal() as portal:
        reader = _Reader[T](portal)
        ended = portal.start_task_soon(reader.serve, client, opened)
        try:
            while (item := reader.next()) is not None:
                yield item
        finally:
            # Here for an end, an error, a reader that left and Ctrl-C alike: the client closes in
            # order before the portal, which would cut it off, and an error comes out as it is.
            reader.stop()
            ended.result()


class _Reader(Generic[T]):
    """Reads an async iterator in one task, an item for each call from the other thread.

    One ahead would be one too many: to ask for the next result of a job without a journal says
    that the one before it is safe.

    Args:
        portal: What runs the task.
    """

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal
        self._scope = portal.call(anyio.CancelScope)
        self._wants, self._wanted = anyio.create_memory_object_stream[None](1)
        self._gives, self._given = anyio.create_memory_object_stream[T](1)

    async def serve(self, client: Client, opened: Opening[T]) -> None:
        """Read until the end, or until `stop` was called."""
        with self._wanted, self._gives:
            async with client() as hum, opened(hum) as items:
                # Around the reading alone: what closes after it is not cut off.
                with self._scope:
                    async for _ in self._wanted:
                        try:
                            item = await anext(items)
                        except StopAsyncIteration:
                            break
                        await self._gives.send(item)

    def next(self) -> T | None:
        """Return the next item; None when there is none any more."""
        return self._portal.call(self._next)

    def stop(self) -> None:
        """Let the task end, whatever it waits for."""
        self._portal.call(self._scope.cancel)
        self._portal.call(self._wants.close)
        self._portal.call(self._given.close)

    async def _next(self) -> T | None:
        try:
            await self._wants.send(None)
            return await self._given.receive()
        except (anyio.BrokenResourceError, anyio.EndOfStream):
            return None
