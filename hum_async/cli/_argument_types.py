"""Types of arguments that several commands take."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number


def _not_an_option(_: object, value: str | tuple[str, ...] | None) -> None:
    for each in (value,) if isinstance(value, str) else value or ():
        if each.startswith("-") and each != "-":
            raise ValueError(f"there is no option {each}; write ./{each} if it is a file's name")


PathOrDash = Annotated[
    str, Parameter(allow_leading_hyphen=True, validator=_not_an_option, metavar="FILE")
]
"""A path, or - for standard input or output; what begins with another dash is an option."""

Positive = Annotated[float, Parameter(validator=Number(gt=0))]
"""A number above 0."""
