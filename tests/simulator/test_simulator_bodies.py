"""The JSON of the answers, over all dialects."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from hum_async.simulator import _bodies
from hum_async.simulator._address_rules import PostedAddress
from hum_async.simulator._session_store import SessionStore, SimulatedSession, progress_at

EPOCH = datetime(2025, 4, 2, tzinfo=UTC)
ADDRESS = PostedAddress(
    street1="29090 Served St", street2="A2", city="Cambridge", state="MA", zip="02139"
)
PROVIDER_FIELDS = (
    "provider_id provider_name provider_icon provider_logo telephone url security_token "
    "buyflow_type button_label min_plan_price promo_text promo_logo provider_promo url_promo "
    "offerings product_catalog"
)
OFFERING_FIELDS = (
    "technology technology_category max_download_speed max_upload_speed technology_code tech_logo"
)
PRODUCT_FIELDS = (
    "id sku name description info category category_name technology position select_type "
    "download_speed upload_speed data_limit channel_count streaming_apps is_required_to_checkout "
    "is_contract_required is_modem_router_included is_local_checkout is_bundle_qualifier "
    "bundle_discounts product_promo required_with_plans included_with_plans "
    "only_available_with_plans initial_term_discount_months second_term_discount_months hum_rank "
    "max_quantity pricing"
)


@pytest.fixture(scope="module")
def sessions() -> list[SimulatedSession]:
    store = SessionStore(seed=0, median=9.0, sigma=0.4, lifetime=1800.0)
    return [store.create(ADDRESS, now=0.0) for _ in range(300)]


@pytest.fixture(scope="module")
def answers(sessions: list[SimulatedSession]) -> list[dict[str, Any]]:
    def write(session: SimulatedSession) -> dict[str, Any]:
        progress = progress_at(session, now=60.0)
        body = _bodies.internet_body(session, progress, now=60.0, epoch=EPOCH)
        decoded: dict[str, Any] = orjson.loads(orjson.dumps(body))
        return decoded

    return [write(session) for session in sessions]


def providers(answers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for answer in answers:
        yield from answer["data"]["internet"]


def products(answers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for provider in providers(answers):
        for category in provider.get("product_catalog", []):
            yield from category["products"]


def test_every_documented_field_of_a_provider_is_set_somewhere(
    answers: list[dict[str, Any]],
) -> None:
    found = list(providers(answers))
    offerings = [offering for provider in found for offering in provider["offerings"]]
    assert {name for provider in found for name in provider} == set(PROVIDER_FIELDS.split())
    assert {name for offering in offerings for name in offering} == set(OFFERING_FIELDS.split())
    assert {name for product in products(answers) for name in product} == set(
        PRODUCT_FIELDS.split()
    )


def test_all_sessions_of_an_address_find_the_same_providers(answers: list[dict[str, Any]]) -> None:
    names = {tuple(p["provider_name"] for p in a["data"]["internet"]) for a in answers}
    assert len(names) == 1


def test_a_service_address_is_a_string_or_an_object_of_three_or_eight_keys(
    sessions: list[SimulatedSession],
) -> None:
    kinds = set()
    for session in sessions:
        progress = progress_at(session, now=60.0)
        body = _bodies.session_body(session, progress, now=60.0, epoch=EPOCH)
        address = body["meta"]["service_address"]
        kinds.add(len(address) if isinstance(address, dict) else type(address).__name__)
        if isinstance(address, dict) and len(address) == 8:
            assert address["zip"] == 2139
            assert address["street_range"] == "29000-29098"
    assert kinds == {"str", 3, 8}


def test_an_integer_zip_loses_its_leading_zero(sessions: list[SimulatedSession]) -> None:
    created = (_bodies.created_body(s, now=0.0, epoch=EPOCH) for s in sessions)
    assert {body["meta"]["session_params"]["zip"] for body in created} == {2139, "02139"}


def test_speeds_come_as_numbers_texts_and_ranges(answers: list[dict[str, Any]]) -> None:
    speeds = [product["download_speed"] for product in products(answers)]
    assert {type(speed) for speed in speeds} == {int, str}
    texts = {speed for speed in speeds if isinstance(speed, str)}
    assert {bool(re.fullmatch(r"\d+-\d+", text)) for text in texts} == {True, False}


def test_opaque_and_formatted_fields_look_like_the_samples(answers: list[dict[str, Any]]) -> None:
    for provider in providers(answers):
        assert re.fullmatch(r"\+1\d{10}|\d{3}-\d{3}-\d{4}", provider["telephone"])
        assert re.fullmatch(r"[0-9a-f_-]{66}", provider.get("security_token", "_" * 66))
        assert provider["min_plan_price"]["currency"] == "USD"


def test_missing_parts_of_an_address_are_filled_in_by_the_geocoder() -> None:
    store = SessionStore(seed=0, median=9.0, sigma=0.4, lifetime=1800.0)
    address = PostedAddress(street1="5 Served St", zip="97201")
    session = store.create(address, now=0.0)
    body = _bodies.session_body(session, progress_at(session, now=60), now=60, epoch=EPOCH)
    assert "PORTLAND, OR" in str(body["data"]["service_address"]).upper()
