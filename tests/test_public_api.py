"""The public surface: the names and shapes that users rely on, typed and light to import."""

import importlib
import inspect
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import attrs
import pytest

import hum_async
from hum_async import errors, models

NAMES = """
    Address AddressError AgentChange AgentStatus AiohttpTransport ApiError ApiUnavailable
    AsyncSessionWatcher AuthenticationError BadRequest ConfigurationError ConnectFailed
    DEFAULT_AGENTS
    GuidedPolling HubBusy HubClosed HubError HumClient HumError InputError InvalidAddress
    JournalError LearnedPolling Limiter LimiterStatistics LookupElsewhere LookupNotFound Money
    Offering Outcome PRODUCTION Ping Plan Poll PollPolicy Priority Promo Provider Qualification
    RateLimited RateLimiter RawResponse RequestTimeout ResponseError RetryPolicy SANDBOX ServerError
    ServiceAddress Session SessionGone SessionHub SessionLimitReached SessionNotFound SessionUpdate
    SpeedRange StreamBusy Transport TransportError UnusableKey UpdateKind WatchStream
    WatcherClosed WatcherFailed WatcherStatistics __version__ qualify
"""
PUBLIC_MODULES = [
    "client",
    "errors",
    "limiter",
    "models",
    "otel",
    "shared",
    "testing",
    "transport",
    "watcher",
]


def test_the_names_are_these_and_sorted() -> None:
    assert sorted(hum_async.__all__) == sorted(NAMES.split())
    assert len(set(hum_async.__all__)) == len(hum_async.__all__)


@pytest.mark.parametrize("name", NAMES.split())
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(hum_async, name)
    assert name in dir(hum_async)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)
        for member, method in vars(value).items():
            if not member.startswith("_") and inspect.isfunction(method):
                assert inspect.getdoc(method), f"{name}.{member}"


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = hum_async.Nonsense
    with pytest.raises(ImportError):
        exec("from hum_async import Nonsense")  # noqa: S102


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_every_public_module_declares_its_names(name: str) -> None:
    module = importlib.import_module(f"hum_async.{name}")
    assert module.__doc__
    assert module.__all__ == sorted(set(module.__all__), key=module.__all__.index)
    for exported in module.__all__:
        assert hasattr(module, exported)


def test_every_error_and_every_value_is_exported_at_the_top() -> None:
    for module in (errors, models):
        assert set(module.__all__) - {"DEFAULT_AGENTS"} <= set(hum_async.__all__)


def test_the_package_is_typed() -> None:
    assert files(hum_async).joinpath("py.typed").is_file()


def parameters(function: object) -> str:
    """Return the signature without annotations."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "HumClient",
            (
                "(api_key=None, *, base_url=None, session=None, limiter=None, retry=None, "
                "timeout=10.0, create_timeout=90.0, transport=None, purchases=None, "
                "max_age=86400.0)"
            ),
        ),
        ("HumClient.create_session", "(self, address, *, campaign_id=None)"),
        ("HumClient.get_session", "(self, token)"),
        ("HumClient.get_internet", "(self, token)"),
        ("HumClient.close_session", "(self, token)"),
        ("HumClient.ping", "(self)"),
        (
            "HumClient.lookup",
            "(self, address, *, timeout=120.0, close=True, campaign_id=None, retry=())",
        ),
        ("SessionHub.lookup", "(self, address, *, campaign_id=None, retry=())"),
        ("HumClient.with_options", "(self, *, timeout=None, retry=None, priority=None)"),
        ("HumClient.request", "(self, method, path, *, json=None)"),
        (
            "AsyncSessionWatcher",
            (
                "(client, *, policy=None, agents=('geocoding', 'internet'), source='session', "
                "priority=None)"
            ),
        ),
        ("AsyncSessionWatcher.watch", "(self, tokens)"),
        ("AsyncSessionWatcher.statistics", "(self)"),
        ("WatchStream.add", "(self, *tokens)"),
        ("WatchStream.discard", "(self, *tokens)"),
        ("WatchStream.close", "(self)"),
        ("WatchStream.aclose", "(self)"),
        (
            "RateLimiter",
            "(*, concurrency=32, rate=None, max_rate=None, burst=1, least_share=0.1)",
        ),
        ("RateLimiter.slot", "(self, *, priority=<Priority.NORMAL: 1>)"),
        ("RateLimiter.throttled", "(self, retry_after)"),
        ("RateLimiter.statistics", "(self)"),
        (
            "LearnedPolling",
            "(*, p=0.8, first=8.0, later=4.0, min_interval=2.0, max_interval=20.0, budget=30.0)",
        ),
        (
            "Address",
            (
                "(street1, street2=None, city=None, state=None, zip=None, "
                "latitude=None, longitude=None)"
            ),
        ),
        ("ApiError", "(status, message='', request_id=None, retry_after=None, *, hint=None)"),
    ],
)
def test_signatures_are_as_pinned(name: str, expected: str) -> None:
    value: object = hum_async
    for part in name.split("."):
        value = getattr(value, part)
    assert parameters(value) == expected


def test_policies_are_as_pinned() -> None:
    guided = hum_async.GuidedPolling()
    assert (guided.interval, guided.jitter, guided.backoff) == (2.5, 0.2, 1.5)
    assert (guided.max_interval, guided.budget) == (10.0, 30.0)
    retry = hum_async.RetryPolicy()
    assert (retry.attempts, retry.base, retry.cap) == (4, 0.5, 8.0)
    for policy in (hum_async.GuidedPolling, hum_async.RetryPolicy, hum_async.RateLimiter):
        kinds = {parameter.kind for parameter in inspect.signature(policy).parameters.values()}
        assert kinds == {inspect.Parameter.KEYWORD_ONLY}


def test_qualify_takes_what_was_pinned() -> None:
    pinned = inspect.signature(hum_async.qualify).parameters
    assert list(pinned)[:2] == ["client", "addresses"]
    for name in ("journal", "policy", "max_open", "close", "campaign_id"):
        assert pinned[name].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        (
            "Session",
            (
                "token processing agents service_address providers session_status request_status "
                "message data_set params created_at updated_at responded_at extra "
                "request_id"
            ),
        ),
        (
            "SessionUpdate",
            "token kind session previous changes polls elapsed skipped error",
        ),
        (
            "ServiceAddress",
            "normalized street city state zip latitude longitude street_range",
        ),
        (
            "Provider",
            (
                "name id telephone url logo icon security_token buyflow_type button_label "
                "min_price promos offerings catalog extra"
            ),
        ),
        ("Offering", "technology category max_download_mbps max_upload_mbps"),
        ("Plan", "id sku name technology download upload data_limit pricing extra"),
        ("SpeedRange", "low high"),
        ("Money", "amount_cents currency"),
        ("AgentChange", "agent before after"),
        ("RawResponse", "status headers body"),
        (
            "Qualification",
            (
                "key address outcome providers service_address token data_set requests elapsed "
                "observed_at error library_version request_ids"
            ),
        ),
    ],
)
def test_values_have_the_fields_that_were_pinned(name: str, fields: str) -> None:
    cls = getattr(hum_async, name)
    assert set(fields.split()) <= {field.name for field in attrs.fields(cls)}


def test_enumerations_have_the_members_that_were_pinned() -> None:
    assert [*hum_async.AgentStatus] == ["pending", "matched", "multiple", "failed"]
    assert [*hum_async.UpdateKind] == ["CHANGED", "COMPLETED", "GONE", "TIMED_OUT", "FAILED"]
    assert set(hum_async.Outcome) == {
        "SERVED",
        "NO_PROVIDERS",
        "AMBIGUOUS_ADDRESS",
        "ADDRESS_NOT_FOUND",
        "INVALID_ADDRESS",
        "TIMED_OUT",
        "EXPIRED",
        "UNCERTAIN",
        "FAILED",
    }


def run(code: str) -> str:
    done = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert not done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_no_network() -> None:
    heavy = "{'aiohttp', 'cattrs', 'orjson', 'anyio', 'hum_async.client'}"
    assert run(f"import hum_async, sys; print({heavy} & set(sys.modules))") == "set()"


def test_the_core_does_without_what_only_extras_need() -> None:
    extras = "{'cyclopts', 'rich', 'pytest', 'hum_async.simulator', 'hum_async.cli', 'cattrs'}"
    code = "import sys; from hum_async import HumClient, AsyncSessionWatcher, qualify; "
    assert run(f"{code}print({extras} & set(sys.modules))") == "set()"


def test_everything_can_be_imported_by_star() -> None:
    assert run("from hum_async import *; print(HumClient.__name__, qualify.__name__)") == (
        "HumClient qualify"
    )


@pytest.mark.slow
def test_each_public_module_can_be_imported_first() -> None:
    for name in PUBLIC_MODULES:
        assert run(f"import hum_async.{name}; print('ok')") == "ok"


def test_the_typing_examples_use_every_public_name() -> None:
    text = (Path(__file__).parent / "typing" / "api.py").read_text(encoding="utf-8")
    for name in hum_async.__all__:
        assert name in text


def test_a_client_loads_neither_the_decoder_nor_what_keeps_purchases() -> None:
    later = {
        "cattrs", "dataclasses", "html", "orjson", "sqlite3",
        "hum_async._addresses.places", "hum_async._addresses.usps_key", "hum_async._api.decoding",
        "hum_async._api.schema", "hum_async._lookups.recording", "hum_async._notebook",
        "hum_async._purchases.records", "hum_async._purchases.store",
    }  # fmt: skip
    base = "import sys, aiohttp; had = set(sys.modules); "
    code = "from hum_async import HumClient, AsyncSessionWatcher, RateLimiter; "
    code += "HumClient('k' * 20); "
    assert run(f"{base}{code}print({later} & (set(sys.modules) - had))") == "set()"


def test_a_hub_without_a_ledger_loads_nothing_that_keeps_purchases() -> None:
    code = (
        "import sys; before = set(sys.modules); "  # what measures coverage has modules of its own
        "from hum_async import HumClient, SessionHub; SessionHub(HumClient('k' * 20)); "
    )
    kept = "{name for name in sys.modules if name.startswith('hum_async._purchases.')}"
    assert run(f"{code}print({kept})") == "{'hum_async._purchases.refusals'}"
    later = {"decimal", "multiprocessing", "sqlite3", "hum_async._lookups.recording"}
    assert run(f"{code}print({later} & set(sys.modules) - before)") == "set()"
