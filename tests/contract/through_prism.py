"""A plugin of pytest: the tests that use a simulator run with Prism before it.

`.ci/contract` loads it. A test fails if Prism finds an exchange in it that is not as
`docs/openapi.yaml` has it; one that is listed in `BREACHES` fails if Prism finds none.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from breaches import BREACHES, LEFT_OUT, breach_of
from passage import Passage, led_through

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSAGE = pytest.StashKey[Passage]()
_SIMULATOR = re.compile(r"\bSimulator\b|simulator\b|--simulate|\bquick\b")
"""What is in the text of a module that uses one."""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Count())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that use a simulator, and see that what is listed is there."""
    if not any("::" in argument for argument in config.args):
        files = {item.nodeid.partition("::")[0] for item in items}
        names = {name for item in items for name in (item.nodeid, item.nodeid.partition("[")[0])}
        listed = {name for name in BREACHES if name.partition("::")[0] in files}
        gone = sorted(listed - names)
        if gone:
            raise pytest.UsageError(f"breaches.py names tests that are not there: {gone}")
    users = {path for path in {item.path for item in items} if _SIMULATOR.search(path.read_text())}
    rest = [
        item for item in items if item.path not in users or item.nodeid.startswith(tuple(LEFT_OUT))
    ]
    config.hook.pytest_deselected(items=rest)
    items[:] = [item for item in items if item not in rest]


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[object]:
    if session.config.getoption("numprocesses", None):  # the tests run in workers
        return (yield)
    with Passage() as passage, led_through(passage):
        session.config.stash[PASSAGE] = passage
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    yield
    passage = item.config.stash[PASSAGE]
    passage.settle()
    count, passage.count = passage.count, 0
    found, passage.objections = passage.objections, []
    breach = breach_of(item.nodeid)
    item.user_properties += [("exchanges", count), ("breach", breach and breach.name)]
    unexpected = [each for each in found if breach is None or f": {breach}" not in each]
    if unexpected:
        lines = [f"{often}x {each}" for each, often in Counter(unexpected).most_common()]
        pytest.fail("Prism objects:\n" + "\n".join(lines), pytrace=False)
    if breach and not found:
        pytest.fail("Prism objects to nothing: take it off the list in breaches.py", pytrace=False)


class _Count:
    """Adds up what the tests report, wherever they run."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            found = dict(report.user_properties)
            exchanges = int(str(found.get("exchanges", 0)))
            self._counts["exchanges"] += exchanges
            self._counts["tests"] += exchanges > 0
            self._counts[str(found.get("breach"))] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        counts = self._counts
        breaches = [f"{counts[name]} {name}" for name in sorted(counts) if name.isupper()]
        terminalreporter.write_line(
            f"Prism has judged {counts['exchanges']} exchanges of {counts['tests']} tests, "
            f"of which break the contract on purpose: {', '.join(breaches) or 'none'}"
        )
