"""What the drawing of a diagram is called: the site and the tool that draws agree on it here."""

import hashlib


def name_of(source: str) -> str:
    """Return the name of the drawing of a diagram."""
    return f"{hashlib.sha256(source.strip().encode()).hexdigest()[:16]}.svg"
