"""Every variant of an answer that hum-api.md documents, and everything else that JSON can be."""

# ruff: noqa: E501  the samples of the documentation are kept as they are

import contextlib
import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hum_async import (
    AgentStatus,
    Money,
    Offering,
    Ping,
    Promo,
    ResponseError,
    ServiceAddress,
    Session,
    SpeedRange,
)
from hum_async._api.decoding import (
    check_token,
    decode_created,
    decode_internet,
    decode_ping,
    decode_session,
    error_message,
)

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"

# Verbatim from hum-api 2.1, 2.2, 2.3 and 2.5.
PING = """{"message":"🎤 We're humming along!","request_status":"ok","data":{},"timestamp":"2024-09-20T23:13:31.179Z"}"""
CREATED_POLLING = """{"message":"Session created successfully.","request_status":"ok",
 "data":{"session_token":"tCCDr74LjVPByvGAomPD9wBa"},
 "meta":{"session_token":"tCCDr74LjVPByvGAomPD9wBa","session_status":"open",
   "session_params":{"street1":"1001 Woodward Ave","street2":"Suite 300","city":"Detroit","state":"MI","zip":"48226","campaign_id":"summer-2024"},
   "service_address":null,
   "agent_status":{"geocoding":"pending","internet":"pending","checkout":"pending"},
   "created_at":"2025-04-02T16:56:04.876Z","updated_at":"2025-04-02T16:56:04.876Z",
   "responded_at":"2025-04-02T16:56:04.899Z","hum_data_set":"v.1006"}}"""
CREATED_IMMEDIATE = """{"message":"Session created successfully.","request_status":"ok",
 "data":[{"provider_id":"0c970c65-7b01-3fc4-91ee-4ecb31f2acb8","provider_name":"Frontier", "...":"see 3.3"}],
 "meta":{"session_token":"XqCmeTVgYXrbWrZFZEymkD","session_status":"open","responded_at":"2025-05-23T17:14:41.903Z","hum_data_set":"25041808"}}"""
STATUS = """{"message":"What happened in the most recent request.","request_status":"ok",
 "data":{"service_address":"1420 Washington Blvd, Detroit, MI 48201"},
 "meta":{"session_token":"XqCmeTVgYXrbWrZFZEymkD","session_status":"open","responded_at":"2024-09-20T23:13:31.179Z","hum_data_set":"25041808",
  "agent_status":{"geocoding":"matched","internet":"matched","checkout":"pending"},
  "session_params":{"street1":"29090 Tiffany Drive E","state":"MI","zip":48034,"street2":"A2","city":"Southfield","latitude":42.501721339274,"longitude":-83.286263465881,"campaign_id":"1iYyMxsnTy87tFOvukTi7V"},
  "service_address":"1420 Washington Blvd, Detroit, MI 48201","created_at":"2024-09-20T23:13:31.179Z","updated_at":"2024-09-20T23:13:31.179Z"}}"""
CLOSED = (
    """{"message":"Session closed successfully","request_status":"ok","data":{},"meta":"""
    + STATUS.partition('"meta":')[2]
)


def session(body: Any, *, processing: bool = False) -> Session:
    return decode_session(orjson.dumps(body), token=TOKEN, processing=processing)


def internet(*providers: Any, **others: Any) -> Session:
    body = {"data": {"internet": list(providers)}, **others}
    return decode_internet(orjson.dumps(body), token=TOKEN, processing=False)


def provider(**fields: Any) -> Any:
    (found,) = internet({"provider_name": "Frontier", **fields}).providers or ()
    return found


def product(**fields: Any) -> Any:
    (plan,) = provider(product_catalog=[{"products": [fields]}]).catalog
    return plan


def meta(**fields: Any) -> Session:
    return session({"meta": fields})


def path_of(body: Any) -> str:
    with pytest.raises(ResponseError) as caught:
        decode_internet(orjson.dumps(body), token=TOKEN, processing=False)
    assert str(caught.value).startswith(f"{caught.value.path}: ")
    assert caught.value.__cause__ is None
    return caught.value.path


# --- the samples of the documentation -------------------------------------------------------------


def test_the_sample_of_ping() -> None:
    moment = datetime(2024, 9, 20, 23, 13, 31, 179000, tzinfo=UTC)
    assert decode_ping(PING.encode()) == Ping("🎤 We're humming along!", "ok", moment)


def test_the_sample_of_a_created_session_in_the_polling_generations() -> None:
    created = decode_created(CREATED_POLLING.encode())
    moment = datetime(2025, 4, 2, 16, 56, 4, 876000, tzinfo=UTC)
    assert created == Session(
        token="tCCDr74LjVPByvGAomPD9wBa",
        agents=dict.fromkeys(("geocoding", "internet", "checkout"), AgentStatus.PENDING),
        session_status="open",
        request_status="ok",
        message="Session created successfully.",
        data_set="v.1006",
        params={
            "street1": "1001 Woodward Ave",
            "street2": "Suite 300",
            "city": "Detroit",
            "state": "MI",
            "zip": "48226",
            "campaign_id": "summer-2024",
        },
        created_at=moment,
        updated_at=moment,
        responded_at=moment.replace(microsecond=899000),
    )
    assert created.providers is None
    assert created.extra == {}
    assert not created.settled


def test_the_sample_of_a_created_session_in_the_immediate_generations() -> None:
    created = decode_created(CREATED_IMMEDIATE.encode())
    assert created.token == TOKEN
    assert created.data_set == "25041808"
    assert created.agents == {}
    (found,) = created.providers or ()
    assert (found.name, found.id) == ("Frontier", "0c970c65-7b01-3fc4-91ee-4ecb31f2acb8")
    assert found.extra == {"...": "see 3.3"}


def test_the_sample_of_a_session_status() -> None:
    found = decode_session(STATUS.encode(), token=TOKEN, processing=False)
    assert found.settled
    assert found.service_address == ServiceAddress("1420 Washington Blvd, Detroit, MI 48201")
    assert found.agents == {"geocoding": "matched", "internet": "matched", "checkout": "pending"}
    assert found.params["zip"] == "48034"
    assert found.params["latitude"] == 42.501721339274
    assert found.responded_at == datetime(2024, 9, 20, 23, 13, 31, 179000, tzinfo=UTC)


def test_the_sample_of_a_closed_session() -> None:
    assert decode_session(CLOSED.encode(), token=TOKEN, processing=False).session_status == "open"


def test_a_sample_with_a_trailing_comma_is_no_json() -> None:
    with pytest.raises(ResponseError, match=r"^\$: not JSON \(at byte"):
        decode_session(
            b'{"meta":{"agent_status":{"geocoding":"matched",}}}', token=TOKEN, processing=True
        )


# --- envelope and meta ----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_a_202_may_have_no_body(body: bytes) -> None:
    for decode in (decode_session, decode_internet):
        assert decode(body, token=TOKEN, processing=True) == Session(TOKEN, processing=True)
        with pytest.raises(ResponseError):
            decode(body, token=TOKEN, processing=False)


def test_a_200_without_agents_is_settled_and_a_202_is_not() -> None:
    assert session({}).settled
    assert session({"meta": {"agent_status": None}}).settled
    assert not session({}, processing=True).settled


def test_an_answer_of_another_session_is_refused() -> None:
    with pytest.raises(ResponseError, match=r"^\$\.meta\.session_token: .* another session$"):
        meta(session_token="another")
    for data in ({"session_token": "another"}, {"session_token": "another", "internet": []}):
        body = orjson.dumps({"data": data})
        for decode in (decode_session, decode_internet):
            with pytest.raises(ResponseError, match="another session"):
                decode(body, token=TOKEN, processing=False)
    assert meta(session_token=None).token == TOKEN
    assert meta(session_token="").token == TOKEN


def test_the_answer_to_a_delete_may_have_any_form_but_name_no_other_session() -> None:
    body = orjson.dumps({"meta": {"session_token": "another"}})
    for other in (b"", b"<html>", b"[1]", b'{"meta": 3}', body.replace(b"another", TOKEN.encode())):
        check_token(other, token=TOKEN)
    with pytest.raises(ResponseError):
        check_token(body, token=TOKEN)


def test_a_created_session_needs_its_token() -> None:
    for body in ({}, {"data": {"session_token": 3}}, {"meta": {"session_token": ""}}):
        with pytest.raises(ResponseError) as caught:
            decode_created(orjson.dumps(body))
        assert caught.value.path == "$.meta.session_token"


ODD: dict[str, Any] = {
    "message": "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    "meta": {"session_token": TOKEN},
}


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + json.dumps(ODD).encode(),
        b"\xef\xbb\xbf\xef\xbb\xbf" + json.dumps(ODD).encode(),
        json.dumps(ODD).encode("utf-16"),
        json.dumps(ODD, ensure_ascii=False).encode("latin-1"),
        gzip.compress(json.dumps(ODD).encode()),
        gzip.compress(gzip.compress(json.dumps(ODD).encode())),
        zlib.compress(json.dumps(ODD).encode()),
        zlib.compress(json.dumps(ODD).encode(), 9),
        json.dumps({**ODD, "meta": {**ODD["meta"], "created_at": "soon"}}).encode(),
        json.dumps({**ODD, "meta": {**ODD["meta"], "agent_status": 3}}).encode(),
        json.dumps({**ODD, "data": [{"provider_name": "A"}, {}]}).encode(),
        json.dumps({**ODD, "data": "none", "message": 5}).encode(),
        json.dumps({**ODD, "x": 1e20}).encode(),
        json.dumps({"data": {"session_token": TOKEN}}).encode(),
        json.dumps({"session_token": TOKEN, "data": []}).encode(),
        json.dumps({"data": {"session_token": TOKEN}, "meta": "none"}).encode(),
        json.dumps({**ODD, "more": list(range(50))}).encode()[:-40],
        b"while(1);" + json.dumps(ODD).encode(),
        json.dumps({"result": {"session": {"session_token": TOKEN}}}).encode(),
        json.dumps([{"meta": {"session_token": TOKEN}}]).encode(),
        b'{"meta":{"session_token":"%s"},"meta":{}}' % TOKEN.encode(),
    ],
    ids=range(21),  # gzip writes the time, and workers must agree about names
)
def test_a_created_session_is_kept_if_its_token_can_be_read_however_odd_the_rest(
    body: bytes,
) -> None:
    session = decode_created(body)
    assert session.token == TOKEN
    assert session.providers is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b"[]",
        b"null",
        b'"x"',
        b"\x1f\x8b",
        b'{"a":{"session_token":"one"},"b":{"session_token":"two"}}',
        b'{"message":"a \\"session_token\\": \\"x\\" is missing"}',
    ],
)
def test_a_created_session_without_a_readable_token_is_an_error(body: bytes) -> None:
    with pytest.raises(ResponseError):
        decode_created(body)


@pytest.mark.parametrize(
    "number", ["1e20", "-1e19", "9223372036854775808", "-9223372036854775809", "1" * 40, "1.5E+300"]
)
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (
            '{"data":{"internet":[{"provider_name":"A","min_plan_price":{"amount_cents":%s}}]}}',
            "$.data.internet[0].min_plan_price.amount_cents",
        ),
        (
            '{"data":{"internet":[{"provider_name":"A","new":{"deep":[1,%s]}}]}}',
            "$.data.internet[0].new.deep[1]",
        ),
        ('{"later": %s}', "$.later"),
        ('{"meta":{"session_params":{"zip": %s}}}', "$.meta.session_params.zip"),
    ],
)
def test_a_number_beyond_64_bits_is_refused_wherever_it_is(
    number: str, body: str, path: str
) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
        raw = mark + (body % number).encode(encoding)
        for packed in (raw, gzip.compress(raw)):
            with pytest.raises(ResponseError) as caught:
                decode_internet(packed, token=TOKEN, processing=False)
            assert caught.value.path == path


def test_numbers_of_64_bits_are_numbers() -> None:
    body = b'{"later": [9223372036854775807, -9223372036854775808, 1e15, 0.1234567890123456789]}'
    session = decode_internet(body, token=TOKEN, processing=False)
    assert session.extra["later"][:3] == [2**63 - 1, -(2**63), 1e15]


def test_a_deeply_nested_number_is_no_fault_of_the_decoder() -> None:
    body = b'{"later": ' + b"[" * 900 + b"1e20" + b"]" * 900 + b"}"
    with pytest.raises(ResponseError, match="64 bits"):
        decode_session(body, token=TOKEN, processing=False)


def test_no_error_has_the_answer_in_its_context() -> None:
    for body in (b'{"meta": {"session_token": "SECRET"', b'{"meta": {"created_at": "SECRET"}}'):
        with pytest.raises(ResponseError) as caught:
            decode_session(body, token=TOKEN, processing=False)
        assert caught.value.__context__ is None


def test_an_empty_list_of_providers_is_not_the_same_as_none() -> None:
    made = {"meta": {"session_token": TOKEN}}
    assert decode_created(orjson.dumps({**made, "data": []})).providers == ()
    for data in ({}, None, {"session_token": TOKEN}):
        assert decode_created(orjson.dumps({**made, "data": data})).providers is None


def test_unknown_agents_and_values_are_kept() -> None:
    agents = meta(agent_status={"internet": "partial", "tv": "pending", "phone": None}).agents
    assert agents == {"internet": AgentStatus("partial"), "tv": AgentStatus.PENDING}


def test_unknown_fields_of_envelope_data_and_meta_are_kept() -> None:
    found = session({"a": 1, "data": {"b": [2]}, "meta": {"c": {"d": None}}})
    assert found.extra == {"a": 1, "b": [2], "c": {"d": None}}


@pytest.mark.parametrize("status", ["ok", "warning", "error", "someday"])
def test_any_request_status_is_kept(status: str) -> None:
    assert session({"request_status": status}).request_status == status


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-09-20T23:13:31.179Z", datetime(2024, 9, 20, 23, 13, 31, 179000, tzinfo=UTC)),
        ("2024-09-20T23:13:31Z", datetime(2024, 9, 20, 23, 13, 31, tzinfo=UTC)),
        ("2024-09-20T19:13:31-04:00", datetime(2024, 9, 20, 23, 13, 31, tzinfo=UTC)),
        ("2024-09-20 23:13:31", datetime(2024, 9, 20, 23, 13, 31, tzinfo=UTC)),
        (None, None),
    ],
)
def test_times_are_aware_and_in_utc(text: str | None, moment: datetime | None) -> None:
    found = meta(created_at=text).created_at
    assert found == moment
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("data_set", ["v.1005", "25041808", 25041808])
def test_the_data_set_is_opaque_text(data_set: str | int) -> None:
    assert meta(hum_data_set=data_set).data_set == str(data_set)


# --- the service address --------------------------------------------------------------------------

PLACE = {
    "normalized": "29090 TIFFANY DR E, SOUTHFIELD, MI, 48034",
    "latitude": 42.501721339274,
    "longitude": -83.286263465881,
    "street_range": "29000-29098",
    "street": "29090 TIFFANY DR E",
    "city": "SOUTHFIELD",
    "state": "MI",
    "zip": 48034,
}


def test_a_service_address_as_object() -> None:
    found = meta(service_address=PLACE).service_address
    assert found == ServiceAddress(**{**PLACE, "zip": "48034"})


def test_a_service_address_as_short_object_keeps_what_is_new() -> None:
    short = {"normalized": "somewhere", "latitude": 1, "longitude": 2.5, "precision": "roof"}
    found = meta(service_address=short).service_address
    assert found == ServiceAddress(
        "somewhere", latitude=1, longitude=2.5, extra={"precision": "roof"}
    )


def test_a_service_address_as_text_or_null() -> None:
    assert meta(service_address="somewhere").service_address == ServiceAddress("somewhere")
    for nothing in (None, "", {}):
        assert meta(service_address=nothing).service_address is None


def test_the_fuller_of_two_service_addresses_wins() -> None:
    for places in ({"data": PLACE, "meta": "text"}, {"data": "text", "meta": PLACE}):
        body = {name: {"service_address": place} for name, place in places.items()}
        found = session(body).service_address
        assert found is not None
        assert found.latitude == 42.501721339274
    assert session({"data": {"service_address": "text"}}).service_address == ServiceAddress("text")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (48034, "48034"),
        (2139, "02139"),
        (601, "00601"),
        ("2139", "02139"),
        ("02139", "02139"),
        ("48034-1234", "48034-1234"),
        (480341234, "48034-1234"),
        (21391234, "02139-1234"),
        (" 48034 ", "48034"),
        (None, None),
    ],
)
def test_a_zip_gets_its_zeros_back(sent: int | str | None, kept: str | None) -> None:
    place = meta(service_address={**PLACE, "zip": sent}, session_params={"zip": sent})
    assert place.service_address is not None
    assert place.service_address.zip == kept
    assert place.params["zip"] == kept


# --- providers ------------------------------------------------------------------------------------


def test_a_provider_of_generation_a() -> None:
    found = provider(
        telephone="800-521-5881",
        provider_logo="https://harmony.letshum.com/images/providers/rocketfiber.png",
        url="https://provider.example.com/register?utm_source=Hum",
        button_label="Get Started",
        min_plan_price={"currency": "USD", "amount_cents": 5000},
        offerings=[
            {
                "technology": "Fiber",
                "technology_code": "x",
                "tech_logo": "y",
                "max_download_speed": 1000,
                "max_upload_speed": 500,
            }
        ],
    )
    assert found.id is None
    assert found.telephone == "800-521-5881"
    assert found.min_price == Money(5000, "USD")
    offering = Offering("Fiber", None, 1000, 500, {"technology_code": "x", "tech_logo": "y"})
    assert found.offerings == (offering,)
    assert found.catalog == found.promos == ()
    assert found.extra == {}


def test_promotions_flat_and_nested_come_out_in_one_form_and_empty_ones_are_dropped() -> None:
    flat = provider(promo_text="$100 back", promo_logo="https://cdn.letshum.com/a.svg")
    assert flat.promos == (Promo("$100 back", "https://cdn.letshum.com/a.svg"),)
    nested = provider(
        provider_promo={"promo_text": "a", "promo_logo_url": ""},
        url_promo={"promo_text": "", "promo_logo_url": "b"},
    )
    assert nested.promos == (Promo("a", None), Promo(None, "b"))
    assert provider(promo_text="", promo_logo="", provider_promo={}, url_promo=None).promos == ()


def test_a_provider_of_generation_d_is_whole() -> None:
    found = provider(
        provider_id="02c30f10-f3d7-3ae0-9568-96450fac9b1e",
        provider_icon=None,
        telephone="+18332981433",
        security_token="s" * 66,
        buyflow_type="direct",
        min_plan_price={"amount_cents": 2999, "currency": "USD"},
        offerings=[{"technology": "Cable", "technology_category": "Terrestrial"}],
        product_catalog=[],
    )
    assert found.security_token == "s" * 66
    assert found.buyflow_type == "direct"
    assert found.offerings == (Offering("Cable", "Terrestrial"),)


def test_everything_but_the_name_of_a_provider_may_be_missing_or_null() -> None:
    bare = provider()
    names = ("provider_id", "telephone", "url", "provider_logo", "provider_icon", "buyflow_type")
    names += ("security_token", "button_label", "min_plan_price", "promo_text", "promo_logo")
    names += ("provider_promo", "url_promo", "offerings", "product_catalog")
    assert provider(**dict.fromkeys(names)) == bare
    assert path_of({"data": {"internet": [{}]}}) == "$.data.internet[0].provider_name"


@pytest.mark.parametrize(
    ("sent", "speed"),
    [
        (100, SpeedRange(100, 100)),
        (0.5, SpeedRange(0.5, 0.5)),
        ("300", SpeedRange(300, 300)),
        ("50-100", SpeedRange(50, 100)),
        ("100 - 50", SpeedRange(50, 100)),
        ("50\N{EN DASH}100", SpeedRange(50, 100)),
        ("50 to 100 Mbps", SpeedRange(50, 100)),
        ("up to 1.5 Gbps", SpeedRange(1500, 1500)),
        ("768 kbps", SpeedRange(0.768, 0.768)),
        (None, None),
        ("", None),
    ],
)
def test_a_speed_is_a_number_a_string_or_a_range(sent: Any, speed: SpeedRange | None) -> None:
    plan = product(download_speed=sent, upload_speed=sent)
    assert (plan.download, plan.upload, plan.extra) == (speed, speed, {})


@pytest.mark.parametrize("unread", ["fast", "100-200-300", "-5", "9" * 400, "NaN"])
def test_a_speed_that_is_none_of_these_is_kept_unread(unread: str) -> None:
    plan = product(download_speed=unread)
    assert plan.download is None
    assert plan.extra["download_speed"] == unread
    (offering,) = provider(offerings=[{"max_upload_speed": unread}]).offerings
    assert offering.max_upload_mbps is None
    assert offering.extra == {"max_upload_speed": unread}


def test_an_offering_takes_the_best_of_a_range() -> None:
    (offering,) = provider(offerings=[{"max_download_speed": "50-100"}]).offerings
    assert offering.max_download_mbps == 100


def test_a_product_is_a_plan_with_everything_kept() -> None:
    raw = {
        "id": "x",
        "sku": "130235-INT-CBL-01",
        "name": "Internet 300",
        "technology": "cable",
        "data_limit": "Unlimited",
        "pricing": {
            "activation_fee": {"amount_cents": 0, "currency": "USD"},
            "a_new_fee": {"currency": "USD", "amount_cents": 1500},
            "nothing": None,
        },
        "streaming_apps": ["ESPN+"],
        "is_bundle_qualifier": None,
        "hum_rank": 85,
    }
    category = {"category": "internet", "category_name": "Internet Service", "products": [raw]}
    (plan,) = provider(product_catalog=[category]).catalog
    assert plan.pricing == {"activation_fee": Money(0), "a_new_fee": Money(1500)}
    assert plan.data_limit == "Unlimited"
    assert plan.extra == {
        "category": "internet",
        "category_name": "Internet Service",
        "streaming_apps": ["ESPN+"],
        "is_bundle_qualifier": None,
        "hum_rank": 85,
    }


def test_an_amount_may_come_as_a_float_that_is_whole() -> None:
    assert provider(min_plan_price={"amount_cents": 2999.0}).min_price == Money(2999)
    assert type(provider(min_plan_price={"amount_cents": 2999.0}).min_price.amount_cents) is int


def test_the_services_endpoint_has_providers_under_200_only() -> None:
    body = orjson.dumps({"data": {"internet": [{"provider_name": "X"}]}})
    assert decode_internet(body, token=TOKEN, processing=True).providers is None
    assert decode_internet(body, token=TOKEN, processing=False).providers
    assert decode_internet(b'{"data":{}}', token=TOKEN, processing=False).providers is None
    assert (
        decode_internet(b'{"data":{"internet":[]}}', token=TOKEN, processing=False).providers == ()
    )


def test_the_session_endpoint_never_has_providers() -> None:
    assert session({"data": {"internet": [{"provider_name": "X"}]}}).providers is None


# --- strictness -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "$"),
        ("ok", "$"),
        (None, "$"),
        ({"message": 12345}, "$.message"),
        ({"request_status": ["ok"]}, "$.request_status"),
        ({"timestamp": [1]}, "$.timestamp"),
        ({"data": "none"}, "$.data"),
        ({"data": []}, "$.data"),
        ({"data": {"internet": "none"}}, "$.data.internet"),
        ({"data": {"internet": {}}}, "$.data.internet"),
        ({"data": {"internet": [{"provider_name": None}]}}, "$.data.internet[0].provider_name"),
        ({"data": {"internet": [{"provider_name": 1}]}}, "$.data.internet[0].provider_name"),
        ({"data": {"service_address": 12345}}, "$.data.service_address"),
        ({"meta": "none"}, "$.meta"),
        ({"meta": {"session_token": 12345}}, "$.meta.session_token"),
        ({"meta": {"agent_status": "matched"}}, "$.meta.agent_status"),
        ({"meta": {"agent_status": {"internet": True}}}, "$.meta.agent_status.internet"),
        ({"meta": {"created_at": "yesterday"}}, "$.meta.created_at"),
        ({"meta": {"created_at": 1726873}}, "$.meta.created_at"),
        ({"meta": {"session_params": 12345}}, "$.meta.session_params"),
        ({"meta": {"service_address": {"latitude": "1"}}}, "$.meta.service_address.latitude"),
        ({"meta": {"service_address": {"zip": True}}}, "$.meta.service_address.zip"),
    ],
)
def test_a_wrong_type_is_named_by_its_path(body: Any, path: str) -> None:
    assert path_of(body) == path


@pytest.mark.parametrize("amount", ["2999", 29.99, True, None])
def test_money_is_not_guessed(amount: Any) -> None:
    good = {"provider_name": "Good"}
    bad = {"provider_name": "Bad", "min_plan_price": {"amount_cents": amount}}
    path = path_of({"data": {"internet": [good, bad]}})
    assert path == "$.data.internet[1].min_plan_price.amount_cents"


def test_the_path_of_a_missing_field_names_it() -> None:
    body = {"data": {"internet": [{"provider_name": "A"}, {}]}}
    with pytest.raises(ResponseError) as caught:
        decode_internet(orjson.dumps(body), token=TOKEN, processing=False)
    assert (caught.value.path, str(caught.value)) == (
        "$.data.internet[1].provider_name",
        "$.data.internet[1].provider_name: is missing",
    )


def test_a_response_error_does_not_repeat_the_content() -> None:
    secret = "29090 Tiffany Drive E"
    for body in (
        {"meta": {"created_at": secret}},
        {"data": secret},
        {"meta": {"agent_status": {"geocoding": [secret]}}},
        {"meta": {"service_address": {"latitude": secret}}},
        {"meta": {"agent_status": {secret: 5}}},
        {
            "data": {
                "internet": [
                    {
                        "provider_name": "x",
                        "product_catalog": [{"products": [{"pricing": {secret: 5}}]}],
                    }
                ]
            }
        },
    ):
        with pytest.raises(ResponseError) as caught:
            decode_internet(orjson.dumps(body), token=TOKEN, processing=False)
        assert "Tiffany" not in str(caught.value)
        assert "Tiffany" not in repr(caught.value)


# --- whatever JSON can be -------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "message",
        "request_status",
        "timestamp",
        "data",
        "meta",
        "session_token",
        "session_status",
        "agent_status",
        "service_address",
        "session_params",
        "hum_data_set",
        "created_at",
        "internet",
        "provider_name",
        "offerings",
        "product_catalog",
        "products",
        "pricing",
        "download_speed",
        "min_plan_price",
        "amount_cents",
        "currency",
        "zip",
        "latitude",
        "normalized",
        "extra",
        "promo_text",
        "provider_promo",
        "technology",
        "max_download_speed",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["matched", "pending", "50-100", "2024-09-20T23:13:31.179Z", TOKEN])
    | st.sampled_from(["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=5)
        | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=20,
)
PLAUSIBLE = st.fixed_dictionaries(
    {},
    optional={
        "meta": st.fixed_dictionaries(
            {"session_token": st.just(TOKEN)},
            optional={
                "agent_status": st.dictionaries(st.text(max_size=5), JSON, max_size=3),
                "service_address": JSON,
                "session_params": JSON,
                "created_at": JSON,
                "hum_data_set": JSON,
            },
        ),
        "data": st.lists(
            st.fixed_dictionaries(
                {"provider_name": st.text(max_size=5)},
                optional={
                    "offerings": JSON,
                    "product_catalog": st.lists(
                        st.fixed_dictionaries({"products": JSON}), max_size=2
                    ),
                    "min_plan_price": JSON,
                },
            ),
            max_size=2,
        )
        | JSON,
        "message": JSON,
    },
)


def session_or_error(decode: Callable[[], Session]) -> Session | ResponseError:
    try:
        return decode()
    except ResponseError as error:
        return error


@given(JSON | PLAUSIBLE, st.booleans())
def test_any_json_is_a_session_or_a_response_error(body: Any, processing: bool) -> None:  # noqa: FBT001
    raw = orjson.dumps(body)
    for decode in (
        lambda: decode_session(raw, token=TOKEN, processing=processing),
        lambda: decode_internet(raw, token=TOKEN, processing=processing),
        lambda: decode_created(raw),
    ):
        found = session_or_error(decode)
        if isinstance(found, ResponseError):
            # What is refused by hand is refused by cattrs, too, which says where the fault is.
            assert "not what the API describes" not in str(found)
            continue
        assert isinstance(found, Session)
        assert isinstance(found.settled, bool)
        hash(found)
        repr(found)


@given(JSON)
def test_any_json_is_a_ping_or_a_response_error(body: Any) -> None:
    with contextlib.suppress(ResponseError):
        assert isinstance(decode_ping(orjson.dumps(body)), Ping)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_session_or_a_response_error(body: bytes) -> None:
    with contextlib.suppress(ResponseError):
        assert isinstance(decode_session(body, token=TOKEN, processing=True), Session)
    assert isinstance(error_message(body), str)


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_very_deep_json_is_a_response_error_or_kept(depth: int) -> None:
    raw = b'{"data":{"x":' + b"[" * depth + b"]" * depth + b"}}"
    with contextlib.suppress(ResponseError):
        assert decode_session(raw, token=TOKEN, processing=False).extra


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "no"}, "no"),
        ({"error": "no"}, "no"),
        ({"message": "", "detail": "no"}, "no"),
        ({"message": {"x": 1}, "title": "no"}, "no"),
        ({"errors": []}, ""),
        (["no"], ""),
        ("no", ""),
    ],
)
def test_the_words_of_an_error_are_found_where_they_may_be(body: Any, said: str) -> None:
    assert error_message(orjson.dumps(body)) == said


def test_an_html_page_says_nothing() -> None:
    assert error_message(b"<html>Bad gateway at 29090 Tiffany Drive</html>") == ""
