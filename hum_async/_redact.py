"""What may be shown of a secret: the one place that masks tokens, addresses and server messages."""

import re
from collections.abc import Iterable

HIDDEN = "***"

# Anything as long as a session token (22 or 24 characters, hum-api 3.2) or a key.
_TOKEN_LIKE = re.compile(r"[A-Za-z0-9_\-.~+/=%]{18,}")
# "29090 TIFFANY DR E, SOUTHFIELD, MI 48034": from a house number to a state and ZIP code.
_FULL_ADDRESS = re.compile(
    r"(?<![\w-])\d[\w-]{0,15}\s[^\n]{0,150}?\b[A-Za-z]{2},?\s+\d{5}(?:-\d{4})?\b"
)
_STREET = re.compile(
    r"(?<![\w-])\d[\w-]{0,15}\s+(?:[\w.']+\s+){0,4}?"
    r"(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|ct|court|blvd|boulevard|way|pl|place|"
    r"ter|terrace|cir|circle|pkwy|parkway|hwy|highway|trl|trail|sq|square)\b\.?(?:\s+[NSEW]{1,2}\b)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_MAX_MESSAGE = 300
_MAX_READ = 2000


def mask_token(token: str) -> str:
    """Return the first four characters of a session token and an ellipsis."""
    return f"{token[:4]}\N{HORIZONTAL ELLIPSIS}"


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return a text without these very secrets; for identifiers, which `redact` would eat."""
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    return text


def redact(message: str, secrets: Iterable[str] = ()) -> str:
    """Return a server's message without keys, session tokens and addresses.

    Args:
        message: Text that came from outside.
        secrets: What the request carried (key, token, address parts); every word of at least two
            characters of theirs is hidden wherever it stands.
    """
    # What is shown is cut after it is clean; what is cleaned is bounded, because a body may have
    # megabytes and some patterns look far ahead.
    if len(message) > _MAX_READ:
        message = message[:_MAX_READ].rpartition(" ")[0]
    words = {word.lower() for secret in secrets for word in _WORD.findall(secret) if len(word) > 1}
    if words:
        message = _WORD.sub(
            lambda found: HIDDEN if found[0].lower() in words else found[0], message
        )
    for pattern in (_FULL_ADDRESS, _STREET, _TOKEN_LIKE):
        message = pattern.sub(HIDDEN, message)
    message = " ".join(message.split())
    return message if len(message) <= _MAX_MESSAGE else f"{message[: _MAX_MESSAGE - 3]}..."
