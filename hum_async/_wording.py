"""Counts in sentences."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, as ``1 row`` and ``2,000 rows``."""
    return f"{count:,} {plural(count, noun)}"


def plural(count: int, noun: str) -> str:
    """Return a noun alone as its number has it: ``row`` of 1, ``rows`` of 2."""
    if count == 1:
        return noun
    return f"{noun}{'es' if noun.endswith('s') else 's'}"
