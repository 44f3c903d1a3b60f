"""Counts in sentences."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, as ``1 row`` and ``2,000 rows``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('s') else 's'}"
