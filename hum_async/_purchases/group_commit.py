"""Groups what is recorded during a commit into the next one, so that one sync serves many changes.

Synchronous for those who record; one task at a time writes.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import attrs

from hum_async._purchases.codec import pack
from hum_async._purchases.records import Change, Settled
from hum_async._tasks import wait_for_tasks
from hum_async.errors import ResponseError


@attrs.frozen(eq=False)
class Recorded:
    """The changes of one call, which are stored together, and the future that the call returned."""

    changes: tuple[Change, ...]
    done: "asyncio.Future[None]"


Refused = Mapping["asyncio.Future[None]", Exception]
"""Why calls, by their future, were not stored although the commit succeeded."""


class GroupCommits:
    """Writes changes in the order in which they are recorded.

    Args:
        write: Writes a batch. It is called again with the same batch if its task was cancelled.
        most: Calls that go into one commit at most; None for all that wait.

    Once a commit has failed, every later one fails, because changes must keep their order.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Recorded]], asyncio.Future[Refused]],
        *,
        most: int | None = None,
    ) -> None:
        self.failure: Exception | None = None
        self._write = write
        self._most = most
        self._waiting: list[Recorded] = []
        # What was being written when its task was cancelled: it may be stored.
        self._unsure: list[Recorded] = []
        self._writer: asyncio.Task[None] | None = None
        self._last: asyncio.Future[None] | None = None

    def record(self, *changes: Change) -> "asyncio.Future[None]":
        """Write changes with the next commit; the future is done when they are safe."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        # A future that is not awaited must not warn: the next change raises the error again.
        done.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        if self.failure is not None:
            done.set_exception(self.failure)
            return done
        self._last = done
        self._waiting.append(Recorded(changes, done))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self.write_all(), name="hum-journal")
        return done

    async def flush(self) -> None:
        """Wait until what was recorded so far is written, or has failed."""
        # Changes are written in the order in which they were recorded.
        last = self._last
        if last is None or last.done():
            return
        if last.get_loop() is asyncio.get_running_loop():
            await asyncio.wait([last])
        else:
            # Its event loop has ended before it was written.
            await self.write_all()

    async def writer_ended(self) -> None:
        """Wait until the writer has ended, if its event loop is this one: no other runs it now."""
        writer = self._writer
        here = asyncio.get_running_loop()
        if writer is not None and not writer.done() and writer.get_loop() is here:
            await asyncio.wait([writer])

    async def write_all(self) -> None:
        """Write all that waits, one batch after another."""
        interrupted: asyncio.CancelledError | None = None
        while self._unsure or self._waiting:
            batch = self._next_batch()
            writing = self._write(batch)
            try:
                await wait_for_tasks([writing])
            except asyncio.CancelledError as exc:
                # The end of `asyncio.run` cancels this task, but not a thread that writes.
                interrupted = exc
            if writing.cancelled():
                self._unsure = batch
                break
            if writing.exception() is not None:
                self._fail(batch, writing)
            else:
                _tell(batch, writing.result())
        if interrupted is not None:
            raise interrupted

    def _next_batch(self) -> list[Recorded]:
        if self._unsure:
            batch, self._unsure = self._unsure, []
            return batch
        batch = self._waiting[: self._most]
        self._waiting = self._waiting[len(batch) :]
        return batch

    def _fail(self, batch: list[Recorded], writing: "asyncio.Future[Refused]") -> None:
        exc = writing.exception()
        # A base exception would have ended the event loop.
        self.failure = exc if isinstance(exc, Exception) else RuntimeError(type(exc).__name__)
        failed, self._waiting = batch + self._waiting, []
        _tell(failed, dict.fromkeys([each.done for each in failed], self.failure))


def _tell(batch: list[Recorded], refused: Refused) -> None:
    for each in batch:
        if each.done.done() or each.done.get_loop().is_closed():
            continue
        if each.done in refused:
            each.done.set_exception(refused[each.done])
        else:
            each.done.set_result(None)


def packed(
    batch: Sequence[Recorded],
) -> tuple[list[Recorded], dict["asyncio.Future[None]", Exception]]:
    """Pack the results of changes, before any of them is written.

    One result that has no stored form must fail only the changes that were recorded with it.
    """
    ready: list[Recorded] = []
    refused: dict[asyncio.Future[None], Exception] = {}
    for each in batch:
        try:
            ready.append(attrs.evolve(each, changes=tuple(map(_packed, each.changes))))
        except ResponseError as exc:
            refused[each.done] = exc
    return ready, refused


def _packed(change: Change) -> Change:
    if isinstance(change, Settled):
        return attrs.evolve(change, packed=pack(change.result, digest=change.address))
    return change
