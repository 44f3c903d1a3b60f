"""A signal ends a command while it is prepared, wherever it strikes."""

from __future__ import annotations

import signal
import time

import pytest

from hum_async.cli._ending import CODES, Ended, ended_by_signals
from hum_async.cli._exit_codes import ExitCode


class Struck:
    """An object that a signal strikes while it is deleted."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number

    def __del__(self) -> None:
        signal.raise_signal(self._number)
        time.sleep(0)


@pytest.mark.parametrize("number", CODES)
def test_a_signal_is_not_lost_in_the_deletion_of_an_object(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Ended) as caught, ended_by_signals():  # noqa: PT012  whenever it comes
        found = Struck(number)
        del found
        while True:
            time.sleep(0.001)
    assert caught.value.code is CODES[number]
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", CODES)
def test_it_ends_what_waits(number: signal.Signals) -> None:
    with pytest.raises(Ended, match=str(int(CODES[number]))), ended_by_signals():
        signal.raise_signal(number)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ended_by_signals():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert CODES[signal.SIGTERM] is ExitCode.TERMINATED
