"""Where `hum` writes: data to standard output, everything else to standard error."""

from rich.console import Console

__all__ = ["data", "messages"]

data = Console(soft_wrap=True, highlight=False)
messages = Console(stderr=True, highlight=False)
