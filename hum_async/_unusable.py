"""Text that cannot be a part of an address, with the reason."""

from typing import Self


class UnusableText(str):
    """A text as it was read, which an address must not hold.

    Every output takes it as the text that it is. The check of addresses refuses it with its reason.

    Attributes:
        reason: Why it cannot be used; it follows the name of the address's field: "is a date".
    """

    __slots__ = ("reason",)
    reason: str

    def __new__(cls, text: str, reason: str) -> Self:
        made = super().__new__(cls, text)
        made.reason = reason
        return made
