"""The errors that hum_async raises on purpose: one tree with one root.

::

    HumError
    +-- ConfigurationError
    |   +-- InputError
    |   +-- JournalError
    |   +-- SessionLimitReached
    |   +-- UnusableKey
    +-- AddressError
    +-- TransportError
    |   +-- ConnectFailed
    |   +-- RequestTimeout
    +-- ResponseError
    +-- ApiError
    |   +-- AuthenticationError
    |   +-- SessionNotFound
    |   +-- SessionGone
    |   +-- RateLimited
    |   +-- InvalidAddress
    |   +-- ServerError
    +-- ApiUnavailable
    +-- WatcherClosed
    +-- WatcherFailed
    +-- StreamBusy
    +-- HubError
        +-- BadRequest
        +-- LookupNotFound
        +-- LookupElsewhere
        +-- HubBusy
        +-- HubClosed

Every message says what to do next. No error holds a key, a whole session token or an address.
Every error pickles with its attributes, so it can cross process borders.
"""

from typing import Any

__all__ = [
    "AddressError",
    "ApiError",
    "ApiUnavailable",
    "AuthenticationError",
    "BadRequest",
    "ConfigurationError",
    "ConnectFailed",
    "HubBusy",
    "HubClosed",
    "HubError",
    "HumError",
    "InputError",
    "InvalidAddress",
    "JournalError",
    "LookupElsewhere",
    "LookupNotFound",
    "RateLimited",
    "RequestTimeout",
    "ResponseError",
    "ServerError",
    "SessionGone",
    "SessionLimitReached",
    "SessionNotFound",
    "StreamBusy",
    "TransportError",
    "UnusableKey",
    "WatcherClosed",
    "WatcherFailed",
]


def _rebuild(cls: type["HumError"], args: tuple[Any, ...], state: dict[str, Any]) -> "HumError":
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class HumError(Exception):
    """The root of every error that hum_async raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, because the constructors have different signatures."""
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(HumError):
    """The client cannot work as it is set up, for example without a key or with an unsafe URL."""


class UnusableKey(ConfigurationError):
    """There is no API key, or none that can be sent; another start needs another key."""


class InputError(ConfigurationError):
    """An input file cannot be read as addresses, or an output file cannot be written."""


class AddressError(HumError, ValueError):
    """An address breaks a rule of the API (hum-api 2.2); nothing was sent.

    Attributes:
        field: Name of the field of `Address`; None if the combination of fields is at fault.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TransportError(HumError):
    """The connection broke during a request, which may or may not have taken effect."""


class ConnectFailed(TransportError):
    """No connection was established, so the request has not taken effect.

    Attributes:
        may_pass: The next attempt may succeed; not so if a proxy refuses user and password.
    """

    may_pass = True


class RequestTimeout(TransportError, TimeoutError):
    """No complete answer came in time; the request may or may not have taken effect."""


class ResponseError(HumError):
    """An answer is not as hum-api documents it.

    Attributes:
        path: JSON path of the wrong value, such as ``$.data[0].min_plan_price.amount_cents``;
            ``$`` is the whole body.
    """

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class ApiError(HumError):
    """The API answered with an error (hum-api 4).

    Attributes:
        status: HTTP status.
        message: The server's message, redacted.
        request_id: The server's id of the request, for a support ticket; None if it sent none.
        retry_after: Seconds to wait, as the server asked; None if it did not.
        hint: What to do next; the class has one for all answers that need no other.
    """

    hint = "the API refuses this request; check path, arguments and base URL"

    def __init__(
        self,
        status: int,
        message: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        *,
        hint: str | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after
        if hint is not None:
            self.hint = hint
        said = f": {message}" if message else ""
        ticket = f" [request {request_id}]" if request_id else ""
        super().__init__(f"HTTP {status}{said}{ticket}; {self.hint}")


class AuthenticationError(ApiError):
    """401 or 403: the key is missing, wrong or without the permission for this request."""

    hint = "check the API key (HUM_API_KEY)"


class SessionNotFound(ApiError):
    """404: the API does not know this session token."""

    hint = "check the token and that it belongs to this host"


class SessionGone(ApiError):
    """410: the session has expired or was closed."""

    hint = "create a new session for this address"


class RateLimited(ApiError):
    """429: the rate limit refused a request as often as the retry policy allows."""

    hint = "lower the rate or wait; other users of the same key count too"


class InvalidAddress(ApiError):
    """400 or 422 for a POST: the API refuses the address."""

    hint = "correct the address; sending it again will not help"


class ServerError(ApiError):
    """5xx, or a 2xx whose ``request_status`` is ``error`` (hum-api 3.1)."""

    hint = "the fault is the server's; try again later"


class JournalError(ConfigurationError):
    """A job cannot use its journal: it is locked, or no journal, or the disk is full.

    The journal keeps every committed row. Remove the cause, then run the job again.
    """


class SessionLimitReached(ConfigurationError):
    """A job has bought its maximum number of sessions, and addresses remain."""


class ApiUnavailable(HumError):
    """A job stopped because the API failed many times in a row, or asked for a long pause.

    Attributes:
        retry_after: Seconds to wait before the job is run again, as the API asked; None if it did
            not.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class WatcherClosed(HumError, RuntimeError):
    """The watcher is not running: enter it with ``async with``, and use it inside the block."""


class WatcherFailed(HumError, RuntimeError):
    """The watcher stopped because of a fault of its own, its ``__cause__``. Please report it."""


class StreamBusy(HumError, RuntimeError):
    """Two tasks iterate over the same stream; call ``watch()`` once per consumer."""


class HubError(HumError):
    """A `SessionHub` refuses a request. A browser may show the message.

    Attributes:
        status: HTTP status for the answer to the browser.
        retry_after: Seconds after which the request may succeed; None if repeating it is no use.
    """

    def __init__(self, message: str, *, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class BadRequest(HubError):
    """The request is malformed, too large, or asks for too much."""


class LookupNotFound(HubError):
    """The hub does not know a look-up: it never started, or the hub has forgotten it.

    Attributes:
        ids: The unknown ids.
    """

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(
            f"{len(ids)} unknown or forgotten look-up(s), which may be billed already: ask the "
            "person before you start them again",
            status=404,
        )
        self.ids = ids


class LookupElsewhere(HubError):
    """Another worker, which lives, has a look-up: never start it again because of this.

    Ask again over another connection, which may reach that worker, and for what other workers have
    on streams of their own.

    Attributes:
        ids: Those of other workers.
    """

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(
            f"another worker has {len(ids)} of these look-up(s); ask again, and do not start them "
            "again",
            status=421,
            retry_after=1.0,
        )
        self.ids = ids


class HubBusy(HubError):
    """The hub runs its maximum number of look-ups (429) or of streams (503)."""


class HubClosed(HubError):
    """The hub is not running: it was not entered, or the application shuts down."""
