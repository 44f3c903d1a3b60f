"""Decides whether and when a request is retried. Synchronous; randomness is an argument."""

from http import HTTPStatus

import attrs

from hum_async._api.statuses import PostEffect, may_pass, post_effect
from hum_async._values import Value
from hum_async.errors import (
    ApiError,
    ConnectFailed,
    HumError,
    RateLimited,
    ResponseError,
    TransportError,
)

__all__ = [
    "RetryPolicy",
    "is_throttle",
    "may_have_created",
    "passes",
    "refuses_every_post",
    "retry_delay",
]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RetryPolicy(Value):
    """How often a failed request is retried, and after which delays, with full jitter.

    Error and method decide whether a request may be retried at all: a POST only if it certainly
    created nothing.

    Args:
        attempts: Number of tries, at least 1; 1 means no retry. A 429 is no try.
        base: Upper bound of the first delay in seconds, at least 0; it doubles with each try.
        cap: Largest upper bound of a delay in seconds, at least 0.
        throttles: Number of 429 in a row that one request may get, at least 0; with the next one it
            raises `RateLimited`.
    """

    attempts: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    base: float = attrs.field(default=0.5, validator=attrs.validators.ge(0.0))
    cap: float = attrs.field(default=8.0, validator=attrs.validators.ge(0.0))
    throttles: int = attrs.field(default=10, validator=attrs.validators.ge(0))


def is_throttle(error: HumError) -> bool:
    """Whether the error is the server's rate limit: 429, or 503 with Retry-After."""
    return isinstance(error, RateLimited) or (
        isinstance(error, ApiError)
        and error.status == HTTPStatus.SERVICE_UNAVAILABLE
        and error.retry_after is not None
    )


def may_have_created(error: HumError) -> bool:
    """Whether a POST that failed with this error may have created a session.

    It certainly created none if no connection was made, if the server throttled it, or if the
    status says so (`post_effect`). All else is uncertain.
    """
    if isinstance(error, ConnectFailed) or is_throttle(error):
        return False
    if isinstance(error, ApiError):
        return post_effect(error.status) is PostEffect.UNCERTAIN
    return isinstance(error, TransportError | ResponseError)


def refuses_every_post(error: HumError | None) -> bool:
    """Whether a POST was refused for a reason that has nothing to do with its address."""
    return isinstance(error, ApiError) and post_effect(error.status) is PostEffect.REFUSED_CLIENT


def passes(error: HumError) -> bool:
    """Whether a GET or DELETE that failed with this error may succeed later."""
    if isinstance(error, ApiError):
        return may_pass(error.status)
    return isinstance(error, TransportError | ResponseError)


def _may_be_sent_again(error: HumError, *, creates: bool) -> bool:
    if isinstance(error, ConnectFailed) and not error.may_pass:
        return False
    if not creates:
        return passes(error)
    if isinstance(error, ApiError):
        return is_throttle(error) or post_effect(error.status) is PostEffect.NOT_TAKEN
    return isinstance(error, ConnectFailed)


def retry_delay(
    error: HumError, *, tries: int, policy: RetryPolicy, creates: bool, random: float
) -> float | None:
    """Return the delay in seconds before a request is retried; None if it is not retried.

    Args:
        error: Error of the last try.
        tries: Number of tries so far, at least 1.
        policy: The retry policy.
        creates: The request creates something, so that it must not take effect twice.
        random: A random number from 0 to 1, for the jitter.
    """
    if tries >= policy.attempts:
        return None
    if not _may_be_sent_again(error, creates=creates):
        return None
    return random * min(policy.cap, policy.base * 2.0 ** min(tries - 1, 64))
