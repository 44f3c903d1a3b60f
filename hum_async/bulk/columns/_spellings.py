"""The names of the parts of an address in the headings of usual sources.

The spellings are those of Salesforce, HubSpot, ESRI, OpenAddresses, the National Address Database,
voter files, CASS software, geocoders, county parcels and location fabrics.
"""

import re
from enum import StrEnum
from functools import lru_cache


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
    MODIFIER_BEFORE = "modifier_before"
    """A word before direction and name, such as Old."""
    TYPE_BEFORE = "type_before"
    SEPARATOR = "separator"
    """What stands between type and name, such as "of the"."""
    NAME = "name"
    """The name of a street without its house number."""
    SUFFIX = "suffix"
    DIRECTION_AFTER = "direction_after"
    MODIFIER_AFTER = "modifier_after"
    """A word behind all of the name, such as Business."""
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
    Part.MODIFIER_BEFORE,
    Part.DIRECTION_BEFORE,
    Part.TYPE_BEFORE,
    Part.SEPARATOR,
    Part.NAME,
    Part.SUFFIX,
    Part.DIRECTION_AFTER,
    Part.MODIFIER_AFTER,
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
        addrfull firstlineaddress addressfirstline streetandnumber numberandstreet
        housenumberandstreet address12 add
        streetnumberandname streetandhousenumber stnumandname numberstreet address1line line1address
        fullstreetaddress adr adr1 adrs adrs1
    """,
    Part.STREET: """
        street str strt thoroughfare road streets streetlocation addressroad addstr addrstr
    """,
    Part.WHOLE: """
        fulladdress wholeaddress completeaddress addressfull addresscomplete fulladdr addrfull1
        singlelineaddress addresssingleline singleline singlelineinput onelineaddress addressoneline
        oneline formattedaddress addressformatted matchaddr matchaddress matchedaddress inputaddress
        addressinput freeformaddress addressstring addresstext textaddress rawaddress addressraw
        location placeaddress geocodedaddress standardizedaddress
        combinedaddress addresscombined fullmailaddress concatenatedaddress concataddress
        fullpostaladdress postaladdress addressesfull longaddress addresslong
        streetcitystatezip addresscitystatezip proploc propertyloc propertylocation situsloc
        situslocation siteloc
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
        addrhousenumber addresshousenumber doornumber doorno locationnumber adrno adrnum adrnbr
        nr
    """,
    Part.FRACTION: """
        fraction half halfcode housenumberfraction numberfraction addressfraction addrfraction
        housefraction housefrac hsefrac addnumsuf addnumsuffix addnumbersuffix addressnumbersuffix
        numbersuffix housenumbersuffix housenumsuffix housenosuffix streetnumbersuffix addrsuf
        addrsuffix numsuf numsuffix stnumsuffix streetnosuffix stnosuffix strfrac stfrac streetfrac
        streetfraction addrfrac housesuffix hsesuffix hsesuf housenumberhalf housenumsuf addrnumsuf
        addrnumsuffix streetnumbersuf streetnumberfraction housenofraction streetnumberhalf
        housenumfrac housenumberext numberfrac numberhalf
        addresslowsuffix addresslowfrac addrlowsuffix addrlowfrac addresslowfraction adradd
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
        addpref addrpref addstdir adrdir adrpredir
        pre
    """,
    Part.TYPE_BEFORE: """
        pretype prefixtype streetpretype stpretype stnpretyp stnpretype streetprefixtype pretyp
        stpretyp streetnamepretype streetpretyp
    """,
    Part.NAME: """
        fullstreet fullstreetname streetfull streetfullname streetnamefull stnamfull stnamefull
        stfull fullst fullstname streetnamecomplete completestreetname
        streetname stname strname nameofstreet roadname rdname streetnm stnm stnam strnm streetbase
        streetnamebase basestreetname basename primarystreetname addressstreetname thoroughfarename
        stbasename streetnameonly addrstreetname streetnamebody lstname legacystreetname adrstr
        adrstreet
    """,
    Part.SUFFIX: """
        streettype sttype strtype streetsuffix stsuffix strsuffix streetsuf stsuf strsuf
        posttype postype stnpostyp stnposttype streetposttype stpostyp stposttype suffixtype
        streettypecd streettypecode streetsuffixtype streetsuffixcode streetsuffixcd
        streetsuffixabbreviation streetsuffixabbrev roadtype rdtype thoroughfaretype streettyp
        typest sttyp sttypecd streetnameposttype addressstreettype addressstreetsuffix
        addressstreettypecd
        streetsfx stsfx sfx suffix suf streettypesuffix streetnamesuffix stnamesuffix suffixabbrev
        addsttyp addrsttyp addstype adrsuf
    """,
    Part.DIRECTION_AFTER: """
        postdir postdirection postdirectional postdirabbrev suffixdirection suffixdirectional
        suffixdir stnposdir stpostdir strpostdir stposdir streetpostdir streetpostdirection
        streetpostdirectional sufdir streetsuffixdirection streetsuffixdirectional streetsuffixdir
        streetsufxcd streetsufx dirsuffix directionsuffix streetdirsuffix streetdirectionsuffix
        postdirectionalabbrev streetnamepostdirectional streetnamepostdirection stsufdir
        addresspostdirection addresspostdirectional posdir
        addstsuf addrstsuf adrsuf2 adrpostdir quadrant quad streetquadrant stquadrant stquad
        post
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
        secondlineaddress addresssecondline streetaddress2 streetaddr2
        adr2 adrs2 streetaddressline2 streetline2 addrln2 addrl2 addressln2 addln2
        addresslinetwo addresstwo linetwo secunit secunitnum secunitnumber sec secnum secaddr
        aptlot spacenumber spaceno lotspace aptunitnumber aptunitno flat flatnumber
        unitdesc2 apartmentunitnumber apartmentunit apartmentsuite aptno1 unit1 apt1
        subpremise subprem subaddr subadd ap
    """,
    Part.UNIT_TYPE: """
        unittype unittyp unitdesignator unitdesignation unitdesig secondarydesignator
        secondarytype secunittype occupancytype apttype unitprefix unitpre subaddresstype unitlabel
        secondaryunitdesignator secondaryunittype suitetype apartmenttype unitabbreviation
        unitabbrev designator unitdesc secondaryabbreviation secondaryabbrev secdesignator
        aptdesignator unittypecd unittypecode
    """,
    Part.INSIDE: """
        building bldg buildingid bldgid floor flr fl level room rm wing tower roomnumber roomno
        roomnum rmno rmnum rmnumber floornumber floorno flrno flno
    """,
    Part.CITY: """
        city town cityname ctyname citytownname zipname municipality locality postcity
        postalcity uspscity
        preferredcity postcomm postalcommunity citytown cityortown towncity townname
        townorcity citynm
        cityst1 placename postoffice postofficename citydesc incmuni inccity
        incorporatedcity
        addresscity addrcity addresslocality citylocality lastlinecity place community communityname
        commname cityvillage citytownship suburb defaultcity citymunicipality municipalityname
        uninccomm unincorporatedcommunity addresstown msagcommunity msagcomm msagcommunityname
        ctynm
    """,
    Part.STATE: """
        state statecode stateabbr stateabbreviation st province region statename stateprovince
        provincestate provstate stateprov stateprovincecode provincecode stateorprovince stateregion
        regioncode statecd stateusps stusps stateabb stateabbrev stabbr stabbrev stateprovinceregion
        regionabbr administrativearea administrativearealevel1 adminarea adminarea1
        usstate addressstate
        addrstate addressregion stateid statepostal statealpha stateshort provinceregion statedesc
        statecode2 stcode stcd
        state2
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
        statezip statezipcode stzip stateandzip citystzipcode lastlineaddress address3citystatezip
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
        iso countryabbr countryiso ctry ctrycode ctryname ctrycd cntry
    """,
}
_BY_LETTERS = {
    spelling: (part, rank)
    for part, spellings in _SPELLINGS.items()
    for rank, spelling in enumerate(spellings.split())
}


# Whatever is composed like these names the same: "StPreDirection", "STREET_HALF_NUM", "BldgUnitNo".
_STREET = r"(?:streetname|stname|street|strt|str|stn|st|road|rd|house|hse|address|addr|addrnum|add)"
_COUNT = r"(?:number|numb|nmbr|num|nbr|no|nr)"
_DIRECTION = r"(?:directional|direction|dirn|dirctn|drctn|dirc|drct|dir)"
_BEFORE = r"(?:prefix|pre|pfx|prfx)"
_AFTER = r"(?:suffix|suffx|suffixes|suff|sufx|suf|sfx|post|pos)"
_KIND = r"(?:types|type|typ|typecode)"
_CODE = r"(?:code|cd|abbreviation|abbrev|abbr|abb|abrv|desc|description|name|nm|id|txt)?"
_ADDED = r"(?:supplement|suppl|supp|extension|ext|addition|addon|letter|modifier|alpha)"
_MODIFIER = r"(?:modifiers|modifier|modif|mod)"
_BETWEEN = r"(?:separatorelement|separator|separ|sep)"
_HALF = r"(?:halves|half|hlf|fractional|fraction|fract|frac|frct)"
_UNIT = r"(?:apartment|apt|aptmt|unit|suite|ste|secondary|second|sec|occupancy|subaddress)"
_COMPOSED = {
    Part.DIRECTION_AFTER: (
        rf"{_STREET}?{_AFTER}{_DIRECTION}{_CODE}",
        rf"{_STREET}?{_DIRECTION}{_AFTER}{_CODE}",
    ),
    Part.DIRECTION_BEFORE: (
        rf"{_STREET}?{_BEFORE}{_DIRECTION}{_CODE}",
        rf"{_STREET}?{_DIRECTION}{_BEFORE}{_CODE}",
        rf"{_STREET}{_DIRECTION}{_CODE}",
    ),
    Part.TYPE_BEFORE: (rf"{_STREET}?{_BEFORE}{_KIND}{_CODE}",),
    Part.MODIFIER_BEFORE: (rf"{_STREET}?{_BEFORE}{_MODIFIER}{_CODE}",),
    Part.SEPARATOR: (rf"{_STREET}?{_BEFORE}{_BETWEEN}{_CODE}",),
    Part.MODIFIER_AFTER: (rf"{_STREET}?{_AFTER}{_MODIFIER}{_CODE}",),
    Part.FRACTION: (
        rf"{_STREET}?{_COUNT}?{_HALF}{_COUNT}?{_CODE}",
        rf"{_STREET}?{_COUNT}{_AFTER}{_CODE}",
        rf"{_STREET}?{_COUNT}{_ADDED}{_CODE}",
        rf"{_AFTER}{_STREET}?{_COUNT}",
        rf"(?:house|hse|addrnum){_AFTER}{_CODE}",
    ),
    Part.NUMBER_PREFIX: (rf"{_STREET}?{_COUNT}{_BEFORE}", rf"{_BEFORE}{_STREET}?{_COUNT}"),
    Part.SUFFIX: (
        rf"{_STREET}{_AFTER}?{_KIND}{_CODE}",
        rf"{_AFTER}{_KIND}{_CODE}",
        rf"{_STREET}(?:suffix|suffx|suff|sufx|suf|sfx){_CODE}",
    ),
    Part.NUMBER: (
        rf"(?:{_STREET}|h|hs|hous|civic|primary|prim|premise|building|bldg){_COUNT}(?:from|low|lo)?",
    ),
    Part.NAME: (
        r"(?:street|strt|str|st|stn|road|rd)(?:base)?(?:name|nme|nm|nam)(?:base|body|only|full)?",
    ),
    Part.UNIT_TYPE: (
        rf"{_STREET}?{_UNIT}(?:unit)?(?:{_KIND}|designator|designation|desig|dsgn|{_BEFORE}){_CODE}",
    ),
    Part.UNIT: (rf"{_STREET}?{_UNIT}(?:unit|suite|apt)?(?:{_COUNT}|id|identifier|value|2)?",),
}
_PATTERNS = [(part, re.compile(each)) for part, some in _COMPOSED.items() for each in some]
_COMPOSED_RANK = 200
"""The rank of a composed name: one that is spelled in the table is surer."""


@lru_cache(maxsize=4096)
def part_of(key: str) -> tuple[Part, int] | None:
    """Return the part that a heading names, and how unusual its spelling is; None for no part.

    Args:
        key: The heading in small letters, without spaces and punctuation.
    """
    if found := _BY_LETTERS.get(key):
        return found
    for part, pattern in _PATTERNS:
        if pattern.fullmatch(key):
            return part, _COMPOSED_RANK
    return None


def part_of_cut(key: str) -> tuple[Part, int] | None:
    """Return the part of a heading of which the end was cut off: that of the shortest such name.

    Args:
        key: What is left of the heading, in small letters, without spaces and punctuation.
    """
    names = [name for name in _BY_LETTERS if name.startswith(key)]
    return (_BY_LETTERS[min(names, key=len)][0], _COMPOSED_RANK) if names else None
