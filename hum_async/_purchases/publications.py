"""The ids by which look-ups are known to others, and what a store keeps of them."""

import attrs


@attrs.frozen
class Published:
    """A look-up of an address got an id that others know it by."""

    id: str
    address: bytes
    at: str


@attrs.frozen
class Told:
    """The result of a look-up was told under its id, as the event at this position."""

    id: str
    position: int


@attrs.frozen
class Publication:
    """What a store knows of an id.

    Attributes:
        id: The id.
        address: The address, as in the store.
        told: Position of the event that told its result; None if it was not told.
    """

    id: str
    address: bytes
    told: int | None
