"""Where `hum` writes: data to standard output, everything else to standard error."""

from rich.console import Console
from rich.markup import escape

data = Console(soft_wrap=True, highlight=False)
messages = Console(stderr=True, highlight=False)


def shown(text: str) -> str:
    """Return text from outside so that it is shown as it is and cannot steer the terminal."""
    return escape("".join(letter if letter.isprintable() else " " for letter in text))


def say(markup: str) -> None:
    """Write a message: wrapped at words on a terminal, one line elsewhere."""
    messages.print(markup, soft_wrap=not messages.is_terminal)
