"""Sends calls: one attempt, or as many as the retry policy allows, each under the limiter."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
from multidict import CIMultiDict

from hum_async._api.endpoints import (
    ApiRequest,
    close_request,
    create_request,
    error_for,
    poll_request,
)
from hum_async._api.retry import RetryPolicy, is_throttle, retry_delay
from hum_async._lookups.lookup import Lookup, LookupStep
from hum_async.errors import AuthenticationError, ConfigurationError, HumError, ServerError
from hum_async.limiter import Limiter
from hum_async.models import RawResponse
from hum_async.transport import Transport

__all__ = ["RequestSender"]

T = TypeVar("T")


@attrs.frozen(eq=False)
class RequestSender:
    """What a client, a watcher and a job have in common: transport, limiter and retry policy.

    Attributes:
        transport: Sends one request once.
        limiter: Holds every attempt.
        retry: How often to send again.
        timeout: Seconds per attempt.
        create_timeout: Seconds per attempt of a request that creates.
        key: The API key, to keep it out of errors.
    """

    transport: Transport
    limiter: Limiter
    retry: RetryPolicy
    timeout: float
    create_timeout: float
    key: str = attrs.field(repr=False)
    # A limiter of the user's need not want to hear more than of its 429s.
    _answered: Callable[..., None] | None = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(
            lambda self: getattr(self.limiter, "answered", None), takes_self=True
        ),
    )

    def clocks(self) -> tuple[float, float]:
        """Return the event loop's time, and the same less all pauses of the limiter."""
        now = asyncio.get_running_loop().time()
        paused = self.limiter.paused_seconds()
        return now, now - paused if paused else now

    async def attempt(self, call: ApiRequest[T]) -> T:
        """Send a call once. The limiter's slot is held by whoever calls this.

        Raises:
            HumError: Whatever went wrong; a throttling answer has paused the limiter.
        """
        return self.read(call, await self.exchange(call))

    async def exchange(self, call: ApiRequest[Any]) -> RawResponse:
        """Send a call once; return its answer, if that is a success, as it came.

        Raises:
            HumError: As `attempt`.
        """
        sent = asyncio.get_running_loop().time()
        response = await self.transport.send(
            call.method,
            call.path,
            body=call.body,
            timeout=self.create_timeout if call.creates else self.timeout,
        )
        if self._answered is not None:
            # A transport of the user's may bring a plain dictionary.
            headers = response.headers
            if not isinstance(headers, CIMultiDict):
                headers = CIMultiDict(headers)
            self._answered(sent=sent, status=response.status, headers=headers)
        if call.succeeded(response.status):
            return response
        error = error_for(call, response, key=self.key)
        if is_throttle(error):
            self.limiter.throttled(error.retry_after)
        raise error

    def read(self, call: ApiRequest[T], response: RawResponse) -> T:
        """Return what an answer that is a success says.

        Raises:
            ServerError: It says that the request failed all the same.
            ResponseError: It cannot be understood.
        """
        answer = call.decode(response)
        if call.refused(answer):
            raise error_for(call, response, key=self.key, kind=ServerError)
        return answer

    async def run(self, call: ApiRequest[T]) -> T:
        """Send a call until it succeeds or may not be sent again.

        Raises:
            HumError: The error of the last try.
        """
        slot = self.limiter.slot()
        tries = throttles = 0
        while True:
            try:
                async with slot:
                    return await self.attempt(call)
            except HumError as error:
                if is_throttle(error) and throttles < self.retry.throttles:
                    # The same slot keeps its place: a throttled request goes back to the front.
                    throttles += 1
                    continue
                tries += 1
                delay = None if is_throttle(error) else self._delay(error, call, tries)
                if delay is None:
                    raise
            await asyncio.sleep(delay)

    async def advance(self, lookup: Lookup) -> None:
        """Do one step of a lookup. The limiter's slot is held by whoever calls this.

        Raises:
            AuthenticationError: The key is not accepted, which no other address will change.
            ConfigurationError: The client cannot work, for instance because it was closed.
        """
        lookup.sent(*self.clocks())
        try:
            answer = await self.attempt(_call_of(lookup))
        except (AuthenticationError, ConfigurationError):
            if lookup.step is not LookupStep.CLOSE:
                raise
            # The result is there and paid for; the session expires by itself.
            lookup.closed()
            return
        except HumError as error:
            lookup.failed(error, *self.clocks(), random=random.random())  # noqa: S311  jitter
            return
        if lookup.step is LookupStep.CREATE:
            lookup.created(answer, *self.clocks())
        elif lookup.step is LookupStep.POLL:
            lookup.polled(answer, *self.clocks())
        else:
            lookup.closed()

    def _delay(self, error: HumError, call: ApiRequest[Any], tries: int) -> float | None:
        return retry_delay(
            error,
            tries=tries,
            policy=self.retry,
            creates=call.creates,
            random=random.random(),  # noqa: S311  jitter
        )


def _call_of(lookup: Lookup) -> ApiRequest[Any]:
    if lookup.step is LookupStep.CREATE:
        return create_request(lookup.address)
    if lookup.step is LookupStep.POLL:
        return poll_request(lookup.token or "", source=lookup.source)
    return close_request(lookup.token or "")
