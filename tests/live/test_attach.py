"""`cgaterm attach` on a terminal, in front of real guests."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cgaterm.screen import DEFAULT_COLOR
from cgaterm.sources.process_memory import ProcessMemory
from cgaterm.vga_text import decode
from tests.live.test_typing import got
from tests.pty_session import CGATERM, PtySession
from tests.qemu import ACCELERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cgaterm.screen import Screen
    from tests.conftest import Boot
    from tests.qemu import Guest

KITTY = {"TERM": "xterm-kitty", "BLESSED_QUERY_TIMEOUT_SECONDS": "20"}
TRUECOLOR = {"COLORTERM": "truecolor"}
#: What the terminal is asked, and switched to; all else it must know.
QUERIES_AND_MODES = {
    "\x1b[6n",
    "\x1b[>q",
    "\x1b[?2026$p",
    "\x1b[?u",
    "\x1b[22;0;0t",
    "\x1b[23;0;0t",
    "\x1b[?1h",
    "\x1b[?1l",
    "\x1b[?2004h",
    "\x1b[?2004l",
}


def attach(
    guest: Guest,
    *options: str,
    rows: int = 30,
    columns: int = 100,
    environment: Mapping[str, str] | None = None,
) -> PtySession:
    command = [*CGATERM, "attach", *options, str(guest.pid)]
    return PtySession(command, rows=rows, columns=columns, environment=environment)


def screen_of(guest: Guest) -> Screen:
    with closing(ProcessMemory(guest.pid)) as source:
        return decode(source.read())


def shown_equals(session: PtySession, screen: Screen, top: int, left: int) -> bool:
    """Whether the terminal shows the guest's cells at (top, left), in true colors."""
    cells = session.emulator.cells()
    for row, expected in enumerate(screen.rows):
        for column, cell in enumerate(expected):
            shown = cells[top + row][left + column]
            style = cell.style
            if shown.character != (cell.character or " ") or shown.background != style.background:
                return False
            if cell.character != " " and (
                shown.foreground != style.foreground or shown.blink != style.blink
            ):
                return False
    return True


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("cells", "all_cells"),
        ("sizes", "size_80x50"),
        ("sizes", "size_132x44"),
        ("pages", "split_screen"),
        ("cells", "random_memory"),
        ("sizes", "monochrome"),
    ],
)
def test_the_terminal_shows_the_guests_cells(boot: Boot, name: str, stage: str) -> None:
    guest = boot(name, stage)
    screen = screen_of(guest)
    rows, columns = len(screen.rows) + 4, screen.columns + 10
    with attach(guest, rows=rows, columns=columns, environment=TRUECOLOR) as session:
        session.wait_for(lambda text: "Ctrl-]" in text)
        session.settle()
        assert shown_equals(session, screen, 1, 5)
        assert session.emulator.cells()[0][0].background == DEFAULT_COLOR
        assert set(session.emulator.unknown) <= QUERIES_AND_MODES
        session.type("\x1d" + "d")
        assert session.wait() == 0
        assert session.restored
        assert "detached from disk.img" in session.text


def test_thousands_of_random_changes(boot: Boot) -> None:
    """Every state that is drawn, and above all the last, is the guest's."""
    guest = boot("random_cells", "write_on")
    with attach(guest, rows=25, columns=80, environment=TRUECOLOR) as session:
        deadline_s = time.monotonic() + 4
        while time.monotonic() < deadline_s:
            session.pump()
        guest.stop()
        session.settle(0.5)
        assert len(session.output) > 20000
        assert shown_equals(session, screen_of(guest), 0, 0)
        assert set(session.emulator.unknown) <= QUERIES_AND_MODES


def test_typing_reaches_the_guest(boot: Boot) -> None:
    guest = boot("keys", "bios")
    with attach(guest) as session:
        session.wait_for_text("keyboard: QMP")
        session.type("Hello, Wörld~ \r")
        deadline_s = time.monotonic() + 10
        while "~" not in guest.debug_output and time.monotonic() < deadline_s:
            session.pump()
        session.wait_for_text("the keyboard layout has no 'ö'")
        assert "Hello, Wrld~" in guest.debug_output


def test_without_qmp_it_is_read_only_and_ctrl_c_leaves(boot: Boot) -> None:
    guest = boot("cells", "all_cells", qmp=False)
    with attach(guest) as session:
        session.wait_for_text("read-only, Ctrl-C leaves: the guest has no QMP socket")
        session.type("\x03")
        assert session.wait() == 0
        assert session.restored


def test_the_guests_death(boot: Boot) -> None:
    guest = boot("pages", "split_screen")
    with attach(guest) as session:
        session.wait_for_text("Ctrl-]")
        guest.kill()
        assert session.wait() == 4
        assert session.restored
        assert "LINE 0050" in session.text
        assert "the guest has ended" in session.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_restore_the_terminal(boot: Boot, number: signal.Signals) -> None:
    with attach(boot("pages", "split_screen")) as session:
        session.wait_for_text("Ctrl-]")
        session.process.send_signal(number)
        assert session.wait() == 128 + number
        assert session.restored


def test_suspend_and_continue(boot: Boot) -> None:
    with attach(boot("pages", "split_screen")) as session:
        session.wait_for_text("Ctrl-]")
        session.process.send_signal(signal.SIGTSTP)
        os.waitpid(session.process.pid, os.WUNTRACED)
        session.settle()
        assert session.restored
        session.process.send_signal(signal.SIGCONT)
        session.wait_for_text("LINE 0050")
        session.type("\x1dd")
        assert session.wait() == 0
        assert session.restored


def test_sizes_of_the_terminal(boot: Boot) -> None:
    guest = boot("pages", "hardware_scroll")
    screen = screen_of(guest)
    with attach(guest, rows=40, columns=120, environment=TRUECOLOR) as session:
        session.wait_for_text("Ctrl-]")
        for rows, columns in ((5, 20), (25, 80), (100, 300), (1, 1), (26, 81), (24, 80)):
            session.resize(rows, columns)
            session.settle(0.3)
            assert session.process.poll() is None
            shown = session.text.split("\n")
            if rows >= 26:
                assert shown_equals(session, screen, (rows - 26) // 2, (columns - 80) // 2)
            elif rows == 25:
                assert shown_equals(session, screen, 0, 0)
            elif columns == 20:
                assert all(line[:20] in "\n".join(screen.lines) for line in shown)


def test_stop_and_reset_of_the_guest(boot: Boot) -> None:
    guest = boot("pages", "split_screen")
    with attach(guest) as session:
        session.wait_for_text("LINE 0050")
        os.kill(guest.pid, signal.SIGSTOP)
        session.type("x")
        session.wait_for_text("cannot type: QEMU does not answer")
        os.kill(guest.pid, signal.SIGCONT)
        session.type("\x1dR")
        session.wait_for_text("Press the reset button")
        session.type("y")
        session.wait_for(lambda text: "LINE 0050" not in text)
        session.wait_for_text("LINE 0050")


def test_mode_changes(boot: Boot) -> None:
    guest = boot("modes", "vbe_1024x768")
    with attach(guest) as session:
        session.wait_for_text("[ graphics 1024x768 ]")
        assert "STALE" not in session.text.upper()


def test_screenshot_and_help(boot: Boot, tmp_path: Path) -> None:
    guest = boot("cells", "all_cells")
    command = ["sh", "-c", f'cd "{tmp_path}" && exec "$@"', "sh"]
    with PtySession([*command, *CGATERM, "attach", str(guest.pid)]) as session:
        session.wait_for_text("Ctrl-]")
        session.type("\x1dp")
        session.wait_for_text("screenshot in cgaterm-disk.img-")
        picture = next(tmp_path.glob("*.png"))
        assert picture.read_bytes().startswith(b"\x89PNG")
        session.type("\x1d?")
        session.wait_for_text("any key: back to the guest")
        session.type("x")
        session.wait_for(lambda text: "any key" not in text)


@pytest.mark.parametrize(
    ("terminal", "environment"),
    [
        ("tmux-256color", {}),
        ("screen", {}),
        ("linux", {}),
        ("vt100", {}),
        ("xterm-256color", {"NO_COLOR": "1"}),
        (
            "xterm-256color",
            {"LANG": "C", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        ),
    ],
)
def test_terminals(boot: Boot, terminal: str, environment: dict[str, str]) -> None:
    guest = boot("cells", "random_memory")
    screen = screen_of(guest)
    with attach(guest, environment={"TERM": terminal, **environment}) as session:
        session.wait_for_text("Ctrl-]")
        session.settle()
        cells = session.emulator.cells()
        for row in range(25):
            for column in range(80):
                character, style = screen.rows[row][column]
                shown = cells[row + 2][column + 10].character
                if style.foreground == style.background:
                    continue  # nobody can see it; it may be drawn as a blank
                assert shown == character or (shown.isascii() and "LC_ALL" in environment)
        if terminal == "vt100" or "NO_COLOR" in environment:
            colors = {cell[1:3] for row in cells for cell in row}
            assert colors == {(DEFAULT_COLOR, DEFAULT_COLOR)}
        assert "$<" not in session.text  # terminfo's padding is no text
        if "LC_ALL" in environment:
            assert session.output.isascii()
        session.type("\x1dd")
        assert session.wait() == 0


def test_an_idle_guest_writes_nothing(boot: Boot) -> None:
    with attach(boot("cells", "all_cells")) as session:
        session.wait_for_text("Ctrl-]")
        session.settle()
        before = len(session.output)
        deadline_s = time.monotonic() + 3
        while time.monotonic() < deadline_s:
            session.pump()
        assert len(session.output) == before


@pytest.mark.parametrize("accelerator", ACCELERATORS)
def test_the_last_words_of_a_kernel_that_halts(boot: Boot, accelerator: str) -> None:
    """Under KVM they stay in the ring of coalesced writes for good."""
    guest = boot("hello", "halt", accelerator=accelerator)
    with attach(guest) as session:
        session.wait_for_text("Hello from a kernel that halts! 01234567")


def test_a_terminal_that_tells_of_releases(boot: Boot) -> None:
    """A terminal with the kitty protocol and synchronized output: keys go down and up."""
    guest = boot("keys", "raw")
    # The cursor report comes last: it is how blessed knows that there is no other answer.
    answers = {
        b"\x1b[?u": "\x1b[?0u",
        b"\x1b[?2026$p": "\x1b[?2026;2$y",
        b"\x1b[6n": "\x1b[1;1R",
    }
    with attach(guest, environment=KITTY) as session:
        seen = 0
        while b"\x1b[>31u" not in session.output:
            session.pump()
            for query, answer in answers.items():
                session.type(answer * session.output.count(query, seen))
            seen = len(session.output)
        session.wait_for_text("keyboard: QMP")
        # Ctrl goes down, c goes down and up, Ctrl goes up; then a shifted letter and F5.
        session.type("\x1b[57442;5u\x1b[99;5u\x1b[99;5:3u\x1b[57442;1:3u")
        session.type("\x1b[97:65;2;65u\x1b[97;2:3u\x1b[15~\x1b[15;1:3~")
        expected = bytes.fromhex("1d2eae9d 2a1e aa9e 3fbf")
        deadline_s = time.monotonic() + 10
        while len(got(guest)) < len(expected) and time.monotonic() < deadline_s:
            session.pump()
        assert sorted(got(guest)) == sorted(expected)
        assert got(guest)[:4] == expected[:4]
        session.type("\x1b[93;5u")
        session.wait_for_text("Esc  back to the guest")
        session.type("d")
        assert session.wait() == 0
        assert session.restored
        assert b"\x1b[<u" in session.output


def test_another_escape_key(boot: Boot) -> None:
    guest = boot("keys", "bios")
    with attach(guest, "--escape", "ctrl-a") as session:
        session.wait_for_text("Ctrl-A ? for help")
        session.type("\x1d\x01e")
        deadline_s = time.monotonic() + 10
        while len(got(guest)) < 2 and time.monotonic() < deadline_s:
            session.pump()
        assert got(guest) == b"\x1d\x01"
        session.type("\x01d")
        assert session.wait() == 0
