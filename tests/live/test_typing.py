"""Typing into real guests, through QMP."""

from __future__ import annotations

import os
import select
import signal
import socket
import string
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cgaterm.errors import KeyboardUnavailable
from cgaterm.keys import KeyEvent, layout, parse_combo, press, strokes_for_text
from cgaterm.sources.qmp import HOLD_S, QUEUE_LIMIT, QmpControl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Boot
    from tests.qemu import Guest

US = layout("us")


def got(guest: Guest) -> bytes:
    """Return what arrived in the guest, as its boot sector tells on the debug console."""
    return guest.debug_output.partition("READY\n")[2].encode("latin-1")


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def bios(boot: Boot) -> Guest:
    return boot("keys", "bios")


@pytest.fixture
def raw(boot: Boot) -> Guest:
    return boot("keys", "raw")


@contextmanager
def keyboard(guest: Guest) -> Iterator[QmpControl]:
    control = QmpControl(str(guest.qmp_path))
    yield control
    control.close()


@pytest.fixture
def control(request: pytest.FixtureRequest) -> Iterator[QmpControl]:
    """The keyboard of the guest that the test has."""
    name = "bios" if "bios" in request.fixturenames else "raw"
    with keyboard(request.getfixturevalue(name)) as control:
        yield control


def greeted(path: Path) -> socket.socket:
    """Another client, once QEMU has greeted it."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(str(path))
    assert b"QMP" in client.recv(4096)
    return client


def test_printable_ascii_and_control_keys_arrive(bios: Guest, control: QmpControl) -> None:
    text = string.digits + string.ascii_letters + string.punctuation + " \r\t\x1b\x08\x01\x1a\x1d"
    control.send(strokes_for_text(text, US).events)
    control.send(parse_combo("shift-f12", US))
    expected = text.encode() + b"\x00\x88"
    wait_until(lambda: len(got(bios)) >= len(expected))
    assert got(bios) == expected
    wait_until(lambda: control.pending == 0)
    assert control.problem is None


def test_a_paste_goes_through_whole(bios: Guest, control: QmpControl) -> None:
    text = "".join(f"{n}: The quick Brown fox!\r" for n in range(20))
    assert len(text) >= 450
    control.send(strokes_for_text(text, US).events)
    assert control.pending > len(text)
    assert select.select([control], [], [], 30)[0], "progress is told"
    control.acknowledge()
    wait_until(lambda: len(got(bios)) >= len(text))
    assert got(bios) == text.encode()


def test_presses_and_releases_arrive_in_order(raw: Guest, control: QmpControl) -> None:
    control.send([KeyEvent("ctrl", True), KeyEvent("a", True), KeyEvent("shift_r", True)])
    control.send([KeyEvent("ctrl", False), KeyEvent("a", False)])
    control.send(press("left"))
    expected = b"\x1d\x1e\x36\x9d\x9e\xe0\x4b\xe0\xcb"
    wait_until(lambda: len(got(raw)) >= len(expected))
    assert got(raw) == expected
    control.close()
    wait_until(lambda: len(got(raw)) > len(expected))
    assert got(raw) == expected + b"\xb6", "a key that was still down is released"


def test_a_held_key_outlives_the_connection(raw: Guest, control: QmpControl) -> None:
    control.send([KeyEvent("shift", True)])
    wait_until(lambda: got(raw) == b"\x2a")
    time.sleep(HOLD_S)
    greeted(raw.qmp_path).close()  # the socket is free again, and the key still down
    assert got(raw) == b"\x2a"
    control.send([KeyEvent("shift", False)])
    wait_until(lambda: got(raw) == b"\x2a\xaa")


def test_another_client_is_told_and_nothing_arrives_late(bios: Guest, control: QmpControl) -> None:
    other = greeted(bios.qmp_path)
    control.send(press("a"))
    wait_until(lambda: control.problem is not None)
    assert control.problem is not None
    assert str(bios.qmp_path) in control.problem
    assert "close the other QMP client" in control.problem
    assert control.pending == 0
    with pytest.raises(KeyboardUnavailable, match="close the other QMP client"):
        control.reset()
    other.close()

    def is_delivered() -> bool:  # QEMU may take a moment to see that the other one has left
        control.send(press("b"))
        wait_until(lambda: control.pending == 0)
        return control.problem is None

    wait_until(is_delivered)
    wait_until(lambda: got(bios) != b"")
    assert set(got(bios)) == set(b"b")


def test_a_killed_qemu_is_told_and_hangs_nothing(bios: Guest, control: QmpControl) -> None:
    control.send(strokes_for_text("a" * 100_000, US).events)
    wait_until(lambda: got(bios) != b"")
    bios.process.kill()
    wait_until(lambda: control.problem is not None)
    assert "check that this guest still runs" in str(control.problem)
    assert control.pending == 0
    with pytest.raises(KeyboardUnavailable, match="check that this guest still runs"):
        control.powerdown()
    control.close()


def test_a_stopped_qemu_is_told(bios: Guest, control: QmpControl) -> None:
    os.kill(bios.process.pid, signal.SIGSTOP)
    control.send(press("a"))
    wait_until(lambda: control.problem is not None)
    assert "let the QEMU process run on" in str(control.problem)


def test_a_paused_guest_takes_no_keys_but_commands(bios: Guest, control: QmpControl) -> None:
    control.execute("stop")
    control.send(press("a"))
    wait_until(lambda: control.problem is not None)
    assert "paused" in str(control.problem)
    control.execute("cont")
    control.send(press("b"))
    wait_until(lambda: got(bios) == b"b")


def test_commands_answer_refusals_are_told_and_a_reset_resets(
    bios: Guest, control: QmpControl
) -> None:
    status = control.execute("query-status")
    assert isinstance(status, dict)
    assert status["running"] is True
    with pytest.raises(KeyboardUnavailable, match="QEMU refused no-such-command"):
        control.execute("no-such-command")
    version = control.execute("human-monitor-command", {"command-line": "info version"})
    assert "." in str(version)
    control.powerdown()  # no matter to the boot sector
    control.reset()
    wait_until(lambda: bios.debug_output.count("READY\n") == 2)


def test_a_key_that_qemu_does_not_know_is_told(bios: Guest, control: QmpControl) -> None:
    control.send([KeyEvent("nokey", True)])
    wait_until(lambda: control.problem is not None)
    assert "QEMU refused the keys" in str(control.problem)
    control.send(press("a"))
    wait_until(lambda: got(bios) == b"a")


def test_no_socket_too_many_keys_and_closed(tmp_path: Path) -> None:
    control = QmpControl(str(tmp_path / "none"))
    control.acknowledge()  # nothing has changed
    with pytest.raises(KeyboardUnavailable, match="still on their way"):
        control.send([KeyEvent("a", True)] * (QUEUE_LIMIT + 1))
    control.send(press("a"))
    wait_until(lambda: control.problem is not None)
    assert "No such file" in str(control.problem)
    control.close()
    control.close()
    with pytest.raises(KeyboardUnavailable, match="has been closed"):
        control.send(press("a"))


def test_closing_in_time_drops_what_is_left(bios: Guest) -> None:
    control = QmpControl(("127.0.0.1", 9))
    control.close()  # never used: nothing was opened
    control = QmpControl(str(bios.qmp_path))
    control.send(strokes_for_text("a" * 100_000, US).events)
    control.close(flush_timeout_s=0.5)
    assert control.pending == 0
    assert len(got(bios)) < 100_000
    greeted(bios.qmp_path).close()
