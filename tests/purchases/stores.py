"""Purchase stores of each kind, for tests that hold for all of them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from itertools import count
from typing import TYPE_CHECKING, Any

from hum_async import Address, Outcome, Qualification
from hum_async._purchases.memory import MemoryStore
from hum_async._purchases.postgres.job import Taking
from hum_async._purchases.postgres.store import PostgresStore, open_database
from hum_async._purchases.postgres.url import parse_database_url
from hum_async._purchases.records import address_digest
from hum_async._purchases.sqlite.writer import open_journal

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from servers import PostgresServer


_schemas = count(1)


def schema_of(server: PostgresServer) -> str:
    """Return the URL of a schema that nobody has used; it costs less than a database."""
    return f"{server.url()}?schema=test_{next(_schemas)}"


def home(number: int) -> Address:
    """Return the address of a house."""
    return Address(f"{number} Main St", zip="48226")


def at(number: int) -> tuple[bytes, Address]:
    """Return the digest of a house with its address, as stores are asked."""
    return address_digest(home(number)), home(number)


def digest(number: int) -> bytes:
    """Return the digest of a house."""
    return at(number)[0]


def result(number: int = 1, outcome: Outcome = Outcome.SERVED, **more: Any) -> Qualification:
    """Return the result of a house."""
    values = {"token": f"token-{number}", "requests": 3} | more
    return Qualification(key=number, address=home(number), outcome=outcome, **values)


class Stores:
    """Opens the store of one job again and again; the old one is closed first.

    Args:
        place: File or database; None for memory.
    """

    def __init__(self, place: Path | str | None) -> None:
        self.place = place
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def open(self, **options: Any) -> Any:
        """Open the store as the next process would."""
        await self._open.aclose()
        return await self._open.enter_async_context(_Closing(await self._opened(**options)))

    async def _opened(self, **options: Any) -> Any:
        if self.place is None:
            return MemoryStore()
        if isinstance(self.place, str):
            return await another_worker(self.place, **options)
        return await open_journal(self.place, api="api.test", **options)


class _Closing:
    def __init__(self, store: Any) -> None:
        self._store = store

    async def __aenter__(self) -> Any:
        return self._store

    async def __aexit__(self, *_: object) -> None:
        if not isinstance(self._store, MemoryStore):
            await self._store.aclose()


async def another_worker(url: str, **options: Any) -> PostgresStore:
    """Take part in the job ``june`` of a database, beside others."""
    place = parse_database_url(url)
    where = place if place.job is not None else place.of_job("june")
    return await open_database(where, Taking(api="api.test", **options))
