"""An address on one line is split as it is meant, or refused with what to write."""

import itertools

import pytest

from hum_async import AddressError
from hum_async._addresses.line import parse_line
from hum_async._api.addresses import checked

# Each line, and its street1, street2, city, state and ZIP code.
SPLIT = [
    ("100 Main St, Detroit, MI 48226, USA", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226, United States", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, Michigan 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, Michigan, 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Washington, D.C. 20001", "100 Main St||Washington|DC|20001"),
    ("100 Main St, Washington, DC, 20001", "100 Main St||Washington|DC|20001"),
    ("100 Main St Detroit MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St\nDetroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St\nApt 4\nDetroit, MI 48226", "100 Main St|Apt 4|Detroit|MI|48226"),
    ("Apt 4, 100 Main St, Detroit, MI 48226", "100 Main St|Apt 4|Detroit|MI|48226"),
    ("C/O Pat Doe, 100 Main St, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("Acme Corp, 100 Main St, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226-1234", "100 Main St||Detroit|MI|48226-1234"),
    ("100 Main St, Detroit, MI 482261234", "100 Main St||Detroit|MI|48226-1234"),
    ("100 Main St, Detroit, MI. 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, Mi, 48226.", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit MI, 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St; Detroit; MI; 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, Wayne County, MI 48226", "100 Main St||Detroit|MI|48226"),
    (
        "URB Las Flores, 12 Calle A, San Juan, PR 00926",
        "12 Calle A|URB Las Flores|San Juan|PR|00926",
    ),
    ("12 Calle A, San Juan, Puerto Rico 00926", "12 Calle A||San Juan|PR|00926"),
    ("100 Main St, Saint Louis, MO", "100 Main St||Saint Louis|MO|"),
    ("123 1/2 Main St, Detroit, MI 48226", "123 1/2 Main St||Detroit|MI|48226"),
    ("100 Main St, PH 2, New York, NY 10001", "100 Main St|PH 2|New York|NY|10001"),
    ("100 Main St, # 4B, New York, NY 10001", "100 Main St|# 4B|New York|NY|10001"),
    ("100 Main St, 4th Floor, New York, NY 10001", "100 Main St|4th Floor|New York|NY|10001"),
    ("100 Main St (rear), Detroit, MI 48226", "100 Main St (rear)||Detroit|MI|48226"),
    ("100 Main St ,Detroit ,MI ,48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI  48226 ", "100 Main St||Detroit|MI|48226"),
    (
        "100 Main St, Bldg 2, Apt 4, Detroit, MI 48226",
        "100 Main St|Bldg 2, Apt 4|Detroit|MI|48226",
    ),
    ("100 Main St, New York, New York 10001", "100 Main St||New York|NY|10001"),
    ("100 Main St, Detroit, MI, 48226, 555-123-4567", "100 Main St||Detroit|MI|48226"),
    (
        "N95W18000 Appleton Ave, Menomonee Falls, WI 53051",
        "N95W18000 Appleton Ave||Menomonee Falls|WI|53051",
    ),
    ("100 Main St, Detroit, MI US 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, OR", "100 Main St||Detroit|OR|"),
    ("100 Main St, 48226", "100 Main St||||48226"),
    ("\u201c100 Main St, Detroit, MI 48226\u201d", "100 Main St||Detroit|MI|48226"),
    ("100 Main St\uff0c Detroit\uff0c MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Suite 300 Detroit, MI 48226", "100 Main St|Suite 300|Detroit|MI|48226"),
    ("100 Main St, Apt. 4, Detroit, MI 48226", "100 Main St|Apt. 4|Detroit|MI|48226"),
    ("100 Main St., Detroit, Mich. 48226", "100 Main St.||Detroit|MI|48226"),
    ("100 Main St, Detroit, M.I. 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main Street Apt 4 Detroit MI 48226", "100 Main Street Apt 4||Detroit|MI|48226"),
    ("100 Main Street, Apt 4 Detroit, MI 48226", "100 Main Street|Apt 4|Detroit|MI|48226"),
    ("100 Main St Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St Apt 4, Detroit MI 48226", "100 Main St Apt 4||Detroit|MI|48226"),
    ("100 Main St #4, Detroit, MI 48226", "100 Main St #4||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI, USA", "100 Main St||Detroit|MI|"),
    ("100 Main St, Detroit, MI 48226, U.S.A.", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226 USA", "100 Main St||Detroit|MI|48226"),
    (
        "100 Main St, Detroit, MI 48226 United States of America",
        "100 Main St||Detroit|MI|48226",
    ),
    ("100 Main St, Detroit, MI, 48226, US", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, Michigan, United States", "100 Main St||Detroit|MI|"),
    (
        "1600 Pennsylvania Ave NW, Washington, DC 20500",
        "1600 Pennsylvania Ave NW||Washington|DC|20500",
    ),
    (
        "1600 Pennsylvania Avenue NW Washington DC 20500",
        "1600 Pennsylvania Avenue NW||Washington|DC|20500",
    ),
    (
        "1600 Pennsylvania Ave NW, Washington DC, 20500",
        "1600 Pennsylvania Ave NW||Washington|DC|20500",
    ),
    (
        "1600 Pennsylvania Ave NW, Washington, District of Columbia 20500",
        "1600 Pennsylvania Ave NW||Washington|DC|20500",
    ),
    (
        "1600 Pennsylvania Ave NW, Washington 20500",
        "1600 Pennsylvania Ave NW||Washington||20500",
    ),
    ("350 5th Ave, New York, NY 10118", "350 5th Ave||New York|NY|10118"),
    (
        "350 Fifth Avenue, Floor 34, New York, NY 10118",
        "350 Fifth Avenue|Floor 34|New York|NY|10118",
    ),
    ("350 5th Ave, New York 10118", "350 5th Ave||New York|NY|10118"),
    ("350 5th Ave, Brooklyn, New York 11201", "350 5th Ave||Brooklyn|NY|11201"),
    ("350 5th Ave, New York City, NY 10118", "350 5th Ave||New York City|NY|10118"),
    ("1 Kansas Ave, Kansas City, Kansas 66105", "1 Kansas Ave||Kansas City|KS|66105"),
    ("1 Kansas Ave, Kansas City KS 66105", "1 Kansas Ave||Kansas City|KS|66105"),
    ("1 Kansas Ave Kansas City KS 66105", "1 Kansas Ave||Kansas City|KS|66105"),
    ("12 Oak Dr, Virginia Beach, Virginia 23451", "12 Oak Dr||Virginia Beach|VA|23451"),
    ("12 Oak Dr, Charleston, West Virginia 25301", "12 Oak Dr||Charleston|WV|25301"),
    ("12 Oak Dr, Charleston West Virginia 25301", "12 Oak Dr||Charleston|WV|25301"),
    ("12 Oak Dr, Charleston, W. Va. 25301", "12 Oak Dr||Charleston|WV|25301"),
    ("12 Oak Dr, Fargo, N. Dak. 58102", "12 Oak Dr||Fargo|ND|58102"),
    ("12 Oak Dr, Fargo, North Dakota 58102", "12 Oak Dr||Fargo|ND|58102"),
    ("12 Oak Dr, Indiana, PA 15701", "12 Oak Dr||Indiana|PA|15701"),
    ("12 Oak Dr, California, MD 20619", "12 Oak Dr||California|MD|20619"),
    ("12 Oak Dr, Nevada, Missouri 64772", "12 Oak Dr||Nevada|MO|64772"),
    ("12 Oak Dr, Oregon, OH 43616", "12 Oak Dr||Oregon|OH|43616"),
    ("12 Oak Dr, Washington, PA 15301", "12 Oak Dr||Washington|PA|15301"),
    ("12 Oak Dr, Washington, Pennsylvania 15301", "12 Oak Dr||Washington|PA|15301"),
    ("12 Oak Dr, Port Washington, NY 11050", "12 Oak Dr||Port Washington|NY|11050"),
    ("12 Oak Dr, Michigan City, IN 46360", "12 Oak Dr||Michigan City|IN|46360"),
    ("12 Oak Dr, Boston, Mass. 02108", "12 Oak Dr||Boston|MA|02108"),
    ("12 Oak Dr, Boston, MA 2108", "12 Oak Dr||Boston|MA|02108"),
    ("12 Oak Dr, Boston MA 2108", "12 Oak Dr||Boston|MA|02108"),
    ("12 Oak Dr, Boston, Massachusetts, 2108", "12 Oak Dr||Boston|MA|02108"),
    ("12 Oak Dr, Boston, MA 02108.0", "12 Oak Dr||Boston|MA|02108"),
    ("12 Oak Dr, Boston, MA 02108 - 1234", "12 Oak Dr||Boston|MA|02108-1234"),
    ("12 Oak Dr, Boston, MA 02108\u20131234", "12 Oak Dr||Boston|MA|02108-1234"),
    ("12 Oak Dr, San Juan, P.R. 00926", "12 Oak Dr||San Juan|PR|00926"),
    ("Pat Doe, 100 Main St, Apt 4, Detroit, MI 48226", "100 Main St|Apt 4|Detroit|MI|48226"),
    ("Pat Doe\n100 Main St\nApt 4\nDetroit, MI 48226", "100 Main St|Apt 4|Detroit|MI|48226"),
    (
        "Pat Doe\nAcme Corp\n100 Main St\nDetroit, MI 48226\nUSA",
        "100 Main St||Detroit|MI|48226",
    ),
    (
        "Attn: Pat Doe, Suite 300, 100 Main St, Detroit, MI 48226",
        "100 Main St|Suite 300|Detroit|MI|48226",
    ),
    ("c/o Pat Doe\r\n100 Main St\r\nDetroit MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St\nDetroit\nMI\n48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St\tApt 4\tDetroit\tMI\t48226", "100 Main St|Apt 4|Detroit|MI|48226"),
    ("100 Main St | Detroit | MI | 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St \u2022 Detroit \u2022 MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St \xb7 Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ('"100 Main St", "Detroit", "MI", "48226"', "100 Main St||Detroit|MI|48226"),
    ("'100 Main St, Detroit, MI 48226'", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226.", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226,", "100 Main St||Detroit|MI|48226"),
    (",100 Main St,, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    (
        "\uff11\uff10\uff10 Main St, Detroit, MI \uff14\uff18\uff12\uff12\uff16",
        "100 Main St||Detroit|MI|48226",
    ),
    ("100 Main St\u200b, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Unit 5, 48226", "100 Main St|Unit 5|||48226"),
    ("100 Main St, Apt 10001, New York, NY 10001", "100 Main St|Apt 10001|New York|NY|10001"),
    ("100 Main St, Unit 10001, New York, NY", "100 Main St|Unit 10001|New York|NY|"),
    ("PO Box 10001, Detroit, MI", "PO Box 10001||Detroit|MI|"),
    ("PO Box 12, Detroit, MI 48226", "PO Box 12||Detroit|MI|48226"),
    ("P.O. Box 12, Detroit, MI 48226", "P.O. Box 12||Detroit|MI|48226"),
    ("RR 2 Box 15, Alma, MI 48801", "RR 2 Box 15||Alma|MI|48801"),
    ("10001 Main St, Detroit, MI", "10001 Main St||Detroit|MI|"),
    ("10001 Main St, Detroit, MI 48226", "10001 Main St||Detroit|MI|48226"),
    ("1234 State Route 5, Utica, NY 13502", "1234 State Route 5||Utica|NY|13502"),
    ("1234 County Road E, Madison, WI 53562", "1234 County Road E||Madison|WI|53562"),
    ("100 Avenue A, New York, NY 10009", "100 Avenue A||New York|NY|10009"),
    ("100 Avenue A, 10009", "100 Avenue A||||10009"),
    ("100 Broadway, New York, NY 10005", "100 Broadway||New York|NY|10005"),
    ("100 Broadway, 10005", "100 Broadway||||10005"),
    ("12-34 150th St, Whitestone, NY 11357", "12-34 150th St||Whitestone|NY|11357"),
    ("12 A Main St, Detroit, MI 48226", "12 A Main St||Detroit|MI|48226"),
    ("12A Main St, Detroit, MI 48226", "12A Main St||Detroit|MI|48226"),
    ("123\xbd Main St, Detroit, MI 48226", "123 1/2 Main St||Detroit|MI|48226"),
    ("100-102 Main St, Detroit, MI 48226", "100-102 Main St||Detroit|MI|48226"),
    ("100 & 102 Main St, Detroit, MI 48226", "100 & 102 Main St||Detroit|MI|48226"),
    (
        "W123N456 Main St, Menomonee Falls, WI 53051",
        "W123N456 Main St||Menomonee Falls|WI|53051",
    ),
    ("One Microsoft Way, Redmond, WA 98052", "One Microsoft Way||Redmond|WA|98052"),
    ("100, Main St, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, 4, Detroit, MI 48226", "100 Main St|4|Detroit|MI|48226"),
    ("100 Main St, 4B, Detroit, MI 48226", "100 Main St|4B|Detroit|MI|48226"),
    ("4B, 100 Main St, Detroit, MI 48226", "100 Main St|4B|Detroit|MI|48226"),
    ("#4, 100 Main St, Detroit, MI 48226", "100 Main St|#4|Detroit|MI|48226"),
    ("4th Floor, 100 Main St, Detroit, MI 48226", "100 Main St|4th Floor|Detroit|MI|48226"),
    ("100 Main St, Fl 2, Rm 5, Detroit, MI 48226", "100 Main St|Fl 2, Rm 5|Detroit|MI|48226"),
    ("100 Main St, Rear, Detroit, MI 48226", "100 Main St|Rear|Detroit|MI|48226"),
    ("100 Main St, Basement, Detroit, MI 48226", "100 Main St|Basement|Detroit|MI|48226"),
    ("100 Main St, Penthouse, Detroit, MI 48226", "100 Main St|Penthouse|Detroit|MI|48226"),
    ("100 Main St, Trlr 5, Alma, MI 48801", "100 Main St|Trlr 5|Alma|MI|48801"),
    ("100 Main St, Lot 5, Alma, MI 48801", "100 Main St|Lot 5|Alma|MI|48801"),
    ("100 Main St, Space 5, Alma, MI 48801", "100 Main St|Space 5|Alma|MI|48801"),
    ("100 Main St, Building C, Alma, MI 48801", "100 Main St|Building C|Alma|MI|48801"),
    ("100 Main St, Suite A, Alma, MI 48801", "100 Main St|Suite A|Alma|MI|48801"),
    ("100 Main St, Apt Rear, Alma, MI 48801", "100 Main St|Apt Rear|Alma|MI|48801"),
    ("100 Main St, Unit B Detroit, MI 48226", "100 Main St|Unit B|Detroit|MI|48226"),
    ("100 Main St, County of Wayne, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Gretna, Jefferson Parish, LA 70053", "100 Main St||Gretna|LA|70053"),
    (
        "100 Main St, Detroit, Wayne County, Michigan, 48226, United States",
        "100 Main St||Detroit|MI|48226",
    ),
    ("100 Main St, Detroit, MI 48226, (555) 123-4567", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226, +1 555-123-4567", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226, Tel. 555-123-4567", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226, pat@example.com", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit 48226, MI", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, 48226, Detroit, MI", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, 48226, Michigan", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, MI 48226", "100 Main St|||MI|48226"),
    ("100 Main St, Michigan 48226", "100 Main St|||MI|48226"),
    ("100 Main St 48226", "100 Main St||||48226"),
    ("100 Main St NE, Atlanta, GA 30308", "100 Main St NE||Atlanta|GA|30308"),
    ("100 Main St, NE 68102", "100 Main St|||NE|68102"),
    ("100 N Main St Apt 4 Detroit MI 48226", "100 N Main St Apt 4||Detroit|MI|48226"),
    ("100 K St NW Washington DC 20001", "100 K St NW||Washington|DC|20001"),
    ("100 Main St, St Louis MO 63101", "100 Main St||St Louis|MO|63101"),
    ("100 Main St, St. Louis, MO 63101", "100 Main St||St. Louis|MO|63101"),
    ("100 Main St, Saint Louis, Mo. 63101", "100 Main St||Saint Louis|MO|63101"),
    ("100 Park Ave Lake City MI 49651", "100 Park Ave||Lake City|MI|49651"),
    ("100 Lake Shore Dr Chicago IL 60611", "100 Lake Shore Dr||Chicago|IL|60611"),
    ("100 Lake Shore Dr, Chicago, Ill. 60611", "100 Lake Shore Dr||Chicago|IL|60611"),
    ("29 Palms Hwy, Twentynine Palms, CA 92277", "29 Palms Hwy||Twentynine Palms|CA|92277"),
    ("100 Main St, Paris, TX", "100 Main St||Paris|TX|"),
    ("100 Main St, Paris, TX 75460", "100 Main St||Paris|TX|75460"),
    ("100 Main St Paris TX", "100 Main St||Paris|TX|"),
    ("100 Main St, Detroit, mi 48226", "100 Main St||Detroit|MI|48226"),
    ("100 MAIN ST, DETROIT, MI 48226", "100 MAIN ST||DETROIT|MI|48226"),
    ("100 main st, detroit, mi", "100 main st||detroit|MI|"),
    ("100 Main St, Honolulu, Hawaii 96813", "100 Main St||Honolulu|HI|96813"),
    ("100 Main St, Anchorage, Alaska", "100 Main St||Anchorage|AK|"),
    ("100 Main St, Winston-Salem, NC 27101", "100 Main St||Winston-Salem|NC|27101"),
    ("100 Main St, O'Fallon, MO 63366", "100 Main St||O'Fallon|MO|63366"),
    ("100 Main St, Coeur d'Alene, Idaho 83814", "100 Main St||Coeur d'Alene|ID|83814"),
    ("100 Main St Ste 300, Detroit, MI 48226", "100 Main St Ste 300||Detroit|MI|48226"),
    ("100 Main St Suite 300 Detroit MI 48226", "100 Main St Suite 300||Detroit|MI|48226"),
    (
        "Acme Corp., Dept. 5, 100 Main St, Detroit, MI 48226",
        "100 Main St|Dept. 5|Detroit|MI|48226",
    ),
    ("100 Via Roma, San Diego, CA 92101", "100 Via Roma||San Diego|CA|92101"),
    ("100 Calle Luna, 00901", "100 Calle Luna||||00901"),
    (
        "100 Main St., Apt. #4, Detroit, MI, 48226-1234, U.S.",
        "100 Main St.|Apt. #4|Detroit|MI|48226-1234",
    ),
    ("100 Main St, Portland, Me. 04101", "100 Main St||Portland|ME|04101"),
    ("100 Main St, Portland, Ore. 97201", "100 Main St||Portland|OR|97201"),
    ("100 Main St, Detroit MI", "100 Main St||Detroit|MI|"),
    ("100 Main St, Los Angeles, Calif.", "100 Main St||Los Angeles|CA|"),
    ("100 Main St,Detroit,MI,48226", "100 Main St||Detroit|MI|48226"),
    (
        "Apartment 4, Pat Doe, 100 Main St, Detroit, MI 48226",
        "100 Main St|Apartment 4|Detroit|MI|48226",
    ),
    ("1 La Jolla Dr, La Jolla, CA 92037", "1 La Jolla Dr||La Jolla|CA|92037"),
    ("1 La Jolla Dr La Jolla CA 92037", "1 La Jolla Dr||La Jolla|CA|92037"),
    ("100 Main St, Ft. Worth, Texas 76102", "100 Main St||Ft. Worth|TX|76102"),
    ("100 Main St, Mt Pleasant, S.C. 29464", "100 Main St||Mt Pleasant|SC|29464"),
    ("100 Main St, Delaware, OH 43015", "100 Main St||Delaware|OH|43015"),
    ("100 Main St, Ohio 43015", "100 Main St|||OH|43015"),
    ("100 Main St Detroit 48226", "100 Main St||Detroit||48226"),
    ("100 Main St, Detroit 48226", "100 Main St||Detroit||48226"),
    ("100 Main St, Apt 4 48226", "100 Main St|Apt 4|||48226"),
    ("100 Main St, Apt 4B, MI 48226", "100 Main St|Apt 4B||MI|48226"),
    ("The Pines, 100 Main St, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("1 1st St, 2nd Floor, Detroit, MI 48226", "1 1st St|2nd Floor|Detroit|MI|48226"),
    ("500 S State St, Ann Arbor, MI 48109", "500 S State St||Ann Arbor|MI|48109"),
    ("500 S State St Ann Arbor MI 48109", "500 S State St||Ann Arbor|MI|48109"),
    ("1 N Capitol Ave, Lansing MI 48933", "1 N Capitol Ave||Lansing|MI|48933"),
    ("100 Main St Los Angeles California 90001", "100 Main St||Los Angeles|CA|90001"),
    ("100 Ocean Ave Santa Monica Calif 90401", "100 Ocean Ave||Santa Monica|CA|90401"),
    ("1234 US Highway 41 S, Naples, FL 34102", "1234 US Highway 41 S||Naples|FL|34102"),
    ("100 Main St, Miami, FL 33101", "100 Main St||Miami|FL|33101"),
    ("100 Main St Miami FL 33101", "100 Main St||Miami|FL|33101"),
    ("100 Main St, Miami FL, 33101", "100 Main St||Miami|FL|33101"),
    (
        "100 Main St, Detroit, MI 48226, United States of America.",
        "100 Main St||Detroit|MI|48226",
    ),
    ("100 Main St, Detroit, MI 48226 (USA)", "100 Main St||Detroit|MI|48226"),
    ("100 Main St, Detroit, MI 48226, 5551234567", "100 Main St||Detroit|MI|48226"),
    ("100 Main St MI 48226", "100 Main St|||MI|48226"),
    ("100 Main St, c/o Pat Doe, Detroit, MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St - Detroit - MI 48226", "100 Main St||Detroit|MI|48226"),
    ("100 Main St / Detroit / MI 48226", "100 Main St||Detroit|MI|48226"),
    ("123 - 125 Main St, Detroit, MI 48226", "123 - 125 Main St||Detroit|MI|48226"),
    ("350 5th Ave New York NY 10118", "350 5th Ave||New York|NY|10118"),
    ("100 Ohio St, 46203", "100 Ohio St||||46203"),
    ("100 Main St, Opa-locka, FL 33054", "100 Main St||Opa-locka|FL|33054"),
    ("100 Main St, Lake, MI 48632", "100 Main St||Lake|MI|48632"),
    ("100 Main St, Springs, NY 11937", "100 Main St||Springs|NY|11937"),
    ("100 Main St, Union, NJ 07083", "100 Main St||Union|NJ|07083"),
    ("100 Main St, Union NJ 07083", "100 Main St||Union|NJ|07083"),
    ("100 Main St, Center, TX 75935", "100 Main St||Center|TX|75935"),
    ("100 Main St, North, SC 29112", "100 Main St||North|SC|29112"),
    ("100 Main St, Park City UT 84060", "100 Main St||Park City|UT|84060"),
    ("100 Main St Unit 4 Park City UT 84060", "100 Main St Unit 4||Park City|UT|84060"),
    ("100 Main St, La Place LA 70068", "100 Main St||La Place|LA|70068"),
    (
        "100 Main Street Suite B, Los Angeles CA 90001",
        "100 Main Street Suite B||Los Angeles|CA|90001",
    ),
]  # fmt: skip

IN_DOUBT = [
    "100 Main St, Unit 10001",
    "42.3314,-83.0458",
    "48226",
    "Detroit, MI 48226",
    "1600 Pennsylvania Ave NW, Washington, D.C.",
    "350 5th Ave, New York",
    "Calle 5 B12, Urb. Las Lomas, San Juan, PR 00926",
    "PSC 802 Box 74, APO AE 09499",
    "PSC 802 Box 74, APO, AE 09499",
    "Unit 2050 Box 4190, APO AP 96278-2050",
    "CMR 402 Box 12, APO, AE 09180",
    "12 Oak Dr, FPO, AA 34093",
    "12 Oak Dr, Hagatna, GU 96910",
    "12 Oak Dr, Charlotte Amalie, VI 00802",
    "12 Oak Dr, Charlotte Amalie, US Virgin Islands 00802",
    "100 Main St Unit 10001",
    "100 Main St, # 10001",
    "1234 Highway 41",
    "100 Broadway New York NY 10005",
    "100 Broadway Detroit, MI 48226",
    "Main St, Detroit, MI 48226",
    "100 Main St, Brooklyn, New York, NY 11201",
    "100 Main St, Detroit",
    "100 Main St, Michigan",
    "100 Main St",
    "100 Main Ct",
    "100 Main St N Detroit MI 48226",
    "100 Main St North Las Vegas NV 89030",
    "100 Main St St Louis MO 63101",
    "100 King St W, Toronto, ON M5X 1A9, Canada",
    "100 Main St, 200 Oak St, Detroit, MI 48226",
    "Studio 54, 254 W 54th St, New York, NY 10019",
    "3M Company, 100 Main St, Detroit, MI 48226",
    "100 Main St, Detroit, ZZ 48226",
    "100 Main St, Detroit, MI 4822",
    "100 Main St, Acme Corp, Detroit, MI 48226",
    "hello, world, MI",
    "100 Indiana, 46203",
    "100 Main St, Detroit MI 10001",
    "100 Main St, Detroit Michigan 10001",
    "100 Oak Ct 06001",
    "100 Main St NE, 68102",
    "100 Main St (rear) Detroit MI 48226",
    "Flat 3, 100 Main St, Detroit, MI 48226",
    "100 Main Detroit, MI 48226",
    "100 Main St, NE, 46203",
    "100 Main St, Court, 46203",
]


@pytest.mark.parametrize(("line", "parts"), SPLIT)
def test_a_line_is_split_as_it_is_meant(line: str, parts: str) -> None:
    found = checked(parse_line(line))
    read = (found.street1, found.street2, found.city, found.state, found.zip)
    assert "|".join(part or "" for part in read) == parts


@pytest.mark.parametrize("line", IN_DOUBT)
def test_what_stays_in_doubt_is_refused(line: str) -> None:
    with pytest.raises(AddressError) as caught:
        checked(parse_line(line))
    assert not any(word in str(caught.value) for word in ("Main", "Oak", "Detroit", "Pat"))


def test_the_table_is_long_and_mostly_splits() -> None:
    assert len(SPLIT) + len(IN_DOUBT) >= 150
    assert len(SPLIT) > 3 * len(IN_DOUBT)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("PSC 802 Box 74, APO AE 09499", "military mail, which the API does not cover"),
        ("12 Oak Dr, Hagatna, GU 96910", "a US territory, which the API does not cover"),
        ("100 King St W, Toronto, ON M5X 1A9", "not in the US"),
        ("100 Main St, Detroit", "a ZIP code, or a city and a state, is missing: write STREET"),
        ("Main St, Detroit, MI 48226", "no part begins with a house number"),
        ("1 Oak St, 2 Elm St, Detroit, MI 48226", "two parts begin with a house number"),
        ("1 Oak St, Detroit MI 10001", "state and ZIP code do not belong together"),
    ],
)
def test_a_refusal_says_what_is_wrong(line: str, message: str) -> None:
    with pytest.raises(AddressError, match=message):
        parse_line(line)


STREETS = [
    "100 Main St", "1600 Pennsylvania Ave NW", "12 Avenue A", "9 Broadway", "77 US Highway 41 S",
    "12-34 150th St", "8 St Marys Rd", "123 1/2 Elm Ct", "6 Via Roma", "2 Indiana Ave",
]  # fmt: skip
UNITS = ["Apt 4", "#4B", "4th Floor", "Bldg 2"]
PLACES = [
    ("New York", "NY", "New York", "10001"),
    ("Washington", "DC", "D.C.", "20001"),
    ("Kansas City", "KS", "Kansas", "66105"),
    ("St. Louis", "MO", "Mo.", "63101"),
    ("Miami", "FL", "Florida", "33101"),
    ("Charleston", "WV", "West Virginia", "25301"),
    ("Hartford", "CT", "Connecticut", "06103"),
    ("Omaha", "NE", "Nebr.", "68102"),
    ("Lake City", "MI", "Mich.", "49651"),
]
FORMS = [
    "{street}, {unit}, {city}, {code} {zip}",
    "{street} {unit}, {city} {state} {zip}",
    "{street} {unit} {city} {code} {zip}",
    "{street} {unit} {city}, {state} {zip}",
    "{unit}, {street}, {city}, {code} {zip}",
    "Pat Doe\n{street}\n{unit}\n{city}, {code} {zip}\nUSA",
]


def test_whatever_is_joined_in_whatever_form_is_split_right_or_refused() -> None:
    right = refused = 0
    for street, unit, place, form in itertools.product(STREETS, UNITS, PLACES, FORMS):
        city, code, state, zip_code = place
        line = form.format(
            street=street, unit=unit, city=city, code=code, state=state, zip=zip_code
        )
        try:
            found = checked(parse_line(line))
        except AddressError:
            refused += 1
            continue
        right += 1
        written = f"{found.street1}{found.street2 or ''}"
        assert written.replace(" ", "") == f"{street}{unit}".replace(" ", ""), line
        assert (found.city, found.state, found.zip) == (city, code, zip_code), line
    assert right > 20 * refused
