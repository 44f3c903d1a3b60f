"""Any text is judged as a street's line, and soon."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hum_async._addresses.encoded import decoded, encoding_left
from hum_async._addresses.street_lines import is_plain, street_line

WORDS = st.sampled_from(
    ["100", "12B", "5th", "1/2", "Main", "St", "Ave", "N", "and", "&", ",", ";", "-", "Apt", "#",
     "PO Box", "Rue", "County", "Rd", "Oak", "(rear)", "(5 Oak Ave)", "", "NW", "Hwy"],
)  # fmt: skip


@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_a_plain_street_is_never_doubted(text: str) -> None:
    line = street_line(text)
    if is_plain(text):
        assert line.doubt is None
    if line.doubt is None:
        assert line.street == text


@given(st.text(alphabet="#;>x0027aA@.:[]{}+ \n1bru/"))
def test_what_is_not_encoded_stays_as_it_is(text: str) -> None:
    assert decoded(text) == text


def test_a_long_text_takes_no_time() -> None:
    for part in ("<", " ", "&", "%20", "@", "\\n", "<br", "a+", "[:", "1 A St, "):
        text = part * (200_000 // len(part))
        assert len(decoded(text)) <= len(text)
        assert street_line(text).doubt is None
        encoding_left(text)
