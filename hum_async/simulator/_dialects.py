"""The documented spellings of an answer, and which of them a session uses (hum-api 3 and 6).

Editions of the API write the same facts differently. Each session has a mixture of its own, so a
client meets every spelling over a few hundred sessions.
"""

import random
import string

import attrs

DATA_SETS = ("v.1005", "v.1006", "25041808")
"""The documented values of `hum_data_set` (hum-api 3.2)."""
_TOKEN_ALPHABET = string.ascii_letters + string.digits


@attrs.frozen(kw_only=True)
class Dialect:
    """The spellings that the answers about one session use.

    Attributes:
        data_set: Value of `hum_data_set`.
        service_address: "string", "object" (long) or "short" (object of three keys).
        zip_comma: Whether the normalised address has a comma before the ZIP.
        upper_case: Whether the normalised address is in capitals.
        zip_echo: "string", or "integer", which loses leading zeros.
        absent_as_null: Whether fields that were not sent are echoed as null.
        checkout: Whether `agent_status` names the checkout agent.
        full_meta: Whether services/internet carries the full meta or four keys.
        waiting_data: Shape of `data` under 202: "empty" or "null".
        nothing_found: `request_status` of an answer without providers.
        provider_ids: Whether providers have `provider_id`, `security_token` and an icon.
        promo: "flat", "nested" or "none".
        catalog: "filled", "empty" or "absent".
        speeds: Speeds of a product: "number", "text" or "range".
        offering: "category" (technology_category), "code" (technology_code, tech_logo) or "plain".
        telephone: "dashed" or "e164".
    """

    data_set: str
    service_address: str
    zip_comma: bool
    upper_case: bool
    zip_echo: str
    absent_as_null: bool
    checkout: bool
    full_meta: bool
    waiting_data: str
    nothing_found: str
    provider_ids: bool
    promo: str
    catalog: str
    speeds: str
    offering: str
    telephone: str


def random_dialect(rng: random.Random) -> Dialect:
    """Return a random mixture of spellings."""
    pick = rng.choice
    return Dialect(
        data_set=pick(DATA_SETS),
        service_address=pick(("string", "string", "object", "short")),
        zip_comma=pick((True, False)),
        upper_case=pick((True, False)),
        zip_echo=pick(("string", "integer")),
        absent_as_null=pick((True, False)),
        checkout=rng.random() < 0.9,  # noqa: PLR2004  missing in one sample only
        full_meta=pick((True, False)),
        waiting_data=pick(("empty", "null")),
        nothing_found=pick(("ok", "ok", "warning")),
        provider_ids=rng.random() < 0.8,  # noqa: PLR2004  only the oldest edition has none
        promo=pick(("flat", "nested", "none")),
        catalog=pick(("filled", "filled", "empty", "absent")),
        speeds=pick(("number", "text", "range")),
        offering=pick(("category", "code", "plain")),
        telephone=pick(("dashed", "e164")),
    )


def random_token(rng: random.Random) -> str:
    """Return a random session token: 22 or 24 letters and digits (hum-api 3.2)."""
    return "".join(rng.choices(_TOKEN_ALPHABET, k=rng.choice((22, 24))))
