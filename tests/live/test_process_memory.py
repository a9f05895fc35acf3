"""Reading real guests' memory: found at once or anew, and whatever happens meanwhile."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cgaterm.draw.ansi import ansi_text
from cgaterm.draw.glyph import Capabilities
from cgaterm.errors import GuestGone, NoSuchTarget, ScreenUnreadable
from cgaterm.palette import ColorDepth
from cgaterm.screen import Mode
from cgaterm.sources.process_memory import ProcessMemory, VgaState
from cgaterm.vga_text import decode
from tests.live.test_screens import draw
from tests.qemu import ACCELERATORS, DISPLAYS

if TYPE_CHECKING:
    from pathlib import Path

    from cgaterm.frames import TextFrame
    from tests.conftest import Boot
    from tests.qemu import Guest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where addresses are remembered: nowhere yet."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "cgaterm"


def vga_of(guest: Guest) -> VgaState:
    with closing(ProcessMemory(guest.pid)) as source:
        return source.vga


def random_cells(seed: int, count: int) -> list[tuple[int, int]]:
    """What random_cells.asm writes: (character, attribute) of 2,000 cells."""
    cells = [(0x20, 0x07)] * 2000
    state = seed
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        index = (state >> 16) % 2000
        state = (state * 1664525 + 1013904223) % 2**32
        cells[index] = (state >> 8 & 0xFF, state & 0xFF)
    return cells


def cells_of(frame: TextFrame) -> list[tuple[int, int]]:
    return list(zip(frame.planes[:8000:4], frame.planes[1:8000:4], strict=True))


# ---- where it is -----------------------------------------------------------------------


def test_the_address_is_remembered(
    boot: Boot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = boot("random_cells", "write", COUNT=500)
    cold = vga_of(guest)
    (kept,) = folder.iterdir()
    assert kept.name.startswith(f"vga-{guest.pid}-")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    monkeypatch.setattr(ProcessMemory, "_scan", None)  # a scan would fail
    assert vga_of(guest) == cold


def test_what_is_remembered_is_not_believed(boot: Boot, folder: Path) -> None:
    guest = boot("random_cells", "write", COUNT=500)
    vga = vga_of(guest)
    (kept,) = folder.iterdir()
    right = kept.read_text()
    address = vga.address
    for poison in (
        b"",
        b"garbage",
        b"0x10 zero",
        b"\xff\xfe\xfd",
        b"-1 0",
        b"0 0",
        b"9" * 30 + b" 0",
        f"{2**63} 0".encode(),
        f"{address + 8} 0".encode(),
        f"{vga.vram_address} 0".encode(),
        f"{address} 16".encode(),
        f"{address} -3000".encode(),
        f"{address} {2**40}".encode(),
        f"{address} {2**70}".encode(),
        f"{address} 0 0".encode(),
        b"1 " * 100_000,
    ):
        kept.write_bytes(poison)
        assert vga_of(guest) == vga, poison
        assert kept.read_text() == right, poison


def test_a_folder_that_others_may_use_is_neither_read_nor_written(boot: Boot, folder: Path) -> None:
    guest = boot("random_cells", "write", COUNT=500)
    folder.mkdir()
    folder.chmod(0o777)
    vga_of(guest)
    assert list(folder.iterdir()) == []


def test_of_two_adapters_the_one_in_use_is_looked_at(boot: Boot) -> None:
    arguments = ["-device", "secondary-vga"]
    guest = boot("random_cells", "write", COUNT=500, SEED=3, arguments=arguments)
    with closing(ProcessMemory(guest.pid)) as source:
        assert cells_of(source.read()) == random_cells(3, 500)


@pytest.mark.parametrize("arguments", [(), ("-device", "bochs-display"), ("-device", "ramfb")])
def test_a_guest_without_a_vga_is_told(boot: Boot, arguments: tuple[str, ...]) -> None:
    guest = boot(None, display="none", arguments=arguments)
    guest.qmp("query-name")  # it is up
    with pytest.raises(ScreenUnreadable, match=f"no VGA was found in .* process {guest.pid}"):
        ProcessMemory(guest.pid)


def test_a_process_that_is_no_qemu_is_told() -> None:
    with pytest.raises(ScreenUnreadable, match="it is no QEMU"):
        ProcessMemory(os.getpid())


# ---- what is read ----------------------------------------------------------------------


@pytest.mark.parametrize("accelerator", ACCELERATORS)
def test_what_the_guest_wrote_is_read(boot: Boot, accelerator: str) -> None:
    guest = boot("random_cells", "write", COUNT=500, SEED=7, accelerator=accelerator)
    with closing(ProcessMemory(guest.pid)) as source:
        assert source.uses_kvm == (accelerator == "kvm")
        frame = source.read()
        assert cells_of(frame) == random_cells(7, 500)
        assert source.read() is frame
        assert source.fileno() is None
    source.close()


@pytest.mark.parametrize("display", DISPLAYS)
def test_random_memory_has_no_control_characters(boot: Boot, display: str) -> None:
    guest = boot("cells", "random_memory", display=display)
    with closing(ProcessMemory(guest.pid)) as source:
        frame = source.read()
    codes = {code for code, _ in cells_of(frame)}
    assert codes >= {*range(0x20), *range(0x7F, 0xA0)}
    screen = decode(frame)
    assert all(cell.character.isprintable() for row in screen.rows for cell in row)
    assert all(len(cell.character) == 1 for row in screen.rows for cell in row)
    drawn = ansi_text(screen, Capabilities(color_depth=ColorDepth.TRUECOLOR, unicode=True))
    assert {c for c in drawn if not c.isprintable()} == {"\x1b", "\n"}


@pytest.mark.parametrize("display", ["std", "cirrus"])
def test_registers_and_memory_full_of_noise(boot: Boot, display: str) -> None:
    """Whatever a guest does to its VGA, it is shown as QEMU shows it, or refused."""
    guest = boot("noise", "noise", display=display, SEED=DISPLAYS.index(display) + 1)
    drawn = 0
    for _ in range(40):
        guest.stop()
        with closing(ProcessMemory(guest.pid)) as source:
            frame = source.read()
        screen = decode(frame)
        assert all(cell.character.isprintable() for row in screen.rows for cell in row)
        try:
            pictures = [draw(frame), draw(frame, cursor=False)]  # the phase is not known
        except ScreenUnreadable:
            assert screen.mode is Mode.BLANK
        else:
            assert guest.screendump() in pictures
            drawn += 1
        guest.cont()
        time.sleep(0.01)
    assert drawn > 20


# ---- what happens meanwhile ------------------------------------------------------------


def test_the_end_of_the_guest_is_told(boot: Boot) -> None:
    guest = boot("random_cells", "write_on")
    with closing(ProcessMemory(guest.pid)) as source:
        source.read()
        guest.kill()
        for _ in range(2):
            with pytest.raises(GuestGone, match=f"has ended .process {guest.pid}"):
                source.read()
    with pytest.raises(NoSuchTarget):
        ProcessMemory(guest.pid)


def test_a_guest_that_is_killed_at_any_moment_is_gone(boot: Boot) -> None:
    guest = boot("random_cells", "write_on")

    def read_on() -> None:
        deadline_s = time.monotonic() + 10
        while time.monotonic() < deadline_s:
            source.read()

    with closing(ProcessMemory(guest.pid)) as source:
        guest.process.kill()  # and not waited for: it dies while it is read
        with pytest.raises(GuestGone):
            read_on()
    with pytest.raises((GuestGone, NoSuchTarget)):  # a zombie
        ProcessMemory(guest.pid)


def test_a_process_that_ends_while_it_is_opened() -> None:
    for number in range(60):
        with subprocess.Popen(["sleep", "100"]) as process:
            killer = threading.Timer(number * 0.0002, process.kill)
            killer.start()
            while True:
                try:
                    ProcessMemory(process.pid).close()
                except ScreenUnreadable:
                    pass  # it is no QEMU, but there
                except (GuestGone, NoSuchTarget):
                    break
            killer.join()


def test_a_reset_is_read_through(boot: Boot) -> None:
    guest = boot("random_cells", "write", COUNT=500)
    with closing(ProcessMemory(guest.pid)) as source:
        before = decode(source.read())
        seen = set()
        for count in range(2, 5):
            guest.qmp("system_reset")
            while guest.debug_output.count("READY\n") < count:
                seen.add(decode(source.read()).description)
        assert decode(source.read()) == before
        assert len(seen) > 1, "the BIOS sets its modes"


@pytest.mark.parametrize("accelerator", ACCELERATORS)
def test_modes_that_alternate_are_told_apart(boot: Boot, accelerator: str) -> None:
    guest = boot("modes", "alternating", accelerator=accelerator)
    seen: dict[str, set[str]] = {}
    with closing(ProcessMemory(guest.pid)) as source:
        deadline_s = time.monotonic() + 60
        reads = 0
        while reads < 20 or not {"text 80x25", "graphics 640x480"} <= set(seen):
            assert time.monotonic() < deadline_s, seen
            screen = decode(source.read())
            assert bool(screen.rows) == (screen.mode is Mode.TEXT)
            seen.setdefault(screen.description, set()).add(screen.text)
            reads += 1
            time.sleep(0.01)
    assert seen["graphics 640x480"] == {""}
    assert all(
        text in ("", "BACK IN TEXT") or set(text) <= set("BACK IN TEXT")
        for text in seen["text 80x25"]
    )


def test_a_paused_guest_is_read(boot: Boot) -> None:
    guest = boot("random_cells", "write_on")
    guest.stop()
    with closing(ProcessMemory(guest.pid)) as source:
        frame = source.read()
        assert source.read() is frame
        guest.cont()
        deadline_s = time.monotonic() + 10
        while source.read() is frame:
            assert time.monotonic() < deadline_s
