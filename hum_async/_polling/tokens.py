"""What may be watched: a session, or its token."""

from hum_async.models import Session

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
