"""Codes of the states, and of what has a ZIP code and is no state."""

# hum-api 2.2: 50 states and PR. DC is not in the API's list; it is sent without a state.
_STATE_CODES = """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY
    NC ND OH OK OR PA PR RI SC SD TN TX UT VT VA WA WV WI WY
"""
STATES = frozenset(_STATE_CODES.split())
"""Codes of the states that the API takes."""
TERRITORIES = frozenset({"AS", "FM", "GU", "MH", "MP", "PW", "VI"})
"""Places with a ZIP code that the API does not take as a state (hum-api 2.2)."""
MILITARY = frozenset({"AA", "AE", "AP"})
"""Codes of military mail, which take the place of a state."""
