"""Makes tables out of results, wherever they come from."""

from collections.abc import Iterable
from typing import Any

from hum_async.bulk.results.stored import Results
from hum_async.models import Qualification


def to_arrow(
    results: Iterable[Qualification[Any]], *, long: bool = False, served: Iterable[str] = ()
) -> Any:
    """Return results as a ``pyarrow.Table``, with the columns and types of docs/results.md.

    Args:
        results: What `read_results` returned, or any results: those have columns for their key and
            address in place of the columns of an input.
        long: A row for each offering and plan of each provider, in place of one for each result.
        served: Levels of service that get a column, such as ``["100/20", "25/3"]``, the default.

    Raises:
        InputError: pyarrow is not installed, or a file held no offerings and plans.
        ValueError: A level of service is none.
    """
    return Results.of(results).to_arrow(long=long, served=served)


def to_polars(
    results: Iterable[Qualification[Any]], *, long: bool = False, served: Iterable[str] = ()
) -> Any:
    """Return results as a ``polars.DataFrame``; arguments as of `to_arrow`.

    Raises:
        InputError: polars or pyarrow is not installed, or a file held no offerings and plans.
        ValueError: A level of service is none.
    """
    return Results.of(results).to_polars(long=long, served=served)


def to_pandas(
    results: Iterable[Qualification[Any]], *, long: bool = False, served: Iterable[str] = ()
) -> Any:
    """Return results as a ``pandas.DataFrame``; arguments as of `to_arrow`.

    Integers and booleans keep their types where values are missing. Amounts of money are floats,
    because pandas has no decimals; the columns of cents are exact.

    Raises:
        InputError: pandas or pyarrow is not installed, or a file held no offerings and plans.
        ValueError: A level of service is none.
    """
    return Results.of(results).to_pandas(long=long, served=served)
