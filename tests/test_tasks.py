"""Tasks that are ended are over when the call returns, and nobody's cancellation is swallowed."""

import asyncio
import threading

import pytest

from hum_async._tasks import end_tasks, run_in_thread

pytestmark = pytest.mark.virtual


async def stubborn() -> None:
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        await asyncio.sleep(2)


async def test_the_end_of_a_stubborn_task_is_waited_for() -> None:
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(1)
    await end_tasks([task])
    assert task.done()
    assert asyncio.get_running_loop().time() == 3


async def test_who_is_cancelled_while_it_ends_tasks_waits_for_them_and_is_cancelled() -> None:
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(1)
    ending = asyncio.create_task(end_tasks([task]))
    await asyncio.sleep(1)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert task.done()


async def test_who_is_cancelled_waits_for_its_thread_and_undoes_what_it_did() -> None:
    begun, go_on = threading.Event(), threading.Event()
    undone: list[str] = []

    def work() -> str:
        begun.set()
        go_on.wait(10)
        return "opened"

    caller = asyncio.create_task(run_in_thread(work, undo=undone.append))
    while not begun.is_set():  # noqa: ASYNC110  a thread sets it
        await asyncio.sleep(0)
    for _ in range(3):
        caller.cancel()
        await asyncio.sleep(0)
        assert not caller.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert undone == ["opened"]


async def test_an_error_of_a_thread_comes_out_unless_the_caller_is_cancelled() -> None:
    def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await run_in_thread(fail)
    caller = asyncio.create_task(run_in_thread(fail))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller  # and nobody is told of an error that was never retrieved
