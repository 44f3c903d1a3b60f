"""No text that people are shown repeats a secret, wherever the API has put it."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import Address, Offering, Outcome, Plan, Provider, Qualification
from hum_async._plain import cleared
from hum_async.bulk.files.long_table import long_rows

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
SECURITY = "security-" + "z" * 57
REPEATED = f"of {SECURITY} and {TOKEN}"
PROVIDER = Provider(
    "Great Fiber " + SECURITY,
    security_token=SECURITY,
    url=f"https://fiber.example/?with={SECURITY}",
    telephone=TOKEN,
    offerings=(Offering(technology=REPEATED),),
    catalog=(Plan(id="1", sku=TOKEN, name=REPEATED),),
    extra={SECURITY: [REPEATED], "note": REPEATED},
)
RESULT = Qualification(
    key=1,
    address=Address("1 Main St", zip="48226"),
    outcome=Outcome.SERVED,
    providers=(PROVIDER,),
    token=TOKEN,
    data_set=REPEATED,
)


@pytest.mark.parametrize(
    "shown",
    [
        RESULT.to_dict(),
        RESULT._repr_html_(),
        list(long_rows(RESULT)),
        cleared(RESULT).providers[0].url,
        cleared(RESULT).providers[0].catalog,
        cleared(RESULT).data_set,
    ],
    ids=["to_dict", "notebook", "long table", "link", "plans", "data set"],
)
def test_what_is_shown_repeats_no_secret(shown: object) -> None:
    assert "***" in str(shown)
    assert SECURITY not in str(shown)
    assert TOKEN not in str(shown)


def test_what_holds_a_secret_as_such_keeps_it() -> None:
    assert cleared(RESULT).token == TOKEN
    assert cleared(RESULT).providers[0].security_token == SECURITY
    assert RESULT.to_dict(secrets=True)["providers"][0]["url"] == PROVIDER.url
    assert PROVIDER.url is not None
    assert SECURITY in PROVIDER.url


def test_a_value_without_secrets_is_as_it_was() -> None:
    plain = attrs.evolve(RESULT, token=None, providers=())
    assert cleared(plain) is plain
    short = attrs.evolve(RESULT, token="abc", providers=(), data_set="abc")
    assert cleared(short) == short


@given(st.text(), st.text(min_size=8))
def test_nothing_but_the_secret_changes(text: str, secret: str) -> None:
    assert cleared(f"{text}{secret}", frozenset({secret})) == f"{text}{secret}".replace(
        secret, "***"
    )
