"""Signals that end a program, as exceptions: what was begun is undone on the way out.

A program that has started a guest, or made the terminal raw, must not just die. With
`as_exceptions` the first SIGTERM, SIGHUP or SIGINT unwinds the stack wherever it is; where
that would lose what is just being made (a process that nobody knows yet), `held_back` lets
the signal wait::

    with signals.as_exceptions(), ExitStack() as cleanup:
        with signals.held_back():
            guest = cleanup.enter_context(OwnGuest(...))
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@contextmanager
def as_exceptions() -> Iterator[None]:
    """Raise SystemExit(128 + number) at the first of them; cleaning up is not interrupted."""

    def end(number: int, _frame: FrameType | None) -> None:
        for other in _ENDING:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + number)

    old = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Deliver those that come meanwhile when the block is done."""
    came: list[int] = []
    old = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in _ENDING
    }
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)
