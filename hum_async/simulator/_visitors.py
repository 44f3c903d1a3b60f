"""Who may use the control interface: programs, and pages of the simulator's own address.

Any site can send requests to this machine from a visitor's browser, under its own Origin or, after
DNS rebinding, under its own Host. Neither may read a journal or move a clock.
"""

import ipaddress
import re
from collections.abc import Sequence

_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]\s/@]+))(?::[0-9]{1,5})?", re.ASCII)
_OWN_SITE = {"none", "same-origin"}


def refusal_of(
    *, hosts: Sequence[str], origins: Sequence[str], fetch_sites: Sequence[str]
) -> str | None:
    """Return why a request is refused, or None.

    Args:
        hosts: The values of its Host headers.
        origins: The values of its Origin headers.
        fetch_sites: The values of its Sec-Fetch-Site headers.
    """
    if len(hosts) != 1 or not _names_this_machine(hosts[0]):
        return "The control interface answers only to a Host of this machine, such as localhost."
    own = f"http://{hosts[0]}".casefold()
    if any(origin.casefold() != own for origin in origins):
        return "The control interface answers no page of another Origin."
    if any(site not in _OWN_SITE for site in fetch_sites):
        return "The control interface answers no page of another site (Sec-Fetch-Site)."
    return None


def _names_this_machine(host: str) -> bool:
    found = _AUTHORITY.fullmatch(host)
    if found is None:
        return False
    name = found[1] or found[2]
    if name.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
