"""Which store a URL names, and what of the URL may be shown."""

from urllib.parse import SplitResult, parse_qsl, urlencode

from hum_async._network.store_urls import (
    DATABASE_SCHEMES,
    ENCODING,
    OURS,
    SCHEMA,
    checked_schema,
    hosts_of,
    split_store_url,
)
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


def shown(url: Secret) -> str:
    """Return as much of a URL as is no secret: without user, password and options.

    Raises:
        ConfigurationError: It names no store, or cannot be read.
    """
    parts = _parts(url)
    return f"{parts.scheme}://{hosts_of(parts)}{parts.path}"


def check_store(url: Secret) -> None:
    """Check that a URL names a store that can be used here.

    Raises:
        ConfigurationError: It names none, or no schema that can be, or the library that speaks to
            it is not installed.
    """
    scheme = _parts(url).scheme
    _schema(url)
    library = "asyncpg" if scheme in DATABASE_SCHEMES else "redis"
    try:
        __import__(library)
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"a limit shared through {scheme}:// needs a library that is not installed: "
            f"pip install {library}"
        ) from None


def register_in(url: Secret, name: str) -> Register:
    """Return the register of a limit in a store.

    Args:
        url: A URL that `check_store` has passed.
        name: Whose limit it is.
    """
    parts = _parts(url)
    if parts.scheme in _REDIS:
        from hum_async.shared.redis import RedisRegister  # noqa: PLC0415  an extra

        _, _, rest = url.reveal().strip().partition(":")
        return RedisRegister(Secret(f"{_REDIS[parts.scheme]}:{rest}"), name)
    from hum_async.shared.postgres import PostgresRegister  # noqa: PLC0415  an extra

    place, _, query = url.reveal().strip().partition("?")
    options = [each for each in parse_qsl(query) if each[0] not in OURS]
    return PostgresRegister(Secret(f"{place}?{urlencode(options)}"), name, schema=_schema(url))


def _schema(url: Secret) -> str:
    named = [value for key, value in parse_qsl(_parts(url).query) if key == "schema"]
    return checked_schema(named[-1]) if named else SCHEMA


def _parts(url: Secret) -> SplitResult:
    parts = split_store_url(url)
    if parts is None:
        raise ConfigurationError(f"the URL of the store cannot be read; {_USE}, and {ENCODING}")
    if parts.scheme in _REDIS or parts.scheme in DATABASE_SCHEMES:
        return parts
    scheme = parts.scheme
    # An error tracker records the variables of each frame that an exception passes.
    del parts
    raise ConfigurationError(f"no store is known for {scheme}://; {_USE}")


_USE = "use redis://, rediss://, valkey://, unix:// or postgresql://"
