"""Undoes what web pages, web addresses and spreadsheets make of a text that passes through them."""

import html
import re
from urllib.parse import unquote, unquote_plus

_ENTITY = re.compile(r"&(?:#\d{2,7}|#x[0-9a-f]{2,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_PERCENT = re.compile(r"%(?:[01]|20|2[1-9A-F]|[3-9A-F][0-9A-F])", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br ?/?|/p|/div|/li)>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:[a-z][a-z0-9]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_EXCEL = re.compile(r"_x00(?:0[9AD]|1F|7F|A0)_", re.IGNORECASE)
_ESCAPED = re.compile(r"(?:\\r)?\\n(?=[A-Z\d]|$)|\\[rt](?=[A-Z\d]|$)", re.ASCII)
_GARBLED = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u2122]")
"""A letter that begins a character of UTF-8, and one that goes on with it, in Windows-1252."""
_MOST = 3
"""How often a text may have been encoded: `&amp;amp;` is `&` twice."""


def decoded(text: str) -> str:
    """Return a text without HTML entities, escaped line breaks, and percent-encoding.

    Letters that are UTF-8 and were read as Windows-1252, as in "CaÃ±on", are read right.
    What is only partly encoded, such as ``50% off``, stays as it is.
    """
    if "&" in text:
        for _ in range(_MOST):
            if not _ENTITY.search(text):
                break
            text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    if "<" in text:
        text = _BREAK.sub("\n", text).strip("\n")
    if "_x00" in text:
        text = _EXCEL.sub("\n", text).strip("\n")
    if "\\" in text:
        text = _ESCAPED.sub("\n", text).strip("\n")
    if not text.isascii() and _GARBLED.search(text):
        text = _read_as_utf8(text)
    if "%" in text and not any(letter.isspace() for letter in text) and _PERCENT.search(text):
        try:
            plus = "+" in text and "%20" not in text
            text = (unquote_plus if plus else unquote)(text, errors="strict")
        except UnicodeDecodeError:
            return text
    return text


def _read_as_utf8(text: str) -> str:
    try:
        return text.encode("cp1252").decode()
    except UnicodeError:
        return text


def encoding_left(text: str) -> str | None:
    """Return what a decoded text still holds of an encoding; None for nothing."""
    if "<" in text and _TAG.search(text):
        return "holds tags of HTML: keep the text alone"
    if "%" in text and _PERCENT.search(text):
        return "is percent-encoded, as in the address of a web page: decode it"
    words = text.split("+")
    if len(words) > 2 and not any(letter.isspace() for letter in text):  # noqa: PLR2004  100+Main+St
        return "has plus signs for spaces, as in the address of a web page: decode it"
    if "&" in text and _ENTITY.search(text):
        return "holds an entity of HTML that is none: write the character"
    return None
