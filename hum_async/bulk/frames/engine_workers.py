"""Notices that the process works for an engine which runs a part of its work again at will."""

import os
import sys
from collections.abc import Callable


def distributed_worker() -> str | None:
    """Return the engine whose worker runs the caller: Ray, Dask or Spark; None for none of them.

    An engine that works here has been imported already, so that none is imported to find out.
    """
    return next((name for name, works in _ENGINES.items() if works()), None)


def _in_ray() -> bool:
    ray = sys.modules.get("ray")
    # Without the variable it is a driver, which Ray would warn of being asked for its task.
    if ray is None or "RAY_JOB_ID" not in os.environ or not ray.is_initialized():
        return False
    context = ray.get_runtime_context()
    return bool(context.get_task_id() or context.get_actor_id())


def _in_dask() -> bool:
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:  # no task runs in this thread
        return False
    return True


def _in_spark() -> bool:
    pyspark = sys.modules.get("pyspark")
    return pyspark is not None and pyspark.TaskContext.get() is not None


_ENGINES: dict[str, Callable[[], bool]] = {"Ray": _in_ray, "Dask": _in_dask, "Spark": _in_spark}
