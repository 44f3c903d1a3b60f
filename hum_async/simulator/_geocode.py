"""A toy geocoder, and the service address that it returns (hum-api 3.2)."""

import hashlib
from typing import Any

import attrs

from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._dialects import Dialect


@attrs.frozen
class Place:
    """A city and its coordinates in degrees."""

    city: str
    state: str
    zip: str
    latitude: float
    longitude: float


# One city for each first digit of a ZIP; it supplies the parts that an address leaves out.
_PLACES = (
    Place("Cambridge", "MA", "02139", 42.3647, -71.1042),
    Place("Albany", "NY", "12207", 42.6526, -73.7562),
    Place("Richmond", "VA", "23219", 37.5407, -77.4360),
    Place("Atlanta", "GA", "30303", 33.7528, -84.3902),
    Place("Detroit", "MI", "48226", 42.3314, -83.0458),
    Place("Des Moines", "IA", "50309", 41.5868, -93.6250),
    Place("Chicago", "IL", "60602", 41.8832, -87.6290),
    Place("Austin", "TX", "78701", 30.2711, -97.7437),
    Place("Denver", "CO", "80202", 39.7526, -104.9963),
    Place("Portland", "OR", "97204", 45.5180, -122.6745),
)


def locate(address: PostedAddress) -> Place:
    """Return the place of an address; equal addresses have equal places."""
    digest = hashlib.sha256(address.key.encode()).digest()
    if address.zip:
        region = _PLACES[int(address.zip[0])]
    else:
        fallback = _PLACES[digest[0] % 10]
        region = next((place for place in _PLACES if place.state == address.state), fallback)
    latitude, longitude = address.latitude, address.longitude
    return Place(
        address.city or region.city,
        address.state or region.state,
        (address.zip or region.zip)[:5],
        region.latitude + digest[1] / 1000 if latitude is None else latitude,
        region.longitude - digest[2] / 1000 if longitude is None else longitude,
    )


def normalise_address(address: PostedAddress, *, dialect: Dialect) -> str:
    """Return the normalised address on one line."""
    place = locate(address)
    street = " ".join(f"{address.street1} {address.street2 or ''}".split())
    comma = "," if dialect.zip_comma else ""
    line = f"{street}, {place.city}, {place.state}{comma} {place.zip}"
    return line.upper() if dialect.upper_case else line


def write_service_address(address: PostedAddress, *, dialect: Dialect) -> str | dict[str, Any]:
    """Return the service address in the session's dialect: string, short or long object."""
    line = normalise_address(address, dialect=dialect)
    if dialect.service_address == "string":
        return line
    place = locate(address)
    body: dict[str, Any] = {
        "normalized": line,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }
    if dialect.service_address == "object":
        body |= {
            "street_range": _street_range(address.street1),
            "street": address.street_name.title(),
            "city": place.city,
            "state": place.state,
            "zip": int(place.zip),
        }
    return body


def _street_range(street1: str) -> str:
    number = street1.split(maxsplit=1)[0]
    digits = "".join(char for char in number if "0" <= char <= "9")[:9]
    start = int(digits or "0") // 100 * 100
    return f"{start}-{start + 98}"
