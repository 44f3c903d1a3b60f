"""Whether to send a request again, and when. Synchronous; randomness is an argument."""

from http import HTTPStatus

import attrs

from hum_async.errors import (
    ApiError,
    ConnectFailed,
    HumError,
    RateLimited,
    ResponseError,
    ServerError,
    TransportError,
)

__all__ = ["RetryPolicy", "is_throttle", "may_have_created", "retry_delay"]


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how patiently a failed request is sent again, with full jitter.

    What may be sent again at all is decided by the error and the method, not here: a POST only if
    it certainly did not take effect.

    Args:
        attempts: Tries in all, at least 1; 1 means no retry. A 429 uses up none.
        base: Upper bound of the first delay in seconds; it doubles with each try.
        cap: Largest bound in seconds.
        throttles: How many 429 in a row one request bears before it raises `RateLimited`.
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
    """Whether a POST that failed like this may all the same have created a session.

    Certainly not, if no connection was established, the server throttled, or it refused
    the request (3xx, 4xx). Everything else is uncertain.
    """
    if isinstance(error, ConnectFailed) or is_throttle(error):
        return False
    return isinstance(error, TransportError | ResponseError | ServerError)


def retry_delay(
    error: HumError, *, tries: int, policy: RetryPolicy, creates: bool, random: float
) -> float | None:
    """Decide whether a request is sent again; return the delay in seconds, or None.

    Args:
        error: Why the last try failed.
        tries: Tries so far that count, at least 1.
        policy: How often and how patiently.
        creates: The request is a POST that creates something.
        random: A number from 0 to 1.
    """
    if tries >= policy.attempts:
        return None
    if creates and may_have_created(error):
        return None
    if not isinstance(error, TransportError | ResponseError | ServerError):
        return None
    return random * min(policy.cap, policy.base * 2.0 ** min(tries - 1, 64))
