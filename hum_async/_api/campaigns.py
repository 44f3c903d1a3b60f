"""The caller's own label for look-ups (hum-api 2.2)."""

from hum_async.errors import ConfigurationError

MAX_LENGTH = 100
"""Characters of a campaign_id at most (hum-api 2.2)."""


def checked_campaign_id(label: str | None) -> str | None:
    """Return the label as it is.

    Raises:
        ConfigurationError: The API cannot take it.
    """
    if label is None:
        return None
    # Callers without a type checker would learn of it from the API.
    if not isinstance(label, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"campaign_id must be text, not {type(label).__name__}")
    try:
        label.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("campaign_id holds characters that are not text") from None
    if not 1 <= len(label) <= MAX_LENGTH:
        raise ConfigurationError(f"campaign_id must have 1 to {MAX_LENGTH} characters")
    return label
