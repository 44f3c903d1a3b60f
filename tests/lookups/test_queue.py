"""The look-ups under way: which request goes first, and what becomes of one that is given up."""

import asyncio

import pytest

from hum_async import Address, GuidedPolling, HumClient, Priority, RateLimiter, RawResponse
from hum_async._lookups.lookup import Lookup
from hum_async._lookups.queue import LookupQueue
from hum_async._lookups.slot_order import OldestFirst, SlotUse
from hum_async._polling.dispatcher import Dispatcher
from hum_async._tasks import end_tasks
from hum_async.testing import ScriptedTransport, SentRequest, json_response, session_json

ALL = {"late": 0.0, "closing": 1, "in_progress": 1, "may_create": True}


def test_a_due_poll_goes_before_a_delete_and_both_before_a_new_look_up() -> None:
    order = OldestFirst()
    assert order.next(**ALL) is SlotUse.POLL
    assert order.next(**ALL | {"late": None}) is SlotUse.CLOSE
    assert order.next(**ALL | {"late": None, "closing": 0}) is SlotUse.CREATE
    assert order.next(late=None, closing=0, in_progress=1, may_create=False) is None


def pending(request: SentRequest) -> RawResponse:
    del request
    return json_response(201, session_json("t", geocoding="pending", internet="pending"))


@pytest.mark.virtual
@pytest.mark.parametrize("after", [0.5, 1.5, 2.5])
async def test_a_look_up_that_is_given_up_is_closed_as_soon_as_its_session_is_known(
    after: float,
) -> None:
    # Given up while its POST is under way, between two requests, and while a poll is under way.
    transport = ScriptedTransport(pending, latency=1.0)
    async with HumClient(transport=transport, limiter=RateLimiter(rate=100)) as client:
        dispatcher = Dispatcher(client.limiter, Priority.BULK)
        queue = LookupQueue(client.sender, wake=dispatcher.wake)
        serving = asyncio.create_task(dispatcher.run(queue))
        lookup = Lookup(
            key=1,
            address=Address("1 Main St", zip="48226"),
            policy=GuidedPolling(jitter=0.0),
            retry=client.sender.retry,
        )
        queue.add(lookup)
        await asyncio.sleep(after)
        queue.abandon(lookup)
        await asyncio.sleep(60)
        await end_tasks([serving])
    assert [request.method for request in transport.requests].count("DELETE") == 1
    assert transport.requests[-1].method == "DELETE"
    assert queue.idle
