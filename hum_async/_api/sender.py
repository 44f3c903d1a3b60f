"""Sends requests: one attempt, or as many as the retry policy allows, each under the limiter."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import attrs
from multidict import CIMultiDict

from hum_async._api.endpoints import ApiRequest, error_for, request_id_of
from hum_async._api.retry import RetryPolicy, is_throttle, retry_delay
from hum_async._api.running_loop import running_loop
from hum_async._api.warming import decoder_is_warm, is_warm
from hum_async._telemetry import MeasuredSlot, Telemetry
from hum_async.errors import ApiError, HumError, ResponseError, ServerError, TransportError
from hum_async.limiter import Limiter, Priority
from hum_async.models import RawResponse
from hum_async.transport import DropsConnections, PartialResponse, Transport

T = TypeVar("T")

logger = logging.getLogger("hum_async.client")
logger.addHandler(logging.NullHandler())

_CALM = 20
"""Answers in a row from which on trouble is over, for the log."""


def wall_clock() -> datetime:
    """Return the time of day, for headers that hold dates."""
    return datetime.now(UTC)


@attrs.define(eq=False, repr=False)
class RequestSender:
    """What a client, a watcher, a hub and a job have in common: transport, limiter, retry policy.

    Attributes:
        transport: Sends one request once.
        limiter: Holds every attempt.
        retry: How often to send again.
        timeout: Seconds per attempt.
        create_timeout: Seconds per attempt of a request that creates.
        key: The API key, to keep it out of errors.
        priority: How urgent all its requests are; None leaves it to who sends them.
        telemetry: Who is told of requests and look-ups; None for nobody.
    """

    transport: Transport
    limiter: Limiter
    retry: RetryPolicy
    timeout: float
    create_timeout: float
    key: str = attrs.field(repr=False)
    priority: Priority | None = None
    telemetry: Telemetry | None = None
    # For the log: failures since trouble began, and answers in a row since the last of them.
    _failures: int = attrs.field(default=0, init=False, repr=False)
    _calm: int = attrs.field(default=0, init=False, repr=False)

    def clocks(self, now: float | None = None) -> tuple[float, float]:
        """Return `now`, the event loop's time, and `active`, the same less all pauses so far.

        Delays are planned on `now`. Budgets run on `active`, which stands still while the limiter
        is paused: a session shall not time out because nothing may be sent.

        Args:
            now: The event loop's time, where the caller has just read it.
        """
        if now is None:
            now = asyncio.get_running_loop().time()
        paused = self.limiter.paused_seconds()
        return now, now - paused if paused else now

    def priority_of(self, default: Priority, given: Priority | None = None) -> Priority:
        """Return how urgent requests are.

        Args:
            default: Their own priority, if nobody says otherwise.
            given: What was said for them; None for what was said for all requests of this sender.
        """
        told = self.priority if given is None else given
        return default if told is None else told

    def slot(self, default: Priority) -> AbstractAsyncContextManager[object]:
        """Return a slot of the limiter for a request whose own priority is `default`."""
        slot = self.limiter.slot_for(self.priority_of(default))
        if self.telemetry is None:
            return slot
        return MeasuredSlot(slot, self.telemetry, asyncio.get_running_loop().time)

    @property
    def waited(self) -> Callable[[float], None] | None:
        """Who is told how long a slot was waited for that is not one of `slot`; None for nobody."""
        return None if self.telemetry is None else self.telemetry.waited

    async def run(self, request: ApiRequest[T], default: Priority = Priority.NORMAL) -> T:
        """Send a request until it succeeds or may not be sent again.

        Args:
            request: The request.
            default: How urgent it is, if nobody says otherwise.

        Raises:
            HumError: The error of the last try.
        """
        running_loop()
        if self.telemetry is None:
            return await self._run(request, default)
        with self.telemetry.call(request.route):
            return await self._run(request, default)

    async def _run(self, request: ApiRequest[T], default: Priority) -> T:
        slot = self.slot(default)
        tries = throttles = 0
        while True:
            try:
                async with slot:
                    return await self.attempt(request)
            except HumError as error:
                if is_throttle(error) and throttles < self.retry.throttles:
                    # The same slot keeps its place: a throttled request goes back to the front.
                    throttles += 1
                    continue
                tries, throttles = tries + 1, 0
                delay = None if is_throttle(error) else self._delay(error, request, tries)
                if delay is None:
                    raise
            await asyncio.sleep(delay)

    async def attempt(self, request: ApiRequest[T]) -> T:
        """Send a request once, under a slot that the caller holds.

        Raises:
            HumError: Whatever went wrong; the limiter has learned of a refusal by then.
        """
        return self.read(request, await self.exchange(request))

    async def exchange(self, request: ApiRequest[Any], *, now: float | None = None) -> RawResponse:
        """Send a request once; return its answer, if that is a success, undecoded.

        Args:
            request: The request.
            now: The event loop's time, where the caller has just read it.

        Raises:
            HumError: As `attempt`.
        """
        # Before anything is sent: a cancellation here loses nothing.
        if not is_warm():
            await decoder_is_warm()
            now = None
        sent = asyncio.get_running_loop().time() if now is None else now
        if self.telemetry is not None:
            self.telemetry.sending(request.route)
        try:
            response = await self.transport.send(
                request.method,
                request.path,
                body=request.body,
                timeout=self.create_timeout if request.creates else self.timeout,
            )
        except (TransportError, ResponseError) as error:
            self._note_end(request, type(error).__name__, sent)
            self._note_failure(error)
            raise
        headers = response.headers
        if type(headers) is not CIMultiDict:  # a user's transport may bring a plain dictionary
            headers = CIMultiDict(headers)
        status = response.status
        if self.telemetry is not None or logger.isEnabledFor(logging.DEBUG):
            self._note_end(request, status, sent)
        if isinstance(response, PartialResponse):
            self._note_failure(response.error)
            if not request.keeps_part:
                raise response.error
        if request.succeeded(status):
            self.limiter.answered(
                sent=sent, status=status, headers=headers, refused=False, retry_after=None
            )
            if self._failures and not isinstance(response, PartialResponse):
                self._note_success()
            return response
        told = self._error_of(request, response, headers, sent=sent)
        # A tracker records this frame's variables, and the address of a redirect names a token.
        del response, headers
        raise told

    def _error_of(
        self,
        request: ApiRequest[Any],
        response: RawResponse,
        headers: CIMultiDict[str],
        *,
        sent: float,
    ) -> ApiError:
        """Return the error of an answer that is no success; limiter and log learn of it.

        Raises:
            ForeignAnswer: It is that of another session.
        """
        status = response.status
        told = error_for(request, response, key=self.key, now=wall_clock())
        refused = is_throttle(told)
        self.limiter.answered(
            sent=sent,
            status=status,
            headers=headers,
            refused=refused,
            retry_after=told.retry_after if refused else None,
        )
        if isinstance(told, ServerError) and not refused:
            self._note_failure(told)
        if request.token is not None and not refused:
            self._check_whose(response, token=request.token)
        return told

    def read(self, request: ApiRequest[T], response: RawResponse) -> T:
        """Return what a successful answer says.

        Raises:
            ServerError: It says that the request failed all the same.
            ResponseError: It cannot be understood, or it is that of another session; then the
                transport drops its connections, if it can.
        """
        if self.telemetry is None:
            return self._read(request, response)
        try:
            return self._read(request, response)
        except HumError as error:
            self.telemetry.unreadable(error)
            raise

    def _read(self, request: ApiRequest[T], response: RawResponse) -> T:
        fault: HumError | None = None
        answer: T | None = None
        try:
            answer = request.decode(response)
        except ResponseError as error:
            if not isinstance(response, PartialResponse):
                self._note_failure(error)
                if request.token is not None:
                    self._check_whose(response, token=request.token)
                raise
            # What the beginning lacks is no fault of its own.
            fault = response.error
        if fault is not None:
            raise fault
        return self._checked(cast("T", answer), request, response)

    def _checked(self, answer: T, request: ApiRequest[T], response: RawResponse) -> T:
        """Return an answer with what the response says of it.

        Raises:
            ServerError: It says that the request failed.
        """
        if request.says_failed(answer):
            told = error_for(request, response, key=self.key, kind=ServerError)
            self._note_failure(told)
            raise told
        if request.with_id is not None and (named := self.request_id_of(request, response)):
            answer = request.with_id(answer, named)
        return answer

    def request_id_of(self, request: ApiRequest[Any], response: RawResponse) -> str | None:
        """Return the server's id of a request, without secrets; None if it sent none."""
        return request_id_of(request, response, key=self.key)

    def _check_whose(self, response: RawResponse, *, token: str) -> None:
        """Check that an error, or what cannot be decoded, does not come from another session.

        Raises:
            ForeignAnswer: It does, and says nothing of this one. The transport drops its
                connections, if it can.
        """
        from hum_async._api.decoding import ForeignAnswer, check_token  # noqa: PLC0415  see `warming`

        try:
            check_token(response.body, token=token)
        except ForeignAnswer:
            if isinstance(self.transport, DropsConnections):
                self.transport.drop_connections()
            raise

    def _delay(self, error: HumError, request: ApiRequest[Any], tries: int) -> float | None:
        return retry_delay(
            error,
            tries=tries,
            policy=self.retry,
            creates=request.creates,
            random=random.random(),  # noqa: S311  jitter
        )

    def _note_end(self, request: ApiRequest[Any], ended: str | int, sent: float) -> None:
        """Tell how a request ended: by a status, or by an error of a class."""
        debug = logger.isEnabledFor(logging.DEBUG)
        if debug or self.telemetry is not None:  # what is told takes time to find out
            seconds, route = asyncio.get_running_loop().time() - sent, request.route
            if debug:
                logger.debug("%s: %s after %.3f s", route, ended, seconds)
            if self.telemetry is not None:
                failed = isinstance(ended, str) or not request.succeeded(ended)
                self.telemetry.answered(route, ended, failed=failed, seconds=seconds)

    def _note_failure(self, error: HumError) -> None:
        if not self._failures:
            status = f" ({error.status})" if isinstance(error, ServerError) else ""
            logger.warning("requests begin to fail: %s%s", type(error).__name__, status)
        self._failures += 1
        self._calm = 0

    def _note_success(self) -> None:
        self._calm += 1
        if self._calm >= _CALM:
            logger.info("requests succeed again, after %d failures", self._failures)
            self._failures = 0
