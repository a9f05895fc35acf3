"""A command on a terminal of its own: its bytes go through the terminal emulator.

with PtySession(["cgaterm", "attach", "4711"], rows=30, columns=100) as session:
    session.wait_for(lambda screen: "login:" in screen)
    session.type("root\r")
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

from tests.terminal_emulator import TerminalEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TIMEOUT_S = 20.0
#: `cgaterm` as the interpreter that runs the tests has it.
CGATERM = [sys.executable, "-m", "cgaterm"]


class PtySession:
    """A process whose controlling terminal is ours; use it in a `with` statement."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        rows: int = 30,
        columns: int = 100,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.emulator = TerminalEmulator(rows, columns)
        #: All that was written, for what the emulator does not show.
        self.output = b""
        self.master, self.slave = pty.openpty()
        self.modes = termios.tcgetattr(self.slave)
        self._set_size(rows, columns)
        variables = {
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "BLESSED_QUERY_TIMEOUT_SECONDS": "0",
            **{key: value for key, value in os.environ.items() if key in ("PATH", "HOME")},
            **(environment or {}),
        }
        self.process = subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=variables,
            preexec_fn=self._own_terminal,
        )

    @staticmethod
    def _own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(TIMEOUT_S)
        os.close(self.master)
        os.close(self.slave)

    def _set_size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size; the process hears of it by SIGWINCH."""
        self.emulator.resize(rows, columns)
        self._set_size(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def type(self, text: str) -> None:
        """Send what a keyboard sends."""
        os.write(self.master, text.encode())

    def pump(self, timeout_s: float = 0.05) -> bool:
        """Take in what is written within a time; return whether anything was."""
        if not select.select([self.master], [], [], timeout_s)[0]:
            return False
        data = os.read(self.master, 65536)
        self.output += data
        self.emulator.feed(data)
        return True

    @property
    def text(self) -> str:
        """The terminal's screen."""
        rows = ("".join(cell.character for cell in row).rstrip() for row in self.emulator.cells())
        return "\n".join(rows)

    def wait_for(self, condition: Callable[[str], bool], timeout_s: float = TIMEOUT_S) -> str:
        """Wait until the screen is so; return it."""
        deadline_s = time.monotonic() + timeout_s
        while not condition(self.text):
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"not seen within {timeout_s} s; the screen is:\n{self.text}")
            self.pump()
        return self.text

    def wait_for_text(self, text: str) -> str:
        """Wait until a text is on the screen."""
        return self.wait_for(lambda screen: text in screen)

    def settle(self, quiet_s: float = 0.2) -> None:
        """Take in what is written until nothing is for a time."""
        while self.pump(quiet_s):
            pass

    def wait(self) -> int:
        """Wait until the process ends; return its exit code, negative for a signal."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while self.process.poll() is None:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"it does not end; the screen is:\n{self.text}")
            self.pump()
        self.settle(0.1)
        return self.process.returncode

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was before."""
        return (
            termios.tcgetattr(self.slave) == self.modes
            and not self.emulator.in_alternate_screen
            and self.emulator.cursor_visible
            and self.emulator.scroll_region == (0, self.emulator.lines - 1)
        )
