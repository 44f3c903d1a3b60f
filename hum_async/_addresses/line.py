"""Splits an address that is written on one line, or on the lines of a label.

The end is read first: country, ZIP code, state. Then the part with the house number is the street.
What stays in doubt is refused with what to write, because a wrong split would be bought.
"""

import re

import attrs

from hum_async._addresses._run_together import (
    BOX,
    direction_may_be_of_unit,
    doubtful,
    street_end,
)
from hum_async._addresses._several import line_names_several_units
from hum_async._addresses._unit_words import begins_unit, ends_in_number, is_unit, unit_end
from hum_async._addresses._usps_tables import DIRECTIONS, SUFFIXES, UNIT_PLACES, UNITS
from hum_async._addresses.characters import lines
from hum_async._addresses.encoded import decoded, encoding_left
from hum_async._addresses.places import UNITED_STATES, Spelling, not_covered, read_state, read_zip
from hum_async._addresses.states import MILITARY, TERRITORIES
from hum_async._addresses.street_lines import (
    NO_UNIT_NUMBER,
    NO_VALUE,
    SEVERAL_UNITS,
    is_address,
    lacks_unit_number,
    street_line,
)
from hum_async._addresses.zip_codes import states_of_zip
from hum_async.errors import AddressError
from hum_async.models import Address

_SEPARATORS = re.compile("[,;|\N{BULLET}\N{MIDDLE DOT}]" r"|(?<=[^\W\d])\s+[-/]\s+(?=[^\W\d])")
_IS_COUNTRY = re.compile(rf"(?i)\(?{UNITED_STATES}\)?\.?")
_ENDS_IN_COUNTRY = re.compile(rf"(?i)(.*\S)\s+\(?{UNITED_STATES}\)?\.?")
_COUNTRY_BEFORE_ZIP = re.compile(rf"(?i)(.*\S)\s+{UNITED_STATES}\s+(\d{{5}}(?:-\d{{4}})?)")
_FOREIGN = re.compile(
    r"(?i)canada|m[eé]xico|united kingdom|u\.?k\.?|great britain|england|scotland|ireland|germany"
    r"|deutschland|france|spain|espa[nñ]a|italy|italia|india|china|japan|australia|brazil|brasil"
)
_CANADIAN = re.compile(r"(?i)\b[a-z]\d[a-z] ?\d[a-z]\d$")
_CONTACT = re.compile(
    r"(?i)(?:(?:tel|phone|ph|cell|fax|mobile|email|e-mail)\b[.: ]*)?"
    r"(?:(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]*\d{3}[-. ]?\d{4}|\S+@\S+\.\w+)"
)
_ENDS_IN_CONTACT = re.compile(
    r"(?i)(.*\d{5}\b.*?)[\s.]+(?:(?:tel|phone|ph|cell|fax|mobile|e-?mail)\b[.: ]*)?"
    r"(?:(?:\+?1[-. ]?)?(?:\(\d{3}\)|\d{3}[-. ])[-. ]*\d{3}[-. ]\d{4}|\S+@\S+\.\w+)"
)
_WHOSE = r"(?:home|work|business|billing|shipping|mailing|delivery|service|physical|postal|my)"
_PLACE_LABEL = r"(?:city|town|state|zip(?: ?code)?|postal ?code|postcode)"
_LABEL = re.compile(
    rf"(?i)(?:{_WHOSE} )*(?:(?:street )?address|addr|street|{_PLACE_LABEL}|{_WHOSE}|name|country"
    r"|(?:(?:ship|bill|deliver) )?to)(?: ?(?:line )?#?[12])?\s*[:=]\s*"
)
"""What forms and mails write before a part: "Address: ", "City: "."""
_LABEL_OF_UNIT = re.compile(r"(?i)(apt|apartment|unit|suite|ste)\s*[:=]\s*(?=\S)")
_LABEL_WITHIN = re.compile(
    r"(?i)(?<=\S)\s+(?=(?:c/o|attn:?|attention:)\s)"
    rf"|(?<=\S)\s+(?={_PLACE_LABEL}\s*[:=]\s*\S|(?:country|county|phone|tel|e-?mail)\s*:)"
)
_LEFT_OUT = re.compile(r"(?i)(?:county|phone|tel|fax|e-?mail|website|company)\s*[:=].*")
_ENDS_IN_ZIP = re.compile(
    r"(?:(.*?)[\s.]*(?<![\d#-]))?(\d{5}(?:\s?-\s?\d{4}|\d{4}| \d{4})?|\d{4}|\d{5}\.0+)", re.ASCII
)
_ENDS_IN_ZIP_AND_STATE = re.compile(r".*[^\W\d]{2}\.?\s+\d{5}(?:-\d{4})?", re.ASCII)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?", re.ASCII)
_HOUSE = re.compile(
    r"(?i)(?=\S*\d)(?!\d+(?:st|nd|rd|th)\b)[A-Z]{0,2}\d[\w/-]*(?:\s+(?:&|\d/\d)\s*\S+)?"
    r"\s+(?=.*[^\W\d])"
)
"""A house number and what follows it; 42nd Street begins with none."""
_NUMBER = re.compile(r"\d[\w/-]*", re.ASCII)
_HOUSE_ALONE = re.compile(r"\d{1,6}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?", re.ASCII)
_UNIT_FIRST = re.compile(r"(?i)((?:apt|apartment|unit|ste|suite|#)\.?\s*#?\s*[\w-]+)[\s,]+(\d.*)")
_PART_OF_BUILDING = re.compile(
    r"(?i)(?:tower|wing|level|entrance|door|gate|slip|dock|cabin|stall|site|pad|phase|quad)"
    r"\s+#?(?:[a-z]|[a-z]?\d{1,4}[a-z]?)"
)
"""A part of a building with its letter or number: Tower B."""
_NUMBER_WORD = re.compile(r"(?i)(?:one|two|three|four|five|six|seven|eight|nine|ten)\s+\S+\s+\S")
_COUNTY = re.compile(r"(?i).+\s(?:county|parish)|county of .+")
_RECIPIENT = re.compile(
    r"(?i)(?:c/o|att?n|attention|care of|c\.o\.|f/?b/?o|d/?b/?a)(?:[\s:.].*)?|%\s*[a-z].*"
)
_CITY = re.compile(r"[^\W\d][^\d#(),/]*")
_URBANIZATION = re.compile(r"(?i)urb(?:anizaci[oó]n)?\b.*|(?:ext|bo|barrio|cond|res)\b\.? .+")
_STATE_WORDS = 4
_CITY_AND_STATE = {
    "NY": ("New York", ("100", "101", "102")),
    "DC": ("Washington", ("200", "202", "203", "204", "205")),
}
"""Cities that are named like their state, and how their ZIP codes begin."""
_CITIES_AROUND = {
    "NY": ("New York", ("100", "101", "102", "103", "104", "111", "112", "113", "114", "116")),
    "DC": ("Washington", ("200", "202", "203", "204", "205")),
}
"""Cities before whose name that of a borough or quarter may stand, and how their ZIPs begin."""
_BEFORE_A_PLACE = frozenset({"IN", "AT", "NEAR", "OF", "AND", "OR", "&"})
"""Words of a sentence, with which no city's name begins."""
_CITIES_LIKE_UNITS = frozenset({("STE", "GENEVIEVE"), ("STE", "MARIE")})
"""Cities that begin with the designator of a unit."""
_INDOORS = frozenset({"BSMT", "LBBY", "OFC", "PH", "REAR"})
"""Units with which no city's name begins, unlike Front Royal and Upper Marlboro."""


LONGEST = 1000
"""Characters of a line that is read at all: some steps take time with the square of its length."""


def parse_line(text: str) -> Address:
    """Split an address that is written on one line or several: ``STREET[, UNIT], CITY, STATE ZIP``.

    Lines and commas separate. City and state may be missing if there is a ZIP code. A country,
    county, telephone number and a recipient before the street are left out.

    Raises:
        AddressError: The parts are not certain, or the API does not cover the place. The message
            says what to write.
    """
    if len(text) > LONGEST:
        raise AddressError(f"a line of more than {LONGEST} characters is no address")
    if not text.strip(" ,\t\r\n"):
        raise AddressError("there is no address; write STREET, UNIT, CITY, STATE ZIP with commas")
    line = _Line(_parts(text))
    line.take_unit_behind()
    line.read_place()
    line.read_street()
    return line.address()


def parse_place(text: str) -> dict[str, str]:
    """Split a city, a state and a ZIP code, of which some may be missing.

    Returns:
        The parts that are there, as ``city``, ``state`` and ``zip``.

    Raises:
        AddressError: The parts are not certain, or the API does not cover the place.
    """
    if len(text) > LONGEST:
        raise AddressError(
            f"a line of more than {LONGEST} characters is no city, state and ZIP code"
        )
    # A state may be read like this only behind a street.
    line = _Line(["1 A St", *_parts(text)])
    line.read_place()
    line.read_city()
    parts = {"city": line.city, "state": line.state, "zip": line.zip}
    return {field: part for field, part in parts.items() if part}


def is_recipient(text: str) -> bool:
    """Whether a text names a recipient, such as "C/O Pat" and "Attn: Accounts"."""
    return _RECIPIENT.fullmatch(text.strip()) is not None


def _parts(text: str) -> list[str]:
    """Return what commas and line breaks separate, without countries and telephone numbers."""
    text = decoded(text)
    if left := encoding_left(text):
        raise AddressError(f"the line {left}")
    pieces = [
        _without_labels(piece.strip(" \"'"))
        for line in lines(text.replace("\t", ","))
        for piece in _SEPARATORS.split(_LABEL_WITHIN.sub(", ", line.strip(" \"'")))
        if not _LEFT_OUT.fullmatch(piece.strip())
    ]
    parts = [piece for piece in pieces if piece.strip(". ") and not _CONTACT.fullmatch(piece)]
    if len(parts) > 1 and (
        _FOREIGN.fullmatch(parts[-1].strip(". ")) or _CANADIAN.search(parts[-1])
    ):
        raise AddressError("the address is not in the US, and the API knows no others")
    kept = [
        part
        for at, part in enumerate(parts)
        if not (at and _IS_COUNTRY.fullmatch(part)) and not _RECIPIENT.fullmatch(part)
    ]
    if kept:
        last = kept[-1]
        if between := _COUNTRY_BEFORE_ZIP.fullmatch(last):
            kept[-1] = f"{between[1]} {between[2]}"
        elif ends := _ENDS_IN_COUNTRY.fullmatch(last):
            kept[-1] = ends[1]
    return kept


def _without_labels(part: str) -> str:
    """Return a part without the label before it, and a telephone number behind its ZIP code."""
    if unit := _LABEL_OF_UNIT.match(part):
        return f"{unit[1]} {part[unit.end() :]}"
    part = _LABEL.sub("", part, count=1) if _LABEL.match(part) else part
    ends = _ENDS_IN_CONTACT.fullmatch(part)
    return ends[1] if ends else part


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
        if self.zip and self.state and self.state not in states_of_zip(self.zip):
            raise doubtful("state and ZIP code do not belong together")

    def take_unit_behind(self) -> None:
        """Take a unit that stands behind the ZIP code: Reno NV 89501, Apt 2."""
        if len(self.parts) < 3:  # noqa: PLR2004  street, place, unit
            return
        *_, place, unit = self.parts
        designator = unit.split()[0].strip(".#").upper()
        # FL 33101 is a state with its ZIP code.
        is_certain = unit.startswith("#") or UNITS.get(designator, "FL") != "FL"
        whole = is_certain and is_unit(unit) and unit_end(unit.split()) == len(unit.split())
        if whole and _ENDS_IN_ZIP_AND_STATE.fullmatch(place):
            self.units.append(self.parts.pop())

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
        return fits and not (self.zip is None and is_unit(self.parts[-1]))

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
        self._part_unit_and_street()
        at = self._street_at()
        for part in self.parts[:at]:
            # Others are recipients and companies: no part of where a line is.
            whole = is_unit(part) and unit_end(part.split()) == len(part.split())
            # A longer number may be that of a second house.
            short = _NUMBER.fullmatch(part) and len(part) <= 2  # noqa: PLR2004  a unit's number
            if whole or short or _URBANIZATION.fullmatch(part):
                self.units.append(part)
            elif _may_be_a_unit(part):
                raise doubtful("cannot tell what stands before the street")
        self.street = self.parts[at]
        places: list[str] = []
        for part in self.parts[at + 1 :]:
            if places and not is_unit(part) and ends_in_number(part):
                # M1 behind the city is no unit.
                raise doubtful("cannot tell which part is the city")
            if not self._takes_unit(part):
                places.append(part)
        self._take_city(places)
        self._check_city()

    def _take_city(self, places: list[str]) -> None:
        """Take the city from the parts behind the street, or from the street's own words."""
        cities = [part for part in places if not _COUNTY.fullmatch(part)]
        if len(cities) > 1 and self.city is None and self._is_city_around(cities):
            cities = cities[-1:]
        if len(cities) > 1 or (cities and self.city):
            raise doubtful("cannot tell which part is the city")
        if cities:
            self.city = cities[0]
        elif self.city is None:
            self._take_city_from_street()
        self.city = self.city or self.named_city

    def _is_city_around(self, cities: list[str]) -> bool:
        """Whether the last of these is certainly the city, and the others are parts of it.

        Brooklyn, New York, NY 11201. Elsewhere the last one may be the county, as in Reno, Washoe.
        """
        city, zips = _CITIES_AROUND.get(self.state or "", ("", ()))
        return (
            bool(zips)
            and cities[-1].casefold() == city.casefold()
            and (self.zip or "").startswith(zips)
            and is_address(self.street)
            and all(_CITY.fullmatch(part) and not _may_be_a_unit(part) for part in cities)
        )

    def read_city(self) -> None:
        """Take the city where the street is known."""
        cities = [part for part in self.parts[1:] if not _COUNTY.fullmatch(part)]
        if len(cities) > 1:
            raise doubtful("cannot tell which part is the city")
        self.city = cities[0] if cities else self.named_city
        self._check_city()

    def _join_house_number(self) -> None:
        """Join a house number that a comma separates from its street."""
        for at in range(len(self.parts) - 1):
            number, following = self.parts[at : at + 2]
            # "100, Reno, NV" has no street: a city would follow it.
            complete = at + 2 < len(self.parts) or _last(following) in SUFFIXES
            if complete and _HOUSE_ALONE.fullmatch(number) and not any(map(_is_street, self.parts)):
                self.parts[at : at + 2] = [f"{number} {following}"]
                return

    def _part_unit_and_street(self) -> None:
        """Take a unit that nothing separates from the street behind it: Unit 5 123 Main St."""
        first = unit_and_street(self.parts[0]) if self.parts else None
        if first:
            self.units.append(first[0])
            self.parts[0] = first[1]

    def _street_at(self) -> int:
        found = [at for at, part in enumerate(self.parts) if _is_street(part)]
        if len(found) > 1:
            raise doubtful("two parts begin with a house number, so the street is not certain")
        if found:
            return found[0]
        boxes = [at for at, part in enumerate(self.parts) if BOX.fullmatch(part)]
        if len(boxes) == 1:
            return boxes[0]
        if self.parts and _NUMBER_WORD.match(self.parts[0]):
            return 0
        raise doubtful("no part begins with a house number, so the street is not certain")

    def _takes_unit(self, part: str) -> bool:
        """Take a unit, and the city that may follow it; return whether nothing is left."""
        words = part.split()
        if _PART_OF_BUILDING.fullmatch(part):
            self.units.append(part)
            return True
        if is_unit(part) or (len(words) == 1 and ends_in_number(part)):
            end = unit_end(words)
            if direction_may_be_of_unit(words, end):
                raise doubtful("cannot tell unit and city apart")
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
        states = frozenset({self.state}) if self.state else states_of_zip(self.zip or "")
        if self.state_in_street and not self.named_city and self._is_word_of_street():
            raise doubtful("cannot tell street and city apart")
        end = street_end(words, states)
        if end < len(words):
            self.street, self.city = " ".join(words[:end]), " ".join(words[end:])

    def _is_word_of_street(self) -> bool:
        """Whether the state behind the street may be its suffix or direction: Ct, NE."""
        word = self.state_in_street.strip(".").upper()
        return word in SUFFIXES or word in DIRECTIONS

    def _check_city(self) -> None:
        city = self.city
        if city is None:
            return
        code = city.strip(".").upper()
        # Union, NJ is a city; beside a ZIP code alone, Union may be the end of the street.
        is_word = code in DIRECTIONS or code in SUFFIXES
        if is_word and (self.state is None or len(code) <= 2):  # noqa: PLR2004  NW, St
            raise doubtful("cannot tell which part is the city")
        if not _CITY.fullmatch(city) or is_unit(city):
            raise doubtful("cannot tell which part is the city")
        words = city.split()
        if words[0].upper() in _BEFORE_A_PLACE or code in NO_VALUE:
            raise doubtful("cannot tell which part is the city")
        if _begins_as_a_unit(words) or _ends_in_unit(words):
            raise doubtful("cannot tell unit and city apart")
        for count in range(1, len(words)):
            found = read_state(" ".join(words[-count:]))
            if self.state is None and found and found[1] is not Spelling.ABBREVIATION:
                raise doubtful("state and ZIP code do not belong together")
        if len(code) == 2 and code != self.state and read_state(code):  # noqa: PLR2004  a state's code
            raise doubtful("cannot tell which part is the city")

    def address(self) -> Address:
        """Return the address.

        Raises:
            AddressError: The place is missing.
        """
        if self.zip is None and not (self.city and self.state):
            raise doubtful("a ZIP code, or a city and a state, is missing")
        found = street_line(self.street)
        if found.doubt:
            raise AddressError(f"the street {found.doubt}")
        if line_names_several_units(", ".join([self.street, *self.units])):
            raise AddressError(f"the line {SEVERAL_UNITS}")
        if any(lacks_unit_number(f"1 A ST {unit.upper()}") for unit in self.units):
            raise AddressError(f"the unit {NO_UNIT_NUMBER}")
        if self.state == "DC" and self.city is None:
            self.city = "Washington"
        return Address(
            self.street,
            street2=", ".join(self.units) or None,
            city=self.city,
            state=self.state,
            zip=self.zip,
        )


def unit_and_street(text: str) -> tuple[str, str] | None:
    """Return the unit that stands before a street, and the street; None for anything else."""
    found = _UNIT_FIRST.fullmatch(text)
    if found is None or not is_unit(found[1]) or not is_address(found[2]):
        return None
    return found[1], found[2]


def _last(text: str) -> str:
    return text.rsplit(maxsplit=1)[-1].strip(".").upper()


def _begins_as_a_unit(words: list[str]) -> bool:
    """Whether the name of a city begins with a word that is rather that of a unit."""
    first = words[0].strip(".").upper()
    if UNIT_PLACES.get(first) in _INDOORS:
        return True
    if first in UNITS:
        return (UNITS[first], words[-1].upper()) not in _CITIES_LIKE_UNITS
    # N and Y begin names of cities; other letters are units.
    return len(words) > 1 and len(words[0]) == 1 and words[0].upper() not in "NSEWY"


def _ends_in_unit(words: list[str]) -> bool:
    """Whether a unit follows the name of a city."""
    last = words[-1].strip(".():").upper()
    return (len(words) > 1 and last in UNIT_PLACES) or any(
        begins_unit(words[at:]) for at in range(1, len(words))
    )


def _may_be_a_unit(part: str) -> bool:
    words = {word.strip(".():#").upper() for word in part.split()}
    known = words & (
        UNITS.keys() | UNIT_PLACES.keys() | {"FLAT", "LEVEL", "UPSTAIRS", "DOWNSTAIRS"}
    )
    return bool(known) or bool(re.search(r"\d", part))


def _is_street(part: str) -> bool:
    return _HOUSE.match(part) is not None and not is_unit(part)
