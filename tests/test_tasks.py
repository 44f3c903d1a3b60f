"""Tasks that are ended are over when the call returns, and nobody's cancellation is swallowed."""

import asyncio

import pytest

from hum_async._tasks import end_tasks

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
