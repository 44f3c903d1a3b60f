"""Which store a URL names, and what of the URL may be shown."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from hum_async._redact import Secret
from hum_async.errors import ConfigurationError
from hum_async.shared.register import Register

_REDIS = {
    "redis": "redis",
    "rediss": "rediss",
    "unix": "unix",
    "valkey": "redis",
    "valkeys": "rediss",
}
_POSTGRES = ("postgresql", "postgres")

_OURS = ("job", "schema", "lease")
"""What a URL of a database says to us and not to the database."""


def shown(url: str) -> str:
    """Return as much of a URL as is no secret: without user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def check_store(url: str) -> None:
    """Check that a URL names a store that can be used here.

    Raises:
        ConfigurationError: It names none, or the library that speaks to it is not installed.
    """
    scheme = _scheme(url)
    library, extra = ("asyncpg", "postgres") if scheme in _POSTGRES else ("redis", "redis")
    try:
        __import__(library)
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"a limit shared through {scheme}:// needs a library that is not installed: "
            f"pip install 'hum-async[{extra}]'"
        ) from None


def register_in(url: Secret, name: str) -> Register:
    """Return the register of a limit in a store.

    Args:
        url: A URL that `check_store` has passed.
        name: Whose limit it is.
    """
    text = url.reveal()
    scheme = _scheme(text)
    if scheme in _REDIS:
        from hum_async.shared.redis import RedisRegister  # noqa: PLC0415  an extra

        renamed = f"{_REDIS[scheme]}{text[len(scheme) :]}"
        return RedisRegister(Secret(renamed), name)
    from hum_async.shared.postgres import PostgresRegister  # noqa: PLC0415  an extra

    place, _, query = text.partition("?")
    options = [each for each in parse_qsl(query) if each[0] not in _OURS]
    return PostgresRegister(Secret(f"{place}?{urlencode(options)}"), name)


def _scheme(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigurationError(f"the URL of the store is malformed; {_USE}") from None
    if parts.scheme in _REDIS or parts.scheme in _POSTGRES:
        return parts.scheme
    raise ConfigurationError(f"no store is known for {parts.scheme or 'a URL without'}://; {_USE}")


_USE = "use redis://, rediss://, valkey://, unix:// or postgresql://"
