"""Values show, compare and hash themselves as those that attrs makes."""

import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Address, Poll, RetryPolicy
from hum_async._values import Value, unsealed


@attrs.frozen(eq=False, repr=False)
class Ours(Value):
    one: Any
    two: Any = attrs.field(default=0, repr=False)
    three: Any = attrs.field(default=0, eq=False)
    four: Any = attrs.field(default=0, hash=False)
    _five: Any = attrs.field(default=0, repr=lambda _: "five")


@attrs.frozen
class Theirs:
    one: Any
    two: Any = attrs.field(default=0, repr=False)
    three: Any = attrs.field(default=0, eq=False)
    four: Any = attrs.field(default=0, hash=False)
    _five: Any = attrs.field(default=0, repr=lambda _: "five")


fields = st.tuples(*[st.integers(0, 1) | st.sampled_from(["", "a"])] * 5)


@given(fields, fields)
def test_a_value_is_what_attrs_would_make(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert repr(Ours(*one)) == repr(Theirs(*one)).replace("Theirs", "Ours")
    assert (Ours(*one) == Ours(*other)) is (Theirs(*one) == Theirs(*other))
    assert (Ours(*one) != Ours(*other)) is (Theirs(*one) != Theirs(*other))
    if Ours(*one) == Ours(*other):
        assert hash(Ours(*one)) == hash(Ours(*other))
    assert hash(Ours(*one[:3], [])) == hash(Ours(*one[:3], [1]))


def test_values_of_other_classes_differ() -> None:
    assert Ours(1) != Theirs(1)
    assert Ours(1) != 1
    assert len({Ours(1), Ours(1), Ours(2)}) == 2


def test_public_values_show_and_compare_their_fields() -> None:
    assert repr(RetryPolicy(attempts=2)).startswith("RetryPolicy(attempts=2, ")
    assert Address("1 Main St", zip="48226") == Address("1 Main St", zip="48226")
    assert len({Address("1 Main St", zip="48226"), Address("2 Main St", zip="48226")}) == 2


def test_what_can_change_has_no_hash() -> None:
    assert Poll(1, 0, 0.0, 0.0) == Poll(1, 0, 0.0, 0.0)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Poll(1, 0, 0.0, 0.0))


@given(fields)
def test_a_value_made_field_by_field_is_one_like_any_other(values: tuple[Any, ...]) -> None:
    made = unsealed(Ours)()
    for field, value in zip(attrs.fields(Ours), values, strict=True):
        setattr(made, field.name, value)
    made.__class__ = Ours
    assert type(made) is Ours
    assert made == Ours(*values)
    assert hash(made) == hash(Ours(*values))
    assert repr(made) == repr(Ours(*values))
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  our own
    assert attrs.evolve(made, one=2) == Ours(2, *values[1:])
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.one = 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del made.one
