"""The time-outs of all requests under way, on one timer of the event loop."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._network.deadlines import Deadlines
from hum_async.testing import VirtualTimeLoop

pytestmark = pytest.mark.virtual


async def outcome(deadlines: Deadlines, *, takes: float, limit: float) -> str:
    """Return how something ended that takes so long and may take so long, and when."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        with deadlines.within(limit):
            await asyncio.sleep(takes)
        ended = "done"
    except TimeoutError:
        ended = "timed out"
    return f"{ended} after {loop.time() - began:g}"


@given(
    st.lists(
        st.tuples(*[st.integers(1, 40)] * 3).filter(lambda times: times[1] != times[2]),
        min_size=1,
        max_size=12,
    )
)
def test_each_task_is_timed_out_at_its_own_time_or_not_at_all(
    cases: list[tuple[int, int, int]],
) -> None:
    async def run() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())

        async def one(starts: int, takes: int, limit: int) -> None:
            await asyncio.sleep(starts)
            found = await outcome(deadlines, takes=takes, limit=limit)
            expected = f"done after {takes}" if takes < limit else f"timed out after {limit}"
            assert found == expected

        await asyncio.gather(*(one(*case) for case in cases))
        deadlines.close()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run())


async def test_who_is_cancelled_by_somebody_else_is_cancelled() -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    task = asyncio.create_task(outcome(deadlines, takes=10, limit=5))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadlines.close()


async def test_who_is_cancelled_and_timed_out_in_one_moment_is_cancelled() -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    task = asyncio.create_task(outcome(deadlines, takes=10, limit=5))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_at(5, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    deadlines.close()


async def test_a_time_out_leaves_the_task_free_to_go_on() -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    assert await outcome(deadlines, takes=10, limit=5) == "timed out after 5"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert await outcome(deadlines, takes=1, limit=5) == "done after 1"
    deadlines.close()


async def test_one_within_another_ends_at_the_earlier_time() -> None:
    deadlines = Deadlines(asyncio.get_running_loop())
    with suppress(TimeoutError), deadlines.within(2):
        assert await outcome(deadlines, takes=10, limit=3)
    assert asyncio.get_running_loop().time() == 2
    with deadlines.within(9):
        assert await outcome(deadlines, takes=5, limit=3) == "timed out after 3"
    deadlines.close()


def test_many_share_one_timer_and_none_outlives_them() -> None:
    timers: list[asyncio.TimerHandle] = []

    class Loop(VirtualTimeLoop):
        def call_at(self, when: float, *args: Any, **options: Any) -> asyncio.TimerHandle:
            timers.append(super().call_at(when, *args, **options))
            return timers[-1]

    async def run() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())

        async def one() -> None:
            with deadlines.within(1000):
                await asyncio.sleep(0)

        await asyncio.gather(*(one() for _ in range(100)))
        assert len(timers) == 1
        deadlines.close()
        assert timers[0].cancelled()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(run())
