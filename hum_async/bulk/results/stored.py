"""`Results`: results with their rows, as a sequence of `Qualification`, and as tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Generic, cast, overload

from hum_async._notebook import results_html
from hum_async._plain import cleared
from hum_async.bulk.result_schema import SERVED_LEVELS, ServiceLevel
from hum_async.bulk.results.frames import long_table, pandas_of, polars_of, wide_table
from hum_async.bulk.results.records import ResultRecord
from hum_async.errors import InputError
from hum_async.models import KeyT_co, Outcome, Qualification

_ADDRESS = ("street1", "street2", "city", "state", "zip")


class Results(Sequence[Qualification[KeyT_co]], Generic[KeyT_co]):
    """The results that a file holds, in its order: a sequence of `Qualification`.

    Attributes:
        complete: Whether every result is whole, as it was observed. If not, results were put
            together from the columns of a table: providers of a wide table are then names alone.
        columns: Names of the input's columns.
        levels: The levels of service that have a column.
        is_long: Whether the file is a long table, which has no rows without providers.
    """

    def __init__(
        self,
        records: Iterable[ResultRecord],
        *,
        columns: Sequence[str] = (),
        levels: tuple[ServiceLevel, ...] = SERVED_LEVELS,
        complete: bool = True,
        api: str | None = None,
    ) -> None:
        self._records = tuple(records)
        self.api = api
        self.columns = tuple(columns)
        self.levels = levels
        self.is_long = not complete
        self.complete = complete and all(record.values is None for record in self._records)
        # One without providers has no offerings to miss.
        self.has_offers = all(
            record.values is None or not record.result.providers for record in self._records
        )

    @classmethod
    def of(cls, results: "Iterable[Qualification[KeyT_co]]") -> "Results[KeyT_co]":
        """Return results with columns for their keys and addresses."""
        if isinstance(results, Results):
            return cast("Results[KeyT_co]", results)
        records = []
        for result in results:
            key = result.key if isinstance(result.key, int | str) else str(result.key)
            parts = (getattr(result.address, name) for name in _ADDRESS)
            records.append(ResultRecord(result, [key, *parts]))
        return cls(records, columns=("key", *_ADDRESS))

    @overload
    def __getitem__(self, index: int) -> Qualification[KeyT_co]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Qualification[KeyT_co], ...]: ...
    def __getitem__(
        self, index: int | slice
    ) -> Qualification[KeyT_co] | tuple[Qualification[KeyT_co], ...]:
        if isinstance(index, slice):
            return tuple(record.result for record in self._records[index])
        return self._records[index].result

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.items())
        return f"<Results: {len(self):,} rows{counts and ': '}{counts}>"

    def _repr_html_(self) -> str:
        """Return a table for a notebook: the first results with their addresses, escaped."""
        return results_html(self, title=repr(self)[1:-1], shown=cleared)

    @property
    def records(self) -> tuple[ResultRecord, ...]:
        """The results with their rows, for the tables and the report that are made of them."""
        return self._records

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Number of results by outcome, in the order of `Outcome`."""
        counts = Counter(result.outcome for result in self)
        return {outcome: counts[outcome] for outcome in Outcome if counts[outcome]}

    def to_arrow(self, *, long: bool = False, served: Iterable[str] = ()) -> Any:
        """Return a ``pyarrow.Table``; arguments as of `hum_async.bulk.to_arrow`."""
        levels = tuple(map(ServiceLevel.parse, served)) or self.levels
        if not long:
            return wide_table(self._records, self.columns, levels)
        if not self.has_offers:
            raise InputError(
                "the file holds no offerings and plans of these results; read the journal of the "
                "job, or keep it beside its output"
            )
        return long_table(self._records, self.columns, levels)

    def to_polars(self, *, long: bool = False, served: Iterable[str] = ()) -> Any:
        """Return a ``polars.DataFrame``; arguments as of `hum_async.bulk.to_arrow`."""
        return polars_of(self.to_arrow(long=long, served=served))

    def to_pandas(self, *, long: bool = False, served: Iterable[str] = ()) -> Any:
        """Return a ``pandas.DataFrame``; arguments as of `hum_async.bulk.to_arrow`."""
        return pandas_of(self.to_arrow(long=long, served=served))


def records_of(results: Iterable[Qualification[Any]]) -> Iterable[ResultRecord]:
    """Return results with their rows, as far as they have any."""
    if isinstance(results, Results):
        return results._records  # noqa: SLF001  of this module
    return map(ResultRecord, results)
