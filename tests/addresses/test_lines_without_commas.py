"""Streets, units and cities that run together are split as they are meant, or refused."""

from __future__ import annotations

import random

from hum_async import AddressError
from hum_async._addresses.line import parse_line
from hum_async._api.addresses import checked

STREETS = """
    100 Main St; 9 Broadway; 12 N Oak Ave; 7 Court St; 8 Union Ave; 31 Street Rd; 5 Park Pl;
    44 Lake View Dr; 6 St Johns Ave; 70 Elm St SE; 71 Elm St W; 72 E Elm St; 15 County Road 12;
    16 US Highway 50; 17 El Camino Real; 18 Avenue of the Stars; 19 Rue Royale; 20 Calle Luna;
    21 University Way; 22 Federal Blvd; 23 Bay Shore; 24 Oak Grove; 25 Lake Forest Dr; 26 Ave D;
    27 State St; 28 Texas St; 29 Delaware Ave; 30 Ohio St; 32 Martin Luther King Jr Blvd;
    33 Main; 34 5th; 35 42nd St; 36 W 500 N; 37 La Vista; 38 Grand Ter; 39 Mountain Trl;
    40 Via Roma; 41 Mill Pond Ln; 42 Saint Charles Ave; 43 Fort Union Blvd; 45 Old Mill Rd;
    46 Center Cir; 47 Circle Dr; 48 Drive In Ct; 49 Kings Hwy; 50 Indian Trail; 51 Sunset Strip;
    52 West End; 53 The Oaks; 54 Avenue U; 55 Boulevard; 56 Terrace; 57 Union; 58 Rt 9;
    59 State Route 7 N; 60 FM 1960 Rd W; 61 Camino Del Rio S; 62 Heights Blvd; 63 Rd 5;
    64 Parkway; 65 Beach; 66 Spring Garden St; 67 Key Blvd; 68 Front St; 69 Lower Rd; 73 Lot St;
    74 Unit St; 75 Dr Martin Luther King Jr Blvd; 76 Loop 410; 77 Carr 2; 78 Boulevard St Michel;
    79 E 100 S; 80 Twenty Second St; 81 New York Ave NE; 82 Kansas City Rd; 83 Wall St
"""
# Names that begin or end as streets, directions, units, states and boxes do.
CITIES = """
    Detroit | MI | 48226; Union City | CA | 94587; Union | NJ | 07083; Street | MD | 21154;
    Avenue | MD | 20609; Boulevard | CA | 91905; Loop | TX | 79342; Circle | MT | 59215;
    Circle Pines | MN | 55014; Federal Way | WA | 98003; University Place | WA | 98466;
    Mountlake Terrace | WA | 98043; Park City | UT | 84060; Highland Park | IL | 60035;
    Center | TX | 75935; Center Point | IA | 52213; Bend | OR | 97701; Vista | CA | 92083;
    Grove | OK | 74344; Oak Grove | MO | 64075; Orchard | NE | 68764; Port Orchard | WA | 98366;
    St Louis | MO | 63101; St. Paul | MN | 55101; Saint Charles | MO | 63301;
    Ste Genevieve | MO | 63670; Sault Ste Marie | MI | 49783; West Point | NY | 10996;
    East Lansing | MI | 48823; North Little Rock | AR | 72114; South Bend | IN | 46601;
    Northeast Harbor | ME | 04662; North | SC | 29112; New York | NY | 10001;
    Kansas City | MO | 64101; Kansas City | KS | 66101; Nevada | MO | 64772;
    California | MD | 20619; Delaware | OH | 43015; Indiana | PA | 15701;
    Washington | PA | 15301; Washington | DC | 20001; Virginia Beach | VA | 23451;
    Texas City | TX | 77590; Michigan City | IN | 46360; Iowa City | IA | 52240;
    Oklahoma City | OK | 73102; Ohio City | OH | 45874; Front Royal | VA | 22630;
    Upper Marlboro | MD | 20772; Lower Lake | CA | 95457; Lake City | FL | 32055;
    Lake | MS | 39092; Fort Worth | TX | 76101; Fort Collins | CO | 80524;
    Mount Vernon | WA | 98273; Key West | FL | 33040; Cape Coral | FL | 33904;
    Green Bay | WI | 54301; Bay City | MI | 48706; Spring | TX | 77373; Springs | NY | 11937;
    Hill City | KS | 67642; Mills | WY | 82604; Bridge City | TX | 77611;
    Falls Church | VA | 22046; Forest Hills | NY | 11375; Garden City | KS | 67846;
    Glen Burnie | MD | 21061; Haven | KS | 67543; Island Park | NY | 11558;
    Junction City | KS | 66441; Plains | GA | 31780; Point Pleasant | NJ | 08742;
    Ridge | NY | 11961; Rapid City | SD | 57701; Square Butte | MT | 59446;
    Kennett Square | PA | 19348; Summit | NJ | 07901; Valley | AL | 36854;
    View Park | CA | 90043; Village | OK | 73120; Ville Platte | LA | 70586; Way | MS | 39046;
    Wells | ME | 04090; La Place | LA | 70068; La Mesa | CA | 91941; De Pere | WI | 54115;
    Ho Ho Kus | NJ | 07423; Truth or Consequences | NM | 87901; O'Fallon | MO | 63366;
    Winston-Salem | NC | 27101; Coeur d'Alene | ID | 83814; Las Vegas | NV | 89101;
    Place | NH | 03301; Lane | OK | 74555; Lane City | TX | 77453; Trail | OR | 97541;
    Terrace Park | OH | 45174; Highway City | CA | 93722; Ave Maria | FL | 34142;
    Dr Phillips | FL | 32819; Ozark | AL | 36360; Salt Lake City | UT | 84101;
    Ten Sleep | WY | 82442; Two Rivers | WI | 54241; Three Rivers | MI | 49093;
    Ninety Six | SC | 29666; Eighty Four | PA | 15330; Seven Hills | OH | 44131;
    Second Mesa | AZ | 86043; Box Elder | SD | 57719; Boxford | MA | 01921;
    US Air Force Academy | CO | 80840; West | TX | 76691; Southeast | NY | 10509;
    Cape May Court House | NJ | 08210; Amelia Court House | VA | 23002; Grand Terrace | CA | 92313;
    Indian Trail | NC | 28079; East St Louis | IL | 62201; Port St Lucie | FL | 34952;
    St Croix Falls | WI | 54024; Washington Court House | OH | 43160; Y City | AR | 71953;
    Mexico | MO | 65265; England | AR | 72046; Maine | NY | 13802; Hill | NH | 03243
"""
UNITS = ["", "", "", "", "Apt 4", "#4B", "Ste 200", "Unit B", "4th Floor", "Lot 12", "Rear"]
FORMS = [
    "{street} {unit} {city} {state} {zip}",
    "{street} {unit} {city}, {state} {zip}",
    "{street} {unit} {city}, {state}, {zip}",
    "{street} {unit} {city} {state}, {zip}",
    "{street} {unit} {city} {state}",
    "{street} {unit} {city}, {state}",
    "{street}, {unit}, {city} {state} {zip}",
    "{street} {unit}, {city} {state} {zip}",
    "{street}, {unit} {city} {state} {zip}",
    "{street} {unit}, {city}, {state}",
    "{street}, {unit} {city}, {state} {zip}",
    "{unit} {street}, {city}, {state} {zip}",
    "{unit}, {street} {city} {state} {zip}",
    "{street} {unit} {city} {zip}",
    "{street} {unit}, {city} {zip}",
    "{street} {city} {unit} {state} {zip}",
    "{street} {unit} {city} {state} USA {zip}",
    "{street} {unit} {city}\n{state} {zip}",
    "{street} {unit}\n{city} {state} {zip}",
]


def split(table: str) -> list[str]:
    return [entry.strip() for entry in table.split(";")]


def written(form: str, street: str, unit: str, place: list[str]) -> str:
    city, state, zip_code = place
    line = form.format(street=street, unit=unit, city=city, state=state, zip=zip_code)
    return line.replace(", ,", ",").replace("  ", " ").strip(" ,")


def test_no_street_swallows_a_city_and_no_city_a_part_of_the_street() -> None:
    rng = random.Random(48226)  # noqa: S311  not for secrets
    streets = split(STREETS)
    places = [entry.split(" | ") for entry in split(CITIES)]
    right = 0
    for _ in range(6000):
        street, unit, place = rng.choice(streets), rng.choice(UNITS), rng.choice(places)
        line = written(rng.choice(FORMS), street, unit, place)
        try:
            found = checked(parse_line(line))
        except AddressError:
            continue
        right += 1
        parts = sorted([*found.street1.split(), *(found.street2 or "").split()])
        assert parts == sorted(f"{street} {unit}".split()), line
        assert found.city == place[0], line
        assert {found.state, found.zip} <= {None, *place}, line
    assert right > 3600
