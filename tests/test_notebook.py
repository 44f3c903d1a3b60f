"""Results as JSON and as HTML: whole, escaped, and without secrets."""

from __future__ import annotations

import html.parser
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from hum_async import (
    Address,
    Money,
    Offering,
    Outcome,
    Plan,
    Promo,
    Provider,
    Qualification,
    ServerError,
    ServiceAddress,
    SpeedRange,
)

HOSTILE = "<script>alert('1')</script>\" onload=\"x"
SECRET = "sec_0123456789abcdef"
TOKEN = "tok_0123456789abcdef01"
PROVIDER = Provider(
    f"Fiber {HOSTILE}",
    id="f",
    telephone="800-555-0100",
    url="https://fiber.example/?a=1&b=2",
    security_token=SECRET,
    min_price=Money(2950),
    promos=(Promo("Half off"),),
    offerings=(Offering("Fiber", "Terrestrial", 1000.0, float("inf")),),
    catalog=(
        Plan(
            name=f"Gig {HOSTILE}",
            technology="fiber",
            download=SpeedRange(500, 1000),
            pricing={f"fee {HOSTILE}": Money(1000, "EUR")},
        ),
    ),
    extra={"rank": 3, "tags": ["a", None]},
)
SERVED = Qualification(
    key=("a", 1),
    address=Address(f"1 Main St {HOSTILE}", zip="00501"),
    outcome=Outcome.SERVED,
    providers=(PROVIDER,),
    service_address=ServiceAddress("1 MAIN ST", latitude=42.5, longitude=-83.25),
    token=TOKEN,
    observed_at=datetime(2026, 1, 2, 3, 4, 5, 250_000, timezone(timedelta(hours=-5))),
    request_ids=("r1", "r2"),
    source="POST /sessions",
)


def test_a_result_becomes_json_with_all_that_it_holds_but_its_secrets() -> None:
    found = json.loads(json.dumps(SERVED.to_dict(), allow_nan=False))
    assert found["key"] == ["a", 1]
    assert found["outcome"] == "SERVED"
    assert found["address"]["zip"] == "00501"
    assert found["service_address"]["latitude"] == 42.5
    assert found["observed_at"] == "2026-01-02T08:04:05.250000Z"
    assert found["source"] == "POST /sessions"
    (provider,) = found["providers"]
    assert provider["min_price"] == {"amount_cents": 2950, "currency": "USD"}
    assert provider["offerings"][0]["max_download_mbps"] == 1000.0
    assert provider["offerings"][0]["max_upload_mbps"] is None
    assert provider["catalog"][0]["download"] == {"low": 500, "high": 1000}
    assert provider["extra"] == {"rank": 3, "tags": ["a", None]}
    assert "token" not in found
    assert "security_token" not in provider
    secret = SERVED.to_dict(secrets=True)
    assert secret["token"] == TOKEN
    assert secret["providers"][0]["security_token"] == SECRET


def test_an_error_and_an_odd_key_become_json() -> None:
    failed: Qualification[Any] = Qualification(
        key=Address("1 Main St"),
        address=Address("1 Main St"),
        outcome=Outcome.FAILED,
        error=ServerError(502, "bad gateway", request_id="r9"),
        observed_at=datetime(2026, 1, 2),  # noqa: DTZ001  as somebody may make one
    )
    found = json.loads(json.dumps(failed.to_dict()))
    assert found["error"]["type"] == "ServerError"
    assert found["error"]["status"] == 502
    assert found["error"]["request_id"] == "r9"
    assert found["error"]["message"] == "bad gateway"
    assert found["key"]["street1"] == "1 Main St"
    assert found["observed_at"] == "2026-01-02T00:00:00Z"


class Reader(html.parser.HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("value", [SERVED, PROVIDER])
def test_html_is_escaped_and_holds_no_secret(value: Any) -> None:
    markup = value._repr_html_()
    read = Reader(markup)
    assert set(read.tags) <= {
        *("p", "br", "strong", "a", "table", "thead", "tbody", "tr", "th", "td")
    }
    assert HOSTILE in read.text
    assert read.links == ["https://fiber.example/?a=1&b=2"]
    for secret in (SECRET, TOKEN):
        assert secret not in markup


def test_html_shows_the_address_which_repr_does_not() -> None:
    assert "1 Main St" in Reader(SERVED._repr_html_()).text
    assert "1 MAIN ST" in Reader(SERVED._repr_html_()).text
    assert "1 Main St" not in repr(SERVED)


def test_html_of_a_failure_says_why() -> None:
    failed = Qualification(0, Address("1 Main St"), Outcome.FAILED, error=ServerError(502))
    assert "502" in Reader(failed._repr_html_()).text


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:x,y"])
def test_a_link_that_is_none_of_the_web_is_text(url: str | None) -> None:
    assert Reader(Provider("A", url=url)._repr_html_()).links == []


def test_a_provider_shows_its_offerings_and_plans() -> None:
    text = Reader(PROVIDER._repr_html_()).text
    for part in ("Fiber", "1000/inf", "Gig", "1000/?", "10.00 EUR", "800-555-0100"):
        assert part in text
