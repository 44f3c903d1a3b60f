"""aiobotocore: a waiter per token, over a service model of our own in `models`.

In its standard mode the client retries a throttled call at most twice, as long as its quota of
retries lasts; then the waiter's model has it asked for again after the usual delay. Neither looks
at ``Retry-After``.
"""

from pathlib import Path

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import UNSIGNED

from contention.job import Job

__all__ = ["run"]

_MODELS = Path(__file__).parent.parent / "models"


async def run(job: Job) -> None:
    """Wait for each token to be done."""
    session = AioSession()
    session.set_config_variable("data_path", str(_MODELS))
    config = AioConfig(
        retries={"mode": "standard"},
        signature_version=UNSIGNED,
        max_pool_connections=100,  # as aiohttp's own default; theirs is 10
    )
    async with session.create_client(
        "contended", region_name="us-east-1", endpoint_url=job.origin, config=config
    ) as client:

        async def follow(token: str) -> None:
            waiter = client.get_waiter("session_done")
            # The model's delay is in whole seconds, a call's need not be.
            await waiter.wait(Token=token, WaiterConfig={"Delay": job.interval})

        await job.each(follow)
