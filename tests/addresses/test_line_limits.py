"""A line that is no address is refused before it takes time."""

from __future__ import annotations

import pytest

from hum_async import AddressError
from hum_async._addresses.line import LONGEST, parse_line, parse_place


@pytest.mark.parametrize("word", ["box ", "St. ", "1 A St, ", "x"])
def test_a_line_without_end_is_refused_at_once(word: str) -> None:
    line = word * (1_000_000 // len(word))
    for parse in (parse_line, parse_place):
        with pytest.raises(AddressError, match=f"more than {LONGEST} characters"):
            parse(line)
