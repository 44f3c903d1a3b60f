"""Splits an address that is written on one line, or on the lines of a label.

The end is read first: country, ZIP code, state. Then the part with the house number is the street.
What stays in doubt is refused with what to write, because a wrong split would be bought.
"""

import re
from typing import NoReturn

import attrs

from hum_async._addresses._usps_tables import DIRECTIONS, ORDINALS, SUFFIXES, UNIT_PLACES, UNITS
from hum_async._addresses.characters import lines
from hum_async._addresses.places import (
    MILITARY,
    TERRITORIES,
    Spelling,
    not_covered,
    read_state,
    read_zip,
    states_of_zip,
)
from hum_async.errors import AddressError
from hum_async.models import Address

_FORM = "write STREET, UNIT, CITY, STATE ZIP with commas"
_SEPARATORS = re.compile("[,;|\N{BULLET}\N{MIDDLE DOT}]" r"|(?<=[^\W\d])\s+[-/]\s+(?=[^\W\d])")
_COUNTRY = r"(?:u\.? ?s\.? ?a\.?|u\.? ?s\.?|united states(?: of america)?)"
_IS_COUNTRY = re.compile(rf"(?i)\(?{_COUNTRY}\)?\.?")
_ENDS_IN_COUNTRY = re.compile(rf"(?i)(.*\S)\s+\(?{_COUNTRY}\)?\.?")
_COUNTRY_BEFORE_ZIP = re.compile(rf"(?i)(.*\S)\s+{_COUNTRY}\s+(\d{{5}}(?:-\d{{4}})?)")
_FOREIGN = re.compile(r"(?i)canada|mexico|m[eé]xico|united kingdom|uk|england|germany|france|india")
_CANADIAN = re.compile(r"(?i)\b[a-z]\d[a-z] ?\d[a-z]\d$")
_CONTACT = re.compile(
    r"(?i)(?:(?:tel|phone|ph|cell|fax|mobile|email|e-mail)\b[.: ]*)?"
    r"(?:(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]*\d{3}[-. ]?\d{4}|\S+@\S+\.\w+)"
)
_ENDS_IN_ZIP = re.compile(
    r"(?:(.*?)[\s.]*(?<![\d#-]))?(\d{5}(?:\s?-\s?\d{4}|\d{4}| \d{4})?|\d{4}|\d{5}\.0+)", re.ASCII
)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?", re.ASCII)
_HOUSE = re.compile(r"(?i)(?=\S*\d)[A-Z]{0,2}\d[\w/-]*(?:\s+(?:&|\d/\d)\s*\S+)?\s+(?=.*[^\W\d])")
_NUMBER = re.compile(r"\d[\w/-]*", re.ASCII)
_NUMBER_WORD = re.compile(r"(?i)(?:one|two|three|four|five|six|seven|eight|nine|ten)\s+\S+\s+\S")
_BOX = re.compile(
    r"(?i)(?:(?:p\.? ?o\.?|post office|psc \w+)\s*)?box\s+\w+"
    r"|(?:rr|rural route|hc|star route)\s*\d+\s+box\s+\w+"
)
_COUNTY = re.compile(r"(?i).+\s(?:county|parish)|county of .+")
_RECIPIENT = re.compile(r"(?i)(?:c/o|att?n|attention|care of|c\.o\.)(?:[\s:.].*)?")
_CITY = re.compile(r"[^\W\d][^\d#(),/]*")
_URBANIZATION = re.compile(r"(?i)urb(?:anizaci[oó]n)?\b.*|(?:ext|bo|barrio|cond|res)\b\.? .+")
_PREPOSED_WORDS = "AVENIDA CALLE CAMINO CARR PASEO RUE VIA"
_PREPOSED = frozenset(_PREPOSED_WORDS.split())
"""Words before the names of streets, which have no suffix then."""
_CERTAIN_WORDS = "ST AVE RD DR LN CT BLVD WAY PL CIR TER PKWY TRL"
_CERTAIN_SUFFIXES = frozenset(_CERTAIN_WORDS.split())
"""Suffixes with which hardly a city's name begins or ends."""
_ENDS_OF_CITIES_WORDS = """
    BCH BLF BLFS CRK CTR CV FLD FLS FRD FRST FT GDNS GLN GRV HBR HL HLS HTS HVN IS JCT LK LKS
    MDWS MLS MT PARK PLN PLNS PR PRT PT RDG RIV RPDS SHR SHRS SPG SPGS STA UN VIS VLG VLY VW
"""
_ENDS_OF_CITIES = frozenset(_ENDS_OF_CITIES_WORDS.split())
_SAINTS_WORDS = """
    ALBANS ANNE ANTHONY AUGUSTINE BERNARD CHARLES CLAIR CLOUD FRANCIS GEORGE HELENA HELENS
    IGNACE JAMES JOE JOHN JOHNS JOSEPH LOUIS MARTINVILLE MARY MARYS MATTHEWS MICHAEL PAUL PETER
    PETERS PETERSBURG ROBERT SIMONS STEPHEN STEPHENS THOMAS
"""
_SAINTS = frozenset(_SAINTS_WORDS.split())
"""Names before which St means Saint."""
_STATE_WORDS = 4
_CITY_AND_STATE = {
    "NY": ("New York", ("100", "101", "102")),
    "DC": ("Washington", ("200", "202", "203", "204", "205")),
}
"""Cities that are named like their state, and how their ZIP codes begin."""
_INDOORS = frozenset({"BSMT", "LBBY", "OFC", "PH", "REAR"})
"""Units with which no city's name begins, unlike Front Royal and Upper Marlboro."""


def parse_line(text: str) -> Address:
    """Split an address that is written on one line or several: ``STREET[, UNIT], CITY, STATE ZIP``.

    Lines and commas separate. City and state may be missing if there is a ZIP code. A country,
    county, telephone number and a recipient before the street are left out.

    Raises:
        AddressError: The parts are not certain, or the API does not cover the place. The message
            says what to write.
    """
    line = _Line(_parts(text))
    line.read_place()
    line.read_street()
    return line.address()


def _doubt(what: str) -> NoReturn:
    raise AddressError(f"{what}: {_FORM}")


def _parts(text: str) -> list[str]:
    """Return what commas and line breaks separate, without countries and telephone numbers."""
    pieces = [
        piece.strip(" \"'")
        for line in lines(text.replace("\t", ","))
        for piece in _SEPARATORS.split(line.strip(" \"'"))
    ]
    parts = [piece for piece in pieces if piece.strip(". ")]
    if len(parts) > 1 and (
        _FOREIGN.fullmatch(parts[-1].strip(". ")) or _CANADIAN.search(parts[-1])
    ):
        raise AddressError("the address is not in the US, and the API knows no others")
    kept = [
        part
        for at, part in enumerate(parts)
        if not (at and _IS_COUNTRY.fullmatch(part))
        and not (_CONTACT.fullmatch(part) or _RECIPIENT.fullmatch(part))
    ]
    if kept:
        last = kept[-1]
        if between := _COUNTRY_BEFORE_ZIP.fullmatch(last):
            kept[-1] = f"{between[1]} {between[2]}"
        elif ends := _ENDS_IN_COUNTRY.fullmatch(last):
            kept[-1] = ends[1]
    return kept


@attrs.define
class _Line:
    """An address while it is read, from its end to its beginning."""

    parts: list[str]
    zip: str | None = None
    state: str | None = None
    city: str | None = None
    street: str = ""
    units: list[str] = attrs.field(factory=list)
    state_in_street: str = ""
    named_city: str | None = None

    # --- the place: from the end ------------------------------------------------------------------

    def read_place(self) -> None:
        """Take ZIP code and state from the end, in either order."""
        self._take_zip()
        self._take_state()
        if self.zip is None:
            self._take_zip()
        if self.zip is None:
            self._take_zip_between()
        self._refuse_uncovered()

    def _take_zip(self) -> None:
        if not self.parts:
            return
        last = self.parts[-1].rstrip(". ")
        found = _ENDS_IN_ZIP.fullmatch(last)
        if found is None:
            return
        before, digits = (found[1] or "").rstrip(" ."), re.sub(r"\s*-\s*", "-", found[2])
        if (not before and len(self.parts) == 1) or self._is_no_zip(before):
            return
        zip_code = digits if _ZIP.fullmatch(digits) else read_zip(digits)
        if zip_code is None or (len(digits) == 4 and not self._fits(before, zip_code)):  # noqa: PLR2004  a lost zero
            return
        self.zip = zip_code
        self.parts[-1:] = [before] if before else []

    def _fits(self, before: str, zip_code: str) -> bool:
        """Whether four digits follow the state that a zero before them would belong to."""
        written = before or (self.parts[-2] if len(self.parts) > 1 else "")
        words = written.split()
        found = (read_state(" ".join(words[-count:])) for count in range(1, len(words) + 1))
        return any(state and state[0] in states_of_zip(zip_code) for state in found)

    def _is_no_zip(self, before: str) -> bool:
        """Whether a number is that of a unit, box or road."""
        word = before.rsplit(maxsplit=1)[-1].strip(".#:").upper() if before else ""
        # FL is Florida here: no floor has five digits.
        is_unit = before.endswith("#") or (word in UNITS and word != "FL")
        if is_unit or word in {"BOX", "NO", "NUMBER", "US"}:
            return True
        is_road = SUFFIXES.get(word) in {"HWY", "RTE", "RD"}
        return is_road and len(before.split()) <= 3 and len(self.parts) == 1  # noqa: PLR2004  100 County Road

    def _take_state(self) -> None:
        if not self.parts:
            return
        words = self.parts[-1].rstrip(". ").split()
        is_street = len(self.parts) == 1
        for count in range(min(len(words), _STATE_WORDS), 0, -1):
            if is_street and count == len(words):
                continue
            written = " ".join(words[-count:])
            found = read_state(written)
            if found and self._is_state(*found, written=written, whole=count == len(words)):
                self.state = found[0]
                self.state_in_street = written if is_street else ""
                self._name_city(found[0], written)
                rest = words[:-count]
                self.parts[-1:] = [" ".join(rest)] if rest else []
                return

    def _is_state(self, code: str, spelling: Spelling, *, written: str, whole: bool) -> bool:
        fits = self.zip is None or code in states_of_zip(self.zip)
        if code in MILITARY | TERRITORIES:
            return spelling is not Spelling.ABBREVIATION and (whole or written.isupper())
        if whole and len(self.parts) > 1:
            if spelling is Spelling.CODE:
                # Not the direction of "1 Main St, NE" or the court of "1 Oak, Ct".
                return fits or len(self.parts) > 2  # noqa: PLR2004  street, city, state
            # "Washington" beside a ZIP code of DC, and "1 Main St, New York", may be cities.
            return fits and (self.zip is not None or len(self.parts) > 2)  # noqa: PLR2004  as above
        if spelling is Spelling.ABBREVIATION or len(self.parts) == 1:
            certain = self.zip is not None or (written.isupper() and len(written) == 2)  # noqa: PLR2004  a code
            return fits and certain
        # "Apt ME" and "Lot NE" name a unit.
        return fits and not (self.zip is None and _is_unit(self.parts[-1]))

    def _name_city(self, code: str, written: str) -> None:
        """Remember the city of a text that may name both, such as Washington DC and New York."""
        city, zips = _CITY_AND_STATE.get(code, ("", ()))
        names_it = bool(city) and written.casefold().startswith(city.casefold())
        if names_it and self.zip is not None and self.zip.startswith(zips):
            self.named_city = city

    def _take_zip_between(self) -> None:
        """Take a ZIP code that is a part of its own between street and state."""
        for part in self.parts[1:]:
            if _ZIP.fullmatch(part) and self.state in states_of_zip(part):
                self.zip = part
                self.parts.remove(part)
                return

    def _refuse_uncovered(self) -> None:
        outside = MILITARY | TERRITORIES
        if self.state in outside:
            raise AddressError(not_covered("state", self.state or ""), "state")
        if any(re.fullmatch(r"(?i)[afd]\.?p\.?o\.?", part) for part in self.parts):
            raise AddressError(not_covered("state", "AE"), "state")
        states = states_of_zip(self.zip) if self.zip else frozenset()
        if states and states <= outside:
            raise AddressError(not_covered("zip", min(states)), "zip")

    # --- the street: the part with the house number -----------------------------------------------

    def read_street(self) -> None:
        """Take the street, the units around it and the city behind it."""
        self._join_house_number()
        at = self._street_at()
        for part in self.parts[:at]:
            # Others are recipients and companies: no part of where a line is.
            if _is_unit(part) or _NUMBER.fullmatch(part) or _URBANIZATION.fullmatch(part):
                self.units.append(part)
            elif _may_be_a_unit(part):
                _doubt("cannot tell what stands before the street")
        self.street = self.parts[at]
        places = [part for part in self.parts[at + 1 :] if not self._takes_unit(part)]
        cities = [part for part in places if not _COUNTY.fullmatch(part)]
        if len(cities) > 1 or (cities and self.city):
            _doubt("cannot tell which part is the city")
        if cities:
            self.city = cities[0]
        elif self.city is None:
            self._take_city_from_street()
        self.city = self.city or self.named_city
        self._check_city()

    def _join_house_number(self) -> None:
        """Join a house number that a comma separates from its street."""
        for at in range(len(self.parts) - 1):
            number, following = self.parts[at : at + 2]
            if _NUMBER.fullmatch(number) and not any(map(_is_street, self.parts)):
                self.parts[at : at + 2] = [f"{number} {following}"]
                return

    def _street_at(self) -> int:
        found = [at for at, part in enumerate(self.parts) if _is_street(part)]
        if len(found) > 1:
            _doubt("two parts begin with a house number, so the street is not certain")
        if found:
            return found[0]
        boxes = [at for at, part in enumerate(self.parts) if _BOX.fullmatch(part)]
        if len(boxes) == 1:
            return boxes[0]
        if self.parts and _NUMBER_WORD.match(self.parts[0]):
            return 0
        _doubt("no part begins with a house number, so the street is not certain")

    def _takes_unit(self, part: str) -> bool:
        """Take a unit, and the city that may follow it; return whether nothing is left."""
        words = part.split()
        if _is_unit(part) or (len(words) == 1 and _ends_in_number(part)):
            end = _unit_end(words)
            if end < len(words) and self.city is None:
                self.units.append(" ".join(words[:end]))
                self.city = " ".join(words[end:])
            else:
                self.units.append(part)
            return True
        return False

    def _take_city_from_street(self) -> None:
        """Split a street and a city that no comma separates."""
        words = self.street.split()
        unit = next((at for at in range(2, len(words)) if _begins_unit(words[at:])), None)
        if unit is not None and _ends_as_a_street(words[:unit]):
            end = unit + _unit_end(words[unit:])
            if end < len(words):
                self.street, self.city = " ".join(words[:end]), " ".join(words[end:])
            return
        ends = [
            at
            for at, word in enumerate(words[:-1])
            if at > 1 and SUFFIXES.get(word.strip(".").upper()) in _CERTAIN_SUFFIXES
        ]
        splits = [end for end in map(lambda at: _street_end(words, at), ends) if end < len(words)]  # noqa: C417
        if len(splits) == 1 and len(ends) == 1:
            end = splits[0]
            first = words[end].strip(".").upper()
            if first in DIRECTIONS:
                _doubt("cannot tell whether the direction belongs to the street or to the city")
            if first in UNIT_PLACES or first in _SAINTS:
                _doubt("cannot tell street and city apart")
            self.street, self.city = " ".join(words[:end]), " ".join(words[end:])
        elif splits or not _ends_as_a_street(words) or not self._is_whole_street(words):
            _doubt("cannot tell street and city apart")

    def _is_whole_street(self, words: list[str]) -> bool:
        """Whether what follows a street without a city is a state, and no Court or Northeast."""
        if not self.state_in_street or self.named_city:
            return True
        word = self.state_in_street.strip(".").upper()
        is_state = word not in SUFFIXES and word not in DIRECTIONS
        return is_state and len(words) > 2 and words[-1].strip(".").upper() in SUFFIXES  # noqa: PLR2004  number, name

    def _check_city(self) -> None:
        city = self.city
        if city is None:
            return
        code = city.strip(".").upper()
        # Union, NJ is a city; beside a ZIP code alone, Union may be the end of the street.
        is_word = code in DIRECTIONS or code in SUFFIXES
        if is_word and (self.state is None or len(code) <= 2):  # noqa: PLR2004  NW, St
            _doubt("cannot tell which part is the city")
        if not _CITY.fullmatch(city) or _is_unit(city):
            _doubt("cannot tell which part is the city")
        words = city.split()
        if UNIT_PLACES.get(words[0].strip(".").upper()) in _INDOORS:
            _doubt("cannot tell unit and city apart")
        for count in range(1, len(words)):
            found = read_state(" ".join(words[-count:]))
            if self.state is None and found and found[1] is not Spelling.ABBREVIATION:
                _doubt("state and ZIP code do not belong together")
        if len(code) == 2 and code != self.state and read_state(code):  # noqa: PLR2004  a state's code
            _doubt("cannot tell which part is the city")

    def address(self) -> Address:
        """Return the address.

        Raises:
            AddressError: The place is missing.
        """
        if self.zip is None and not (self.city and self.state):
            _doubt("a ZIP code, or a city and a state, is missing")
        if self.state == "DC" and self.city is None:
            self.city = "Washington"
        return Address(
            self.street,
            street2=", ".join(self.units) or None,
            city=self.city,
            state=self.state,
            zip=self.zip,
        )


def _may_be_a_unit(part: str) -> bool:
    words = {word.strip(".():#").upper() for word in part.split()}
    known = words & (
        UNITS.keys() | UNIT_PLACES.keys() | {"FLAT", "LEVEL", "UPSTAIRS", "DOWNSTAIRS"}
    )
    return bool(known) or bool(re.search(r"\d", part))


def _is_street(part: str) -> bool:
    return _HOUSE.match(part) is not None and not _is_unit(part)


def _is_unit(part: str) -> bool:
    """Whether a part names a unit: Apt 4, # 4B, 4th Floor, Rear."""
    words = [word.strip(".():").upper() for word in part.replace("#", " # ").split()]
    if not words:
        return False
    first = words[0]
    if first == "#" or (first in UNIT_PLACES and len(words) == 1):
        return True
    if first in UNITS:
        return len(words) > 1 and (
            words[1] == "#"
            or len(words[1]) == 1
            or bool(re.search(r"\d", words[1]))
            or (len(words) == 2 and UNITS[first] in {"APT", "UNIT", "STE"})  # noqa: PLR2004  Apt REAR
        )
    return len(words) == 2 and UNITS.get(words[1]) == "FL" and _is_ordinal(first)  # noqa: PLR2004  4th Floor


def _begins_unit(words: list[str]) -> bool:
    """Whether a unit with its number begins here, whatever follows it."""
    first = words[0].strip(".").upper()
    if first in UNITS or first.startswith("#"):
        return _is_unit(" ".join(words[:3])) and (
            len(words) == 1 or words[1].upper() not in SUFFIXES
        )
    return len(words) > 1 and _is_unit(" ".join(words[:2])) and _is_ordinal(first)


def _is_ordinal(word: str) -> bool:
    return word in ORDINALS or re.fullmatch(r"\d+(?:ST|ND|RD|TH)?", word) is not None


def _ends_in_number(word: str) -> bool:
    """Whether a word is a unit without its designator: 4, 4B, B4, 12-A."""
    return re.fullmatch(r"(?=\S*\d)[A-Z]?-?\d{1,4}-?[A-Z]?", word, re.IGNORECASE) is not None


def _unit_end(words: list[str]) -> int:
    """Return how many words at the beginning name units; the rest may be a city."""
    end = 0
    while end < len(words):
        word = words[end].strip(".").upper()
        if word.startswith("#"):
            end += 1 if len(word) > 1 else 2
        elif word in UNITS and end + 1 < len(words):
            end += 3 if words[end + 1] == "#" else 2
        elif UNITS.get(words[end + 1].strip(".").upper() if end + 1 < len(words) else "") == "FL":
            end += 2
        elif end == 0 and len(words) == 1:
            end += 1
        else:
            break
    return min(end, len(words))


def _street_end(words: list[str], at: int) -> int:
    """Return where the street ends whose suffix is at this place, with direction and unit."""
    end = at + 1
    if end < len(words) and words[end].replace(".", "").upper() in {"NE", "NW", "SE", "SW"}:
        end += 1
    return end + _unit_end(words[end:]) if words[end:] and _is_unit(" ".join(words[end:])) else end


def _ends_as_a_street(words: list[str]) -> bool:
    """Whether a part that stands alone is a street, and no city follows in it."""
    last = words[-1].strip(".()").upper()
    if len(words) <= 2 or last in DIRECTIONS or len(last) == 1:  # noqa: PLR2004  100 Broadway
        return True
    if last in SUFFIXES:
        return len(words) == 3 or SUFFIXES[last] not in _ENDS_OF_CITIES  # noqa: PLR2004  100 Rancho Vista
    if re.search(r"\d", last) or last in UNIT_PLACES or last in UNITS:
        return True
    is_preposed = words[1].strip(".").upper() in _PREPOSED and len(words) == 3  # noqa: PLR2004  12 Calle Luna
    return is_preposed or bool(_BOX.fullmatch(" ".join(words)))
