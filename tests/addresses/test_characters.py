"""Characters that nobody sees never reach the API, and others have one form."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async._addresses.characters import clean, lines
from hum_async._api.addresses import checked
from hum_async.models import Address


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("100 Main\0 St", "100 Main St"),
        ("100\N{ZERO WIDTH SPACE} Ma\N{SOFT HYPHEN}in St", "100 Main St"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}100 Main St", "100 Main St"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}100 Main St\N{POP DIRECTIONAL FORMATTING}", "100 Main St"),
        ("100\N{WORD JOINER} Main\N{COMBINING GRAPHEME JOINER} St\x7f", "100 Main St"),
        ("100\N{HANGUL FILLER} Main\N{VARIATION SELECTOR-16} St\x1b", "100 Main St"),
        (
            "100\N{NO-BREAK SPACE}Main\N{NARROW NO-BREAK SPACE}St\N{IDEOGRAPHIC SPACE}",
            "100 Main St",
        ),
        ("100\tMain\nSt\x85", "100 Main St"),
        ("123\N{EN DASH}125 Main St", "123-125 Main St"),
        ("123\N{MINUS SIGN}125\N{NON-BREAKING HYPHEN}A Main St", "123-125-A Main St"),
        ("5 O\N{RIGHT SINGLE QUOTATION MARK}Hare Rd", "5 O'Hare Rd"),
        (
            "5 O`Hare \N{LEFT DOUBLE QUOTATION MARK}A\N{RIGHT DOUBLE QUOTATION MARK}",
            '5 O\'Hare "A"',
        ),
        (
            "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO} Main\N{FULLWIDTH COMMA} St",
            "12 Main, St",
        ),
        ("\N{ARABIC-INDIC DIGIT FOUR}8 Main St", "48 Main St"),
        ("123\N{VULGAR FRACTION ONE HALF} Main St", "123 1/2 Main St"),
        ("5 Pe\N{LATIN SMALL LIGATURE FI}eld", "5 Pefield"),
        ("5 Can\N{COMBINING TILDE}on Rd", "5 Ca\N{LATIN SMALL LETTER N WITH TILDE}on Rd"),
    ],
)
def test_what_is_not_seen_is_dropped_and_the_rest_is_folded(written: str, meant: str) -> None:
    assert clean(written) == meant
    assert checked(Address(written, zip="48226")).street1 == meant


def test_every_part_of_an_address_is_cleaned() -> None:
    written = Address("1 A St", "\u200b4\0", "De\u00adtroit", "\u202emi", "\uff14\u200b8226")
    assert checked(written) == Address("1 A St", "4", "Detroit", "MI", "48226")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_clean_text_stays_and_holds_nothing_invisible(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    kinds = {unicodedata.category(character) for character in cleaned if character not in " -"}
    assert not kinds & {"Cc", "Cf", "Zs", "Zl", "Zp", "Pd"}


def test_lines_are_told_apart_however_they_break() -> None:
    assert lines("a\r\nb\N{LINE SEPARATOR}c\vd\n \n\0") == ["a", "b", "c", "d"]
