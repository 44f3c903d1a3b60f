"""What a check has found. Values only."""

from enum import StrEnum, auto

import attrs


class State(StrEnum):
    """How grave a finding is."""

    OK = auto()
    WARNING = auto()
    """It works, and may not for long or not well."""
    PROBLEM = auto()
    """It does not work."""


@attrs.frozen
class Finding:
    """What a check has found.

    Attributes:
        check: What was checked, such as "key".
        state: How grave it is.
        told: What was found. It holds no key and no password.
        advice: What to do about it; empty if there is nothing to be done.
    """

    check: str
    state: State
    told: str
    advice: str = ""
