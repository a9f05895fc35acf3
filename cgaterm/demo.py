"""`cgaterm demo`: the product in a minute, with a guest of our own.

The guest is demo_guest/demo.img on QEMU; where that does not start, a thread writes the same
show into a file, and the reason is told. On a terminal it is attached to, elsewhere watched
for some seconds and its last screen printed.

Law: whatever ends the demo (the user, a signal, an error), the guest or the file is gone then.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from cgaterm import signals
from cgaterm.console import Console
from cgaterm.demo_guest.stand_in import TICK_S, cells_at, show_of
from cgaterm.errors import CgatermError, GuestGone, ScreenUnreadable
from cgaterm.terminal_capabilities import printed

if TYPE_CHECKING:
    from cgaterm.boot import OwnGuest

IMAGE = Path(__file__).parent / "demo_guest" / "demo.img"
#: On the screen of both guests when their show has begun.
_SIGN = "256 attributes"
#: A BIOS takes 0.3 s to boot a floppy, a hundred times that on a machine out of breath.
_BOOT_TIMEOUT_S = 30.0
#: How long the show is watched without a terminal: until the log has had 20 lines.
_WATCH_S = 3.5


class _Guest(NamedTuple):
    """A guest whose show has begun."""

    console: Console
    #: Where its screen is read from: "process 4711".
    memory: str
    own: OwnGuest | None = None


def run_demo(keymap: str) -> None:
    """Show the demo: on the terminal if there is one, else its last screen on stdout.

    Args:
        keymap: the keyboard layout to type with; the guest's own is "us".

    Raises:
        GuestGone: QEMU failed, or was killed.
        UsageError: the terminal cannot be drawn on, or there is no such layout.
        SystemExit: a signal ended us (128 + its number).
    """
    with signals.as_exceptions(), ExitStack() as cleanup:
        guest = _start(cleanup)
        is_live = os.isatty(0) and os.isatty(1)
        outcome = _attach(guest, keymap) if is_live else _watch(guest)
    print(outcome)


def _start(cleanup: ExitStack) -> _Guest:
    """Start a guest; `cleanup` ends it."""
    attempt = ExitStack()
    try:
        with attempt:
            guest = _start_qemu(attempt)
            with signals.held_back():
                cleanup.push(attempt.pop_all())
            return guest
    except CgatermError as error:
        print(f"cgaterm: {error}. A stand-in in shared memory is shown instead.", file=sys.stderr)
        return _start_stand_in(cleanup)


def _start_qemu(cleanup: ExitStack) -> _Guest:
    from cgaterm.boot import OwnGuest
    from cgaterm.sources.process_memory import ProcessMemory

    floppy = f"if=floppy,format=raw,readonly=on,file={str(IMAGE).replace(',', ',,')}"
    arguments = ["-nodefaults", "-vga", "std", "-m", "16M", "-drive", floppy, "-boot", "a"]
    # TCG: there is nothing to compute, and no /dev/kvm that may not be ours.
    with signals.held_back():
        own = cleanup.enter_context(OwnGuest(None, arguments, accelerator="tcg", name="demo"))
    own.wait_for_vga()
    console = Console(ProcessMemory(own.pid))
    cleanup.callback(console.close)
    deadline_s = time.monotonic() + _BOOT_TIMEOUT_S
    while _SIGN not in console.screen.text:
        if time.monotonic() > deadline_s:
            raise ScreenUnreadable(
                f"the demo did not boot within {_BOOT_TIMEOUT_S:.0f} s; try `cgaterm run {IMAGE}`"
            )
        time.sleep(console.pace.FASTEST_S)
        console.look()
    return _Guest(console, f"process {own.pid}", own)


def _start_stand_in(cleanup: ExitStack) -> _Guest:
    from cgaterm.sources.shared_memory import SharedMemory

    with signals.held_back():
        stand_in = cleanup.enter_context(_StandIn())
    console = Console(SharedMemory(stand_in.path))
    cleanup.callback(console.close)
    return _Guest(console, stand_in.path)


class _StandIn:
    """A file that a thread writes the show into, while its `with` block lasts."""

    def __enter__(self) -> Self:
        import tempfile

        from cgaterm import runtime_folder

        self._show = show_of(IMAGE.read_bytes())
        self._file, self.path = tempfile.mkstemp(prefix="demo-", dir=runtime_folder.path())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._write(0.0)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()
        os.close(self._file)
        Path(self.path).unlink(missing_ok=True)

    def _play(self) -> None:
        began_s = time.monotonic()
        while not self._ended.wait(TICK_S):
            self._write(time.monotonic() - began_s)

    def _write(self, elapsed_s: float) -> None:
        os.pwrite(self._file, cells_at(self._show, elapsed_s), 0)


def _attach(guest: _Guest, keymap: str) -> str:
    """Sit down at the guest; return in a sentence how that ended."""
    from cgaterm.keys import layout
    from cgaterm.sources.qmp import QmpControl
    from cgaterm.terminal import Options, attach

    own = guest.own
    read_only = "" if own else "shared memory has no keyboard"
    options = Options(
        name="demo",
        layout=layout(keymap),
        read_only=read_only,
        detached="the demo ends",
    )
    with ExitStack() as cleanup:
        qmp = None
        if own:
            qmp = QmpControl(own.qmp_path)
            cleanup.callback(qmp.close)
        try:
            attach(guest.console, qmp, options)
        except GuestGone:
            if own is None or own.failed:
                raise
            return own.why_it_ended()
    return "the demo has ended, and its guest with it; `cgaterm ls` shows yours"


def _watch(guest: _Guest) -> str:
    """Look at the guest for some seconds; return its last screen, and what was done."""
    console = guest.console
    screens = 1
    began_s = now_s = time.monotonic()
    while now_s < began_s + _WATCH_S:
        time.sleep(console.pace.pause_s(now_s))
        screens += console.look()
        now_s = time.monotonic()
    read_s = time.perf_counter()
    console.source.read()
    read_s = time.perf_counter() - read_s
    cells = console.screen.columns * len(console.screen.rows)
    return (
        f"{printed(console.screen)}\n"
        f"read {cells} cells from {guest.memory} in {1000 * read_s:.2f} ms; "
        f"{screens} screens seen in {now_s - began_s:.1f} s; the guest was ended\n"
        "on a terminal, `cgaterm demo` is live and takes keys"
    )
