"""Two viewers of one guest, each on a terminal of ours, and the moment of every byte.

The model. A guest (guests/serial.asm) changes its screen when a byte comes in on its serial
port, so the bench knows the moment of each change without touching the guest's memory. QEMU
shows it by `-display curses` on one pty, `cgaterm attach` on another. One thread waits for
all that comes in and notes when it came; what the terminals show is worked out afterwards,
so that no work of ours is in the way while something is measured.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.qemu import assemble, qemu_command
from tests.terminal_emulator import TerminalEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator

#: One row more than the guest's screen: cgaterm's status line is counted, too.
ROWS, COLUMNS = 26, 80
_GUEST = Path(__file__).parent / "guests" / "serial.asm"
_TIMEOUT_S = 60.0


class BenchError(Exception):
    """Something needed for the measurement does not work here."""


class Process:
    """A program on a pty of its own, as on an xterm that tells its cursor's place and no more."""

    def __init__(self, arguments: list[str]) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        for variable in ("COLORTERM", "NO_COLOR"):
            environment.pop(variable, None)
        self.arguments = arguments
        #: What it wrote: when it came (time.monotonic) and what.
        self.chunks: list[tuple[float, bytes]] = []
        self.terminal = TerminalEmulator(ROWS, COLUMNS)
        self._shown = 0
        # Not pty.fork: the size must be right before the program looks.
        master, slave = os.openpty()
        termios.tcsetwinsize(slave, (ROWS, COLUMNS))
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                fcntl.ioctl(slave, termios.TIOCSCTTY)  # it ends with us: SIGHUP
                for descriptor in (0, 1, 2):
                    os.dup2(slave, descriptor)
                os.execvpe(arguments[0], arguments, environment)
            finally:
                os._exit(127)
        os.close(slave)
        self._master = master

    def fileno(self) -> int:
        """Return what is readable when it wrote something."""
        return self._master

    def receive(self) -> None:
        """Take what it wrote and note the moment."""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            data = b""
        if not data:
            said = b"".join(chunk for _, chunk in self.chunks[-20:])
            raise BenchError(f"{' '.join(self.arguments)} ended: {said.decode(errors='replace')}")
        self.chunks.append((time.monotonic(), data))
        if b"\x1b[6n" in data:
            os.write(self._master, b"\x1b[1;1R")

    def show(self) -> Iterator[tuple[float, int]]:
        """Bring `terminal` up to date; yield the moment and the size of each chunk once shown."""
        while self._shown < len(self.chunks):
            moment_s, data = self.chunks[self._shown]
            self._shown += 1
            self.terminal.feed(data)
            yield moment_s, len(data)

    def skip(self) -> None:
        """Bring `terminal` up to date with what is of no interest."""
        for _ in self.show():
            pass

    def cpu_s(self) -> float:
        """Return the processor time it used so far, to the nanosecond.

        The clock of another process, as clock_getcpuclockid(3) makes it.
        """
        return time.clock_gettime(~self.pid << 3 | 2)

    def close(self) -> None:
        """End it at once."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)


class Lab:
    """A guest that both viewers show; a context manager.

    `qemu` is the process of the guest with its curses display, `viewer` is `cgaterm attach`
    (started by `attach`), `headless` a QEMU of the same guest that displays nothing.
    `has_curses`: else `qemu` displays nothing either, and only cgaterm is measured.
    """

    def __init__(self, accelerator: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cgaterm-bench-"))
        self._accelerator = accelerator
        self._processes: list[Process] = []
        self._serial: socket.socket | None = None
        self._replies: list[tuple[float, bytes]] = []

    def __enter__(self) -> Self:
        try:
            assemble(_GUEST, self._folder / "disk.img", STAGE="serial")
            try:
                self.qemu, self.has_curses = self._boot("guest", "curses"), True
            except BenchError:
                self.qemu, self.has_curses = self._boot("guest", "none"), False
            self._serial = self._connect("guest-serial")
            self.headless = self._boot("headless", "none")
            self._command("headless", "cont")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._processes:
            process.close()
        if self._serial is not None:
            self._serial.close()
        shutil.rmtree(self._folder)

    def _start(self, arguments: list[str]) -> Process:
        process = Process(arguments)
        self._processes.append(process)
        return process

    def _boot(self, name: str, display: str) -> Process:
        """Start a QEMU that waits for the word; return when it is up."""
        socket_options = "server=on,wait=off"
        process = self._start(
            [
                *qemu_command(),
                *("-nodefaults", "-no-user-config", "-vga", "std", "-m", "16M", "-S"),
                *("-accel", self._accelerator, "-display", display, "-boot", "c"),
                *("-drive", f"if=ide,format=raw,snapshot=on,file={self._folder}/disk.img"),
                *("-serial", f"unix:{self._folder}/{name}-serial,{socket_options}"),
                *("-monitor", f"unix:{self._folder}/{name}-monitor,{socket_options}"),
            ]
        )
        try:
            self._command(name, "info status")
        except BenchError:
            self._processes.remove(process)
            process.close()
            raise
        return process

    def _connect(self, name: str) -> socket.socket:
        """Return a connection to one of QEMU's sockets."""
        connection = socket.socket(socket.AF_UNIX)
        deadline_s = time.monotonic() + _TIMEOUT_S
        try:
            while connection.connect_ex(f"{self._folder}/{name}"):
                self.watch(0.02)  # this also notices when QEMU ends
                if time.monotonic() > deadline_s:
                    raise BenchError(f"QEMU does not listen on its {name} socket")
        except BaseException:
            connection.close()
            raise
        return connection

    def _command(self, name: str, line: str) -> None:
        """Run a command of QEMU's monitor."""
        with self._connect(f"{name}-monitor") as monitor:
            monitor.settimeout(_TIMEOUT_S)
            monitor.sendall(line.encode() + b"\n")
            answer = b""
            while answer.count(b"(qemu) ") < 2:  # the first prompt, and the next when it is done
                answer += (part := monitor.recv(4096))
                if not part:
                    raise BenchError(f"QEMU's monitor closed at {line!r}")

    # ---- the viewers

    def attach(self) -> None:
        """Start `cgaterm attach`."""
        self.viewer = self._start([*cgaterm_command(), "attach", str(self.qemu.pid)])
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not self.viewer.terminal.in_alternate_screen:
            self.watch(0.1)
            self.viewer.skip()
            if time.monotonic() > deadline_s:
                raise BenchError("cgaterm attach does not come up")
        self.watch(0.5)

    @property
    def viewers(self) -> list[Process]:
        """Those on whose terminals the guest is: cgaterm, then QEMU if it can."""
        return [self.viewer, self.qemu] if self.has_curses else [self.viewer]

    def skip(self) -> None:
        """Pass over what the viewers wrote so far."""
        for viewer in self.viewers:
            viewer.skip()

    def watch(self, duration_s: float) -> None:
        """Note everything that comes in for so long."""
        until_s = time.monotonic() + duration_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._receive(left_s)

    def _receive(self, timeout_s: float) -> None:
        inputs: list[Process | socket.socket] = [*self._processes]
        if self._serial is not None:
            inputs.append(self._serial)
        for ready in select.select(inputs, [], [], timeout_s)[0]:
            if isinstance(ready, Process):
                ready.receive()
            else:
                self._replies.append((time.monotonic(), ready.recv(64)))

    # ---- the guest

    def cont(self) -> None:
        """Let the guest boot."""
        self._command("guest", "cont")

    def send(self, data: bytes) -> float:
        """Send a byte to the guest; return when."""
        moment_s = time.monotonic()
        assert self._serial is not None
        self._serial.sendall(data)
        return moment_s

    def wait_reply(self, timeout_s: float = _TIMEOUT_S) -> float:
        """Wait until the guest has done what the byte asked for; return when it said so."""
        deadline_s = time.monotonic() + timeout_s
        while not self._replies:
            if time.monotonic() > deadline_s:
                raise BenchError("the guest does not answer")
            self._receive(0.1)
        return self._replies.pop(0)[0]


def cgaterm_command() -> list[str]:
    """Return the cgaterm of this interpreter's environment."""
    script = Path(sys.executable).with_name("cgaterm")
    if not script.exists():
        raise BenchError("cgaterm is not installed here; run `make bench`")
    return [str(script)]
