"""The programs in examples/, as a reader of them runs them."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from cgaterm.sources.process_memory import ProcessMemory
from cgaterm.vga_text import decode
from tests.pty_session import PtySession

if TYPE_CHECKING:
    from tests.conftest import Boot

EXAMPLES = Path(__file__).parents[2] / "examples"
TIMEOUT_S = 30.0


def command(example: str, target: object) -> list[str]:
    return [sys.executable, str(EXAMPLES / example), str(target)]


def line_numbers(text: str) -> list[int]:
    """The numbers of the lines that the guest "log" has printed."""
    return [int(number) for number in re.findall(r"^ *line (\d{6}) \.", text, re.MULTILINE)]


def test_print_screen(boot: Boot) -> None:
    guest = boot("cells", "all_cells")
    result = subprocess.run(
        command("print_screen.py", guest.pid), capture_output=True, text=True, timeout=TIMEOUT_S
    )
    with closing(ProcessMemory(guest.pid)) as source:
        text = decode(source.read()).text
    assert result.stdout == f"disk.img: text 80x25\n{text}\n"
    assert (result.returncode, result.stderr) == (0, "")


def test_print_screen_of_no_guest() -> None:
    result = subprocess.run(
        command("print_screen.py", "nobody"), capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert result.returncode == 1
    assert "there is no guest 'nobody'" in result.stderr


def test_watch(boot: Boot) -> None:
    """It prints the lines of a log as they come, and ends with the guest."""
    guest = boot("log", "paced", TICKS=20)
    arguments = command("watch.py", guest.pid)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        numbers: list[int] = []
        while len(set(numbers)) < 5:  # a line may be caught before its end: no number, or twice
            line = process.stdout.readline().decode()
            assert line, "it has ended"
            numbers += line_numbers(line)
        guest.kill()
        _, errors = process.communicate(timeout=TIMEOUT_S)
    assert numbers == sorted(numbers)
    assert b"the guest has ended" in errors


def test_in_urwid_shows_the_cells_in_their_colors(boot: Boot) -> None:
    guest = boot("cells", "all_cells")
    with closing(ProcessMemory(guest.pid)) as source:
        expected = decode(source.read())
    # A row for the title, and a last one: urwid writes the corner by means no emulator here has.
    with PtySession(command("in_urwid.py", guest.pid), rows=27, columns=80) as session:
        session.wait_for_text("disk.img: q leaves")
        session.settle()
        for cells, row in zip(session.emulator.cells()[1:26], expected.rows, strict=True):
            for shown, (character, style) in zip(cells, row, strict=True):
                assert shown.character == character
                assert shown.background == style.background
                assert character == " " or shown.foreground == style.foreground
        session.type("q")
        assert session.wait() == 0
        assert not session.emulator.in_alternate_screen


def test_in_urwid_is_live(boot: Boot) -> None:
    guest = boot("log", "paced")
    with PtySession(command("in_urwid.py", guest.pid), rows=10, columns=60) as session:
        # In a box that is too small: the part around the cursor.
        session.wait_for(lambda screen: max(line_numbers(screen), default=0) > 30)
        session.resize(30, 100)
        session.wait_for(lambda screen: len(line_numbers(screen)) == 24)
        last = max(line_numbers(session.text))
        session.wait_for(lambda screen: max(line_numbers(screen), default=0) > last)
        guest.kill()
        assert session.wait() == 1
        assert "the guest has ended" in session.text
