"""`cgaterm run` on a terminal: guests of its own, and what becomes of them."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cgaterm.discover import guests
from tests.pty_session import CGATERM, PtySession
from tests.qemu import GUESTS, assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Says goodbye and powers the machine off: a write to port 604 on QEMU's "pc" (PIIX4 ACPI).
POWER_OFF = """
%include "boot.asm"
power_off:
        mov     si, .text
        xor     di, di
        mov     ah, 0x1f
.next:  lodsb
        stosw
        test    al, al
        jnz     .next
        mov     cx, 20                  ; ticks of 55 ms
.wait:  hlt
        loop    .wait
        mov     dx, 0x604
        mov     ax, 0x2000
        out     dx, ax
        ret
.text:  db      "goodbye, cruel world", 0
"""
TCG = ("--accel", "tcg")


class World:
    """A runtime folder, images, and the QEMU processes that belong to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def image(self, name: str, stage: str, file_name: str = "") -> str:
        """Assemble a floppy and return its path."""
        path = self.folder / (file_name or f"{stage}.img")
        source = self.folder / "off.asm" if name == "off" else GUESTS / f"{name}.asm"
        if name == "off":
            source.write_text(POWER_OFF)
        assemble(source, path, STAGE=stage)
        return str(path)

    def run(self, *arguments: str) -> PtySession:
        """Start `cgaterm run`."""
        environment = {"XDG_RUNTIME_DIR": str(self.folder)}
        return PtySession([*CGATERM, "run", *arguments], environment=environment)

    def sockets(self) -> list[Path]:
        return list(self.folder.glob("cgaterm/qmp-*"))

    def pids(self) -> list[int]:
        """The QEMU processes that were started here."""
        command_lines = {guest.pid: Path(f"/proc/{guest.pid}/cmdline") for guest in guests()}
        return [
            pid
            for pid, path in command_lines.items()
            if path.exists() and str(self.folder).encode() in path.read_bytes()
        ]


@pytest.fixture
def world() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="cgaterm-test-"))  # short: sockets have short paths
    world = World(folder)
    yield world
    left = world.pids()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)
    assert left == []


def wait_until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_floppy_boots_and_q_stops_it(world: World) -> None:
    image = world.image("pages", "split_screen", "a, b=c.img")
    with world.run(image, *TCG, "--", "-m", "32M", "-nodefaults", "-vga", "cirrus") as session:
        session.wait_for_text("LINE 0050")
        session.wait_for_text("a, b=c.img")
        session.wait_for_text("keyboard: QMP")
        (socket,) = world.sockets()
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        (pid,) = world.pids()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        assert command[command.index("-m") + 1] == "32M"
        assert "512M" not in command
        session.type("\x1dQ")
        assert session.wait() == 0
        assert session.restored
        assert "stopped a, b=c.img" in session.text
    assert (world.pids(), world.sockets()) == ([], [])


def test_a_cd_boots(world: World) -> None:
    """El Torito: its catalog says that the boot image is a floppy of 1.44 MB."""
    tree = world.folder / "tree"
    tree.mkdir()
    shutil.move(world.image("pages", "split_screen"), tree / "floppy.img")
    iso = world.folder / "no ending"
    iso.write_bytes(el_torito((tree / "floppy.img").read_bytes()))
    with world.run(str(iso), *TCG) as session:
        session.wait_for_text("LINE 0050")
        session.type("\x1dQ")
        assert session.wait() == 0


def el_torito(floppy: bytes) -> bytes:
    """Return a CD that holds nothing but a boot floppy (El Torito 1.0, ISO 9660)."""
    sector = 2048
    primary = b"\x01CD001\x01\x00".ljust(sector, b"\0")
    boot = (b"\x00CD001\x01" + b"EL TORITO SPECIFICATION".ljust(64, b"\0")).ljust(0x40 + 7, b"\0")
    boot = (boot + (19).to_bytes(4, "little")).ljust(sector, b"\0")
    end = b"\xffCD001\x01".ljust(sector, b"\0")
    validation = bytearray(b"\x01\0\0\0".ljust(30, b"\0") + b"\x55\xaa")
    total = sum(validation[at] | validation[at + 1] << 8 for at in range(0, 32, 2))
    validation[28:30] = (-total & 0xFFFF).to_bytes(2, "little")
    entry = b"\x88\x02\0\0\0\0\x01\0" + (20).to_bytes(4, "little")
    catalog = (bytes(validation) + entry).ljust(sector, b"\0")
    return bytes(16 * sector) + primary + boot + end + catalog + floppy


def test_keys_go_to_the_guest_and_d_lets_it_run_on(world: World) -> None:
    log = world.folder / "debug.log"
    arguments = ["--", "-nodefaults", "-vga", "std", "-debugcon", f"file:{log}"]
    with world.run(world.image("keys", "bios"), *TCG, *arguments) as session:
        wait_until(lambda: session.pump(0.01) and log.exists() and "READY" in log.read_text())
        session.wait_for_text("keyboard: QMP")
        (pid,) = world.pids()
        session.type("typed!")
        session.wait_for_text("typed!")
        session.type("\x1dd")
        assert session.wait() == 0
        assert session.restored
        said = " ".join(session.text.split())
        assert f"detached from bios.img, which runs on; `cgaterm attach {pid}` comes back" in said
        assert f"`kill {pid}` stops it" in said
    assert world.pids() == [pid]
    with PtySession([*CGATERM, "attach", "bios.img"]) as session:
        session.wait_for_text("typed!")
        session.type(" again")
        session.wait_for_text("typed! again")
        os.kill(pid, signal.SIGTERM)
        assert session.wait() == 4
    wait_until(lambda: (world.pids(), world.sockets()) == ([], []))


def test_a_guest_that_powers_off_says_goodbye(world: World) -> None:
    image = world.image("off", "power_off")
    with world.run(image, *TCG, "--", "-nodefaults", "-vga", "std") as session:
        assert session.wait() == 4
        assert session.restored
        assert "goodbye, cruel world" in session.text
        assert "cgaterm: QEMU ended: the guest was powered off, or told to quit" in session.text
    assert (world.pids(), world.sockets()) == ([], [])


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGKILL, "QEMU was ended by SIGKILL"),
        (signal.SIGTERM, "QEMU ended: terminating on signal 15 from pid"),
    ],
)
def test_it_is_told_who_ended_qemu(world: World, number: signal.Signals, reason: str) -> None:
    with world.run(world.image("pages", "split_screen"), *TCG) as session:
        session.wait_for_text("LINE 0050")
        os.kill(world.pids()[0], number)
        assert session.wait() == 4
        assert "LINE 0050" in session.text
        assert reason in session.text
    assert world.sockets() == []


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGTERM, "attached"),
        (signal.SIGHUP, "attached"),
        (signal.SIGINT, "attached"),
        (signal.SIGTERM, "starting"),
        (signal.SIGHUP, "starting"),
    ],
)
def test_who_ends_us_ends_the_guest(world: World, number: signal.Signals, moment: str) -> None:
    vga = "std" if moment == "attached" else "none"  # it is waited for while there is none
    image = world.image("pages", "split_screen")
    with world.run(image, *TCG, "--", "-nodefaults", "-vga", vga) as session:
        if moment == "attached":
            session.wait_for_text("LINE 0050")
        wait_until(lambda: session.pump(0.01) or world.sockets())
        session.process.send_signal(number)
        assert session.wait() == 128 + number
        assert session.restored
    assert (world.pids(), world.sockets()) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["/nonexistent.img"], 2, "cannot read the image /nonexistent.img"),
        (["/dev"], 2, "is neither a file nor a disk"),
        (["IMAGE", "--qemu", "no-such-qemu"], 2, "no-such-qemu is not installed; install it"),
        (["IMAGE", "-m", "32M"], 2, "No such option"),
        (["IMAGE", "--", "-bogus"], 4, "QEMU failed with status 1: -bogus: invalid option"),
        (["IMAGE", "--", "-device", "nosuch"], 4, "'nosuch' is not a valid device model name"),
        (["--", "-version"], 4, "QEMU ended"),
        (["--", "-accel", "nosuch"], 4, "nosuch"),
        (["--", "-machine", "pc,accel=nosuch"], 4, "nosuch"),
        (["IMAGE", "--keymap", "tlh"], 2, "tlh"),
        (["IMAGE", "--escape", "no-key"], 2, "no-key"),
        (["IMAGE", "--code-page", "cp0"], 2, "cp0"),
    ],
)
def test_what_cannot_be_booted_is_told(
    world: World, arguments: list[str], code: int, said: str
) -> None:
    image = world.image("pages", "split_screen")
    with world.run(*(image if word == "IMAGE" else word for word in arguments)) as session:
        assert session.wait() == code
        assert session.restored
        assert said in session.text.replace("\n", "")
        assert "Traceback" not in session.text
    assert (world.pids(), world.sockets()) == ([], [])


def test_an_image_in_use_is_told_with_qemus_own_words(world: World) -> None:
    image = world.image("pages", "split_screen")
    with world.run(image, *TCG) as first:
        first.wait_for_text("LINE 0050")
        with world.run(image, *TCG) as second:
            assert second.wait() == 4
            said = second.text.replace("\n", "")
            assert 'Failed to get "write" lock' in said
            assert "Is another process using the image" in said
        first.type("\x1dQ")
        assert first.wait() == 0


def test_without_a_terminal_nothing_is_booted(world: World) -> None:
    result = subprocess.run(
        [*CGATERM, "run", world.image("pages", "split_screen")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(world.folder)},
        timeout=30,
        text=True,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "this needs a terminal" in result.stderr
    assert (world.pids(), world.sockets()) == ([], [])
    assert not (world.folder / "cgaterm").exists()
