"""The tree of errors: its shape, its words, and that it crosses process borders."""

import copy
import inspect
import pickle
import re

import pytest

from hum_async import Address, ConfigurationError, HumClient, errors
from hum_async.errors import (
    AddressError,
    ApiError,
    HubError,
    HumError,
    LookupElsewhere,
    LookupNotFound,
    RateLimited,
    RequestTimeout,
    ResponseError,
    StreamBusy,
    WatcherClosed,
    WatcherFailed,
)

CLASSES = [
    cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, HumError)
]


def drawing() -> dict[str, str]:
    """Return parent by name, as the module's docstring draws it."""
    parents: dict[str, str] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r" {4}((?:\|   |    )*)(\+-- )?(\w+)", line)
        if found:
            depth = len(found[1]) // 4 + bool(found[2])
            above[depth] = found[3]
            if depth:
                parents[found[3]] = above[depth - 1]
    return parents


def example(cls: type[HumError]) -> HumError:
    if issubclass(cls, ApiError):
        return cls(418, "said", "request-1", 2.5)
    if issubclass(cls, AddressError):
        return cls("said", "zip")
    if issubclass(cls, LookupNotFound | LookupElsewhere):
        return cls(("an-id",))
    if issubclass(cls, HubError):
        return cls("said", status=503, retry_after=5.0)
    return cls("said")


def test_the_tree_in_the_docstring_is_true() -> None:
    drawn = drawing()
    assert drawn == {
        cls.__name__: next(base.__name__ for base in cls.__bases__ if issubclass(base, HumError))
        for cls in CLASSES
        if cls is not HumError
    }


def test_every_error_is_exported() -> None:
    assert sorted(cls.__name__ for cls in CLASSES) == sorted(errors.__all__)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_pickles_and_copies_with_its_attributes(cls: type[HumError]) -> None:
    error = example(cls)
    error.add_note("a note")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(twin) is cls
        assert str(twin) == str(error)
        assert twin.args == error.args
        assert vars(twin) == vars(error)


def test_an_error_with_a_signature_of_its_own_pickles_too() -> None:
    error = ResponseError("expected a number", "$.data[0]")
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (twin.path, str(twin)) == ("$.data[0]", "$.data[0]: expected a number")


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if issubclass(cls, ApiError)])
def test_an_answer_of_the_api_says_status_words_ticket_and_what_to_do(cls: type[ApiError]) -> None:
    text = str(cls(418, "I am a teapot", "request-1"))
    assert text == f"HTTP 418: I am a teapot [request request-1]; {cls.hint}"
    assert str(cls(418)) == f"HTTP 418; {cls.hint}"


def test_what_is_no_text_is_no_key_and_no_url() -> None:
    with pytest.raises(ConfigurationError, match="must be a text"):
        HumClient(b"sk_live_secret")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="must be a text"):
        HumClient("key", base_url=b"https://hum.test")  # type: ignore[arg-type]


def test_an_address_whose_constructor_has_not_run_has_a_repr() -> None:
    assert repr(Address.__new__(Address)) == "Address()"
    assert repr(Address("1 Main St", state="MI")).startswith("Address(street1=")
    assert "Main" not in repr(Address("1 Main St", state="MI"))


def test_errors_are_caught_by_the_builtin_names_that_fit() -> None:
    assert issubclass(RequestTimeout, TimeoutError)
    assert issubclass(AddressError, ValueError)
    for cls in (WatcherClosed, WatcherFailed, StreamBusy):
        assert issubclass(cls, RuntimeError)


def test_a_throttled_request_knows_how_long_it_was_asked_to_wait() -> None:
    assert RateLimited(429, retry_after=1.5).retry_after == 1.5
    assert RateLimited(429).retry_after is None
