"""The spellings that sessions use."""

import random

import attrs
import pytest

from hum_async.simulator._dialects import Dialect, random_dialect, random_token


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Dialect)])
def test_a_few_hundred_sessions_meet_every_spelling(name: str) -> None:
    rng = random.Random(0)  # noqa: S311  reproducible on purpose
    seen = {getattr(random_dialect(rng), name) for _ in range(300)}
    assert len(seen) >= 2


def test_tokens_have_22_or_24_letters_and_digits_and_are_unique() -> None:
    rng = random.Random(0)  # noqa: S311  reproducible on purpose
    tokens = {random_token(rng) for _ in range(300)}
    assert len(tokens) == 300
    assert {len(token) for token in tokens} == {22, 24}
    assert all(token.isalnum() and token.isascii() for token in tokens)
