"""Cleans the characters of a text, whichever file, form or page it was copied from."""

import re
import unicodedata

_FOLDED = {
    " ": "\N{BRAILLE PATTERN BLANK}",
    "'": "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{SINGLE LOW-9 QUOTATION MARK}\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}\N{PRIME}"
    "\N{MODIFIER LETTER APOSTROPHE}\N{MODIFIER LETTER TURNED COMMA}\N{ACUTE ACCENT}`"
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    '"': "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    "\N{DOUBLE LOW-9 QUOTATION MARK}\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}\N{DOUBLE PRIME}"
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}",
    "-": "\N{MINUS SIGN}\N{HYPHEN BULLET}\N{MODIFIER LETTER MINUS SIGN}",
    "/": "\N{FRACTION SLASH}\N{DIVISION SLASH}",
    ",": "\N{IDEOGRAPHIC COMMA}",
    # Letters and marks that show nothing.
    "": "\N{COMBINING GRAPHEME JOINER}\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}"
    "\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}\N{OBJECT REPLACEMENT CHARACTER}",
}
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810))
_COMPATIBLE = ("<wide>", "<narrow>", "<font>", "<compat>")
_LINE_BREAKS = re.compile("[\n\r\v\f\x1c-\x1e\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}]+")


def _folded(character: str) -> str:  # noqa: PLR0911  one case per kind of character
    """Return what stands for one character that is not ASCII or not printable."""
    category = unicodedata.category(character)
    code = ord(character)
    if category.startswith("Z") or character.isspace():
        return " "
    if category in {"Cc", "Cf"} or any(code in span for span in _VARIATION_SELECTORS):
        return ""
    if category == "Pd":
        return "-"
    if category == "Nd":
        return str(unicodedata.digit(character))
    decomposition = unicodedata.decomposition(character)
    if decomposition.startswith("<fraction>"):
        # 12½ is 12 1/2, and not 121/2.
        whole = unicodedata.normalize("NFKC", character).replace("\N{FRACTION SLASH}", "/")
        return f" {whole} "
    if decomposition.startswith(_COMPATIBLE):
        return unicodedata.normalize("NFKC", character)
    return character


class _Folding(dict[int, str]):
    """A table for `str.translate` that is filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


_FOLDING = _Folding(
    {ord(character): plain for plain, characters in _FOLDED.items() for character in characters}
    | {code: chr(code) for code in range(0x20, 0x7F) if chr(code) != "`"}
)


def clean(text: str) -> str:
    """Return a text without characters that nobody sees, with single spaces.

    Control, zero-width and bidirectional characters are dropped. Dashes, quotes, fractions, digits
    of other scripts and full-width characters become ASCII; letters with accents stay.
    """
    if not text.isascii() or not text.isprintable() or "`" in text:
        text = unicodedata.normalize("NFC", text.translate(_FOLDING))
    return " ".join(text.split())


def lines(text: str) -> list[str]:
    """Return the lines of a text, cleaned, without empty ones."""
    return [line for part in _LINE_BREAKS.split(text) if (line := clean(part))]
