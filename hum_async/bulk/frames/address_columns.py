"""Decides which columns of a data frame hold the address; once for all parts of it, if asked."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from hum_async.bulk.columns import (
    AddressColumns,
    ColumnPlan,
    MappingError,
    Way,
    mapped_columns,
    only_a_person_knows,
    ways_of,
)
from hum_async.bulk.frames.libraries import Frame, frame_of
from hum_async.bulk.preflight import decide_columns
from hum_async.errors import InputError

_HOW = 'map={{"{field}": "COLUMN"}}'


@attrs.frozen
class FrameColumns:
    """The columns of the address, decided once and taken as they are in every part of a frame.

    Attributes:
        mapping: Columns by field, as ``--map`` of the command line takes them.
    """

    mapping: Mapping[str, str]


def address_columns(
    frame: Any,
    *,
    map: Mapping[str, str] | None = None,  # noqa: A002  as the command line calls it
    ignore: Iterable[str] = (),
    as_guessed: bool = False,
) -> FrameColumns:
    """Decide which columns of a data frame hold the address.

    An engine shows `qualify_frame` a part of the rows at a time, and what a column is taken for
    could differ from part to part. Decide with some hundred rows, and pass the answer as ``map=``.

    Args:
        frame: Rows to judge by: a ``DataFrame`` of pandas or polars, or a ``Table`` or
            ``RecordBatch`` of pyarrow.
        map: Columns by field, such as ``{"street1": "NUMBER+STREET", "zip": "ZIP"}``, or
            ``{"address": "COLUMN"}`` for a whole address; those that it does not name are found.
        ignore: Names of columns that are not used and raise no doubt.
        as_guessed: Go on where columns are in doubt.

    Raises:
        InputError: Columns are missing or in doubt; the message says what to pass. Or the frame is
            none of pandas, polars or pyarrow.
    """
    found = decided(frame_of(frame), map=map, ignore=ignore, as_guessed=as_guessed)
    return FrameColumns(found.mapping(frame_of(frame).header))


def decided(
    frame: Frame,
    *,
    map: Mapping[str, str] | FrameColumns | None,  # noqa: A002  as above
    ignore: Iterable[str],
    as_guessed: bool,
) -> AddressColumns:
    """Return the columns of a frame; arguments as of `address_columns`.

    Raises:
        InputError: As `address_columns`.
    """
    try:
        if isinstance(map, FrameColumns):
            return mapped_columns(frame.header, map.mapping)
        plan = decide_columns(frame, mapping=map, ignored=tuple(ignore), how=_HOW)
    except MappingError as exc:
        raise InputError(f"{exc}; correct map= or ignore=") from exc
    if plan.doubts and not as_guessed:
        raise InputError(_in_doubt(plan))
    return plan.columns


def _in_doubt(plan: ColumnPlan) -> str:
    doubts = "; ".join(doubt.message for doubt in plan.doubts)
    ways = [_written(way) for way in ways_of(plan)]
    if only_a_person_knows(plan):
        ways = [f"{way}, as_guessed=True" for way in ways]
    return (
        f"the frame: it is in doubt which columns hold the address: {doubts}. Nothing is bought "
        f"before this is clear. To go on, pass {', or '.join(ways)}"
    )


def _written(way: Way) -> str:
    ignored = f", ignore={list(way.ignored)}" if way.ignored else ""
    label = f" ({way.label})" if way.label else ""
    return f"map={dict(way.mapping)}{ignored}{label}"
