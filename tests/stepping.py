"""Cancels an operation at any one of the steps in which it lets go of the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import attrs


@attrs.define
class Steps:
    """An operation that is awaited step by step; a step ends where it waits for something.

    Attributes:
        operation: What is awaited.
        cancelled_at: Steps at whose end the task is cancelled, from 1. The cancellation arrives
            at once, before what is waited for can have happened.
        taken: How many steps it has taken.
        cancel: Cancels it; None cancels the task.
    """

    operation: Awaitable[Any]
    cancelled_at: frozenset[int] = frozenset()
    taken: int = 0
    cancel: Callable[[], object] | None = None

    def __await__(self) -> Generator[Any, Any, Any]:
        """Take the steps."""
        inner = self.operation.__await__()
        resume: Callable[[], Any] = inner.__next__
        while True:
            try:
                waits_for = resume()
            except StopIteration as end:
                return end.value
            self.taken += 1
            if self.taken in self.cancelled_at:
                task = asyncio.current_task()
                assert task is not None
                (self.cancel or task.cancel)()
            resume = inner.__next__
            try:
                yield waits_for
            except BaseException as exc:  # noqa: BLE001  it belongs to the operation
                raised = exc

                def throw(raised: BaseException = raised) -> Any:
                    return inner.throw(raised)

                resume = throw


async def cancelled(operation: Awaitable[Any], *steps: int) -> tuple[bool, int]:
    """Run an operation, cancelled at steps; return whether it was, and the steps it took.

    Nothing but the cancellation may come out of it, and no task that it began may be left.
    """
    before = asyncio.all_tasks()
    walk = Steps(operation, frozenset(steps))

    async def run() -> None:
        await walk

    task = asyncio.ensure_future(run())
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    left = [each for each in asyncio.all_tasks() - before if not each.done()]
    for _ in range(5):  # a task that ends needs a few steps of its own
        await asyncio.sleep(0)
    left = [each for each in left if not each.done()]
    assert not left, left
    return task.cancelled(), walk.taken
