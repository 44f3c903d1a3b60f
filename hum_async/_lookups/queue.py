"""The look-ups under way: which of their requests goes out next, and what is done with its answer.

One queue serves a single `HumClient.lookup`, a hub's look-ups and the addresses of a job alike. It
decides synchronously (`take`) and sends asynchronously (`advance`); who records results, and in
which order slots are used, is handed in.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from hum_async._api.endpoints import (
    ApiRequest,
    close_request,
    create_request,
    least_wait,
    poll_request,
)
from hum_async._api.running_loop import running_loop
from hum_async._api.sender import RequestSender, wall_clock
from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async._lookups.observer import LookupObserver
from hum_async._lookups.slot_order import OldestFirst, SlotUse
from hum_async._polling.due_queue import DueQueue
from hum_async._purchases.refusals import ClaimRefused
from hum_async._telemetry import Operations, Owner, Telemetry, within
from hum_async.errors import AuthenticationError, ConfigurationError, HumError
from hum_async.limiter import Priority
from hum_async.models import Qualification

_PATIENCE_TO_CLOSE = 2.0
"""Seconds that a result waits, at most, for the slot of its session's DELETE."""


class LookupQueue:
    """Look-ups under way. A `WorkSource` for a dispatcher.

    Args:
        sender: Sends the requests.
        observer: Records what happens.
        order: Which kind of request goes first.
        wake: Called when there may be a request to send.
        may_create: Returns whether a new look-up may begin now.
        owner: Whose look-ups they are, for telemetry.

    `requests` counts the requests sent, `begun` the look-ups begun, `in_flight` is the number of
    requests under way.
    """

    def __init__(  # noqa: PLR0913  all but the sender by name
        self,
        sender: RequestSender,
        *,
        observer: LookupObserver | None = None,
        order: OldestFirst | None = None,
        wake: Callable[[], None] = lambda: None,
        may_create: Callable[[], bool] = lambda: True,
        owner: Owner = "client",
    ) -> None:
        self.requests = 0
        self.begun = 0
        self.in_flight = 0
        self._sender = sender
        self._observer = LookupObserver() if observer is None else observer
        self._order = OldestFirst() if order is None else order
        self._wake = wake
        self._may_create = may_create
        self._operations = Operations(owner)
        self._new: deque[Lookup] = deque()
        self._closing: deque[Lookup] = deque()
        self._due: DueQueue[Lookup] = DueQueue()
        # The same, for polls that go before everything else once they are due.
        self._urgent: DueQueue[Lookup] = DueQueue()
        # Look-ups that have begun and have no result; those whose request is under way; those of
        # them that were abandoned meanwhile.
        self._in_progress: set[Lookup] = set()
        self._sending: set[Lookup] = set()
        self._unwanted: set[Lookup] = set()
        # Those of them that another process has now.
        self._let_go: set[Lookup] = set()
        self._held = self._stopped = False

    # --- what the owner does ----------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Look-ups that have not begun."""
        return len(self._new)

    @property
    def in_progress(self) -> int:
        """Look-ups that have begun and have no result."""
        return len(self._in_progress)

    @property
    def creating(self) -> int:
        """Look-ups that have begun and have no session yet."""
        return sum(lookup.step is LookupStep.CREATE for lookup in self._in_progress)

    @property
    def idle(self) -> bool:
        """Whether no request is under way or planned, and no new look-up may begin."""
        planned = self._due.size or self._urgent.size
        busy = self._in_progress or self.in_flight or self._closing or planned
        return not busy and not self._may_begin()

    def begin(self, lookup: Lookup) -> None:
        """Tell telemetry that a look-up begins, here and not with its first request."""
        if (telemetry := self._sender.telemetry) is not None:
            self._operations.begin(telemetry, lookup)

    def joined(self, lookup: Lookup) -> None:
        """Tell telemetry that somebody else waits for a look-up as well."""
        self._operations.joined(lookup)

    def ended(self, lookup: Lookup) -> None:
        """Tell telemetry that a look-up has ended, with its result if it has one."""
        if (result := lookup.result) is None:
            self._operations.end(lookup)
        else:
            self._operations.settle(lookup, result.outcome, result.error)

    def end_all(self) -> None:
        """Tell telemetry that what is under way has ended: nothing more is sent."""
        self._operations.end_all()

    def add(self, lookup: Lookup) -> None:
        """Add a new look-up, or one that has adopted a session."""
        if lookup.step is LookupStep.CREATE:
            self._new.append(lookup)
        else:
            self._in_progress.add(lookup)
            self._plan(lookup)
        self._wake()

    def close(self, lookup: Lookup) -> None:
        """Send the DELETE of a look-up: its result is safe."""
        if lookup.step is LookupStep.CLOSE:
            self._closing.append(lookup)
            self._wake()

    def abandon(self, lookup: Lookup) -> bool:
        """Give a look-up up; its session is closed as soon as it is known.

        Returns:
            Whether a request of it is under way, so that the observer will hear of it once more.
        """
        if lookup in self._sending:
            self._unwanted.add(lookup)
            return True
        if lookup in self._new:
            self._new.remove(lookup)
            self._operations.end(lookup)
        else:
            self._give_up(lookup)
        return False

    def withdraw(self, lookup: Lookup) -> bool:
        """Forget a look-up without a result, unless a request of it is under way.

        Returns:
            Whether it is forgotten. Its session goes on, if it has one.
        """
        if lookup in self._sending:
            return False
        if lookup in self._new:
            self._new.remove(lookup)
        else:
            (self._urgent if lookup.is_urgent else self._due).discard(lookup)
            self._in_progress.discard(lookup)
            # One that waits to send its POST again has bought nothing.
            self.begun -= lookup.step is LookupStep.CREATE
        self._operations.end(lookup)
        return True

    def let_go(self, lookup: Lookup) -> bool:
        """Forget a look-up whose session another process has from now on.

        Returns:
            Whether a request of it is under way, so that the observer will hear of it once more.
        """
        if lookup in self._sending:
            self._let_go.add(lookup)
            return True
        if lookup in self._new or lookup in self._in_progress:
            self.withdraw(lookup)
        return False

    def withdraw_new(self, lookup: Lookup) -> bool:
        """Forget a look-up, if it has not begun; return whether it is forgotten."""
        return lookup in self._new and self.withdraw(lookup)

    def is_sending(self, lookup: Lookup) -> bool:
        """Whether a request of a look-up is under way."""
        return lookup in self._sending

    def hold(self) -> None:
        """Send nothing until `release`."""
        self._held = True

    def release(self) -> None:
        """Send again, after `hold`."""
        if self._held:
            self._held = False
            self._wake()

    def stop(self) -> None:
        """Begin no look-up from now on; those that have begun go on."""
        self._stopped = True

    def expire(self, lookup: Lookup, timeout: float) -> None:
        """Give a look-up its result now, because the time for it is over.

        Args:
            lookup: A look-up without a result.
            timeout: Seconds that it had.
        """
        if lookup in self._new:
            self._new.remove(lookup)
        elif lookup in self._sending:
            self._unwanted.add(lookup)
        lookup.expire(asyncio.get_running_loop().time(), timeout)
        self._in_progress.discard(lookup)
        self.ended(lookup)

    async def run(self, lookup: Lookup, *, timeout: float | None = None) -> Qualification:
        """Run one look-up in the calling task, under slots of its own; return its result.

        Args:
            lookup: The look-up.
            timeout: Seconds for all of it, waiting and pauses included; None for no bound.

        Raises:
            AuthenticationError: The key is not accepted.
            ConfigurationError: The client cannot work.
        """
        running_loop()
        try:
            if (telemetry := self._sender.telemetry) is None:
                await self._run_within(lookup, timeout)
            else:
                await self._run_told(lookup, timeout, telemetry)
        finally:
            self._observer.ended(lookup)
        if lookup.result is None:
            raise RuntimeError("a look-up ended without a result")
        return lookup.result

    async def _run_told(self, lookup: Lookup, timeout: float | None, telemetry: Telemetry) -> None:
        with telemetry.lookup("client") as operation:
            await self._run_within(lookup, timeout)
            if (result := lookup.result) is not None:
                operation.settle(result.outcome, result.error)

    async def _run_within(self, lookup: Lookup, timeout: float | None) -> None:
        clock = asyncio.get_running_loop().time
        if timeout is None:
            await self._run(lookup)
        else:
            lookup.until = clock() + timeout
            time_left = asyncio.timeout_at(lookup.until)
            try:
                async with time_left:
                    if timeout > 0:
                        await self._run(lookup)
            except TimeoutError:
                if not time_left.expired():
                    raise
            if lookup.result is None:
                lookup.expire(clock(), timeout)

    async def _run(self, lookup: Lookup) -> None:
        if lookup.step is None:
            return
        while True:
            known = await self._observer.begin(lookup, *self._sender.clocks())
            if known is not None:
                lookup.answer(known)
                return
            # If another process was first with the address, the store knows more now.
            with contextlib.suppress(ClaimRefused):
                await self._run_steps(lookup)
                return

    async def _run_steps(self, lookup: Lookup) -> None:
        """Do the steps of a look-up, one after another."""
        sender, clock = self._sender, asyncio.get_running_loop().time
        slot = sender.slot(Priority.INTERACTIVE)
        while lookup.step is not None:
            if lookup.result is not None:
                await self._close_soon(lookup)
                break
            if (delay := lookup.due - clock()) > 0:
                await asyncio.sleep(delay)
            # A throttled request keeps its slot and with it its place in the limiter's queue.
            slot = slot if lookup.throttled else sender.slot(Priority.INTERACTIVE)
            async with slot:
                await self.advance(lookup)

    async def _close_soon(self, lookup: Lookup) -> None:
        """Close a session whose result is there, in one attempt, if a slot is to be had soon.

        The caller waits for a paid result meanwhile, and the session expires by itself.
        """
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(_PATIENCE_TO_CLOSE):
                    await held.enter_async_context(self._sender.slot(Priority.INTERACTIVE))
            except TimeoutError:
                lookup.leave_open()
                return
            await self.advance(lookup)

    # --- WorkSource, for the dispatcher -----------------------------------------------------------

    def ready_at(self, now: float) -> float | None:
        """Return when there is a request to send; None while that needs a `wake`."""
        if self._held:
            return None
        due = self._next_due()
        if (due is not None and due <= now) or self._closing or self._may_begin():
            return now
        return due

    def take(self, now: float, due_by: float) -> Coroutine[Any, Any, None] | None:
        """Choose the request that a slot is used for."""
        del now
        if self._held:
            return None
        lookup = self._next(due_by)
        # An abandoned look-up stays where it was and is closed from another place.
        if lookup is None or lookup.step is None or lookup in self._sending:
            return None
        if self._stopped and lookup.step is LookupStep.CREATE:
            self._in_progress.discard(lookup)
            self._observer.dropped(lookup)
            return None
        self._sending.add(lookup)
        request = self._serve(lookup, lookup.step)
        if self._sender.telemetry is None or lookup.step is LookupStep.CLOSE:
            return request
        return self._serve_told(lookup, request, self._sender.telemetry)

    async def _serve_told(
        self, lookup: Lookup, request: Coroutine[Any, Any, None], telemetry: Telemetry
    ) -> None:
        await within(self._operations.begin(telemetry, lookup), request)
        if lookup not in self._in_progress and lookup not in self._new:
            self.ended(lookup)

    def _next_due(self) -> float | None:
        """Return when the first planned request is due."""
        due = self._due.next_due() if self._due.size else None
        if not self._urgent.size:
            return due
        urgent = self._urgent.next_due()
        return urgent if due is None or (urgent is not None and urgent < due) else due

    def _next(self, now: float) -> Lookup | None:
        if self._urgent.size:
            urgent = self._urgent.next_due()
            if urgent is not None and urgent <= now:
                return self._urgent.pop()
        due = self._due.next_due() if self._due.size else None
        use = self._order.next(
            late=None if due is None or due > now else now - due,
            closing=len(self._closing),
            in_progress=len(self._in_progress),
            may_create=self._may_begin(),
        )
        if use is SlotUse.POLL:
            return self._due.pop()
        if use is SlotUse.CLOSE:
            return self._closing.popleft()
        if use is SlotUse.CREATE:
            lookup = self._new.popleft()
            self._in_progress.add(lookup)
            self.begun += 1
            self._wake()
            return lookup
        return None

    def _may_begin(self) -> bool:
        return bool(self._new) and not self._stopped and self._may_create()

    # --- sending ----------------------------------------------------------------------------------

    async def _serve(self, lookup: Lookup, step: LookupStep) -> None:
        """Do the next step of a look-up, and put it where its next one will be found."""
        self.in_flight += 1
        try:
            await self.advance(lookup)
            self._place(lookup, step)
        except ClaimRefused as refusal:
            self._in_progress.discard(lookup)
            self.begun -= 1
            self._observer.claim_refused(lookup, refusal)
        except Exception as exc:  # noqa: BLE001  the key, the client, the store, or a bug
            self._in_progress.discard(lookup)
            self._observer.failed(lookup, exc)
        finally:
            self.in_flight -= 1
            self._sending.discard(lookup)
            self._unwanted.discard(lookup)
            self._let_go.discard(lookup)
            self._wake()

    async def advance(self, lookup: Lookup) -> None:
        """Do the next step of a look-up, under a slot that the caller holds.

        Raises:
            AuthenticationError: The key is not accepted, which no other address will change.
            ClaimRefused: Another process was first with the address; nothing was sent.
            ConfigurationError: The client cannot work, for instance because it was closed.
        """
        step = lookup.step
        if step is None:
            return
        if step is LookupStep.CREATE:
            await self._observer.before_create(lookup)
            if self._held:
                # Everything was stopped meanwhile.
                self._observer.create_had_no_effect(lookup)
                return
        try:
            await self._send(lookup, step)
        except (AuthenticationError, ConfigurationError):
            if step is LookupStep.CREATE:
                self._observer.create_had_no_effect(lookup)
            raise
        await self._observer.answered(lookup, step)
        if lookup.result is not None:
            self._in_progress.discard(lookup)

    async def _send(self, lookup: Lookup, step: LookupStep) -> None:
        sender = self._sender
        lookup.sent(*sender.clocks(), wall_clock())
        self.requests += 1
        try:
            request = _request_of(lookup, step)
            response = await sender.exchange(request)
            answer: Any = sender.read(request, response)
        except (AuthenticationError, ConfigurationError):
            if step is not LookupStep.CLOSE:
                raise
            # The result is there and paid for; the session expires by itself.
            lookup.closed()
        except HumError as error:
            lookup.failed(error, *sender.clocks(), random=random.random())  # noqa: S311  jitter
        else:
            if step is LookupStep.CLOSE:
                lookup.closed()
                return
            least = least_wait(response, wall_clock=wall_clock)
            record = lookup.created if step is LookupStep.CREATE else lookup.polled
            record(answer, *sender.clocks(), least=least)

    def _place(self, lookup: Lookup, step: LookupStep) -> None:
        if lookup in self._let_go:
            self._in_progress.discard(lookup)
        elif lookup in self._unwanted:
            self._give_up(lookup)
        elif step is LookupStep.POLL and lookup.step is LookupStep.CREATE:
            # The session that it adopted is gone: it begins anew, before all that never began.
            self._in_progress.discard(lookup)
            self._new.appendleft(lookup)
        elif step is LookupStep.CLOSE and lookup.throttled:
            self._closing.appendleft(lookup)
        elif lookup.step is not None and (step is LookupStep.CLOSE or lookup.result is None):
            self._plan(lookup)

    def _plan(self, lookup: Lookup) -> None:
        (self._urgent if lookup.is_urgent else self._due).push(lookup.due, lookup)

    def _give_up(self, lookup: Lookup) -> None:
        lookup.abandon(asyncio.get_running_loop().time())
        self._operations.end(lookup)
        self._in_progress.discard(lookup)
        self.close(lookup)


def _request_of(lookup: Lookup, step: LookupStep) -> ApiRequest[Any]:
    if step is LookupStep.CREATE:
        return create_request(lookup.address, campaign_id=lookup.campaign_id)
    if step is LookupStep.POLL:
        return poll_request(lookup.token or "", source=lookup.source)
    return close_request(lookup.token or "")
