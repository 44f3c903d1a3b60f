"""Turns the columns of Arrow into cells; what Python cannot hold is carried as it is."""

from typing import Any

from hum_async.bulk.tables._cells import Carried, Cell, as_text


def cells_of(arrow: Any, column: Any) -> list[Cell]:
    """Return the cells of a column.

    Args:
        arrow: The module pyarrow.
        column: An array.
    """
    kind = column.type
    if not _is_foreign(arrow, kind):
        try:
            if (micro := _in_microseconds(arrow, kind)) is not None:
                column = column.cast(micro)
            return list(column.to_pylist())
        except (arrow.ArrowException, ValueError, OverflowError):
            # One date after the year 9999, or one nanosecond, spoils its own cell only.
            pass
    return [_cell(arrow, scalar) for scalar in column]


def _is_foreign(arrow: Any, kind: Any) -> bool:
    """Return whether Python has no type of its own for values of this kind."""
    types = arrow.types
    known = isinstance(kind, arrow.BaseExtensionType) or types.is_interval(kind)
    return known or types.is_duration(kind) or types.is_union(kind) or _is_nested(arrow, kind)


def _is_nested(arrow: Any, kind: Any) -> bool:
    """Return whether values of this kind hold nanoseconds inside, which pandas would round."""
    inner = [kind.field(at).type for at in range(kind.num_fields)]
    if arrow.types.is_dictionary(kind):
        inner = [kind.value_type]
    return any(
        _in_microseconds(arrow, each) is not None or _is_nested(arrow, each) for each in inner
    )


def _in_microseconds(arrow: Any, kind: Any) -> Any:
    """Return the type of microseconds in place of one of nanoseconds; None for other types.

    Python has no nanoseconds. Where pandas is installed, pyarrow makes values of pandas of them, or
    cuts them off in silence.
    """
    types = arrow.types
    if types.is_timestamp(kind) and kind.unit == "ns":
        return arrow.timestamp("us", kind.tz)
    return arrow.time64("us") if types.is_time64(kind) and kind.unit == "ns" else None


def _exact(arrow: Any, scalar: Any) -> Any:
    """Return a value as Python has it.

    Raises:
        ArrowException: It has nanoseconds.
        ValueError: Python has no such value.
        OverflowError: As above.
    """
    micro = _in_microseconds(arrow, scalar.type)
    return (scalar if micro is None else scalar.cast(micro)).as_py()


def _cell(arrow: Any, scalar: Any) -> Cell:
    if not scalar.is_valid:
        return None
    try:
        if not _is_foreign(arrow, scalar.type):
            return _exact(arrow, scalar)  # type: ignore[no-any-return]  # pyarrow is untyped here
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
        return _exact(arrow, scalar)  # type: ignore[no-any-return]  # pyarrow is untyped here
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
