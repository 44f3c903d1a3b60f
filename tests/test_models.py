"""The values that users hold."""

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from hum_async import (
    Address,
    AgentChange,
    AgentStatus,
    Money,
    Offering,
    Outcome,
    Ping,
    Plan,
    Promo,
    Provider,
    Qualification,
    RateLimited,
    RawResponse,
    ServiceAddress,
    Session,
    SessionUpdate,
    SpeedRange,
    UpdateKind,
)

TOKEN = "XqCmeTVgYXrbWrZFZEymkD"
STREET = "29090 Tiffany Drive E"
ADDRESS = Address(STREET, "A2", "Southfield", "MI", "48034", 42.501721339274, -83.286263465881)
PLAN = Plan("1", "sku", "name", "cable", SpeedRange(1, 2), None, "Unlimited", {"fee": Money(99)})
PROVIDER = Provider(
    "Frontier",
    security_token=TOKEN,
    min_price=Money(2999),
    promos=(Promo("text"),),
    offerings=(Offering("Fiber", None, 1000, 500),),
    catalog=(PLAN,),
)
SERVICE = ServiceAddress(f"{STREET}, SOUTHFIELD, MI 48034", STREET, latitude=42.501721339274)
SESSION = Session(
    TOKEN,
    agents={"internet": AgentStatus.PENDING},
    service_address=SERVICE,
    providers=(PROVIDER,),
    message=f"Service coverage for {STREET}",
    params={"street1": STREET},
    created_at=datetime(2025, 4, 2, tzinfo=UTC),
)
UPDATE = SessionUpdate(
    TOKEN,
    UpdateKind.FAILED,
    session=SESSION,
    previous=SESSION,
    changes=(AgentChange("internet", None, AgentStatus.PENDING),),
)
VALUES = [
    ADDRESS,
    PLAN,
    PROVIDER,
    SERVICE,
    SESSION,
    UPDATE,
    Ping("hello", "ok", None),
    RawResponse(200, {"x": "y"}, STREET.encode()),
    Qualification[int](1, ADDRESS, Outcome.SERVED, request_ids=("r1",)),
    Qualification(1, ADDRESS, Outcome.SERVED, (PROVIDER,), SERVICE, TOKEN),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_are_frozen_slotted_hashable_and_survive_pickling_and_copying(
    value: attrs.AttrsInstance,
) -> None:
    twins = (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value))  # noqa: S301
    for twin in twins:
        assert twin == value
        assert hash(twin) == hash(value)
    assert not hasattr(value, "__dict__")
    name = attrs.fields(type(value))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, name, None)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_no_repr_shows_a_street_a_whole_token_or_coordinates(value: object) -> None:
    for shown in (repr(value), f"{[value]}"):
        for secret in (
            TOKEN,
            "Tiffany",
            "TIFFANY",
            "29090",
            "42.5017",
            "-83.286",
            "A2",
            "48034",
            "SOUTHFIELD",
            "Southfield",
            "hello",
        ):
            assert secret not in shown


def test_a_repr_shows_the_first_four_characters_of_a_token() -> None:
    for value in (SESSION, UPDATE, VALUES[-1]):
        assert "'XqCm\N{HORIZONTAL ELLIPSIS}'" in repr(value)
    assert "token=None" in repr(Qualification(1, ADDRESS, Outcome.UNCERTAIN))


def test_a_word_of_the_server_is_shown_only_if_it_is_documented() -> None:
    for word in ("ok", "warning", "error"):
        assert f"request_status='{word}'" in repr(Ping("hello", word))
        assert f"request_status='{word}'" in repr(Session("a", request_status=word))
    assert "session_status='open'" in repr(Session("a", session_status="open"))
    assert "request_status=None" in repr(Ping())
    for value in (Ping(STREET, STREET), Session("a", session_status=STREET, request_status=STREET)):
        assert "Tiffany" not in repr(value)


def test_a_session_expires_half_an_hour_after_the_newest_time_that_it_knows() -> None:
    at = [datetime(2026, 1, 1, 12, minute, tzinfo=UTC) for minute in range(3)]
    half_past = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    assert Session("a").expires_at is None
    assert Session("a", created_at=at[0]).expires_at == half_past
    assert Session("a", created_at=at[0], updated_at=at[2]).expires_at == half_past.replace(
        minute=32
    )
    found = Session("a", created_at=at[2], updated_at=at[0], responded_at=at[1]).expires_at
    assert found == half_past.replace(minute=32)
    east = timezone(timedelta(hours=2))
    found = Session("a", responded_at=datetime(2026, 1, 1, 14, 0, tzinfo=east)).expires_at
    assert found == half_past
    assert found.tzinfo is UTC
    naive = at[0].replace(tzinfo=None)
    assert Session("a", created_at=naive, updated_at=at[0]).expires_at == half_past
    for zone in (UTC, timezone(timedelta(hours=-2))):
        odd = Session("a", responded_at=datetime.max.replace(tzinfo=zone))
        assert odd.expires_at == datetime.max.replace(tzinfo=UTC)


def test_an_address_as_text_is_the_whole_line() -> None:
    assert str(ADDRESS) == "29090 Tiffany Drive E, A2, Southfield, MI 48034"
    assert str(Address("1 Main St", zip="02139")) == "1 Main St, 02139"
    assert str(Address("1 Main St", city="Detroit")) == "1 Main St, Detroit"


def test_an_unknown_agent_status_is_kept_and_compares_with_text() -> None:
    status = AgentStatus("partial")
    assert status == "partial" == status.value
    assert status == AgentStatus("partial")
    assert hash(status) == hash("partial")
    assert status != AgentStatus.PENDING
    assert pickle.loads(pickle.dumps(status)) == status  # noqa: S301
    assert f"{status}" == "partial"
    assert copy.deepcopy(status) == status
    assert len(AgentStatus) == 4
    with pytest.raises(ValueError, match="5"):
        AgentStatus(5)


def test_a_known_agent_status_is_the_member_itself() -> None:
    assert AgentStatus("matched") is AgentStatus.MATCHED
    assert pickle.loads(pickle.dumps(AgentStatus.MATCHED)) is AgentStatus.MATCHED  # noqa: S301


@pytest.mark.parametrize(
    ("processing", "agents", "settled"),
    [
        (False, {}, True),
        (True, {}, False),
        (False, {"geocoding": "matched", "internet": "matched", "checkout": "pending"}, True),
        (True, {"geocoding": "matched", "internet": "matched"}, True),
        (True, {"geocoding": "matched", "internet": "failed"}, True),
        (False, {"geocoding": "matched", "internet": "pending"}, False),
        (False, {"geocoding": "pending", "internet": "matched"}, False),
        (False, {"geocoding": "failed", "internet": "pending"}, True),
        (True, {"geocoding": "multiple", "internet": "pending"}, True),
        (True, {"geocoding": "matched", "internet": "multiple"}, True),
        (False, {"geocoding": "matched", "internet": "partial"}, True),
        (True, {"geocoding": "matched", "internet": "partial"}, False),
        (False, {"geocoding": "matched"}, True),
        (True, {"geocoding": "matched"}, False),
    ],
)
def test_settled_follows_the_table_of_the_contract(
    *, processing: bool, agents: dict[str, str], settled: bool
) -> None:
    statuses = {name: AgentStatus(value) for name, value in agents.items()}
    assert Session(TOKEN, processing=processing, agents=statuses).settled is settled


def test_other_agents_can_be_awaited() -> None:
    session = Session(TOKEN, agents={"geocoding": AgentStatus.MATCHED, "tv": AgentStatus.PENDING})
    assert session.settled_for(("geocoding",))
    assert not session.settled_for(("tv",))


def test_every_kind_but_changed_is_terminal() -> None:
    assert {kind for kind in UpdateKind if not SessionUpdate(TOKEN, kind).is_terminal} == {
        UpdateKind.CHANGED
    }


def test_a_failed_update_pickles_with_its_error() -> None:
    update = SessionUpdate(TOKEN, UpdateKind.FAILED, error=RateLimited(429, "slow down", None, 3.0))
    twin = pickle.loads(pickle.dumps(update))  # noqa: S301
    assert isinstance(twin.error, RateLimited)
    assert twin.error.retry_after == 3.0


def test_money_is_in_cents_and_equal_by_value() -> None:
    assert Money(2999) == Money(2999, "USD") != Money(2999, "CAD")
    assert SpeedRange(50, 100) == SpeedRange(50.0, 100.0)
