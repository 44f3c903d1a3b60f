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
    "salesforce-codes": (
        "Account ID,BillingStreet,BillingCity,BillingStateCode,BillingPostalCode,"
        "BillingCountryCode,BillingGeocodeAccuracy",
        ["1,100 Main St,Detroit,MI,48226,US,Address"] * 2,
        "100 Main St, Detroit, MI 48226",
    ),
    "salesforce-lead": (
        "Lead ID,First Name,Last Name,Street,City,State/Province,Zip/Postal Code,Country",
        ["1,P,D,100 Main St,Detroit,MI,48226,US"],
        "100 Main St, Detroit, MI 48226",
    ),
    "hubspot-company": (
        "Record ID,Company name,Company Owner,Phone Number,Street Address,"
        "Street Address 2,City,State/Region,Postal Code,Country/Region",
        ["1,Acme,p,313,100 Main St,Suite 4,Detroit,Michigan,48226,United States"],
        "100 Main St, Suite 4, Detroit, MI 48226",
    ),
    "esri-geocode-result": (
        "OBJECTID,Status,Score,Match_addr,LongLabel,Addr_type,AddNum,AddNumFrom,"
        "AddNumTo,StPreDir,StPreType,StName,StType,StDir,BldgType,UnitType,UnitName,"
        "SubAddr,City,Region,RegionAbbr,Postal,PostalExt,Country,X,Y",
        [
            '1,M,100,"100 N Main St, Apt 4, Detroit, Michigan, 48226","100 N Main St,'
            ' Apt 4, Detroit, MI, 48226, USA",Subaddress,100,,,N,,Main,St,,,Apt,4,Apt 4,'
            "Detroit,Michigan,MI,48226,1234,USA,-83.0,42.3"
        ],
        "100 N Main St, Apt 4, Detroit, MI 48226",
    ),
    "esri-local-gov": (
        "OBJECTID,ADDNUM,UNITID,FULLNAME,FULLADDR,MUNICIPALITY,STATE,USNGCOORD,ZIPCODE",
        ["1,100,4,N Main St,100 N Main St,Detroit,MI,17T,48226"] * 2,
        "100 N Main St, 4, Detroit, MI 48226",
    ),
    "esri-addresspoint": (
        "ADDRPTID,PREADDRNUM,ADDRNUM,ADDRNUMSUF,PREDIR,PRETYPE,STNAME,POSTTYPE,POSTDIR,"
        "UNITTYPE,UNITID,CITYNAME,STATE,ZIP5",
        ["1,,100,1/2,N,,MAIN,ST,,APT,4,DETROIT,MI,48226"],
        "100 1/2 N MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "openaddresses-unit": (
        "number,street,unit,city,district,region,postcode,id,hash",
        [
            "609,ELLIS ST,APT 4,SAN FRANCISCO,,CA,94109,,ab",
            "611,ELLIS ST,,SAN FRANCISCO,,CA,94109,,cd",
        ],
        "609 ELLIS ST, APT 4, SAN FRANCISCO, CA 94109",
    ),
    "nad-r": (
        "NAD_Source,UUID,AddNo_Full,AddNum_Pre,Add_Number,AddNum_Suf,St_PreMod,"
        "St_PreDir,St_PreTyp,St_PreSep,St_Name,St_PosTyp,St_PosDir,St_PosMod,"
        "StNam_Full,Building,Floor,Unit,Room,Seat,Addtl_Loc,SubAddress,LandmkName,"
        "County,Inc_Muni,Post_City,Census_Plc,Uninc_Comm,Nbrhd_Comm,NatAmArea,NatAmSub,"
        "Urbnztn_PR,PlaceOther,PlaceNmTyp,State,Zip_Code,Plus_4",
        [
            "x,u,100 1/2,,100,1/2,,North,,,Main,Street,,,North Main Street,,,Apt 4,,,,"
            "Apt 4,,Wayne,Detroit,Detroit,,,,,,,,,MI,48226,"
        ],
        "100 1/2 North Main Street, Apt 4, Detroit, MI 48226",
    ),
    "voter-ga": (
        "REGISTRATION NUMBER,RESIDENCE STREET NUMBER,RESIDENCE PRE DIRECTION,"
        "RESIDENCE STREET NAME,RESIDENCE STREET TYPE,RESIDENCE POST DIRECTION,"
        "RESIDENCE APT UNIT NUMBER,RESIDENCE CITY,RESIDENCE ZIPCODE,STATE",
        ["1,100,,PEACHTREE,ST,NE,4,ATLANTA,30303,GA"],
        "100 PEACHTREE ST NE, 4, ATLANTA, GA 30303",
    ),
    "voter-ga-old": (
        "COUNTY_CODE,REGISTRATION_NUMBER,RESIDENCE_HOUSE_NUMBER,RESIDENCE_STREET_NAME,"
        "RESIDENCE_STREET_SUFFIX,RESIDENCE_APT_UNIT_NBR,RESIDENCE_CITY,"
        "RESIDENCE_ZIPCODE,MAIL_HOUSE_NBR,MAIL_STREET_NAME,MAIL_APT_UNIT_NBR,MAIL_CITY,"
        "MAIL_STATE,MAIL_ZIPCODE",
        ["060,1,100,PEACHTREE ST NE,,4,ATLANTA,30303,,,,,,"],
        "100 PEACHTREE ST NE, 4, ATLANTA, 30303",
    ),
    "voter-pa": (
        "ID Number,Title,Last Name,First Name,House Number,House Number Suffix,"
        "Street Name,Apartment Number,Address Line 2,City,State,Zip,Mail Address 1,"
        "Mail Address 2,Mail City,Mail State,Mail Zip",
        ["1,,DOE,PAT,100,A,MAIN ST,4,,PITTSBURGH,PA,15222,,,,,"],
        "100 A MAIN ST, 4, PITTSBURGH, PA 15222",
    ),
    "voter-ny": (
        "LASTNAME,FIRSTNAME,RADDNUMBER,RHALFCODE,RPREDIRECTION,RSTREETNAME,"
        "RPOSTDIRECTION,RAPARTMENTTYPE,RAPARTMENT,RADDRNONSTD,RCITY,RZIP5,RZIP4,"
        "MAILADD1,MAILADD2",
        ["DOE,PAT,100,1/2,W,72 ST,,APT,4,,NEW YORK,10023,1234,,"],
        "100 1/2 W 72 ST, APT 4, NEW YORK, 10023",
    ),
    "voter-co": (
        "VOTER_ID,HOUSE_NUM,HOUSE_SUFFIX,PRE_DIR,STREET_NAME,STREET_TYPE,POST_DIR,"
        "UNIT_TYPE,UNIT_NUM,RESIDENTIAL_ADDRESS,RESIDENTIAL_CITY,RESIDENTIAL_STATE,"
        "RESIDENTIAL_ZIP_CODE,RESIDENTIAL_ZIP_PLUS",
        ["1,100,,N,MAIN,ST,,APT,4,100 N MAIN ST APT 4,DENVER,CO,80202,1234"],
        "100 N MAIN ST APT 4, DENVER, CO 80202",
    ),
    "voter-va": (
        "IDENTIFICATION_NUMBER,LAST_NAME,HOUSE_NUMBER,HOUSE_NUMBER_SUFFIX,STREET_NAME,"
        "STREET_TYPE,DIRECTION,POST_DIRECTION,APT_NUM,CITY,STATE,ZIP",
        ["1,DOE,100,,MAIN,ST,N,,4,RICHMOND,VA,23219"],
        "100 N MAIN ST, 4, RICHMOND, VA 23219",
    ),
    "voter-wi": (
        "Voter Reg Number,LastName,Address1,Address2,HouseNumber,StreetName,UnitType,"
        "UnitNumber,ZipCode,Jurisdiction",
        ['1,DOE,100 N Main St,"MADISON, WI 53703-1234",100,N Main St,APT,4,53703,CITY OF MADISON']
        * 2,
        "100 N Main St, APT 4, MADISON, WI 53703",
    ),
    "voter-mo": (
        "County,Voter ID,House Number,House Suffix,Pre Direction,Street Name,"
        "Street Type,Post Direction,Unit Type,Unit Number,Non Standard Address,"
        "Residential City,Residential State,Residential ZipCode",
        ["Boone,1,100,,N,Main,St,,Apt,4,,Columbia,MO,65201"],
        "100 N Main St, Apt 4, Columbia, MO 65201",
    ),
    "voter-id": (
        "VoterId,StreetNumber,StreetPreDirection,StreetName,StreetSuffix,"
        "StreetPostDirection,UnitDesignator,UnitNumber,CityName,StateAbbr,Zip",
        ["1,100,N,Main,St,,#,4,Boise,ID,83702"],
        "100 N Main St, # 4, Boise, ID 83702",
    ),
    "usps-cass-report": (
        "DeliveryAddress1,DeliveryAddress2,City,State,ZIP,ZIP4,DPV,"
        "DeliveryPointBarcode,CarrierRoute",
        ["100 MAIN ST,APT 4,DETROIT,MI,48226,1234,Y,482261234047,C001"],
        "100 MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "usps-v3": (
        "firm,streetAddress,secondaryAddress,cityAbbreviation,city,state,postalCode,"
        "ZIPCode,ZIPPlus4,urbanization",
        [",100 MAIN ST,APT 4,,DETROIT,MI,,48226,1234,"],
        "100 MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "geocodio-result": (
        "Address,City,State,Zip,Latitude,Longitude,Accuracy Score,Accuracy Type,Number,"
        "Street,Unit Type,Unit Number,City,State,County,Zip,Country,Source",
        [
            "100 N Main St,Detroit,MI,48226,42.3,-83.0,1,rooftop,100,N Main St,Apt,4,"
            "Detroit,MI,Wayne County,48226,US,x"
        ],
        "100 N Main St, Apt 4, Detroit, MI 48226",
    ),
    "smarty-components": (
        "input_id,delivery_line_1,last_line,delivery_point_barcode,primary_number,"
        "street_predirection,street_name,street_suffix,street_postdirection,"
        "secondary_designator,secondary_number,city_name,default_city_name,"
        "state_abbreviation,zipcode,plus4_code",
        [
            "1,100 N Main St Apt 4,Detroit MI 48226-1234,482,100,N,Main,St,,Apt,4,Detroit,"
            "Detroit,MI,48226,1234"
        ],
        "100 N Main St, Apt 4, Detroit, MI 48226",
    ),
    "melissa": (
        "RecID,AddressLine1,AddressLine2,Suite,City,State,PostalCode,Plus4,"
        "AddressHouseNumber,AddressPreDirection,AddressStreetName,AddressStreetSuffix,"
        "AddressPostDirection,AddressSuiteName,AddressSuiteNumber",
        ["1,100 N Main St,,Apt 4,Detroit,MI,48226,1234,100,N,Main,St,,Apt,4"],
        "100 N Main St, Apt 4, Detroit, MI 48226",
    ),
    "loqate": (
        "ID,Address,Address1,Address2,Building,Premise,Thoroughfare,SubBuilding,"
        "Locality,AdministrativeArea,PostalCode,Country",
        [
            '1,"100 Main St Apt 4<BR>Detroit MI 48226",100 Main St Apt 4,Detroit MI 48226,,'
            "100,Main St,Apt 4,Detroit,MI,48226,US"
        ],
        "100 Main St Apt 4, Detroit, MI 48226",
    ),
    "parcel-cook": (
        "PIN,PROP_ADDRESS_FULL,PROP_ADDRESS_CITY_NAME,PROP_ADDRESS_STATE,"
        "PROP_ADDRESS_ZIPCODE_1,MAIL_ADDRESS_FULL,MAIL_ADDRESS_CITY_NAME,"
        "MAIL_ADDRESS_STATE,MAIL_ADDRESS_ZIPCODE_1",
        ["1,100 N MAIN ST,CHICAGO,IL,60601,100 N MAIN ST,CHICAGO,IL,60601"],
        "100 N MAIN ST, CHICAGO, IL 60601",
    ),
    "parcel-maricopa": (
        "APN,PHYSICAL_STREET_NUM,PHYSICAL_STREET_DIR,PHYSICAL_STREET_NAME,"
        "PHYSICAL_STREET_TYPE,PHYSICAL_STREET_POSTDIR,PHYSICAL_CITY,PHYSICAL_ZIP,"
        "SUBNAME",
        ["1,100,N,CENTRAL,AVE,,PHOENIX,85004,X"],
        "100 N CENTRAL AVE, PHOENIX, 85004",
    ),
    "parcel-king": (
        "MAJOR,MINOR,ADDR_FULL,ADDR_NUM,FULLNAME,ZIP5,PLUS4,CTYNAME,POSTALCTYNAME,LON,LAT",
        ["1,2,100 N Main St,100,N Main St,98101,1234,Seattle,Seattle,-122.3,47.6"],
        "100 N Main St, Seattle, 98101",
    ),
    "parcel-fl": (
        "PARCEL_ID,OWN_NAME,OWN_ADDR1,OWN_ADDR2,OWN_CITY,OWN_STATE,OWN_ZIPCD,PHY_ADDR1,"
        "PHY_ADDR2,PHY_CITY,PHY_ZIPCD",
        ["1,DOE,100 MAIN ST,,MIAMI,FL,33101,100 MAIN ST,,MIAMI,33101"],
        "100 MAIN ST, MIAMI, 33101",
    ),
    "parcel-regrid": (
        "ll_uuid,parcelnumb,address,address2,saddno,saddpref,saddstr,saddsttyp,"
        "saddstsuf,sunit,scity,county,state2,szip,szip5,mailadd,mail_city,mail_state2,"
        "mail_zip",
        [
            "u,1,100 N MAIN ST APT 4,,100,N,MAIN,ST,,APT 4,DETROIT,wayne,MI,48226,48226,"
            "100 N MAIN ST,DETROIT,MI,48226"
        ],
        "100 N MAIN ST, APT 4, DETROIT, 48226",
    ),
    "shopify-customers": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,"
        "Default Address Company,Default Address Address1,Default Address Address2,"
        "Default Address City,Default Address Province Code,"
        "Default Address Country Code,Default Address Zip,Default Address Phone",
        ["1,P,D,p@x.org,no,,100 Main St,Apt 4,Detroit,MI,US,'48226,313"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "woocommerce-export": (
        "order_id,billing_first_name,billing_address_1,billing_address_2,billing_city,"
        "billing_state,billing_postcode,billing_country,shipping_address_1,"
        "shipping_address_2,shipping_city,shipping_state,shipping_postcode",
        ["1,P,100 Main St,Apt 4,Detroit,MI,48226,US,,,,,"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "woo-combined": (
        "Order Number,Address 1&2 (Billing),City (Billing),State Code (Billing),"
        "Postcode (Billing),Country Code (Billing)",
        ["1,100 Main St Apt 4,Detroit,MI,48226,US"],
        "100 Main St Apt 4, Detroit, MI 48226",
    ),
    "stripe": (
        "id,Description,Email,Name,Card Address Line1,Card Address Line2,"
        "Card Address City,Card Address State,Card Address Country,Card Address Zip,"
        "Card Address Zip Check",
        ["cus,x,p@x.org,P,100 Main St,Apt 4,Detroit,MI,US,48226,pass"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "stripe-shipping": (
        "id,Shipping Name,Shipping Address Line1,Shipping Address Line2,"
        "Shipping Address City,Shipping Address State,Shipping Address Country,"
        "Shipping Address Postal Code",
        ["ch,P,100 Main St,Apt 4,Detroit,MI,US,48226"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "google-contacts": (
        "Name,Given Name,Address 1 - Type,Address 1 - Formatted,Address 1 - Street,"
        "Address 1 - City,Address 1 - PO Box,Address 1 - Region,"
        "Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address",
        ['P,P,Home,"100 Main St\nApt 4\nDetroit, MI 48226",100 Main St,Detroit,,MI,48226,US,Apt 4'],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "apple-contacts": (
        "First name,Last name,Home address: Street,Home address: City,"
        "Home address: State,Home address: ZIP,Home address: Country",
        ["P,D,100 Main St,Detroit,MI,48226,US"],
        "100 Main St, Detroit, MI 48226",
    ),
    "outlook-csv": (
        "First Name,Last Name,Business Street,Business City,Business State,"
        "Business Postal Code,Home Street,Home Street 2,Home City,Home State,"
        "Home Postal Code",
        ["P,D,,,,,100 Main St,Apt 4,Detroit,MI,48226"] * 3,
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "mls-reso": (
        "ListingKey,StreetNumber,StreetNumberNumeric,StreetDirPrefix,StreetName,"
        "StreetSuffix,StreetSuffixModifier,StreetDirSuffix,UnitNumber,City,"
        "StateOrProvince,PostalCode,PostalCodePlus4,UnparsedAddress",
        ['1,100,100,N,Main,Street,,,4,Detroit,MI,48226,1234,"100 N Main Street, Unit 4"'],
        "100 N Main Street, 4, Detroit, MI 48226",
    ),
    "mls-flex": (
        "MLS #,House Number,Direction,Street,Street Type,Unit,City,State,Zip,List Price",
        ["9,100,N,Main,St,4,Detroit,MI,48226,100000"],
        "100 N Main St, 4, Detroit, MI 48226",
    ),
    "fcc-bdc-fabric": (
        "location_id,address_primary,city,state,zip,zip_suffix,unit_count,bsl_flag,"
        "building_type_code,land_use_code,address_confidence_code,county_geoid,"
        "block_geoid,h3_9,latitude,longitude,fcc_rel",
        ["1,100 N MAIN ST,DETROIT,MI,48226,1234,1,True,R,1,1,26163,2616,8a,42.3,-83.0,0"],
        "100 N MAIN ST, DETROIT, MI 48226",
    ),
    "fcc-secondary": (
        "location_id,address_id,address_primary,address_secondary,city,state,zip,zip_suffix",
        ["1,2,100 N MAIN ST,APT 4,DETROIT,MI,48226,1234"],
        "100 N MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "fcc-bulk-challenge": (
        "location_id,address_line1,address_line2,address_city,address_state,"
        "address_zip,provider_id,technology",
        ["1,100 N MAIN ST,APT 4,DETROIT,MI,48226,13,50"],
        "100 N MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "ali-nena": (
        "House Number,House Number Suffix,Prefix Directional,Street Name,Street Suffix,"
        "Post Directional,MSAG Community,State,Location,ESN,Zip Code",
        ["100,1/2,N,MAIN,ST,,DETROIT,MI,APT 4,123,48226"] * 3,
        "100 1/2 N MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "nena-ng911": (
        "Site_NGUID,AddNum_Pre,Add_Number,AddNum_Suf,St_PreMod,St_PreDir,St_PreTyp,"
        "St_PreSep,St_Name,St_PosTyp,St_PosDir,St_PosMod,LSt_PreDir,LSt_Name,LSt_Typ,"
        "LStPosDir,MSAGComm,Post_Comm,Post_Code,PostCodeEx,Building,Floor,Unit,Room,"
        "State",
        ["1,,100,,,North,,,Main,Street,,,N,MAIN,ST,,DETROIT,DETROIT,48226,1234,,,Apt 4,,MI"],
        "100 North Main Street, Apt 4, DETROIT, MI 48226",
    ),
    "utility-cis": (
        "ACCT_NO,PREM_ID,SVC_HOUSE_NO,SVC_HOUSE_FRAC,SVC_PRE_DIR,SVC_STREET_NAME,"
        "SVC_STREET_TYPE,SVC_POST_DIR,SVC_UNIT_TYPE,SVC_UNIT_NO,SVC_CITY,SVC_STATE,"
        "SVC_ZIP,MTR_NO",
        ["1,2,100,1/2,N,MAIN,ST,,APT,4,DETROIT,MI,48226,77"],
        "100 1/2 N MAIN ST, APT 4, DETROIT, MI 48226",
    ),
    "utility-sap": (
        "Contract Account,Installation,House Number,House number supplement,Street,"
        "Street 2,Street 4,City,Region,Postal Code",
        ["1,2,100,A,N Main St,,,Detroit,MI,48226"],
        "100 A N Main St, Detroit, MI 48226",
    ),
    "oracle-ccb": (
        "PREM_ID,ADDRESS1,ADDRESS2,ADDRESS3,ADDRESS4,CITY,STATE,POSTAL,NUM1,NUM2,HOUSE_TYPE",
        ["1,100 N Main St,Apt 4,,,Detroit,MI,48226,,,"],
        "100 N Main St, Apt 4, Detroit, MI 48226",
    ),
    "dynamics": (
        "Account,Address 1: Street 1,Address 1: Street 2,Address 1: City,"
        "Address 1: State/Province,Address 1: ZIP/Postal Code,Address 1: Country/Region",
        ["A,100 Main St,Apt 4,Detroit,MI,48226,US"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "quickbooks-online": (
        "Customer,Phone Numbers,Billing Address,Shipping Address",
        ['A,313,"100 Main St, Apt 4, Detroit, MI 48226","100 Main St, Apt 4, Detroit, MI 48226"'],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "mailchimp": (
        "Email Address,First Name,Address,Phone Number",
        ['p@x.org,P,"100 Main St  Apt 4  Detroit  MI  48226  US",313'] * 3,
        "100 Main St Apt 4, Detroit, MI 48226",
    ),
    "mailchimp-comma": (
        "Email Address,First Name,Address,Phone Number",
        ['p@x.org,P,"100 Main St, Apt 4, Detroit, MI 48226",313'] * 3,
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "square": (
        "Reference ID,First Name,Street Address 1,Street Address 2,City,State,Postal Code",
        ["1,P,100 Main St,Apt 4,Detroit,MI,48226"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "amazon-orders": (
        "order-id,buyer-name,ship-address-1,ship-address-2,ship-address-3,ship-city,"
        "ship-state,ship-postal-code,ship-country",
        ["1,P,100 Main St,Apt 4,,Detroit,MI,48226,US"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "ebay": (
        "Sales Record Number,Buyer Name,Buyer Address 1,Buyer Address 2,Buyer City,"
        "Buyer State,Buyer Zip,Ship To Address 1,Ship To Address 2,Ship To City,"
        "Ship To State,Ship To Zip",
        ["1,P,100 Main St,Apt 4,Detroit,MI,48226,100 Main St,Apt 4,Detroit,MI,48226"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "etsy": (
        "Sale Date,Order ID,Full Name,Street 1,Street 2,Ship City,Ship State,"
        "Ship Zipcode,Ship Country",
        ["1/2/24,1,P,100 Main St,Apt 4,Detroit,MI,48226,United States"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "airtable-form": (
        "Name,Street address,Apt #,City / Town,State,Zip code",
        ["P,100 Main St,4,Detroit,MI,48226"],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "google-form": (
        "Timestamp,What is your street address?,Apartment or unit number (if any),"
        "What city do you live in?,What state do you live in?,What is your ZIP code?",
        ["2024,100 Main St,4,Detroit,MI,48226"] * 3,
        "100 Main St, 4, 48226",
    ),
    "erate": (
        "Entity Number,Entity Name,Physical Address Street,Physical Address City,"
        "Physical Address State,Physical Address Zipcode",
        ["1,A,100 Main St,Detroit,MI,48226"],
        "100 Main St, Detroit, MI 48226",
    ),
    "npi": (
        "NPI,Provider First Line Business Practice Location Address,"
        "Provider Second Line Business Practice Location Address,"
        "Provider Business Practice Location Address City Name,"
        "Provider Business Practice Location Address State Name,"
        "Provider Business Practice Location Address Postal Code",
        ["1,100 MAIN ST,STE 4,DETROIT,MI,482261234"],
        "100 MAIN ST, STE 4, DETROIT, MI 48226-1234",
    ),
    "hud": (
        "PROPERTY_ID,ADDRESS_LINE1_TEXT,ADDRESS_LINE2_TEXT,PLACED_BASE_CITY_NAME_TEXT,"
        "CITY_NAME_TEXT,STATE_CODE,ZIP_CODE,STD_ADDR,STD_CITY,STD_ST,STD_ZIP5",
        ["1,100 MAIN ST,,DETROIT,DETROIT,MI,48226,100 MAIN ST,DETROIT,MI,48226"],
        "100 MAIN ST, DETROIT, MI 48226",
    ),
    "census-geocoder": (
        "Unique ID,Street address,City,State,ZIP",
        ["1,100 Main St,Detroit,MI,48226"],
        "100 Main St, Detroit, MI 48226",
    ),
    "census-result": (
        "id,address,match,matchtype,parsed,tigerlineid,side,lat,lon",
        [
            '1,"100 Main St, Detroit, MI, 48226",True,Exact,"100 MAIN ST, DETROIT, MI,'
            ' 48226",1,L,42.3,-83.0'
        ]
        * 3,
        "100 Main St, Detroit, MI 48226",
    ),
    "line-csz-unit": (
        "Address,Apt,City State Zip",
        ['100 Main St,4,"Detroit, MI 48226"'] * 2,
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "chicago": (
        "ADDRESS NUMBER,STREET DIRECTION,STREET NAME,SUFFIX,CITY,STATE,ZIP",
        ["100,N,MAIN,ST,CHICAGO,IL,60601"],
        "100 N MAIN ST, CHICAGO, IL 60601",
    ),
    "nyc-pluto": (
        "borough,block,lot,address,zipcode",
        ["QN,1,2,37-06 72 STREET,11372"],
        "37-06 72 STREET, 11372",
    ),
    "nyc-jobs": (
        "BOROUGH,House #,Street Name,Apt/Condo No(s),Postcode,City,State",
        ["QUEENS,37-06,72 STREET,4,11372,Jackson Heights,NY"],
        "37-06 72 STREET, 4, Jackson Heights, NY 11372",
    ),
    "ny-buildings": (
        "HOUSE_NUM,STREET_NAM,APT_NUM,ZIP",
        ["37-06,72 STREET,4,11372"],
        "37-06 72 STREET, 4, 11372",
    ),
    "attom": (
        "ATTOM ID,PropertyAddressFull,PropertyAddressHouseNumber,"
        "PropertyAddressStreetDirection,PropertyAddressStreetName,"
        "PropertyAddressStreetSuffix,PropertyAddressStreetPostDirection,"
        "PropertyAddressUnitPrefix,PropertyAddressUnitValue,PropertyAddressCity,"
        "PropertyAddressState,PropertyAddressZIP,PropertyAddressZIP4",
        ["1,100 N MAIN ST APT 4,100,N,MAIN,ST,,APT,4,DETROIT,MI,48226,1234"],
        "100 N MAIN ST APT 4, DETROIT, MI 48226",
    ),
    "number-street-csz": (
        "House No,Street,City/State/Zip",
        ['100,Main St,"Detroit, MI 48226"', '102,Main St,"Detroit, MI 48226"'],
        "100 Main St, Detroit, MI 48226",
    ),
    "number-street-csz2": (
        "HouseNumber,StreetName,StreetType,CityStateZip",
        ["100,Main,St,Detroit MI 48226", "102,Main,St,Detroit MI 48226"],
        "100 Main St, Detroit, MI 48226",
    ),
    "line-citystate-zip": (
        "Address,City State,Zip",
        ['100 Main St,"Detroit, MI",48226'] * 3,
        "100 Main St, Detroit, MI 48226",
    ),
    "line-city-statezip": (
        "Address,City,State Zip",
        ["100 Main St,Detroit,MI 48226"] * 3,
        "100 Main St, Detroit, MI 48226",
    ),
    "physical-number": (
        "phys_no,phys_street,phys_city,phys_zip",
        ["100,Main St,Detroit,48226", "102,Main St,Detroit,48226"],
        "100 Main St, Detroit, 48226",
    ),
    "van": (
        "Voter File VANID,LastName,FirstName,Address,City,State/Province,Zip,mAddress,"
        "mCity,mState,mZip5",
        ["1,D,P,100 Main St Apt 4,Detroit,MI,48226,100 Main St Apt 4,Detroit,MI,48226"],
        "100 Main St Apt 4, Detroit, MI 48226",
    ),
    "l2": (
        "LALVOTERID,Voters_LastName,Residence_Addresses_AddressLine,"
        "Residence_Addresses_ExtraAddressLine,Residence_Addresses_City,"
        "Residence_Addresses_State,Residence_Addresses_Zip,"
        "Residence_Addresses_HouseNumber,Residence_Addresses_PrefixDirection,"
        "Residence_Addresses_StreetName,Residence_Addresses_Designator,"
        "Residence_Addresses_SuffixDirection,Residence_Addresses_ApartmentNum,"
        "Residence_Addresses_ApartmentType",
        ["1,D,100 N Main St Apt 4,,Detroit,MI,48226,100,N,Main,St,,4,Apt"],
        "100 N Main St Apt 4, Detroit, MI 48226",
    ),
    "actblue": (
        "Receipt ID,Date,Amount,Donor First Name,Donor Last Name,Donor Addr1,"
        "Donor Addr2,Donor City,Donor State,Donor ZIP,Donor Country",
        ["1,d,5,P,D,100 Main St,Apt 4,Detroit,MI,48226,US"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "voter-ia": (
        "REGN_NUM,FIRST_NAME,HOUSE_NUM,HOUSE_SUFFIX,PRE_DIR,STREET_NAME,STREET_TYPE,"
        "POST_DIR,UNIT_TYPE,UNIT_NUM,CITY,STATE,ZIP_CODE,ZIP_PLUS,MAILING_ADDRESS,"
        "MAILING_CITY",
        ["1,P,100,,N,MAIN,ST,,APT,4,DES MOINES,IA,50309,1234,,"],
        "100 N MAIN ST, APT 4, DES MOINES, IA 50309",
    ),
    "voter-or": (
        "VOTER_ID,RES_ADDRESS_1,RES_ADDRESS_2,HOUSE_NUM,HOUSE_SUFFIX,PRE_DIRECTION,"
        "STREET_NAME,STREET_TYPE,POST_DIRECTION,UNIT_TYPE,UNIT_NUM,CITY,STATE,ZIP_CODE,"
        "ZIP_PLUS_FOUR",
        ["1,100 N MAIN ST APT 4,,100,,N,MAIN,ST,,APT,4,PORTLAND,OR,97201,"],
        "100 N MAIN ST, APT 4, PORTLAND, OR 97201",
    ),
    "voter-nv": (
        "VoterID,Residential Address 1,Residential Address 2,Residential City,"
        "Residential State,Residential Zip",
        ["1,100 MAIN ST,UNIT 4,RENO,NV,89501"],
        "100 MAIN ST, UNIT 4, RENO, NV 89501",
    ),
    "voter-nj": (
        "displayId,last,street_num,street_pre,street_post,street_base,street_suff,"
        "street_name,apt_unit,city,zip",
        ["1,DOE,100,N,,MAIN,ST,N MAIN ST,4,NEWARK,07102"],
        "100 N MAIN ST, 4, NEWARK, 07102",
    ),
    "voter-md": (
        "VTRID,HOUSE_NUMBER,HOUSE_SUFFIX,STREET_PREDIRECTION,STREETNAME,STREETTYPE,"
        "STREET_POSTDIRECTION,UNITTYPE,UNITNUMBER,ADDRESS,RESIDENTIALCITY,"
        "RESIDENTIALSTATE,RESIDENTIALZIP5",
        ["1,100,,N,MAIN,ST,,APT,4,100 N MAIN ST APT 4,BALTIMORE,MD,21201"],
        "100 N MAIN ST APT 4, BALTIMORE, MD 21201",
    ),
    "voter-mn": (
        "VoterId,HouseNumber,StreetName,UnitType,UnitNumber,Address2,City,State,ZipCode",
        ["1,100,MAIN ST N,APT,4,,ST PAUL,MN,55101"],
        "100 MAIN ST N, APT 4, ST PAUL, MN 55101",
    ),
    "voter-ar": (
        "registrant_id,res_street_nbr,res_st_dir_prefix,res_street_name,res_st_type,"
        "res_st_dir_suffix,res_unit_desc,res_unit_nbr,res_city,res_state,res_zip5",
        ["1,100,N,MAIN,ST,,APT,4,LITTLE ROCK,AR,72201"],
        "100 N MAIN ST, APT 4, LITTLE ROCK, AR 72201",
    ),
    "voter-sc": (
        "REGISTRATION_NUMBER,RESIDENCE_ADDRESS,RESIDENCE_APT,RESIDENCE_CITY,RESIDENCE_ZIP",
        ["1,100 MAIN ST,4,COLUMBIA,29201"],
        "100 MAIN ST, 4, COLUMBIA, 29201",
    ),
    "voter-ks": (
        "text_registrant_id,text_res_address_nbr,text_res_address_nbr_suffix,"
        "cde_street_dir_prefix,text_street_name,cde_street_type,cde_street_dir_suffix,"
        "cde_res_unit_type,text_res_unit_nbr,text_res_city,cde_res_state,text_res_zip5",
        ["1,100,1/2,N,MAIN,ST,,APT,4,TOPEKA,KS,66603"],
        "100 1/2 N MAIN ST, APT 4, TOPEKA, KS 66603",
    ),
    "voter-az": (
        "Registrant ID,House Num,House Num Frac,Pre Dir,Street Name,Street Type,"
        "Post Dir,Unit Type,Unit Num,City,State,Zip",
        ["1,100,,N,CENTRAL,AVE,,UNIT,4,PHOENIX,AZ,85004"],
        "100 N CENTRAL AVE, UNIT 4, PHOENIX, AZ 85004",
    ),
    "pipedrive": (
        "Name,Address,House number of Address,Street/road name of Address,"
        "Apartment/suite no of Address,City/town/village/locality of Address,"
        "State/county of Address,ZIP/Postal code of Address",
        ['A,"100 Main St, Detroit, MI 48226",100,Main St,4,Detroit,MI,48226'],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "ups": (
        "Contact Name,Company or Name,Country,Address 1,Address 2,Address 3,City,"
        "State/Province/County,Postal Code",
        ["P,A,US,100 Main St,Apt 4,,Detroit,MI,48226"],
        "100 Main St, Apt 4, Detroit, 48226",
    ),
    "fedex": (
        "Nickname,FullName,AddressOne,AddressTwo,City,State,Zip,CountryCode",
        ["x,P,100 Main St,Apt 4,Detroit,MI,48226,US"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "epa-frs": (
        "REGISTRY_ID,PRIMARY_NAME,LOCATION_ADDRESS,SUPPLEMENTAL_LOCATION,CITY_NAME,"
        "COUNTY_NAME,STATE_CODE,POSTAL_CODE,LATITUDE83,LONGITUDE83",
        ["1,A,100 MAIN ST,,DETROIT,WAYNE,MI,48226,42.3,-83.0"],
        "100 MAIN ST, DETROIT, MI 48226",
    ),
    "irs-bmf": (
        "EIN,NAME,ICO,STREET,CITY,STATE,ZIP",
        ["1,A,,100 MAIN ST,DETROIT,MI,48226-1234"],
        "100 MAIN ST, DETROIT, MI 48226-1234",
    ),
    "usac": (
        "Applicant Name,Address Line 1,City,State,Zip Code,Zip Code Ext",
        ["A,100 Main St,Detroit,MI,48226,1234"],
        "100 Main St, Detroit, MI 48226",
    ),
    "yardi": (
        "Property,Unit,Tenant,Address 1,Address 2,City,State,Zip",
        ["P1,4,Pat,100 Main St,,Detroit,MI,48226"],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "appfolio": (
        "Property Name,Property Street Address 1,Property Street Address 2,"
        "Property City,Property State,Property Zip,Unit Name",
        ["A,100 Main St,,Detroit,MI,48226,4"],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "servicetitan": (
        "Customer Name,Location Street,Location Unit,Location City,Location State,"
        "Location Zip,Billing Street,Billing City,Billing State,Billing Zip",
        ["P,100 Main St,4,Detroit,MI,48226,100 Main St,Detroit,MI,48226"],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "redfin": (
        "SALE TYPE,PROPERTY TYPE,ADDRESS,CITY,STATE OR PROVINCE,ZIP OR POSTAL CODE,"
        "PRICE,LOCATION,LATITUDE,LONGITUDE",
        ["MLS,Condo,100 Main St #4,Detroit,MI,48226,1,Downtown,42.3,-83.0"] * 3,
        "100 Main St #4, Detroit, MI 48226",
    ),
    "zillow": (
        "zpid,streetAddress,city,state,zipcode,unit,latitude,longitude",
        ["1,100 Main St APT 4,Detroit,MI,48226,Apt 4,42.3,-83.0"],
        "100 Main St APT 4, Detroit, MI 48226",
    ),
    "osm": (
        "addr:housenumber,addr:street,addr:unit,addr:city,addr:state,addr:postcode",
        ["100,Main St,4,Detroit,MI,48226"],
        "100 Main St, 4, Detroit, MI 48226",
    ),
    "overture": (
        "id,country,postcode,street,number,unit,postal_city",
        ["1,US,48226,MAIN ST,100,4,DETROIT"],
        "100 MAIN ST, 4, DETROIT, 48226",
    ),
    "here": (
        "recId,houseNumber,street,district,city,state,postalCode,label",
        ['1,100,Main St,,Detroit,MI,48226,"100 Main St, Detroit, MI 48226"'],
        "100 Main St, Detroit, MI 48226",
    ),
    "google-geocode": (
        "input,street_number,route,subpremise,locality,administrative_area_level_1,"
        "postal_code,formatted_address",
        [
            '"100 Main St, Detroit",100,Main St,4,Detroit,MI,48226,"100 Main St #4,'
            ' Detroit, MI 48226, USA"'
        ],
        "100 Main St #4, Detroit, MI 48226",
    ),
    "mapbox": (
        "query,address_number,street_name,secondary_address,place,region,postcode",
        ["x,100,Main St,Apt 4,Detroit,Michigan,48226"],
        "100 Main St, Apt 4, Detroit, MI 48226",
    ),
    "gis-full": (
        "FID,HOUSENUMBE,STREETNAME,STREETSUFF,UNITNUMBER,CITY,ZIP",
        ["1,100,MAIN,ST,4,DETROIT,48226"],
        "100 MAIN ST, 4, DETROIT, 48226",
    ),
    "gis-trunc": (
        "OBJECTID,ADD_NUMBER,ADDNUM_SUF,ST_PREDIR,ST_NAME,ST_POSTYP,ST_POSDIR,UNIT,"
        "POST_CITY,POST_CODE",
        ["1,100,,N,MAIN,ST,,4,DETROIT,48226"],
        "100 N MAIN ST, 4, DETROIT, 48226",
    ),
    "sheriff": (
        "CASE,ADDRESS_NUMBER,ADDRESS_PREFIX_DIRECTION,ADDRESS_STREET,ADDRESS_SUFFIX,"
        "ADDRESS_CITY,ADDRESS_ZIP",
        ["1,100,N,MAIN,ST,DETROIT,48226"],
        "100 N MAIN ST, DETROIT, 48226",
    ),
    "permit": (
        "Permit #,Street #,Street Dir,Street Name,Street Type,Unit #,City,Zip",
        ["9,100,N,MAIN,ST,4,DETROIT,48226"],
        "100 N MAIN ST, 4, DETROIT, 48226",
    ),
    "water": (
        "Acct,Svc Addr #,Svc Addr Street,Svc Addr Unit,Svc City,Svc Zip",
        ["1,100,MAIN ST,4,DETROIT,48226"],
        "100 MAIN ST, 4, DETROIT, 48226",
    ),
    "cable": (
        "ACCT,HSE_NBR,HSE_NBR_SFX,STR_DIR,STR_NM,STR_SFX,APT_NBR,CTY_NM,ST_CD,ZIP_CD",
        ["1,100,,N,MAIN,ST,4,DETROIT,MI,48226"],
        "100 N MAIN ST, 4, DETROIT, MI 48226",
    ),
    "telco": (
        "TN,SVC_HOUSE_NUMBER,SVC_STREET,SVC_APT,SVC_COMMUNITY,SVC_STATE,SVC_POSTAL",
        ["313,100,MAIN ST,4,DETROIT,MI,48226"],
        "100 MAIN ST, 4, DETROIT, MI 48226",
    ),
    "icann": (
        "Registrant Street,Registrant City,Registrant State/Province,"
        "Registrant Postal Code,Registrant Country",
        ["100 Main St,Detroit,MI,48226,US"],
        "100 Main St, Detroit, MI 48226",
    ),
}
