"""Results that reports are made of in tests, and reports as they are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import cycle, islice
from typing import Any

from hum_async import (
    Address,
    HumError,
    Money,
    Offering,
    Outcome,
    Plan,
    Provider,
    Qualification,
    ServiceAddress,
    SpeedRange,
)

BEGAN = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
# Name, technology, Mbps down and up, cents a month.
OFFERS = (
    ("Rocket Fiber", "Fiber", 1000, 1000, 7000),
    ("Cable Company of the North", "Cable", 300, 10, 4999),
    ("Copper Telephone", "DSL", 10, 1, 3500),
    ("Sky Internet", "LEO Satellite", 220, 20, 12000),
)
CITIES = (
    ("Detroit", "MI", "48226", 42.33, -83.05),
    ("San Francisco", "CA", "94103", 37.77, -122.41),
    ("Juneau", "AK", "99801", 58.3, -134.42),
    ("Honolulu", "HI", "96813", 21.31, -157.86),
    ("San Juan", "PR", "00901", 18.46, -66.11),
)
ERRORS = {
    Outcome.FAILED: "the API answered 500 four times",
    Outcome.INVALID_ADDRESS: "zip: 5 or 9 digits, not 4",
    Outcome.UNCERTAIN: "the connection broke while the session was being created",
}


def offered(name: str, technology: str, down: float, up: float, cents: int) -> Provider:
    """Return a provider with one offering and one plan."""
    plan = Plan(
        "p1",
        name=f"{name} {down:g}",
        technology=technology.lower(),
        download=SpeedRange(down, down),
        upload=SpeedRange(up, up),
        pricing={"monthly_price": Money(cents), "activation_fee": Money(9900)},
    )
    return Provider(
        name,
        url=f"https://www.{name.partition(' ')[0].lower()}.example/order?session=a-secret",
        telephone="800-555-0100",
        min_price=Money(cents),
        offerings=(Offering(technology, "Terrestrial", down, up),),
        catalog=(plan,),
    )


def result(number: int, outcome: Outcome = Outcome.SERVED, **changed: Any) -> Qualification[int]:
    """Return a result; the first of four offers serves all, the others fewer and fewer."""
    city, state, zip_code, latitude, longitude = CITIES[number % len(CITIES)]
    usual_address = Address(f"{number + 1} Main St", city=city, state=state, zip=zip_code)
    address = changed.pop("address", usual_address)
    is_answer = outcome in {Outcome.SERVED, Outcome.NO_PROVIDERS}
    usual: dict[str, Any] = {
        "providers": tuple(
            offered(*offer) for at, offer in enumerate(OFFERS) if number % (at + 1) == 0
        )
        if outcome is Outcome.SERVED
        else (),
        "service_address": ServiceAddress(
            str(address).upper(),
            state=state,
            latitude=latitude + number % 97 / 100,
            longitude=longitude + number % 89 / 100,
        )
        if is_answer
        else None,
        "data_set": "v.1005" if is_answer else None,
        "requests": 3,
        "observed_at": BEGAN + timedelta(seconds=number),
        "error": HumError(ERRORS[outcome]) if outcome in ERRORS else None,
        "source": "POST /sessions",
        "token": f"token-{number}",
    }
    return Qualification(number, address, outcome, **(usual | changed))


def results(count: int) -> list[Qualification[int]]:
    """Return results of which nine in ten are served, and the others are of each outcome."""
    others = cycle(outcome for outcome in Outcome if outcome is not Outcome.SERVED)
    return [
        result(number, next(others) if number % 10 == 9 else Outcome.SERVED)
        for number in islice(range(count), count)
    ]


class ReadPage(HTMLParser):
    """A page as its elements: what a test asks of it without a browser.

    Attributes:
        tags: Every element with its attributes.
        texts: All text by the nearest id around it.
        everything: All text.
        scripts: What stands in scripts, by their types.
    """

    APART = frozenset({"td", "th", "li", "p", "dt", "dd", "h1", "h2", "h3", "small", "option"})
    VOID = frozenset({"meta", "link", "input", "br", "path", "rect", "use", "circle"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.everything = ""
        self.scripts: list[tuple[str | None, str]] = []
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.everything += " " * (tag in self.APART)
        if tag == "script":
            self.scripts.append((found.get("type"), ""))
        if tag not in self.VOID:
            self._open.append((tag, found.get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "script":
            kind, text = self.scripts.pop()
            self.scripts.append((kind, text + data))
            return
        if self._open and self._open[-1][0] == "style":
            return
        self.everything += data
        for _, name in self._open:
            if name is not None:
                self.texts[name] = self.texts.get(name, "") + data

    @property
    def data(self) -> dict[str, Any]:
        """What the scripts get."""
        [found] = [text for kind, text in self.scripts if kind == "application/json"]
        data: dict[str, Any] = json.loads(found)
        return data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a name."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self) -> str:
        """All text of the page, with single spaces."""
        return " ".join(self.everything.split())
