"""ZIP codes as text, and the states that they belong to."""

from functools import cache

# The states of ZIP codes by their first three digits (USPS publication 65, list L002). Numbers
# without a post office between two numbers of one state count as numbers of that state.
_ZIPS = """
005 NY, 006-007 PR, 008 VI, 009 PR, 010-027 MA, 028-029 RI, 030-038 NH, 039-049 ME, 050-054 VT,
055 MA, 056-059 VT, 060-062 CT, 063 CT NY, 064-069 CT, 070-089 NJ, 090-099 AE, 100-149 NY,
150-196 PA, 197-199 DE, 200 DC, 201 VA, 202-204 DC, 205 DC MD VA, 206-219 MD, 220-246 VA,
247-268 WV, 270-289 NC, 290-299 SC, 300-319 GA, 320-339 FL, 340 AA, 341-349 FL, 350-369 AL,
370-385 TN, 386-397 MS, 398-399 GA, 400-427 KY, 430-459 OH, 460-479 IN, 480-499 MI, 500-528 IA,
530-549 WI, 550-567 MN, 569 DC, 570-577 SD, 580-588 ND, 590-599 MT, 600-629 IL, 630-658 MO,
660-679 KS, 680-693 NE, 700-714 LA, 716-725 AR, 726 AR MO, 727-729 AR, 730-732 OK, 733 TX,
734-738 OK, 739 OK TX, 740-749 OK, 750-799 TX, 800-816 CO, 820-831 WY, 832-833 ID, 834 ID WY,
835-838 ID, 840-847 UT, 850-865 AZ, 870-884 NM, 885 TX, 888 DC, 889-898 NV, 900-961 CA, 962-966 AP,
967 AS HI, 968 HI, 969 FM GU MH MP PW, 970-979 OR, 980-994 WA, 995-999 AK
"""
_ZIP_DIGITS = 5
_NOWHERE: frozenset[str] = frozenset()


def zip_of_digits(digits: str) -> str:
    """Return the ZIP code of at most nine digits, with the zeros that it lost as a number."""
    if len(digits) <= _ZIP_DIGITS:
        return digits.zfill(_ZIP_DIGITS)
    digits = digits.zfill(_ZIP_DIGITS + 4)
    return f"{digits[:_ZIP_DIGITS]}-{digits[_ZIP_DIGITS:]}"


def states_of_zip(zip_code: str) -> frozenset[str]:
    """Return the states that a ZIP code can belong to; an empty set if there is no such code."""
    return _by_prefix().get(zip_code[:3], _NOWHERE)


@cache
def _by_prefix() -> dict[str, frozenset[str]]:
    # Made when it is first needed: a client that only polls never asks.
    found = {}
    for entry in _ZIPS.split(","):
        span, *states = entry.split()
        first, _, last = span.partition("-")
        for number in range(int(first), int(last or first) + 1):
            found[f"{number:03}"] = frozenset(states)
    return found
