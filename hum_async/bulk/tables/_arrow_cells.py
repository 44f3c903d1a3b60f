"""Turns the columns of Arrow into cells; what Python cannot hold is carried as it is."""

from typing import Any

from hum_async.bulk.tables._cells import Carried, Cell, as_text


def cells_of(arrow: Any, column: Any) -> list[Cell]:
    """Return the cells of a column.

    Args:
        arrow: The module pyarrow.
        column: An array.
    """
    if not _is_foreign(arrow, column.type):
        try:
            return list(column.to_pylist())
        except (arrow.ArrowException, ValueError, OverflowError):
            # One date after the year 9999, or one nanosecond, spoils its own cell only.
            pass
    return [_cell(arrow, scalar) for scalar in column]


def _is_foreign(arrow: Any, kind: Any) -> bool:
    """Return whether Python has no type of its own for values of this kind."""
    types = arrow.types
    known = isinstance(kind, arrow.BaseExtensionType) or types.is_interval(kind)
    return known or types.is_duration(kind) or types.is_union(kind)


def _cell(arrow: Any, scalar: Any) -> Cell:
    if not scalar.is_valid:
        return None
    try:
        if not _is_foreign(arrow, scalar.type):
            return scalar.as_py()  # type: ignore[no-any-return]  # pyarrow is untyped here
    except (arrow.ArrowException, ValueError, OverflowError):
        pass
    return Carried(scalar, as_text(_plain(arrow, scalar)), arrow.types.is_temporal(scalar.type))


def _plain(arrow: Any, scalar: Any) -> Cell:
    """Return a value with texts in place of what Python cannot hold."""
    if not scalar.is_valid:
        return None
    if isinstance(scalar, arrow.DictionaryScalar):
        return _plain(arrow, scalar.value)
    if isinstance(scalar, arrow.StructScalar):
        return {name: _plain(arrow, value) for name, value in scalar.items()}
    if isinstance(scalar, arrow.ListScalar | arrow.LargeListScalar | arrow.FixedSizeListScalar):
        return [_plain(arrow, value) for value in scalar.values]
    try:
        return scalar.as_py()  # type: ignore[no-any-return]  # pyarrow is untyped here
    except (arrow.ArrowException, ValueError, OverflowError):
        return _text(arrow, scalar)


def _text(arrow: Any, scalar: Any) -> str:
    kind, zone = scalar.type, ""
    if arrow.types.is_timestamp(kind) and kind.tz is not None:
        # Arrow does not notice that a time with a zone is beyond what it can write.
        scalar, zone = scalar.cast(arrow.timestamp(kind.unit)), "Z"
    try:
        text = str(scalar.cast(arrow.string()).as_py())
    except (arrow.ArrowException, ValueError):
        text = ""
    if not arrow.types.is_temporal(kind):
        return text or str(kind)
    if text and not text.startswith("<"):
        return text.replace(" ", "T", 1) + zone
    since = " since 1970" if arrow.types.is_timestamp(kind) else ""
    return f"{getattr(scalar, 'value', '?')} ({kind}{since})"
