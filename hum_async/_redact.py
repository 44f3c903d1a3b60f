"""What may be shown of a secret: the one place that masks tokens, addresses and server messages."""

import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "***"

# Patterns that only errors need are compiled by `re` when they are first used, and kept by it: all
# together take as long to compile as this package's modules take to load.
# Anything as long as a session token (22 or 24 characters, hum-api 3.2) or a key.
_TOKEN_LIKE = r"[A-Za-z0-9_\-.~+/=%]{18,}"  # noqa: S105  a pattern
# "29090 TIFFANY DR E, SOUTHFIELD, MI 48034": from a house number to a state and ZIP code.
_FULL_ADDRESS = r"(?<![\w-])\d[\w-]{0,15}\s[^\n]{0,150}?\b[A-Za-z]{2},?\s+\d{5}(?:-\d{4})?\b"
_STREET = (
    r"(?i)(?<![\w-])\d[\w-]{0,15}\s+(?:[\w.']+\s+){0,4}?"
    r"(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|ct|court|blvd|boulevard|way|pl|place|"
    r"ter|terrace|cir|circle|pkwy|parkway|hwy|highway|trl|trail|sq|square)\b\.?(?:\s+[NSEW]{1,2}\b)?"
)
# "Southfield, MI", with or without a ZIP code, where the street was left out.
_PLACE = (
    r"(?<![\w])(?:[A-Z][\w.'-]{0,30}\s+){0,3}[A-Z][\w.'-]{0,30},\s*[A-Z]{2}\b"
    r"(?:,?\s+\d{5}(?:-\d{4})?\b)?"
)
# What a server may call a request: no blanks, and no longer than any id in use.
_REQUEST_ID = re.compile(r"[\w.:=@/+;~-]{1,128}", re.ASCII)
# Ids that are nothing else, at a glance: UUIDs and hexadecimal digits.
_PLAIN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,64}")
# A session token is in mixed case; UUIDs, hexadecimal digits and ULIDs are not.
_MIXED_CASE = re.compile(r"(?=[A-Z0-9]*[a-z])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{18,}")
_WORD = re.compile(r"[^\W_]+")
_MAX_MESSAGE = 300
_MAX_READ = 2000


def mask_token(token: str) -> str:
    """Return the first four characters of a session token and an ellipsis."""
    return f"{token[:4]}\N{HORIZONTAL ELLIPSIS}"


class Secret:
    """A text that no `repr` shows, not even that of a local variable in a traceback."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"<Secret {HIDDEN}>"

    def __reduce__(self) -> Any:
        """Refuse to be pickled."""
        raise TypeError("a secret cannot be pickled")

    def reveal(self) -> str:
        """Return the text."""
        return self._text


def safe_request_id(request_id: str, secrets: Iterable[str]) -> str:
    """Return a server's id of a request, or as much of it as is certainly no more than an id.

    Args:
        request_id: What the server sent.
        secrets: What the request carried; it is hidden wherever it stands.
    """
    for secret in filter(None, secrets):
        request_id = request_id.replace(secret, HIDDEN)
    if _PLAIN_ID.fullmatch(request_id):
        return request_id
    if not _REQUEST_ID.fullmatch(request_id.replace(HIDDEN, "")):
        return HIDDEN
    words = re.sub(r"[\W_]+", " ", request_id)
    if any(re.search(pattern, words) for pattern in (_FULL_ADDRESS, _STREET)):
        return HIDDEN
    return _MIXED_CASE.sub(lambda found: mask_token(found[0]), request_id)


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
    for pattern in (_FULL_ADDRESS, _STREET, _PLACE, _TOKEN_LIKE):
        message = re.sub(pattern, HIDDEN, message)
    message = " ".join(message.split())
    return message if len(message) <= _MAX_MESSAGE else f"{message[: _MAX_MESSAGE - 3]}..."
