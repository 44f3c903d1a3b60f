"""Checks of this installation."""

import importlib.util
import platform

from hum_async._diagnosis.findings import Finding, State
from hum_async._version import __version__

_EXTRAS = {
    "excel": "python_calamine",
    "mcp": "mcp",
    "otel": "opentelemetry.metrics",
    "pandas": "pandas",
    "parquet": "pyarrow",
    "polars": "polars",
    "postgres": "asyncpg",
    "redis": "redis",
    "report": "jinja2",
    "uvloop": "uvloop",
    "web": "fastapi",
}
"""What each extra installs, by its name."""


def examine_installation() -> Finding:
    """Return which versions are here, and which extras."""
    here = {name: _is_here(module) for name, module in _EXTRAS.items()}
    found = ", ".join(name for name, is_here in here.items() if is_here) or "none"
    missing = ", ".join(name for name, is_here in here.items() if not is_here)
    told = f"hum_async {__version__}, Python {platform.python_version()}, {platform.system()}"
    rest = f"; not installed: {missing}" if missing else ""
    return Finding("installation", State.OK, f"{told}; extras: {found}{rest}")


def _is_here(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it would be in
        return False
