"""Reads the headings of columns: the part of an address that each names, and whose address it is.

The spellings are those of Salesforce, HubSpot, ESRI, OpenAddresses, the National Address Database,
voter files, CASS software, geocoders, county parcels and location fabrics.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

import attrs


class Part(StrEnum):
    """What a column may hold of an address."""

    LINE = "line"
    """House number and street."""
    STREET = "street"
    """A street, with or without its house number."""
    WHOLE = "whole"
    """A whole address on one line."""
    NUMBER_PREFIX = "number_prefix"
    NUMBER = "number"
    FRACTION = "fraction"
    """What follows the house number, such as 1/2."""
    DIRECTION_BEFORE = "direction_before"
    TYPE_BEFORE = "type_before"
    NAME = "name"
    """The name of a street without its house number."""
    SUFFIX = "suffix"
    DIRECTION_AFTER = "direction_after"
    UNIT = "unit"
    UNIT_TYPE = "unit_type"
    INSIDE = "inside"
    """Building, floor or room."""
    CITY = "city"
    STATE = "state"
    ZIP = "zip"
    ZIP_PLUS_4 = "zip_plus_4"
    LAST_LINE = "last_line"
    """City, state and ZIP code on one line."""
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    COUNTRY = "country"


STREET_PARTS = (
    Part.NUMBER_PREFIX,
    Part.NUMBER,
    Part.FRACTION,
    Part.DIRECTION_BEFORE,
    Part.TYPE_BEFORE,
    Part.NAME,
    Part.SUFFIX,
    Part.DIRECTION_AFTER,
)
"""The parts of a street's line, in their order (USPS Publication 28, section 23)."""

# Of one part, the surer names stand first.
_SPELLINGS = {
    Part.LINE: """
        street1 address1 address addressline1 addr1 addr addrline1 addline1 line1 add1
        streetaddress1 streetaddress streetaddr streetaddr1 staddress staddr straddress straddr
        primaryaddress primaryaddressline
        primaryaddressline1 addressprimary primaryaddr houseaddress addressstreet addrstreet
        streetline1 streetline addressline addrline addrln1 addrl1 addressln1 addressl1 addln1
        addresslineone addressone lineone addressstreet1 address1street street1address
        addressstreetaddress streetaddressline1 streetaddressline addressstreet1line
        thoroughfareaddress
        addrfull streetandnumber numberandstreet housenumberandstreet
        streetnumberandname streetandhousenumber stnumandname numberstreet address1line line1address
        fullstreetaddress
    """,
    Part.STREET: "street str thoroughfare road streets streetlocation addressroad",
    Part.WHOLE: """
        fulladdress wholeaddress completeaddress addressfull addresscomplete fulladdr addrfull1
        singlelineaddress addresssingleline singleline singlelineinput onelineaddress addressoneline
        oneline formattedaddress addressformatted matchaddr matchaddress matchedaddress inputaddress
        addressinput freeformaddress addressstring addresstext textaddress rawaddress addressraw
        location placeaddress geocodedaddress standardizedaddress
        combinedaddress addresscombined fullmailaddress concatenatedaddress concataddress
        fullpostaladdress postaladdress addressesfull longaddress addresslong
        streetcitystatezip addresscitystatezip
    """,
    Part.NUMBER_PREFIX: """
        addnumpre addnumprefix addressnumberprefix numberprefix housenumberprefix numpre numprefix
        streetnumberprefix stnumprefix addrnumprefix
    """,
    Part.NUMBER: """
        housenumber houseno housenum housenbr hseno hsenum hsenbr hsenumber hsno hnum hno hnumber
        addressnumber addressno addressnum addressnbr addrno addrnum addrnbr addrnumber addnumber
        addnum addno addnbr streetnumber streetno streetnum streetnbr stno stnum stnumber stnbr
        strno strnum strnumber strnbr civicnumber civicno civic buildingnumber bldgnumber bldgno
        bldgnum primarynumber primaryaddressnumber addressprimarynumber primaryno house hse
        housenumber1 streetnumber1 number num nbr propertynumber premisenumber premiseno
        premisenum numberhouse housenumberlow lowhousenumber addressnumberfrom
        addrhousenumber addresshousenumber doornumber doorno locationnumber
    """,
    Part.FRACTION: """
        fraction half halfcode housenumberfraction numberfraction addressfraction addrfraction
        housefraction housefrac hsefrac addnumsuf addnumsuffix addnumbersuffix addressnumbersuffix
        numbersuffix housenumbersuffix housenumsuffix housenosuffix streetnumbersuffix addrsuf
        addrsuffix numsuf numsuffix stnumsuffix streetnosuffix stnosuffix strfrac stfrac streetfrac
        streetfraction addrfrac housesuffix hsesuffix hsesuf housenumberhalf housenumsuf addrnumsuf
        addrnumsuffix streetnumbersuf streetnumberfraction housenofraction streetnumberhalf
        housenumfrac housenumberext numberfrac numberhalf
    """,
    Part.DIRECTION_BEFORE: """
        predir predirection predirectional predirabbrev prefixdirection prefixdirectional prefixdir
        streetpredir streetpredirection streetpredirectional stpredir strpredir stnpredir
        streetprefixdirection streetprefixdirectional streetprefixdir streetdirprefix dirprefix
        directionprefix streetdirectionprefix streetdirection streetdirectional
        streetdir stdir strdir
        stdirection housedirection addressdirection addrdir predirectionalabbrev predirn
        streetprefix stprefix strprefix stpre prefix direction directional dir predird
        addresspredirection addresspredirectional streetnamepredirectional streetnamepredirection
        fromdirection streetpre
    """,
    Part.TYPE_BEFORE: """
        pretype prefixtype streetpretype stpretype stnpretyp stnpretype streetprefixtype pretyp
        stpretyp streetnamepretype streetpretyp
    """,
    Part.NAME: """
        fullstreet fullstreetname streetfull streetfullname streetnamefull stnamfull stnamefull
        stfull fullst fullstname streetnamecomplete completestreetname lstname legacystreetname
        streetname stname strname nameofstreet roadname rdname streetnm stnm stnam strnm streetbase
        streetnamebase basestreetname basename primarystreetname addressstreetname thoroughfarename
        stbasename streetnameonly addrstreetname streetnamebody
    """,
    Part.SUFFIX: """
        streettype sttype strtype streetsuffix stsuffix strsuffix streetsuf stsuf strsuf
        posttype postype stnpostyp stnposttype streetposttype stpostyp stposttype suffixtype
        streettypecd streettypecode streetsuffixtype streetsuffixcode streetsuffixcd
        streetsuffixabbreviation streetsuffixabbrev roadtype rdtype thoroughfaretype streettyp
        typest sttyp sttypecd streetnameposttype addressstreettype addressstreetsuffix
        addressstreettypecd
        streetsfx stsfx sfx suffix suf streettypesuffix streetnamesuffix stnamesuffix suffixabbrev
    """,
    Part.DIRECTION_AFTER: """
        postdir postdirection postdirectional postdirabbrev suffixdirection suffixdirectional
        suffixdir stnposdir stpostdir strpostdir stposdir streetpostdir streetpostdirection
        streetpostdirectional sufdir streetsuffixdirection streetsuffixdirectional streetsuffixdir
        streetsufxcd streetsufx dirsuffix directionsuffix streetdirsuffix streetdirectionsuffix
        postdirectionalabbrev streetnamepostdirectional streetnamepostdirection stsufdir
        addresspostdirection addresspostdirectional posdir
    """,
    Part.UNIT: """
        street2 address2 addressline2 addr2 addrline2 addline2 line2 add2 unit unitnumber unitno
        unitnum unitnbr unitid apt aptnumber aptno aptnum aptnbr apartment apartmentnumber
        apartmentno apartmentnum suite suitenumber suiteno suitenum suitenbr ste stenumber steno
        secondary secondaryaddress secondaryaddr secondarynumber secondaryno secondaryunit
        secondaryunitnumber secondaryaddressline secondaryline addresssecondary occupancyid
        occupancyidentifier occupancynumber occupancy aptsuite suiteapt aptsuiteno suiteaptno
        aptunit unitapt aptsuiteunit aptunitsuite unitsuite suiteunit aptste steapt subaddress
        subaddressid subaddressidentifier addressunit addressapt addrunit addrapt unitaddress
        unitidentifier deliveryline2 deliveryaddress2 extraaddress addressextra extendedaddress
        streetaddress2 streetaddr2 streetaddressline2 streetline2 addrln2 addrl2 addressln2 addln2
        addresslinetwo addresstwo linetwo secunit secunitnum secunitnumber sec secnum secaddr
        aptlot spacenumber spaceno lotspace aptunitnumber aptunitno flat flatnumber
        unitdesc2 apartmentunitnumber apartmentunit apartmentsuite aptno1 unit1 apt1
    """,
    Part.UNIT_TYPE: """
        unittype unittyp unitdesignator unitdesignation unitdesig secondarydesignator
        secondarytype secunittype occupancytype apttype unitprefix unitpre subaddresstype unitlabel
        secondaryunitdesignator secondaryunittype suitetype apartmenttype unitabbreviation
        unitabbrev designator unitdesc secondaryabbreviation secondaryabbrev secdesignator
        aptdesignator unittypecd unittypecode
    """,
    Part.INSIDE: "building bldg buildingid bldgid floor flr fl level room rm wing tower",
    Part.CITY: """
        city town cityname municipality locality postcity postalcity uspscity
        preferredcity postcomm postalcommunity citytown cityortown towncity townname
        townorcity citynm
        cityst1 placename postoffice postofficename citydesc incmuni inccity
        incorporatedcity
        addresscity addrcity addresslocality citylocality lastlinecity place community communityname
        commname cityvillage citytownship suburb defaultcity citymunicipality municipalityname
        uninccomm unincorporatedcommunity addresstown
    """,
    Part.STATE: """
        state statecode stateabbr stateabbreviation st province region statename stateprovince
        provincestate provstate stateprov stateprovincecode provincecode stateorprovince stateregion
        regioncode statecd stateusps stusps stateabb stateabbrev stabbr stabbrev stateprovinceregion
        regionabbr administrativearea administrativearealevel1 adminarea adminarea1
        usstate addressstate
        addrstate addressregion stateid statepostal statealpha stateshort provinceregion statedesc
        statecode2 stcode
    """,
    Part.ZIP: """
        zip zipcode zip5 zipplus4 zippluszip4 postalcode postal postcode postcode1 zippostalcode
        ziporpostalcode ziporpostal zippostal postalzip postzip zipcode5 zip5code zip9 zip10 fullzip
        fullzipcode zipcd zipnumber zipcodeplus4 uszip addresszip addrzip addresszipcode addrzipcode
        addresspostalcode addresspostcode zipcde postalcd zipc zips zip1 postcodezip
        zipcodepostalcode
        zippostcode postalcodezip zipcodenumber zippost
    """,
    Part.ZIP_PLUS_4: """
        zip4 plus4 zipplus zipsuffix zipext zipextension zip4code zipcode4 zipfour zipaddon plusfour
        zipcodesuffix zipcodeext zipcodeextension postalsuffix addon zippfour plus4code
        zip4ext postalcodesuffix postalext postcodeext zipplusfour postplus4
    """,
    Part.LAST_LINE: """
        citystatezip cityst citystate citystzip citystatezipcode csz lastline addresslastline
        citystatepostalcode citystatezip5 cityzip ctystzip cityandstate citystateandzip
        citystzipcode lastlineaddress address3citystatezip
    """,
    Part.LATITUDE: """
        latitude lat latitudedd latdd latdecimal decimallatitude latitudedecimal geolat geolatitude
        addresslat addresslatitude gpslat gpslatitude wgs84lat latitudewgs84 centroidlat latcentroid
        latdeg latitudedeg loclat intptlat ycoord ycoordinate pointy y
    """,
    Part.LONGITUDE: """
        longitude lon lng long longitudedd londd longdd lngdd longdecimal londecimal
        decimallongitude
        longitudedecimal geolon geolng geolong geolongitude addresslng addresslon addresslong
        addresslongitude gpslon gpslng gpslong gpslongitude wgs84lon longitudewgs84 centroidlon
        loncentroid londeg longitudedeg loclon loclng loclong intptlon intptlong xcoord xcoordinate
        pointx x
    """,
    Part.COUNTRY: """
        country countrycode countryname countryregion nation countrycd addresscountry addrcountry
        iso countryabbr countryiso
    """,
}
_BY_LETTERS = {
    spelling: (part, rank)
    for part, spellings in _SPELLINGS.items()
    for rank, spelling in enumerate(spellings.split())
}

_GROUPS = {
    "billing": "billing billto bill invoice",
    "shipping": "shipping shipto ship delivery deliverto",
    "mailing": "mailing mailingaddr mail postalmail correspondence",
    "service": """
        service serviced servicelocation serv svc svcloc install installation premise
        premises prem
    """,
    "site": """
        situs site sitelocation siteaddr location loc physical phys facility job jobsite
        worksite
    """,
    "property": "property prop parcel listing building bldg",
    "owner": "owner own owners ownr taxpayer taxbill taxmail",
    "residence": """
        residence residential resident res reg registration regis legal domicile voter
    """,
    "home": "home",
    "work": "work business bus company office employer org organization headquarters hq",
    "other": """
        other alternate alternative alt secondaryaddress temporary temp previous prior
        former old second
    """,
    "primary": "primary permanent perm current main default preferred",
    "customer": """
        customer cust client account acct subscriber contact person member patient student
        donor user applicant household
    """,
    "from": "from origin pickup sender source",
    "to": "to destination dest dropoff receiver recipient",
}
_GROUP_OF = {word: group for group, words in _GROUPS.items() for word in words.split()}
_GROUP_WORDS = sorted(_GROUP_OF, key=len, reverse=True)
_WEAK = frozenset("number num nbr no x y id suffix prefix type sec iso".split())  # noqa: SIM905  words
_OF_PLACES = frozenset(
    "billing shipping mailing mail service situs site physical phys res residence residential home "  # noqa: SIM905  words
    "owner own prop loc location".split()
)
LOCATED = ("service", "site", "property", "residence")
"""Groups of addresses where a building stands, the surest first."""

_UNIT_WORDS = frozenset(
    "apt apartment apartments suite ste unit secondary occupancy flat lot space".split()  # noqa: SIM905  words
)
_BESIDE_UNIT = frozenset(
    "no num nbr number id or and optional etc if any other building bldg floor fl room rm line 2 "  # noqa: SIM905  words
    "address designation the applicable".split()
)
_HOUSE_WORDS = frozenset("house hse street civic".split())  # noqa: SIM905  words
_NUMBER_WORDS = frozenset("no num nbr number #".split())  # noqa: SIM905  words
_NUMBERED = frozenset(
    [
        "name",
        "order",
        "id",
        "number",
        "no",
        "ticket",
        "invoice",
        "account",
        "ref",
        "sku",
        "item",
        "case",
        "po",
        "customer",
        "member",
        "job",
    ]
)
_NO_PART = frozenset(
    "count total type status date phone email mail ip mac url web hash kind "  # noqa: SIM905  words
    "price rent sqft size area owner flag quality score code source class use year value tax "
    "notes note rate mix beds".split()
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
    return found


def _read(name: str, key: str) -> tuple[Part | None, int, str]:
    # "Name.field" of a struct, "House #" and "St. #" name numbers.
    words = tokens(name)
    if len(words) > 1 and words[-1] == "#":
        without, _, group = _stripped("".join(words[:-1]))
        if without in {"house", "hse", "street", "st", "str", "address", "addr", "civic", "number"}:
            return Part.NUMBER, 0, group
    rest, direct, group = _stripped(key)
    if direct is not None:
        return *direct, group
    plain = [word for word in words if word != "#"]
    label = next((_GROUP_OF[word] for word in plain if word in _GROUP_OF), "")
    kept = [word for word in plain if word not in _GROUP_OF or word in _BESIDE_UNIT]
    if _UNIT_WORDS & set(kept) and set(kept) <= _UNIT_WORDS | _BESIDE_UNIT:
        return Part.UNIT, 50, label
    return None, 0, group if rest != key else ""


def _stripped(key: str) -> tuple[str, tuple[Part, int] | None, str]:
    """Return a heading without words of groups, its part, and the group."""
    group = ""
    # "Service Location Addr" has two words of groups; the first one names it.
    for _ in range(3):
        if key in _BY_LETTERS:
            return key, _BY_LETTERS[key], group
        word = next((word for word in _GROUP_WORDS if _leads_to_a_part(key, word)), None)
        if word is None:
            break
        group = group or _GROUP_OF[word]
        key = _without(key, word)
    return key, _BY_LETTERS.get(key), group


def _leads_to_a_part(key: str, word: str) -> bool:
    """Whether a heading without the word of a group, and perhaps a second one, names a part."""
    rest = _without(key, word)
    # "Account Number" and "Job Type" are no house number and no street's type.
    if rest == key or (rest in _WEAK and word not in _OF_PLACES):
        return False
    return rest in _BY_LETTERS or any(
        _without(rest, second) in _BY_LETTERS for second in _GROUP_WORDS if second in rest
    )


def _without(key: str, word: str) -> str:
    """Return a heading without a word at its beginning or end; as it is if nothing is left."""
    rest = key.removeprefix(word)
    return (rest if rest != key else key.removesuffix(word)) or key


def hints_at_unit(name: str) -> bool:
    """Whether the words of a heading that names no known part hint at a unit."""
    words = set(tokens(name))
    return bool(words & (_UNIT_WORDS - {"lot", "space", "flat"})) and not words & _NO_PART


def hints_at_no_part(name: str) -> bool:
    """Whether the words of a heading say that it is no part of an address."""
    return bool(set(tokens(name)) & (_NO_PART | _NUMBERED))


def hints_at_order(name: str) -> bool:
    """Whether a heading that names no part of an address may number orders: #1, #2 ..."""
    return bool(set(tokens(name)) & _NUMBERED)


def hints_at_number(name: str) -> bool:
    """Whether the words of a heading that names no known part hint at a house number."""
    words = set(tokens(name))
    return bool(words & _HOUSE_WORDS and words & _NUMBER_WORDS) and not words & _NO_PART
