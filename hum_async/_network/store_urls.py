"""URLs of databases and caches: which can be read without a doubt, and what of them may be shown.

Where a password holds ``#``, ``/``, ``?`` or ``@`` that are not percent-encoded, a part of it looks
like a host, a path or a parameter. Such a URL is refused before anything of it is shown.
"""

import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from hum_async._network.proxies import is_loopback
from hum_async._redact import HIDDEN, Secret
from hum_async.errors import ConfigurationError

DATABASE_SCHEMES = ("postgresql", "postgres")

OURS = ("job", "schema", "lease")
"""Parameters of the URL of a database that are ours; the database knows the others."""

ENCODING = (
    "in a user or password write # as %23, / as %2F, ? as %3F, @ as %40, : as %3A and % as %25"
)
"""What to do about a URL that cannot be read."""

SCHEMA = "hum"
"""The schema of our tables, if the URL of a database names no other."""

_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)

_URL = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)

_PORT = re.compile(r":\d{0,5}\Z", re.ASCII)

# "[::1]:5432" or "db", of which the URL of a database may name several.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:]*)(?::\d{0,5})?", re.ASCII)


def split_store_url(url: Secret) -> SplitResult | None:
    """Return the parts of a URL; None if it cannot be read, or only by a guess."""
    text = url.reveal().strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    socket = parts.scheme == "unix" and not parts.netloc
    # An @ behind the host says that a part of the password was taken for the host.
    cut = "@" in parts.path or ("@" in parts.query and not parts.path)
    doubtful = "#" in text or parts.netloc.count("@") > 1 or (cut and not socket)
    if doubtful or not text.lower().startswith(f"{parts.scheme}://"):
        return None
    return parts if all(map(_HOST.fullmatch, hosts_of(parts).split(","))) else None


def holds_password(url: str) -> bool:
    """Return whether a URL holds a password, before its host or among its parameters."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "@" in url  # it cannot be read, and is refused either way
    # In a list of hosts, only what is before the last @ can hold one.
    return ":" in parts.netloc.rpartition("@")[0] or any(
        map(_is_password, dict(parse_qsl(parts.query, keep_blank_values=True)))
    )


def without_password(text: str) -> str:
    """Return a text that may be a URL, as it may be shown: with *** in place of passwords.

    A URL that cannot be read without a doubt is hidden wholly.
    """
    if not _URL.match(text):
        return text
    parts = split_store_url(Secret(text))
    if parts is None:
        return HIDDEN
    if not holds_password(text):
        return text
    user, at, hosts = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    parameters = [
        (key, HIDDEN if _is_password(key) else value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    password = f":{HIDDEN}" if colon else ""
    query = f"?{urlencode(parameters, safe='*/:,')}" if parameters else ""
    return f"{parts.scheme}://{name}{password}{at}{hosts}{parts.path}{query}"


def is_on_this_machine(url: Secret) -> bool:
    """Return whether a URL surely names a store on this machine, or where the environment says."""
    parts = split_store_url(url)
    if parts is None:
        return False
    if parts.scheme == "unix":
        return True
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    if any(key.startswith("service") for key, _ in parameters):
        return False  # a file says where it is
    named = [hosts_of(parts), *(value for key, value in parameters if key.startswith("host"))]
    hosts = (unquote(_PORT.sub("", host)) for each in named for host in each.split(","))
    # What begins with a slash is the folder of a socket.
    return all(not host or host.startswith("/") or is_loopback(host.strip("[]")) for host in hosts)


def _is_password(parameter: str) -> bool:
    return parameter.lower().endswith("password")


def hosts_of(parts: SplitResult) -> str:
    """Return hosts and ports alone, without user and password."""
    return parts.netloc.rpartition("@")[2]


def checked_schema(name: str) -> str:
    """Return the name of a schema, which stands in SQL as it is.

    Raises:
        ConfigurationError: No schema can be called that.
    """
    if not _SCHEMA.fullmatch(name):
        raise ConfigurationError(
            f"the name of a schema has lower-case letters, digits and _ alone, not {name!r}; "
            "write ?schema=NAME into the URL of the database"
        )
    return name
