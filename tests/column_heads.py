"""Headings of real sources, with rows that are made up and the first address that they mean."""

# ruff: noqa: ISC004
HEADS: dict[str, tuple[str, list[str], str]] = {
    # name: (header, rows, the first row's address)
    "salesforce-billing": (
        "Id,Name,BillingStreet,BillingCity,BillingState,BillingPostalCode,BillingCountry",
        ["1,Acme,100 Main St,Detroit,MI,48226,USA", "2,Best,12 Elm Ave,Troy,MI,48083,USA"],
        "100 Main St, Detroit, MI 48226",
    ),
    "hubspot": (
        "Record ID,First Name,Email,Phone Number,Street Address,City,State/Region,Postal Code",
        ["1,Pat,p@x.org,313 555 0100,100 Main St,Detroit,MI,48226"] * 2,
        "100 Main St, Detroit, MI 48226",
    ),
    "esri": (
        "OBJECTID,ADDR_LINE_1,ADDR_LINE_2,CITY_NAME,STATE_ABBR,ZIP_CODE,X,Y",
        ["1,100 Main St,Apt 4,Detroit,MI,48226,13456789.1,281234.2"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "openaddresses": (
        "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH",
        [f"-122.41,37.78,{n},ELLIS ST,,San Francisco,,CA,94109,{n},ab" for n in (609, 611, 613)],
        "609 ELLIS ST, San Francisco, CA 94109",
    ),
    "openaddresses-lower": (
        "hash,number,street,unit,city,district,region,postcode,id,accuracy",
        [
            "ab,609,Ellis St,4,San Francisco,,CA,94109,1,",
            "cd,611,Ellis St,,San Francisco,,CA,94109,2,",
        ],
        "609 Ellis St, 4, San Francisco, CA 94109",
    ),
    "nad": (
        "OID_,State,County,Inc_Muni,Uninc_Comm,Post_Comm,Post_City,Zip_Code,Plus_4,StN_PreMod,"
        "StN_PreDir,StN_PreTyp,StN_PreSep,StreetName,StN_PosTyp,StN_PosDir,StN_PosMod,AddNum_Pre,"
        "Add_Number,AddNum_Suf,Building,Floor,Unit,Room,Longitude,Latitude",
        [
            "1,MI,Wayne,Detroit,,,Detroit,48226,,,North,,,Main,Street,,,,100,1/2,,,Unit 4,,"
            "-83.04,42.33"
        ],
        "100 1/2 North Main Street, Unit 4, Detroit, MI 48226",
    ),
    "voter-nc": (
        "county_desc,voter_reg_num,last_name,first_name,name_suffix_lbl,house_num,half_code,"
        "street_dir,street_name,street_type_cd,street_sufx_cd,unit_designator,unit_num,"
        "res_city_desc,state_cd,zip_code,birth_age",
        ["WAKE,1234,DOE,PAT,JR,100,,N,MAIN,ST,,APT,4,RALEIGH,NC,27601,44"],
        "100 N MAIN ST, APT 4, RALEIGH, NC 27601",
    ),
    "voter-short": (
        "res_house_no,res_street,city,state,zip",
        ["100,MAIN ST,DETROIT,MI,48226"],
        "100 MAIN ST, DETROIT, MI 48226",
    ),
    "voter-mi": (
        "VOTER_ID,STREET_NUMBER_PREFIX,STREET_NUMBER,STREET_NUMBER_SUFFIX,DIRECTION_PREFIX,"
        "STREET_NAME,STREET_TYPE,DIRECTION_SUFFIX,CITY,STATE,ZIP_CODE",
        ["9,,100,,W,MAIN,ST,,DETROIT,MI,48226", "8,,101,,W,MAIN,ST,,DETROIT,MI,48226"],
        "100 W MAIN ST, DETROIT, MI 48226",
    ),
    "usps-ams": (
        "PrimaryNumber,PreDirectional,StreetName,Suffix,PostDirectional,UnitDesignator,"
        "SecondaryNumber,City,State,ZIP,Plus4",
        ["100,N,MAIN,ST,,APT,4,DETROIT,MI,48226,1234"],
        "100 N MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "cass": (
        "Delivery Address,Secondary Address,City,State,ZIP+4,DPV,LACS",
        ["100 MAIN ST,APT 4,DETROIT,MI,48226-1234,Y,N"],
        "100 MAIN ST, APT 4, DETROIT, MI 48226-1234",
    ),
    "geocodio": (
        "Number,Street,Unit Type,Unit Number,City,State,County,Zip,Country,Accuracy Score",
        ["100,Main St,Apt,4,Detroit,MI,Wayne County,48226,US,1"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "smarty": (
        "primary_number,street_predirection,street_name,street_suffix,secondary_designator,"
        "secondary_number,city_name,state_abbreviation,zipcode,plus4_code",
        ["100,N,Main,St,Apt,4,Detroit,MI,48226,1234"],
        "100 N Main St, Apt 4, Detroit, MI 48226",
    ),
    "smarty-lines": (
        "delivery_line_1,delivery_line_2,city_name,default_city_name,state_abbreviation,zipcode",
        ["100 Main St Apt 4,,Detroit,,MI,48226"],
        "100 Main St Apt 4, Detroit, MI 48226",
    ),
    "google": (
        "name,formatted_address,lat,lng",
        ['Cafe,"100 Main St, Detroit, MI 48226, USA",42.33,-83.04'],
        "100 Main St, Detroit, MI 48226",
    ),
    "parcel-situs": (
        "PARCELID,SITUS_HSE_NO,SITUS_DIR,SITUS_ST_NAME,SITUS_ST_TYPE,SITUS_UNIT,SITUS_CITY,"
        "SITUS_STATE,SITUS_ZIP,LANDVALUE",
        ["01-2,100,N,MAIN,ST,4,DETROIT,MI,48226,5000"],
        "100 N MAIN ST, 4, DETROIT, MI 48226",
    ),
    "parcel-siteaddress": (
        "OBJECTID,PARCELNO,SITEADDRESS,SITECITY,SITEZIP,OWNERNME1,ACRES",
        ["1,01-2,100 MAIN ST,DETROIT,48226,DOE PAT,0.2"],
        "100 MAIN ST, DETROIT, 48226",
    ),
    "fcc-fabric": (
        "location_id,address_primary,city,state,zip,zip_suffix,unit_count,bsl_flag,"
        "building_type_code,latitude,longitude",
        ["1000001,100 MAIN ST,DETROIT,MI,48226,1234,1,TRUE,R,42.33,-83.04"],
        "100 MAIN ST, DETROIT, MI 48226",
    ),
    "shopify": (
        "Name,Email,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,"
        "Shipping City,Shipping Zip,Shipping Province,Shipping Country",
        ["#1,a@x.org,Pat,100 Main St,100 Main St,Apt 4,Detroit,48226,MI,US"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "woocommerce": (
        "order_id,billing_first_name,billing_address_1,billing_address_2,billing_city,"
        "billing_state,billing_postcode",
        ["7,Pat,100 Main St,Suite 4,Detroit,MI,48226"],
        "100 Main St, Suite 4, Detroit, MI 48226",
    ),
    "netsuite": (
        "Internal ID,Company Name,Address 1,Address 2,Address 3,City,State/Province,Zip Code",
        ["1,Acme,100 Main St,Ste 4,,Detroit,MI,48226"],
        "100 Main St, Ste 4, Detroit, MI 48226",
    ),
    "outlook": (
        "First Name,Last Name,Home Street,Home City,Home State,Home Postal Code,Home Phone",
        ["Pat,Doe,100 Main St,Detroit,MI,48226,3135550100"],
        "100 Main St, Detroit, MI 48226",
    ),
    "isp-billing": (
        "Account Number,Service Location Addr,Apt/Suite,Town,Prov/State,Zip",
        ["901,100 Main St,4,Detroit,MI,48226", "902,100 Main St,5,Detroit,MI,48226"],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "tax-roll": (
        "PropNo,Prop Street,Prop City,Prop State,Prop Zip Code,Sale Price",
        ["1,100 Main St,Detroit,MI,48226,100000"],
        "100 Main St, Detroit, MI 48226",
    ),
    "fgdc": (
        "AddressNumber,StreetNamePreDirectional,StreetName,StreetNamePostType,OccupancyType,"
        "OccupancyIdentifier,PlaceName,StateName,ZipCode",
        ["100,North,Main,Street,Apartment,4,Detroit,Michigan,48226"],
        "100 North Main Street, Apartment 4, Detroit, MI 48226",
    ),
    "house-and-street": (
        "House Number,Street,Apt,City,State,Zip",
        ["100,Main St,4,Detroit,MI,48226", "101,Main St,4,Detroit,MI,48226"],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "utility": (
        "PREMISE_ID,STREET_NO,STREET_NM,STREET_SUFFIX,APT_NO,CITY_NM,STATE_CD,ZIP_CD",
        ["5,100,MAIN,ST,4B,DETROIT,MI,48226"],
        "100 MAIN ST, 4B, DETROIT, MI 48226",
    ),
    "full-name-and-number": (
        "ADDR_NUM,FULLSTREETNAME,UNIT_TYPE,UNIT_ID,COMMUNITY,STATE,ZIP5",
        ["100,N MAIN ST,UNIT,4,DETROIT,MI,48226"],
        "100 N MAIN ST, UNIT 4, DETROIT, MI 48226",
    ),
    "line-and-last-line": (
        "id,street address,city/state/zip",
        ['1,100 Main St,"Detroit, MI 48226"'],
        "100 Main St, Detroit, MI 48226",
    ),
    "parts-beside-the-line": (
        "House No,Street Name,Street Type,Address,City,State,Zip",
        ["100,Main,St,100 Main St,Detroit,MI,48226", "9,Elm,Ave,9 Elm Ave,Detroit,MI,48226"],
        "100 Main St, Detroit, MI 48226",
    ),
    "row-numbers": (
        "Number,Street,City,State,Zip",
        ["1,100 Main St,Detroit,MI,48226", "2,12 Elm St,Detroit,MI,48226"],
        "100 Main St, Detroit, MI 48226",
    ),
    "property": (
        "Property Address,Property City,Property State,Property Zip",
        ["100 Main St,Detroit,MI,48226"],
        "100 Main St, Detroit, MI 48226",
    ),
    "address-and-zip": (
        "id,address,zip",
        ['1,"100 Main St, Detroit, MI 48226",48226', '2,"9 Elm St, Detroit, MI 48226",48226'],
        "100 Main St, Detroit, MI 48226",
    ),
    "address-alone": (
        "id,address",
        ['1,"100 Main St, Detroit, MI 48226"', '2,"200 Main St Apt 4, Detroit, MI 48226"'],
        "100 Main St, Detroit, MI 48226",
    ),
    "openstreetmap": (
        "@id,addr:housenumber,addr:street,addr:unit,addr:city,addr:state,addr:postcode",
        ["n1,100,Main Street,4,Detroit,MI,48226"],
        "100 Main Street, 4, Detroit, MI 48226",
    ),
    "new-york-addresses": (
        "AddressLabel,PrefixAddressNumber,AddressNumber,SuffixAddressNumber,PreModifier,"
        "PreDirectional,PreType,StreetName,PostType,PostDirectional,UnitType,UnitNumber,"
        "CityTownName,ZipName,ZipCode,State,Latitude,Longitude",
        ["100 N Main St,,100,,,N,,Main,Street,,Apt,4,Troy,Troy,12180,NY,42.7,-73.6"],
        "100 N Main Street, Apt 4, Troy, NY 12180",
    ),
    "voter-wa": (
        "StateVoterID,RegStNum,RegStFrac,RegStName,RegStType,RegUnitType,RegStPreDirection,"
        "RegStPostDirection,RegUnitNum,RegCity,RegState,RegZipCode",
        ["1,100,1/2,MAIN,ST,APT,N,,4,SEATTLE,WA,98101"],
        "100 1/2 N MAIN ST, APT 4, SEATTLE, WA 98101",
    ),
    "voter-oh": (
        "SOS_VOTERID,RESIDENTIAL_ADDRESS1,RESIDENTIAL_SECONDARY_ADDR,RESIDENTIAL_CITY,"
        "RESIDENTIAL_STATE,RESIDENTIAL_ZIP,RESIDENTIAL_ZIP_PLUS4",
        ["1,100 MAIN ST,APT 4,CLEVELAND,OH,44101,"],
        "100 MAIN ST, APT 4, CLEVELAND, OH 44101",
    ),
    "voter-fl": (
        "Voter ID,Residence Address Line 1,Residence Address Line 2,Residence City (USPS),"
        "Residence State,Residence Zipcode,Mailing Address Line 1,Mailing City,Mailing Zipcode",
        ["1,100 MAIN ST,APT 4,MIAMI,FL,33101,,,"],
        "100 MAIN ST, APT 4, MIAMI, FL 33101",
    ),
    "reso": (
        "ListingKey,StreetNumber,StreetDirPrefix,StreetName,StreetSuffix,StreetDirSuffix,"
        "UnitNumber,City,StateOrProvince,PostalCode",
        ["5,100,N,Main,St,,4,Detroit,MI,48226"],
        "100 N Main St, 4, Detroit, MI 48226",
    ),
    "mls": (
        "MLS #,Street Number,Street Direction,Street Name,Street Suffix,Unit Number,City,State,"
        "Zip Code,List Price",
        ["5,100,N,Main,St,4,Detroit,MI,48226,1000"],
        "100 N Main St, 4, Detroit, MI 48226",
    ),
    "half-numbers": (
        "ACCOUNT_NUM,STREET_NUM,STREET_HALF_NUM,FULL_STREET_NAME,UNIT_ID,PROPERTY_CITY,"
        "PROPERTY_ZIPCODE",
        ["1,100,1/2,MAIN ST,4,DALLAS,75201"],
        "100 1/2 MAIN ST, 4, DALLAS, 75201",
    ),
    "contacts": (
        "Name,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - Region,"
        "Address 1 - Postal Code",
        ['Pat,"100 Main St, Detroit, MI 48226",100 Main St,Detroit,MI,48226'],
        "100 Main St, Detroit, MI 48226",
    ),
    "payments": (
        "Customer ID,Card Address Line1,Card Address Line2,Card Address City,Card Address State,"
        "Card Address Zip",
        ["1,100 Main St,Apt 4,Detroit,MI,48226"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "numbered-streets": (
        "HOUSE,STREET,CITY,ZIP",
        ["100,5th Ave,New York,10001", "101,42nd St,New York,10001"],
        "100 5th Ave, New York, 10001",
    ),
    "routes": (
        "NUMBER,STREET,CITY,ZIP",
        ["100,HWY 50,Troy,12180", "101,HWY 50,Troy,12180"],
        "100 HWY 50, Troy, 12180",
    ),
    "second-line-first": (
        "address_line_2,address_line_1,city,state,postal_code",
        ["Apt 4,100 Main St,Detroit,MI,48226"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "zip-and-its-four-digits": (
        "street,city,state,zip,zip4,country",
        ["1 Elm St,Detroit,MI,48226,1234,United States"],
        "1 Elm St, Detroit, MI 48226",
    ),
}
