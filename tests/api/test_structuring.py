"""JSON to attrs classes, strictly, with the path of the first fault."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from hum_async import ResponseError
from hum_async._api.structuring import Decoder, number, text


@attrs.define
class Inner:
    flag: bool
    count: int = 0


@attrs.define
class Outer:
    name: str
    inner: Inner | None = None
    many: list[Inner] | None = None
    named: dict[str, Inner] | None = None
    size: float | None = None
    when: datetime | None = None
    extra: dict[str, Any] = attrs.field(factory=dict)


decoder = Decoder(lambda _: None)


def decode(**fields: Any) -> Any:
    return decoder.decode({"name": "x", **fields}, Outer)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": None}, "$.name"),
        ({"name": 1}, "$.name"),
        ({"inner": {"flag": "false"}}, "$.inner.flag"),
        ({"inner": {"flag": 0}}, "$.inner.flag"),
        ({"inner": {"flag": True, "count": True}}, "$.inner.count"),
        ({"inner": {"flag": True, "count": 1.5}}, "$.inner.count"),
        ({"inner": {"flag": True, "count": "1"}}, "$.inner.count"),
        ({"inner": []}, "$.inner"),
        ({"inner": {}}, "$.inner.flag"),
        ({"many": {}}, "$.many"),
        ({"many": "ab"}, "$.many"),
        ({"many": [{"flag": True}, {"flag": None}]}, "$.many[1].flag"),
        ({"named": []}, "$.named"),
        ({"named": {"a": 1}}, "$.named.a"),
        ({"size": "1"}, "$.size"),
        ({"size": True}, "$.size"),
        ({"when": 5}, "$.when"),
        ({"when": "5 pm"}, "$.when"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_path(fields: Any, path: str) -> None:
    with pytest.raises(ResponseError) as caught:
        decode(**fields)
    assert caught.value.path == path


def test_a_path_may_begin_elsewhere() -> None:
    with pytest.raises(ResponseError, match=r"^\$\.data\[0\]\.name: is missing$"):
        decoder.decode([{}], list[Outer], "$.data")


def test_what_fits_is_taken_as_it_is() -> None:
    found = decode(inner={"flag": True, "count": 2.0}, size=1, when="2024-09-20T23:13:31Z")
    assert found.inner == Inner(flag=True, count=2)
    assert found.size == 1
    assert found.when == datetime(2024, 9, 20, 23, 13, 31, tzinfo=UTC)


def test_unknown_fields_go_to_extra_and_nowhere_if_there_is_none() -> None:
    found = decode(a=1, extra={"b": 2}, inner={"flag": True, "c": 3})
    assert found.extra == {"a": 1, "extra": {"b": 2}}


def test_numbers_and_texts_are_not_guessed() -> None:
    assert (number(1), number(1.5), text("a"), text(5)) == (1, 1.5, "a", "5")
    for value in (True, None, "1", float("inf"), float("nan"), []):
        with pytest.raises(TypeError):
            number(value)
    for value in (True, None, 1.5, []):
        with pytest.raises(TypeError):
            text(value)
