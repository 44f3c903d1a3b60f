"""What the process that runs this has used: memory and CPU time."""

import resource
import sys
from pathlib import Path

__all__ = ["cpu_seconds", "memory"]


def memory(which: str = "VmRSS") -> int:
    """Return bytes, now or (VmHWM) at the peak.

    From /proc where there is one: what getrusage calls the peak also counts what stood in this
    process before exec. Elsewhere there is only that peak.
    """
    status = Path("/proc/self/status")
    if status.exists():
        text = status.read_text(encoding="ascii")
        return int(text.partition(f"{which}:")[2].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def cpu_seconds() -> float:
    """Return user and system time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
