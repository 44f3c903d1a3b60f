"""The consoles of `hum`: data goes to standard output, messages go to standard error."""

from rich.console import Console
from rich.markup import escape

data = Console(soft_wrap=True, highlight=False)
messages = Console(stderr=True, highlight=False)


def escaped(text: str) -> str:
    """Escape a text from a file or the API: without markup, and without control characters."""
    return escape("".join(letter if letter.isprintable() else " " for letter in text))


def say(markup: str) -> None:
    """Print a message: wrapped at words on a terminal, on one line elsewhere."""
    messages.print(markup, soft_wrap=not messages.is_terminal)
