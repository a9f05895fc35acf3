"""Fixtures of all tests: guests that end with the test."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.qemu import Guest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Boot(Protocol):
    """Boot a guest, wait until it is ready; arguments as for Guest."""

    def __call__(self, name: str | Path | None, stage: str = "", **options: Any) -> Guest: ...


@pytest.fixture
def boot() -> Iterator[Boot]:
    """Boot guests that are ready when it returns and gone when the test ends."""
    with ExitStack() as guests:

        def boot_guest(name: str | Path | None, stage: str = "", **options: Any) -> Guest:
            guest = guests.enter_context(Guest(name, stage, **options))
            return guest if name is None else guest.wait_ready()

        yield boot_guest
