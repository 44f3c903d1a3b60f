"""What may be watched: a session, or its token."""

import logging
from datetime import UTC, datetime

from hum_async.models import Session

logger = logging.getLogger("hum_async.watcher")

Watchable = str | Session


def token_of(item: object) -> str:
    """Return the token of what shall be watched.

    Raises:
        TypeError: It is neither a session nor a token.
    """
    if isinstance(item, str):
        return item
    if isinstance(item, Session):
        return item.token
    raise TypeError(f"a session token is text, not {type(item).__name__}")


class TokenReader:
    """Reads the tokens of one stream, and says once if a session is older than it can be."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told = False

    def read(self, item: object) -> str:
        """Return the token of what shall be watched.

        Raises:
            TypeError: It is neither a session nor a token.
        """
        token = token_of(item)
        if not self._told and isinstance(item, Session):
            expires_at = item.expires_at
            if expires_at is not None and expires_at < datetime.now(UTC):
                self._told = True
                logger.warning(
                    "a session to watch was last asked for more than 30 minutes ago and has "
                    "probably expired; other sessions of this stream may have, too"
                )
        return token
