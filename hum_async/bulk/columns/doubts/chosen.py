"""The columns that were chosen for an address, among all of the table."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from hum_async._addresses.usps_key import usps_key
from hum_async.bulk.columns._candidate import Candidate
from hum_async.bulk.columns._mapping import Source, text_of
from hum_async.bulk.columns._pool import Pool
from hum_async.bulk.columns._reading import AddressColumns
from hum_async.bulk.columns._spellings import Part
from hum_async.bulk.tables import Cell


@attrs.define(kw_only=True)
class ChosenColumns:
    """What is known of the columns of one address, and of those that it leaves unused.

    Attributes:
        header: Names of the columns.
        rows: The first rows.
        columns: The columns of the address.
        explicit: Those that the user named.
        pool: The candidates for this address.
        free: All columns that the user did not name.
        everything: All columns.
        streets: The street's line of each row.
        units: The unit of each row; "" for none.
        keys: What identifies the address of each row, however it is spelled.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    columns: AddressColumns
    explicit: Mapping[str, tuple[Source, ...]]
    pool: Pool
    free: Sequence[Candidate]
    everything: Sequence[Candidate]
    streets: Sequence[str] = attrs.field(init=False)
    units: Sequence[str] = attrs.field(init=False)
    keys: Sequence[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Read the first rows."""
        written = [self.columns.written(cells) for cells in self.rows]
        self.streets = [str(each.street1 or "") for each in written]
        self.units = [each.street2 or "" for each in written]
        self.keys = [usps_key(each) for each in written]

    def of(self, field: str) -> tuple[Source, ...]:
        """Return the columns of a field; none if it has none."""
        return self.columns.sources.get(field, ())

    def unused(self) -> list[Candidate]:
        """Return the columns that the address does not use."""
        used = {source for sources in self.columns.sources.values() for source in sources}
        return [each for each in self.free if each.source not in used]

    def numbers_street(self) -> bool:
        """Whether the house number has a column of its own that is used."""
        street = self.of("street1")
        numbers = {other.source for other in self.everything if other.part is Part.NUMBER}
        return bool(street) and street[0] in numbers

    def text(self, sources: Iterable[Source]) -> str:
        """Return what `--map` takes for these columns."""
        return text_of(sources, self.header)

    def name(self, column: Candidate) -> str:
        """Return what `--map` takes for a column."""
        return self.text([column.source])
