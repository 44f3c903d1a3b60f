"""What can go wrong, as one tree with one root.

::

    HumError
    +-- ConfigurationError
    |   +-- InputError
    |   +-- JournalError
    |   +-- SessionLimitReached
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
        +-- HubBusy
        +-- HubClosed

Every message says what to do next. None holds a key, a whole session token or an address, and
everything pickles, so that errors cross process borders.
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
    "WatcherClosed",
    "WatcherFailed",
]


def _rebuild(cls: type["HumError"], args: tuple[Any, ...], state: dict[str, Any]) -> "HumError":
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class HumError(Exception):
    """Root of everything that hum_async raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, whatever the signature of the constructor."""
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(HumError):
    """The client cannot work as it was set up: no key, an unsafe base URL, already closed."""


class InputError(ConfigurationError):
    """A file that cannot be read as addresses, or an output that cannot be written."""


class AddressError(HumError, ValueError):
    """An address that the API cannot take; found out before anything was sent.

    Attributes:
        field: Name of the offending field of `Address`, or None if it is their combination.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TransportError(HumError):
    """The exchange broke. Whether the request took effect is unknown."""


class ConnectFailed(TransportError):
    """No connection was established, so the request certainly did not take effect."""


class RequestTimeout(TransportError, TimeoutError):
    """No complete answer in time. Whether the request took effect is unknown."""


class ResponseError(HumError):
    """An answer that cannot be understood.

    Attributes:
        path: JSON path of the value that is not as hum-api documents it, such as
            ``$.data[0].min_plan_price.amount_cents``; ``$`` is the whole body.
    """

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class ApiError(HumError):
    """The API answered with an error.

    Attributes:
        status: HTTP status code.
        message: What the server said, redacted.
        request_id: The server's id of the request, for a support ticket, if it sent one.
        retry_after: Seconds that the server asked us to wait, if it did.
    """

    hint = "the API refuses this request; check path, arguments and base URL"

    def __init__(
        self,
        status: int,
        message: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after
        said = f": {message}" if message else ""
        ticket = f" [request {request_id}]" if request_id else ""
        super().__init__(f"HTTP {status}{said}{ticket}; {self.hint}")


class AuthenticationError(ApiError):
    """401 or 403: the key is missing, wrong or not allowed to do this."""

    hint = "check the API key (HUM_API_KEY)"


class SessionNotFound(ApiError):
    """404: the API does not know this session token."""

    hint = "check the token and that it belongs to this host"


class SessionGone(ApiError):
    """410: the session has expired or was closed."""

    hint = "create a new session for this address"


class RateLimited(ApiError):
    """429, again and again, until patience ran out."""

    hint = "lower the rate or wait; other users of the same key count too"


class InvalidAddress(ApiError):
    """400 or 422 on creating a session: the API refuses this address."""

    hint = "correct the address; sending it again will not help"


class ServerError(ApiError):
    """5xx, or a 2xx whose body says that the request failed."""

    hint = "the fault is the server's; try again later"


class JournalError(ConfigurationError):
    """A job's journal cannot be used: another process has it, it is no journal, the disk is full.

    What was committed to it stays; run the job again when the cause is gone.
    """


class SessionLimitReached(ConfigurationError):
    """A job has bought as many sessions as it may; what is left was not asked for."""


class ApiUnavailable(HumError):
    """A job stopped: the API failed many times in a row, or asks for a long pause.

    Attributes:
        retry_after: Seconds that the API asks to wait before the job goes on; None if it does not.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class WatcherClosed(HumError, RuntimeError):
    """The watcher is not running: not entered yet, or already left."""


class WatcherFailed(HumError, RuntimeError):
    """The watcher's own machinery died; ``__cause__`` holds the reason. Please report it."""


class StreamBusy(HumError, RuntimeError):
    """Two tasks iterate over the same stream; call ``watch()`` once per consumer."""


class HubError(HumError):
    """A `SessionHub` refuses what was asked of it. The message may be shown in a browser.

    Attributes:
        status: HTTP status to answer with.
        retry_after: Seconds after which asking again may help; None if it will not.
    """

    def __init__(self, message: str, *, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class BadRequest(HubError):
    """A request that cannot be understood, or is too large."""


class LookupNotFound(HubError):
    """No such look-up: never started, forgotten meanwhile, or started before a restart.

    Attributes:
        ids: Those of the asked ids that are not known.
    """

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(
            f"{len(ids)} unknown or forgotten look-up(s); start the look-up again", status=404
        )
        self.ids = ids


class HubBusy(HubError):
    """As many look-ups (429) or streams (503) as the hub takes at a time are under way."""


class HubClosed(HubError):
    """The hub is not running: not entered yet, or the application shuts down."""
