"""Read the rate-limit headers and the Retry-After of an answer, in all common dialects.

Synchronous. A header that cannot be parsed counts as missing.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import attrs

from hum_async._values import Value

_LONGEST = 3600.0
"""Seconds; longer windows and resets are ignored: they do not tell how fast to send now."""

_ROUNDED = 10.0
"""Seconds; servers round a reset to whole ones, so a shorter one gives no exact rate."""

_LONG_HEADER = 512
"""Characters of a header that are read; no known dialect needs more."""

_EPOCH = 1e9
"""A reset above this is a time, in seconds or milliseconds since 1970, and not a duration."""


def names_limit(headers: Mapping[str, str]) -> bool:
    """Return whether an answer may describe a limit; without any of these headers it does not."""
    # Every answer comes by here, and hardly any names a limit; a loop takes twice as long.
    return (
        "ratelimit" in headers
        or "ratelimit-policy" in headers
        or "ratelimit-limit" in headers
        or "ratelimit-remaining" in headers
        or "x-ratelimit-remaining" in headers
    )


@attrs.frozen(eq=False, repr=False)
class RateLimitHeaders(Value):
    """A limit as the headers of an answer describe it; each part may be missing.

    Attributes:
        limit: Requests per window.
        window: Length of the window in seconds.
        remaining: Requests that are left in the window.
        reset: Seconds until the window is renewed.
    """

    limit: float | None = None
    window: float | None = None
    remaining: float | None = None
    reset: float | None = None

    @property
    def rate(self) -> float | None:
        """Requests per second that the headers allow; None if they do not say."""
        whole = self.limit / self.window if self.limit and self.window else None
        if not self.remaining or self.reset is None or self.reset < _ROUNDED:
            return whole
        # Other programs may have used part of the window: the rest must last until its end.
        left = min(self.remaining, self.limit or self.remaining) / self.reset
        return left if whole is None else min(whole, left)


def read_rate_limit_headers(
    headers: Mapping[str, str], *, now: datetime | None = None
) -> RateLimitHeaders | None:
    """Return the limit that the headers of an answer describe; None if they describe none.

    Args:
        headers: Headers of the answer; names are found in lower case.
        now: Wall clock for a reset that is a time, if the answer has no ``Date``; None: such a
            reset counts as missing.

    Three dialects: ``RateLimit`` with ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers,
    in its newer and its older form), ``RateLimit-Limit`` with ``-Remaining`` and ``-Reset`` (the
    first drafts), and ``X-RateLimit-*``, whose reset may be a time. The tightest limit counts.
    """
    plain = (_plain(headers, prefix, now) for prefix in ("ratelimit", "x-ratelimit"))
    quotas = (*_structured(headers), *plain)
    said = [quota for quota in quotas if quota != RateLimitHeaders()]
    return min(said, key=_tightness, default=None)


def http_date(value: str) -> datetime | None:
    """Return the time that an HTTP date names (RFC 9110, 5.6.7); None if it is malformed."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _tightness(quota: RateLimitHeaders) -> tuple[bool, float]:
    rate = quota.rate
    return quota.remaining != 0, float("inf") if rate is None else rate


# --- structured: "default";r=50;t=30 and limit=100, remaining=50, reset=30 ------------------------

_ITEM = re.compile(r'(?:"[^"]*"|[^",])+')
_PARAMETER = re.compile(r'(?:^|[;,\s])([a-z]{1,16})\s*=\s*"?([^";,\s]*)')


def _structured(headers: Mapping[str, str]) -> Iterator[RateLimitHeaders]:
    policies = dict(_policies(headers.get("ratelimit-policy", "")))
    items = _items(headers.get("ratelimit", ""))
    if "remaining" in (
        merged := {name: value for _, found in items for name, value in found.items()}
    ):
        (policy, *_) = (*policies.values(), RateLimitHeaders())
        limit = _number(merged.get("limit"))
        yield RateLimitHeaders(
            policy.limit if limit is None else limit,
            policy.window,
            _number(merged["remaining"]),
            _seconds(merged.get("reset")),
        )
        return
    named = {name: found for name, found in items if "r" in found}
    for name in {**policies, **named}:
        policy, found = policies.get(name, RateLimitHeaders()), named.get(name, {})
        yield RateLimitHeaders(
            policy.limit, policy.window, _number(found.get("r")), _seconds(found.get("t"))
        )


def _policies(value: str) -> Iterator[tuple[str, RateLimitHeaders]]:
    for name, found in _items(value):
        # A quota in other units than requests, such as bytes, is ignored.
        if found.get("qu", "requests") == "requests":
            limit = _number(found.get("q", name))
            yield name, RateLimitHeaders(limit, _seconds(found.get("w")))


def _items(value: str) -> list[tuple[str, dict[str, str]]]:
    """Return the name and the parameters of each item of a list."""
    found = []
    for item in _ITEM.findall(value[:_LONG_HEADER]):
        name = item.partition(";")[0].strip().strip('"')
        found.append((name, dict(_PARAMETER.findall(item.lower()))))
    return found


# --- plain: one number in each header -------------------------------------------------------------


def _plain(headers: Mapping[str, str], prefix: str, now: datetime | None) -> RateLimitHeaders:
    # The first drafts append the window to the limit: 100, 100;w=60
    limit, _, policy = headers.get(f"{prefix}-limit", "").partition(",")
    window = dict(_PARAMETER.findall(policy[:_LONG_HEADER])).get("w")
    reset = _number(headers.get(f"{prefix}-reset"))
    if reset is not None and reset > _EPOCH:
        then = reset / 1000.0 if reset > 1000.0 * _EPOCH else reset
        served = http_date(headers.get("date", "")) or now
        reset = None if served is None else max(0.0, then - served.timestamp())
    return RateLimitHeaders(
        _number(limit),
        _seconds(window),
        _number(headers.get(f"{prefix}-remaining")),
        _bounded(reset),
    )


_NUMBER = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*", re.ASCII)


def _number(value: str | None) -> float | None:
    found = _NUMBER.fullmatch(value) if value is not None else None
    return float(found[1]) if found else None


def _seconds(value: str | None) -> float | None:
    return _bounded(_number(value))


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None or seconds > _LONGEST else seconds


# --- Retry-After ----------------------------------------------------------------------------------

# The standard asks for whole seconds; some servers send fractions.
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)


def parse_retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Return the seconds that Retry-After asks to wait; None if it is missing or malformed.

    Args:
        headers: Headers of the answer; names are found in lower case.
        now: Wall clock for an HTTP date, if the answer has no ``Date``; None: such a date counts
            as malformed.

    Seconds or an HTTP date, as in RFC 9110, 10.2.3. A date is compared with the server's clock.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if _SECONDS.fullmatch(value):
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    then = http_date(value)
    if then is None:
        return None
    served = http_date(headers.get("date", "")) or now
    return None if served is None else max(0.0, (then - served).total_seconds())
