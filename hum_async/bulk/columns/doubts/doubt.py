"""A doubt about the columns of an address, and the ways to go on."""

from collections.abc import Mapping

import attrs


@attrs.frozen
class Way:
    """One way to go on.

    Attributes:
        label: What it means; "" for the only way.
        mapping: What `--map` says, by field, in place of the plan's columns.
        complete: The mapping names all columns: none of the plan's is kept.
        ignored: Names of columns for `--ignore-column`.
    """

    label: str = ""
    mapping: Mapping[str, str] = attrs.field(factory=dict)
    complete: bool = False
    ignored: tuple[str, ...] = ()


@attrs.frozen
class Doubt:
    """A reason not to buy before a person has looked.

    Attributes:
        message: What is in doubt, without quoting a cell.
        ways: How to go on, the likeliest first; none if only a person can say.
        about_numbers: The street's column holds no house numbers.
    """

    message: str
    ways: tuple[Way, ...] = ()
    about_numbers: bool = False


def with_or_without(
    message: str, name: str, field: str, text: str, *, ignore_first: bool = False
) -> Doubt:
    """Return the doubt whether an unused column belongs to the address.

    Args:
        message: What is in doubt.
        name: The column.
        field: The field that it may belong to.
        text: The columns of that field with it, as `--map` takes them.
        ignore_first: It is likelier that it does not.
    """
    ways = [
        Way(label=f"with {name}", mapping={field: text}),
        Way(label=f"without {name}", ignored=(name,)),
    ]
    return Doubt(message, tuple(ways[::-1] if ignore_first else ways))
