"""Signals that end a program: at once as an exception, or when what is made is made."""

from __future__ import annotations

import signal
import time

import pytest

from cgaterm import signals

ENDING = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


@pytest.mark.parametrize("number", ENDING)
def test_the_first_one_unwinds_and_no_other_disturbs(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    done = []

    def work() -> None:
        with signals.as_exceptions():
            try:
                signal.raise_signal(number)
                time.sleep(10)
            finally:
                for other in ENDING:  # from an impatient user
                    signal.raise_signal(other)
                done.append("cleaned up")

    with pytest.raises(SystemExit) as end:
        work()
    assert end.value.code == 128 + number
    assert done == ["cleaned up"]
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", ENDING)
def test_what_is_being_made_is_made(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    done = []

    def work() -> None:
        with signals.as_exceptions():
            with signals.held_back():
                signal.raise_signal(number)
                done.append("made")
            done.append("went on")

    with pytest.raises(SystemExit) as end:
        work()
    assert end.value.code == 128 + number
    assert done == ["made"]
    assert signal.getsignal(number) is before


def test_nothing_happens_when_nothing_came() -> None:
    before = [signal.getsignal(number) for number in ENDING]
    with signals.as_exceptions(), signals.held_back():
        pass
    assert [signal.getsignal(number) for number in ENDING] == before
