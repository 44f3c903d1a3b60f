"""The asyncio-first client for the Hum API: which internet providers serve a US address.

::

    async with HumClient() as hum:
        async with AsyncSessionWatcher(hum) as watcher:
            async for update in watcher.watch(tokens):
                print(update.token, update.kind, update.changes)
"""

from hum_async._version import __version__

TYPE_CHECKING = False  # what type checkers take for `typing.TYPE_CHECKING`, without its import
if TYPE_CHECKING:
    from hum_async._api.retry import RetryPolicy
    from hum_async._polling.policies import GuidedPolling, LearnedPolling, Poll, PollPolicy
    from hum_async.bulk.qualification import qualify
    from hum_async.client import PRODUCTION, SANDBOX, HumClient
    from hum_async.errors import *
    from hum_async.limiter import Limiter, LimiterStatistics, Priority, RateLimiter
    from hum_async.models import *
    from hum_async.transport import AiohttpTransport, Transport
    from hum_async.watcher import AsyncSessionWatcher, WatcherStatistics, WatchStream
    from hum_async.web.hub import SessionHub

__all__ = [
    "DEFAULT_AGENTS",
    "PRODUCTION",
    "SANDBOX",
    "Address",
    "AddressError",
    "AgentChange",
    "AgentStatus",
    "AiohttpTransport",
    "ApiError",
    "ApiUnavailable",
    "AsyncSessionWatcher",
    "AuthenticationError",
    "BadRequest",
    "ConfigurationError",
    "ConnectFailed",
    "GuidedPolling",
    "HubBusy",
    "HubClosed",
    "HubError",
    "HumClient",
    "HumError",
    "InputError",
    "InvalidAddress",
    "JournalError",
    "LearnedPolling",
    "Limiter",
    "LimiterStatistics",
    "LookupElsewhere",
    "LookupNotFound",
    "Money",
    "Offering",
    "Outcome",
    "Ping",
    "Plan",
    "Poll",
    "PollPolicy",
    "Priority",
    "Promo",
    "Provider",
    "Qualification",
    "RateLimited",
    "RateLimiter",
    "RawResponse",
    "RequestTimeout",
    "ResponseError",
    "RetryPolicy",
    "ServerError",
    "ServiceAddress",
    "Session",
    "SessionGone",
    "SessionHub",
    "SessionLimitReached",
    "SessionNotFound",
    "SessionUpdate",
    "SpeedRange",
    "StreamBusy",
    "Transport",
    "TransportError",
    "UnusableKey",
    "UpdateKind",
    "WatchStream",
    "WatcherClosed",
    "WatcherFailed",
    "WatcherStatistics",
    "__version__",
    "qualify",
]

# Public names are imported when they are first used, so that `hum --help`, and a pytest run that
# only loads the plugin, need not wait for aiohttp. Names are sought in this order, the
# lightest module first.
_MODULES = (
    "errors",
    "models",
    "_api.retry",
    "_polling.policies",
    "limiter",
    "transport",
    "client",
    "watcher",
)
# Neither needs the other, and both are heavy.
_OF_ONE_NAME = {"SessionHub": "web.hub", "qualify": "bulk.qualification"}


def __getattr__(name: str) -> object:
    if name in __all__:
        import importlib  # noqa: PLC0415  `hum --version` does without

        for module_name in (_OF_ONE_NAME[name],) if name in _OF_ONE_NAME else _MODULES:
            module = importlib.import_module(f"{__name__}.{module_name}")
            if name in module.__all__:
                value = globals()[name] = getattr(module, name)
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
