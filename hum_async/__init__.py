"""The asyncio-first client for the Hum API: which internet providers serve a US address.

::

    async with HumClient() as hum:
        async with AsyncSessionWatcher(hum) as watcher:
            async for update in watcher.watch(tokens):
                print(update.token, update.kind, update.session.agents)
"""

from hum_async._retry import RetryPolicy
from hum_async._schedule import GuidedPolling, LearnedPolling, Poll, PollPolicy
from hum_async._version import __version__
from hum_async.bulk.pipeline import qualify
from hum_async.client import PRODUCTION, SANDBOX, HumClient
from hum_async.errors import (
    AddressError,
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectFailed,
    HumError,
    InvalidAddress,
    RateLimited,
    RequestTimeout,
    ResponseError,
    ServerError,
    SessionGone,
    SessionNotFound,
    StreamBusy,
    TransportError,
    WatcherClosed,
    WatcherFailed,
)
from hum_async.limiter import Limiter, LimiterStatistics, RateLimiter
from hum_async.models import (
    Address,
    AgentChange,
    AgentStatus,
    Money,
    Offering,
    Outcome,
    Ping,
    Plan,
    Promo,
    Provider,
    Qualification,
    RawResponse,
    ServiceAddress,
    Session,
    SessionUpdate,
    SpeedRange,
    UpdateKind,
)
from hum_async.transport import AiohttpTransport, Transport
from hum_async.watcher import AsyncSessionWatcher, WatcherStatistics, WatchStream

__all__ = [
    "PRODUCTION",
    "SANDBOX",
    "Address",
    "AddressError",
    "AgentChange",
    "AgentStatus",
    "AiohttpTransport",
    "ApiError",
    "AsyncSessionWatcher",
    "AuthenticationError",
    "ConfigurationError",
    "ConnectFailed",
    "GuidedPolling",
    "HumClient",
    "HumError",
    "InvalidAddress",
    "LearnedPolling",
    "Limiter",
    "LimiterStatistics",
    "Money",
    "Offering",
    "Outcome",
    "Ping",
    "Plan",
    "Poll",
    "PollPolicy",
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
    "SessionNotFound",
    "SessionUpdate",
    "SpeedRange",
    "StreamBusy",
    "Transport",
    "TransportError",
    "UpdateKind",
    "WatchStream",
    "WatcherClosed",
    "WatcherFailed",
    "WatcherStatistics",
    "__version__",
    "qualify",
]
