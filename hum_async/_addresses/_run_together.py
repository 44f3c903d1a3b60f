"""Finds where the street ends in words that no comma separates from the city.

A wrong end would be bought, so what can be read in two ways is refused.
"""

import re

from hum_async._addresses._unit_words import begins_unit, is_unit, unit_end
from hum_async._addresses._usps_tables import DIRECTIONS, SUFFIXES, UNIT_PLACES, UNITS
from hum_async.errors import AddressError

BOX = re.compile(
    r"(?i)(?:(?:p\.? ?o\.?|post office|psc \w+)\s*)?box\s+#?\s*(?:[\w-]*\d[\w-]*|[a-z])"
    r"|(?:rr|rural route|hc|star route)\s*\d+\s+box\s+#?\s*[\w-]+"
)
"""A box of the post office or of a rural route."""
_PREPOSED_WORDS = """
    AVENIDA CALLE CALLEJON CAMINO CARR CARRETERA CHEMIN COTE COURS ILE ISLE PASEO RUE VEREDA
    VIA VILLA
"""
PREPOSED = frozenset(_PREPOSED_WORDS.split())
"""Words before the names of streets, which have no suffix then."""
_CERTAIN_WORDS = "ST AVE RD DR LN CT BLVD WAY PL CIR TER PKWY TRL"
_CERTAIN = frozenset(_CERTAIN_WORDS.split())
"""Suffixes with which hardly a city's name begins."""
_SURE = frozenset({"ST", "AVE", "RD", "DR", "CT", "BLVD", "PKWY", "LN", "CIR"})
"""Those with which hardly a city's name ends, unlike Federal Way and Indian Trail."""
_THROUGH = frozenset({"HWY", "PKWY", "RTE", "FWY", "EXPY", "TPKE"})
"""Suffixes behind which no other suffix stands."""
_CITIES = frozenset(
    "STREET MD,AVENUE MD,BOULEVARD CA,CIRCLE MT,CIRCLE AK,LANE OK,LANE SD,LANE SC,LANE KS,TRAIL OR,"  # noqa: SIM905  a table
    "TRAIL MN,WAY MS,PLACE NH,COURT WA".split(",")
)
"""Cities that are named like a suffix, with their states."""
_PAIRS = frozenset(
    "CIRCLE PINES,CIRCLE CITY,TERRACE PARK,TERRACE HEIGHTS,LANE CITY,AVE MARIA,AVENUE CITY,"  # noqa: SIM905  a table
    "DR PHILLIPS,TRAIL CREEK,TRAIL CITY,BOULEVARD GARDENS,BOULEVARD PARK,COURT HOUSE,ST ANN MO,"
    "ST PARIS OH".split(",")
)
"""How names of cities begin with, or hold, a suffix and one more word."""
_SAINTS_WORDS = """
    AGATHA ALBANS ANNE ANSGAR ANTHONY AUGUSTA AUGUSTINE BENEDICT BERNARD BERNICE BETHLEHEM
    BONAVENTURE BONIFACE BONIFACIUS CATHARINE CATHERINE CHARLES CLAIR CLOUD CROIX DAVID DAVIDS
    DONATUS EDWARD ELIZABETH ELMO FRANCIS FRANCISVILLE GABRIEL GEORGE GEORGES GERMAIN HEDWIG HELEN
    HELENA HELENS HENRY HILAIRE IGNACE IGNATIUS INIGOES JACOB JAMES JO JOE JOHN JOHNS JOHNSBURY
    JOSEPH JOSEPHS LANDRY LAWRENCE LEO LEON LEONARD LIBORY LOUIS LUCAS LUCIE MARIES MARKS MARTIN
    MARTINS MARTINVILLE MARY MARYS MATTHEWS MAURICE MEINRAD MICHAEL MICHAELS MICHEL NAZIANZ OLAF
    ONGE PAUL PAULS PETE PETER PETERS PETERSBURG REGIS ROBERT ROSE SIMONS STEPHEN STEPHENS THOMAS
    VINCENT VRAIN WENDEL XAVIER
"""
SAINTS = frozenset(_SAINTS_WORDS.split())
"""Names before which St means Saint."""
_FORM = "write STREET, UNIT, CITY, STATE ZIP with commas"


def doubtful(what: str) -> AddressError:
    """Return the error about a line that is in doubt, with what to write."""
    return AddressError(f"{what}: {_FORM}")


def street_end(words: list[str], states: frozenset[str]) -> int:
    """Return how many of the words are the street and its unit; the others are the city.

    Args:
        words: The words of a part that begins with a house number, or of a box.
        states: The states in which the city may be.

    Raises:
        AddressError: They can be read in two ways.
    """
    unit = next((at for at in range(2, len(words)) if begins_unit(words[at:])), None)
    if unit is not None:
        end = unit + unit_end(words[unit:])
        if end < len(words):
            return _with_city(words, end, states)
        if _is_street(words[:unit], states):
            return end
        raise doubtful("cannot tell street and city apart")
    ends = [at for at, word in enumerate(words[:-1]) if at > 1 and _suffix(word) in _CERTAIN]
    splits = [end for at in ends if (end := _end_after(words, at)) < len(words)]
    if len(splits) == 1 and len(ends) == 1:
        return _with_city(words, splits[0], states)
    if splits or not _is_street(words, states):
        raise doubtful("cannot tell street and city apart")
    return len(words)


def _with_city(words: list[str], end: int, states: frozenset[str]) -> int:
    """Return where the city begins, if it certainly begins there."""
    first = _plain(words[end])
    if first in DIRECTIONS and _suffix(words[end - 1]):
        raise doubtful("cannot tell whether the direction belongs to the street or to the city")
    before = _plain(words[end - 1])
    if before == "ST" and end > 1 and _plain(words[end - 2]) in PREPOSED:
        # Rue St Ann
        raise doubtful("cannot tell street and city apart")
    if direction_may_be_of_unit(words, end):
        raise doubtful("cannot tell unit and city apart")
    names = {f"{before} {first}", *(f"{before} {first} {state}" for state in states)}
    if first in UNIT_PLACES or first in SAINTS or names & _PAIRS:
        raise doubtful("cannot tell street and city apart")
    return end


def direction_may_be_of_unit(words: list[str], end: int) -> bool:
    """Whether a direction between unit and city may belong to either: Apt N Las Vegas, #2 N Bergen.

    Args:
        words: A unit and what stands around it.
        end: Where the city begins.
    """
    if not 0 < end < len(words):
        return False
    before, first = _plain(words[end - 1]), _plain(words[end])
    designator = _plain(words[end - 2]) if end > 1 else ""
    if len(before) == 1 and before in DIRECTIONS and designator in UNITS:
        return True
    numbered = before.lstrip("#").isdecimal() and (
        before.startswith("#") or designator in UNITS or designator == "#"
    )
    return numbered and len(first) == 1 and first in DIRECTIONS and end + 1 < len(words)


def _end_after(words: list[str], at: int) -> int:
    """Return where the street ends whose suffix is at this place, with direction and unit."""
    end = at + 1
    if end < len(words) and words[end].replace(".", "").upper() in {"NE", "NW", "SE", "SW"}:
        end += 1
    return end + unit_end(words[end:]) if words[end:] and is_unit(" ".join(words[end:])) else end


def _is_street(words: list[str], states: frozenset[str]) -> bool:
    """Whether words are a street for certain, and no city follows in them."""
    last = _plain(words[-1])
    if BOX.fullmatch(" ".join(words)) or len(words) <= 2:  # noqa: PLR2004  100 Broadway
        return True
    if last in UNIT_PLACES and last not in SUFFIXES:
        return _is_street(words[:-1], states)
    if last in DIRECTIONS:
        # North, SC and West, TX are cities; N and W are none.
        return len(last) <= 2 and bool(_suffix(words[-2]) or re.search(r"\d", words[-2]))  # noqa: PLR2004  NW
    if last in SUFFIXES:
        return _ends_in_suffix(words, last, states)
    if len(last) == 1 or re.search(r"\d", last):
        return True
    return _plain(words[1]) in PREPOSED and len(words) == 3  # noqa: PLR2004  12 Calle Luna


def _ends_in_suffix(words: list[str], last: str, states: frozenset[str]) -> bool:
    """Whether a suffix at the end is that of the street, and no city of its name."""
    if any(f"{last} {state}" in _CITIES for state in states):
        return False
    name = [word for word in map(_plain, words[1:-1]) if word not in DIRECTIONS]
    if any(SUFFIXES.get(word) in _THROUGH or word in PREPOSED for word in name):
        return False
    if any(SUFFIXES.get(word) in _CERTAIN for word in name[1:]):
        return False
    short = SUFFIXES[last]
    return short in _SURE or (short in _CERTAIN and len(name) <= 1)


def _plain(word: str) -> str:
    return word.strip(".()").upper()


def _suffix(word: str) -> str | None:
    """Return the abbreviation of a suffix; None for any other word."""
    return SUFFIXES.get(_plain(word))
