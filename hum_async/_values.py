"""What all values have in common: they show, compare and hash themselves by their fields.

attrs can do that too, by code that it writes and compiles for each class; that takes most of the
time that a class with few fields takes to import. A class that inherits from `Value` leaves it out
with ``eq=False, repr=False``; its fields say as ever what is shown and compared.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any, TypeVar, cast

import attrs

T = TypeVar("T")


class Value:
    """Base of an attrs class that is a value.

    Two are equal if they are of the same class, and all fields but those with ``eq=False`` are. A
    field with ``hash=False`` is compared and not hashed; one with ``repr=False`` is not shown.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        cls: Any = type(self)
        shown = [
            f"{field.name}={show(getattr(self, field.name, attrs.NOTHING))}"
            for field, show in _shown(cls)
        ]
        return f"{cls.__qualname__.rpartition('>.')[2]}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        cls: Any = type(self)
        compared = _compared(cls)
        return bool(compared(self) == compared(other))

    def __hash__(self) -> int:
        cls: Any = type(self)
        return hash((cls, _hashed(cls)(self)))


def unsealed(cls: type[T]) -> type[Any]:
    """Return a twin of a class, for where very many of its instances are made.

    An instance of the twin is made without arguments. Set each of its fields, then let its
    ``__class__`` be `cls`: from then on it is as frozen as any other. That takes a quarter of the
    time, because a frozen class with slots sets each field by a call of its own, and half of it
    where the class is not frozen.

    Args:
        cls: A class of attrs with slots, without validators and converters, frozen or not.
    """
    namespace = {
        "__slots__": (),  # or the twin's instances could not become the class's own
        "__doc__": cls.__doc__,
        "__module__": cls.__module__,
        "__init__": object.__init__,
        # Both, because the interpreter keeps one entry for the two, and only a plain one is quick.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    return type(f"Unsealed{cls.__name__}", (cls,), namespace)


@functools.cache
def _shown(cls: type[Any]) -> list[tuple[Any, Callable[[Any], str]]]:
    """Return the fields that are shown, each with what makes it text."""
    return [
        (field, cast("Callable[[Any], str]", field.repr) if callable(field.repr) else repr)
        for field in attrs.fields(cls)
        if field.repr
    ]


@functools.cache
def _compared(cls: type[Any]) -> Callable[[object], object]:
    """Return what takes all that is compared from a value."""
    fields = attrs.fields(cls)
    return operator.attrgetter(*[field.name for field in fields if field.eq])


@functools.cache
def _hashed(cls: type[Any]) -> Callable[[object], object]:
    """Return what takes all that is hashed from a value."""
    fields = attrs.fields(cls)
    names = [field.name for field in fields if (field.eq if field.hash is None else field.hash)]
    return operator.attrgetter(*names)
