"""Cancelled by a scope of anyio, which cancels again and again, every operation ends in order.

As in a web framework on anyio, and in `anyio.move_on_after`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio
import pytest
from stepping import Steps
from test_cancelled_steps import OPERATIONS, THEN, World, nothing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = [pytest.mark.virtual, pytest.mark.busy]


async def left_by_a_scope(
    world: World, operation: Callable[[World], Awaitable[None]], at: int
) -> bool:
    """Run an operation in a scope that is cancelled at a step; return whether it was."""
    with anyio.CancelScope() as scope:
        await Steps(operation(world), frozenset({at}), cancel=scope.cancel)
    return scope.cancelled_caught


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "stride", [pytest.param(29, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)
async def test_a_scope_may_end_at_any_step(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    operation: Callable[[World], Awaitable[None]],
    stride: int,
) -> None:
    at = 2
    caught = True
    while caught:
        world = World(tmp_path / str(at))
        world.folder.mkdir()
        caught = await left_by_a_scope(world, operation, at)
        await world.check()
        await THEN.get(operation, nothing)(world)
        at += stride
    assert at > 2 + min(stride, 3)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
