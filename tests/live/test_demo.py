"""`cgaterm demo` as a stranger runs it: with QEMU and without, with a terminal and without."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cgaterm import demo
from cgaterm.console import one_shot
from cgaterm.errors import ScreenUnreadable
from cgaterm.palette import attribute_palette
from cgaterm.sources.process_memory import ProcessMemory
from tests.pty_session import CGATERM, PtySession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cgaterm.screen import Screen

TIMEOUT_S = 60.0
ON_QEMU = "These 2000 cells are read out of QEMU's memory; the guest does not notice."
ON_STAND_IN = "These 2000 cells are read out of shared memory: a stand-in for QEMU."


class World:
    """A runtime folder and an environment in which a demo runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(folder),
        }

    def without_qemu(self) -> None:
        self.variables["PATH"] = str(self.folder)

    def start(self) -> subprocess.Popen[str]:
        """Start a demo that has no terminal."""
        return subprocess.Popen(
            [*CGATERM, "demo"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.variables,
        )

    def run(self) -> tuple[int, str, str]:
        """Run a demo without a terminal; return its exit code, output and errors."""
        with self.start() as process:
            output, errors = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, output, errors

    def session(self) -> PtySession:
        """Start a demo on a terminal."""
        return PtySession([*CGATERM, "demo"], environment=self.variables)

    def guests(self) -> list[str]:
        """The files and QEMU processes of guests that are there."""
        found = [path.name for path in self.folder.glob("cgaterm/*") if path.name[:4] != "vga-"]
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = path.read_bytes()
            except OSError:
                continue
            if b"qemu" in command and str(self.folder).encode() in command:
                found.append(str(path))
        return found


@pytest.fixture
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="cgaterm-test-"))  # short: sockets have short paths
    world = World(folder)
    yield world
    left = world.guests()
    for name in left:
        if name[0] == "/":
            os.kill(int(name.split("/")[2]), signal.SIGKILL)
    shutil.rmtree(folder)
    assert left == []


def wait_until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def text_of(pid: int) -> str:
    """The text of a QEMU's screen, "" while it has none."""
    try:
        return one_shot(ProcessMemory(pid)).screen.text
    except ScreenUnreadable:
        return ""


# ---- without a terminal


def test_it_prints_the_screen_in_all_its_colors(world: World) -> None:
    status, output, errors = world.run()
    assert (status, errors) == (0, "")
    text = re.sub(r"\x1b\[[0-9;]*m", "", output)
    lines = text.splitlines()
    assert lines[0] == "╔" + 78 * "═" + "╗"
    assert lines[24] == "╚" + 78 * "═" + "╝"
    assert ON_QEMU in text
    assert "Type something:" in text
    assert "own glyph €, where the ROM has a peseta" in text
    assert "cgaterm explain  how it is read" in text
    standard = {f"{color >> 16};{color >> 8 & 255};{color & 255}" for color in standard_colors()}
    assert set(re.findall(r"48;2;(\d+;\d+;\d+)m", output)) == standard
    assert set(re.findall(r"38;2;(\d+;\d+;\d+)[;m]", output)) == standard
    assert re.search(r"read 2000 cells from process \d+ in \d+\.\d+ ms", lines[25])
    assert int(re.findall(r"(\d+) screens seen in 3\.\d s", lines[25])[0]) >= 10


def standard_colors() -> tuple[int, ...]:
    """The 16 colors as a VGA's DAC has them after its BIOS: 6 bits each."""
    levels = (0, 21, 42, 63)
    dac = bytes(
        levels[(index >> bit & 1) * 2 + (index >> bit + 3 & 1)]
        for index in range(64)
        for bit in (2, 1, 0)
    )
    attribute = bytes([0, 1, 2, 3, 4, 5, 0x14, 7, *range(0x38, 0x40), 8, 0, 15, 8, 0])
    return attribute_palette(attribute, dac.ljust(768, b"\0"))


def test_without_qemu_it_says_so_and_shows_a_stand_in(world: World) -> None:
    world.without_qemu()
    world.variables["NO_COLOR"] = "1"
    status, output, errors = world.run()
    assert status == 0
    assert "is not installed; install it" in errors
    assert "stand-in in shared memory" in errors
    assert ON_STAND_IN in output
    assert "\x1b[1m▄▀▀▀" in output
    assert "38;2;" not in output


def test_a_qemu_that_is_killed_is_told(world: World) -> None:
    with world.start() as process:
        wait_until(lambda: any(name.startswith("/proc") for name in world.guests()))
        (pid,) = [int(name.split("/")[2]) for name in world.guests() if name[0] == "/"]
        wait_until(lambda: "only what changes" in text_of(pid))  # the show is well under way
        os.kill(pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 4
    assert "the guest has ended" in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("has_qemu", [True, False])
def test_a_signal_ends_the_demo_and_its_guest(
    world: World, number: signal.Signals, has_qemu: bool
) -> None:
    if not has_qemu:
        world.without_qemu()
    with world.start() as process:
        wait_until(world.guests)
        process.send_signal(number)
        output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 128 + number
    assert output == ""


# ---- on a terminal


def test_keys_are_echoed_and_escape_ends_it(world: World) -> None:
    with world.session() as session:
        session.wait_for_text(ON_QEMU)
        session.type("hello wurld\x7f\x7f\x7f\x7forld")
        session.wait_for_text("Type something: hello world ")
        session.type("\r")
        session.wait_for_text("Type something:        ")
        session.wait_for(lambda screen: re.search(r"\d\.\d\d  hello world  ", screen) is not None)
        session.type("k")
        session.wait_for_text("Type something: k     ")
        session.wait_for_text("scan code 25  ASCII 6B")
        session.type("\x1b")
        assert session.wait() == 0
        assert session.restored
        assert "QEMU ended: the guest was powered off" in session.text


def test_leaving_the_menu_ends_the_guest(world: World) -> None:
    with world.session() as session:
        session.wait_for_text(ON_QEMU)
        session.type("\x1d")
        session.wait_for_text("detach")
        session.type("d")
        assert session.wait() == 0
        assert session.restored
        assert "the demo has ended, and its guest with it" in session.text


def test_the_stand_in_is_left_as_its_screen_says(world: World) -> None:
    world.without_qemu()
    with world.session() as session:
        session.wait_for_text("To leave, press Ctrl-] and then d.")
        session.type("\x1d")
        session.wait_for_text("detach")
        session.type("d")
        assert session.wait() == 0
        assert session.restored


def test_a_signal_gives_the_terminal_back_and_ends_the_guest(world: World) -> None:
    with world.session() as session:
        session.wait_for_text(ON_QEMU)
        session.process.send_signal(signal.SIGTERM)
        assert session.wait() == 128 + signal.SIGTERM
        assert session.restored


# ---- the boot sector


def test_cursor_and_attribute_bit_7_change_in_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(world.folder))
    cursors: list[str] = []
    samples: list[tuple[bool, int]] = []

    def note(screen: Screen) -> None:
        assert screen.cursor is not None
        assert (screen.cursor.row, screen.cursor.column) == (22, 19)
        _, _, visible, top, bottom = screen.cursor
        cursors.append(
            {(0.8125, 0.9375): "underline", (0.5, 1): "half", (0, 1): "block"}[top, bottom]
            if visible
            else "hidden"
        )
        sample = screen.rows[17][66].style
        samples.append((sample.blink, sample.background))

    with ExitStack() as cleanup:
        console = demo._start_qemu(cleanup).console

        def look() -> bool:
            console.look()
            note(console.screen)
            return len(set(cursors)) == 4 and len(set(samples)) == 2

        wait_until(look)
        assert list(dict.fromkeys(cursors)) == ["underline", "half", "block", "hidden"]
        assert set(samples) == {(False, 0x57FFFF), (True, 0x00A8A8)}
        assert console.screen.unknown_glyphs == 0
