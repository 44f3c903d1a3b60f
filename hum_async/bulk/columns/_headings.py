"""Reads the headings of columns: the part of an address that each names, and whose it is."""

import re
from collections.abc import Iterator, Sequence

import attrs

from hum_async.bulk.columns._spellings import Part, part_of, part_of_cut

_GROUPS = {
    "service": """
        service serviced servicelocation serv svc svcloc install installation premise
        premises prem
    """,
    "site": """
        situs site sitelocation siteaddr location loc physical phys phy facility job jobsite
        worksite practice
    """,
    "property": "property prop parcel listing building bldg",
    "residence": """
        residence residential resident res reg registration regis legal domicile voter
    """,
    "billing": "billing billto bill invoice",
    "shipping": "shipping shipto ship delivery deliverto",
    "mailing": "mailing mailingaddr mail mlg mlng postalmail correspondence",
    "owner": "owner own owners ownr taxpayer taxbill taxmail",
    "home": "home",
    "work": "work business bus company office employer org organization headquarters hq",
    "other": """
        other alternate alternative alt secondaryaddress temporary temp previous prior
        former old
    """,
    "primary": "primary permanent perm current main default preferred",
    "customer": """
        customer cust client account acct subscriber contact person member patient student
        donor user applicant household provider
    """,
    "from": "from origin pickup sender source",
    "to": "to destination dest dropoff receiver recipient",
}
"""Words that say whose address it is, by group; where two are in one heading, the first group."""
_GROUP_OF = {word: group for group, words in _GROUPS.items() for word in words.split()}
_GROUP_WORDS = sorted(_GROUP_OF, key=len, reverse=True)
_ORDER = list(_GROUPS)
_LETTERS = {
    "s": "site", "l": "site", "r": "residence", "p": "property", "b": "billing", "m": "mailing",
    "o": "owner",
}  # fmt: skip
"""Groups that a table marks by a first letter: SADDR, SCITY, MADDR, MCITY."""
_OF_ADDRESS = re.compile(r"(?i)(?<=\w)[\s_-]+of[\s_-]+(?:the[\s_-]+)?address\s*$")
_DBF_NAME = 10
"""Letters to which the tables of shapefiles cut a heading: HOUSENUMBE, STREETSUFF."""
LOCATED = ("service", "site", "property", "residence")
"""Groups of addresses where a building stands, the surest first."""

ELSEWHERE = frozenset({"billing", "mailing", "owner", "other", "work", "from", "to"})
"""Groups whose addresses are often elsewhere than the one that is meant."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEUTRAL_HEADS = ("address1", "address", "addr1", "addr", "add", "the", "text", "txt", "cde")
_NEUTRAL_TAILS = ("usps", "desc", "text", "txt", "value", "field", "name", "full", "1")
"""Words that add nothing where the rest names a part: ``addr:postcode``, ``zipcode_1``."""
_HEADS = (*_GROUP_WORDS, *_NEUTRAL_HEADS)
_TAILS = (*_GROUP_WORDS, *_NEUTRAL_TAILS)
_WEAK = _words(
    "number num nbr no x y id suffix prefix type sec iso suf sfx dir direction half str st"
)
"""Headings that mean a part of an address only where nothing else stands beside them."""
_OF_PLACES = _words(
    "billing shipping mailing mail service situs site physical phys phy res residence residential "
    "home owner own prop loc location"
)
_UNIT_WORDS = _words("apt apartment apartments suite ste unit secondary occupancy flat lot space")
_UNIT_HINTS = (_UNIT_WORDS - {"lot", "space", "flat"}) | _words(
    "berth stall cabin cottage casita bungalow "
    "door trailer slip hangar department dept office key pad bay dwelling residence desk"
)
_BESIDE_UNIT = _words(
    "no num nbr number id or and optional etc if any other building bldg floor fl room rm line 2 "
    "address designation the applicable s condo condominium if"
)
_STREET_NAMES = _words("name nam nm st str strt street road rd base")
_HOUSE_WORDS = _words("house hse street civic")
_NUMBER_WORDS = _words("no num nbr nr number #")
_INSIDE_HINTS = _UNIT_HINTS | _words(
    "room rm site homesite campsite lot space internal interior int villa story storey floor level "
    "phase side block doorbell buzzer complex entrance entry pier loc location building bldg tower "
    "wing studio condo condominium townhouse duplex chalet stair staircase gate door "
    "mailbox box townhome"
)
_MEASURES = _words("measure measures uom measurement")
_ADDED_WORDS = _words(
    "alpha letter suffix suf sfx ext extension add added addition addon modifier mod half sub rear"
)
_OTHER_THINGS = _words(
    "gender sex party age grade level priority rank group tier version batch route book page map "
    "shift team plan zone district precinct ward initial middle mi rating credit "
    "variant quarter product sku model seat territory region company brand stage round key "
    "month day week hour minute time children child kids adults people persons occupants headcount "
    "bedrooms bedroom bed bath baths bathrooms bathroom rooms stories storeys floors acres stars "
    "qty quantity amount amt balance due fee cost paid total subtotal sum discount percent pct "
    "visits calls orders items pieces pcs weight height width length depth distance miles km "
    "temp temperature reading read meter usage kwh speed mbps score points scores votes turnout "
    "category cat kind segment cluster list lot parcel apn seq sequence index idx row line record "
    "rec objectid fid oid pk uid uuid guid serial barcode code cycle period term attempt trip "
    "latitude longitude lat lon lng x y z elevation timezone tz fips tract county geoid msa "
    "vehicles pets dogs cats tenure duration days months years born birth dob grade class "
    "measure uom built download upload role code active enabled valid verified"
)
_SAYS_NOTHING = re.compile(
    r"(?i)(?:f|c|x|v|col|column|field|fld|var|unnamed|attr|attribute|untitled)?[ _:.-]*\d*"
)
_NUMBERED = _words(
    "name order id number no ticket invoice account ref sku item case po customer member job"
)
_NO_PART = _words(
    "count total type status date phone email e mail ip mac url web hash kind price rent sqft size "
    "area flag quality score source class use year value tax notes note rate mix beds wallet"
)


@attrs.frozen
class Heading:
    """What a heading says.

    Attributes:
        name: The heading.
        part: The part of an address that it names; None if it names none.
        rank: How unusual this spelling is: 0 is the surest.
        group: Whose address it is, such as ``billing``; "" if it does not say.
        occurrence: How many headings of this name stand before it.
    """

    name: str
    part: Part | None
    rank: int = 0
    group: str = ""
    occurrence: int = 0

    @property
    def family(self) -> str:
        """The group, with the number of its repetition."""
        return f"{self.group}{self.occurrence + 1}" if self.occurrence else self.group


def letters(name: str) -> str:
    """Return a heading without case, spaces and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def tokens(name: str) -> list[str]:
    """Return the words of a heading: those of ``AptNum``, ``UNIT_NO`` and ``Suite / Apt #``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[a-z]+|\d+|#", spaced.casefold())


def is_known_group(family: str) -> bool:
    """Whether a group is one of those that are known by their words, or none."""
    return family.rstrip("0123456789") in {"", *_GROUPS}


def read_headings(names: Sequence[str]) -> list[Heading]:
    """Return what each heading says."""
    found = []
    seen: dict[str, int] = {}
    for name in names:
        base, occurrence = name, 0
        if repeated := re.fullmatch(r"(.+?)__(\d+)", name):
            base, occurrence = repeated[1], max(int(repeated[2]) - 1, 0)
        key = letters(base)
        occurrence = max(occurrence, seen.get(key, 0))
        seen[key] = occurrence + 1
        part, rank, group = _read(base, key)
        found.append(Heading(name, part, rank, group, occurrence))
    for letter, group in _LETTERS.items():
        _mark(found, letter, group)
    return found


def _mark(headings: list[Heading], letter: str, group: str) -> None:
    """Read a group that is marked by a first letter, if its headings are those of an address."""
    read: dict[int, tuple[Part, int]] = {}
    for at, heading in enumerate(headings):
        key = letters(heading.name)
        if key.startswith(letter) and (heading.part is None or heading.group not in _GROUPS):
            rest = key.removeprefix(letter)
            part = part_of(rest) if len(rest) > 2 and part_of(key) is None else None  # noqa: PLR2004  more than "no"
            if part is not None and part[0] not in {Part.LATITUDE, Part.LONGITUDE, Part.COUNTRY}:
                read[at] = part
    parts = {part for part, _ in read.values()}
    if parts & {Part.LINE, Part.STREET, Part.NAME} and parts & {Part.CITY, Part.ZIP}:
        for at, (named, rank) in read.items():
            headings[at] = attrs.evolve(headings[at], part=named, rank=rank, group=group)


def _read(name: str, key: str) -> tuple[Part | None, int, str]:
    # "ZIP of Address", as some exports name the parts of one column.
    if of := _OF_ADDRESS.search(name):
        name = name[: of.start()]
        key = letters(name)
    words = tokens(name)
    if words[-1:] == ["other"] and {*words[:-1]} & _UNIT_WORDS:
        # "Apt/Suite/Other" is of no other address.
        words = words[:-1]
        key = "".join(words).replace("#", "")
    if len(name.strip()) == _DBF_NAME and part_of(key) is None and (cut := part_of_cut(key)):
        return *cut, ""
    for reading in (_number_sign(words), _whole_key(key), _unit(words), _by_words(words)):
        if reading is not None:
            part, rank, group = reading
            return part, rank, group
    return None, 0, _label(words)


def _label(words: Sequence[str]) -> str:
    """Return the group that these words name; "" if they name none."""
    groups = [_GROUP_OF[word] for word in words if word in _GROUP_OF]
    return min(groups, key=_ORDER.index, default="")


def _number_sign(words: Sequence[str]) -> tuple[Part, int, str] | None:
    """Read "House #", "Billing St. #" and "phys_no"."""
    if len(words) == 2 and words[0] in _OF_PLACES and words[1] in {"no", "nr"}:  # noqa: PLR2004  two words
        return Part.NUMBER, 0, _label(words)
    if len(words) < 2 or words[-1] != "#":  # noqa: PLR2004  a word and the sign
        return None
    rest = "".join(word for word in words[:-1] if word not in _GROUP_OF)
    houses = {"house", "hse", "street", "st", "str", "address", "addr", "civic", "number"}
    return (Part.NUMBER, 0, _label(words)) if rest in houses else None


def _whole_key(key: str) -> tuple[Part, int, str] | None:
    """Read a heading whose letters are a part, perhaps with words of groups around it."""
    found = _stripped(key, depth=3)
    if found is None:
        return None
    (part, rank), groups = found
    return part, rank, min(groups, key=_ORDER.index, default="")


def _stripped(key: str, *, depth: int) -> tuple[tuple[Part, int], list[str]] | None:
    """Return the part of a heading without the words of groups, and the groups."""
    if (part := part_of(key)) is not None:
        return part, []
    if not depth:
        return None
    for word, rest in _shorter(key):
        if rest in _WEAK and word not in _OF_PLACES:
            # "Account Number" and "Job Type" are no house number and no street's type.
            continue
        if (found := _stripped(rest, depth=depth - 1)) is not None:
            group = [_GROUP_OF[word]] if word in _GROUP_OF else []
            return found[0], group + found[1]
    return None


def _shorter(key: str) -> Iterator[tuple[str, str]]:
    """Yield words at the ends of a heading that are no part of it, with the rest."""
    if not (key.startswith(_HEADS) or key.endswith(_TAILS)):
        return  # as of most headings
    for word in _GROUP_WORDS:
        if key.startswith(word) and key != word:
            yield word, key.removeprefix(word)
        if key.endswith(word) and key != word:
            yield word, key.removesuffix(word)
    for word in _NEUTRAL_HEADS:
        if key.startswith(word) and key != word:
            yield word, key.removeprefix(word)
    for word in _NEUTRAL_TAILS:
        if key.endswith(word) and key != word:
            yield word, key.removesuffix(word)


def _unit(words: Sequence[str]) -> tuple[Part, int, str] | None:
    """Read "Suite or Unit Number" and "Apartment, suite, etc. (optional)"."""
    kept = {word for word in words if word != "#"}
    kept -= {word for word in kept if word in _GROUP_OF and word not in _BESIDE_UNIT}
    found = kept & _UNIT_WORDS and kept <= _UNIT_WORDS | _BESIDE_UNIT
    return (Part.UNIT, 50, _label(words)) if found else None


def _by_words(words: Sequence[str]) -> tuple[Part, int, str] | None:
    """Read "Provider First Line Mailing Address", and "Card Street" as that of a group "card"."""
    plain = [word for word in words if word != "#"]
    inner = "".join(word for word in plain if word not in _GROUP_OF)
    if len(inner) < len("".join(plain)) and inner not in _WEAK and (found := part_of(inner)):
        return *found, _label(plain)
    for at in range(1, len(plain)):
        before, rest = plain[:at], "".join(plain[at:])
        if rest in _WEAK or set(before) & _NO_PART:
            continue
        if (stripped := _stripped(rest, depth=2)) is not None:
            (part, rank), groups = stripped
            label = min([*groups, *filter(None, [_label(before)])], key=_ORDER.index, default="")
            return part, rank, label or "".join(before)
    return None


def is_only_group(name: str) -> bool:
    """Whether a heading says whose an address is and no more: SITUS, Premises, Job Site."""
    words = tokens(name)
    return bool(words) and (letters(name) in _GROUP_OF or all(word in _GROUP_OF for word in words))


def begins_with_group(name: str) -> str:
    """Return the group with whose word a heading begins, such as OWNXADR; "" for none."""
    key = letters(name)
    found = [word for word in _GROUP_WORDS if len(word) > 2 and key.startswith(word)]  # noqa: PLR2004  more than "to"
    return _GROUP_OF[found[0]] if found else ""


def names_street(name: str) -> bool:
    """Whether a heading is the name of something that has a group: SITUS_NAME, LOC_ST_NM."""
    rest = [word for word in tokens(name) if word not in _GROUP_OF]
    return bool(rest) and {*rest} <= _STREET_NAMES


def hints_at_unit(name: str) -> bool:
    """Whether the words of a heading that names no known part hint at a unit."""
    words = set(tokens(name))
    return bool(words & _UNIT_HINTS) and not words & (_NO_PART | _MEASURES)


def hints_at_place_inside(name: str) -> bool:
    """Whether the words of a heading may name a part of a building or of a park: Villa, Site #."""
    words = set(tokens(name))
    return bool(words & _INSIDE_HINTS) and not words & (_NO_PART | _MEASURES)


def is_plain_number(name: str) -> bool:
    """Whether a heading says no more than that something is numbered: No., Number, #."""
    words = set(tokens(name))
    return bool(words) and words <= _NUMBER_WORDS


def hints_at_no_part(name: str) -> bool:
    """Whether the words of a heading say that it is no part of an address."""
    return bool(set(tokens(name)) & (_NO_PART | _NUMBERED))


def hints_at_order(name: str) -> bool:
    """Whether a heading that names no part of an address may number orders: #1, #2 ..."""
    return bool(set(tokens(name)) & _NUMBERED)


def hints_at_other(name: str) -> bool:
    """Whether the words of a heading say that letters or numbers are of no address."""
    return bool(set(tokens(name)) & (_NO_PART | _NUMBERED | _OTHER_THINGS))


def hints_at_added(name: str) -> bool:
    """Whether the words of a heading hint at what is added to a house number: NUM_EXT, ALPHA."""
    words = set(tokens(name))
    return bool(words & _ADDED_WORDS and not words - _ADDED_WORDS - _HOUSE_WORDS - _NUMBER_WORDS)


def says_nothing_known(name: str) -> bool:
    """Whether a heading says nothing at all: F7, Column 3, Unnamed: 4."""
    return _SAYS_NOTHING.fullmatch(name.strip()) is not None


def says_before(name: str) -> bool:
    """Whether a heading says that a direction goes before the street's name."""
    return re.search(r"pre|pfx|prfx", letters(name)) is not None


def hints_at_end(name: str) -> bool:
    """Whether a heading says that a number is the end of a range."""
    return bool(set(tokens(name)) & {"to", "high", "hi", "end", "last", "max", "until"})


def hints_at_number(name: str) -> bool:
    """Whether the words of a heading that names no known part hint at a house number."""
    words = set(tokens(name))
    return bool(words & _HOUSE_WORDS and words & _NUMBER_WORDS) and not words & _NO_PART
