"""A column as a candidate for a part of an address."""

import attrs

from hum_async.bulk.columns._content import Column
from hum_async.bulk.columns._headings import Heading
from hum_async.bulk.columns._mapping import Source
from hum_async.bulk.columns._spellings import Part

STREETS = (Part.LINE, Part.STREET, Part.NAME, Part.WHOLE)
"""The parts by which an address is told from a place."""


@attrs.define(eq=False)
class Candidate:
    """A column, or a field inside of one, that may be a part of the address.

    Attributes:
        source: Where it is.
        heading: What its heading says.
        column: What it holds in the first rows.
        part: What it is taken for; None for no part of an address.
    """

    source: Source
    heading: Heading
    column: Column
    part: Part | None

    @property
    def family(self) -> str:
        """The group to whose address it belongs."""
        return self.heading.family
