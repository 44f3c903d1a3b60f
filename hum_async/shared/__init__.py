"""What several processes and machines share: one rate limit.

::

    from hum_async import HumClient
    from hum_async.shared import SharedRateLimiter

    async with SharedRateLimiter("redis://cache:6379/0") as limiter:
        async with HumClient(limiter=limiter) as hum:
            ...

It needs the extra ``redis`` or ``postgres``, which install redis and asyncpg.
"""

from hum_async.shared.limiter import SharedLimiterStatistics, SharedRateLimiter
from hum_async.shared.register import Reading, Register, StoreError

__all__ = ["Reading", "Register", "SharedLimiterStatistics", "SharedRateLimiter", "StoreError"]
