"""Real guests for the tests: a boot sector from tests/guests, run by QEMU.

    with Guest("pages", "split_screen") as guest:
        guest.wait_ready()
        picture = guest.screendump()

A guest ends with its `with` block, or with the test process if that is killed; its files
are in one short folder of its own, since the path of a Unix socket has at most 107 bytes.
`CGATERM_TEST_QEMU` names another QEMU, as a command with arguments if need be.
"""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

GUESTS = Path(__file__).parent / "guests"
#: Enough for a guest on the slowest machine; nothing takes a tenth of it on a good day.
TIMEOUT_S = 30.0
#: What to test with here: both where both are, TCG alone where there is no KVM.
ACCELERATORS = ("tcg", "kvm") if os.access("/dev/kvm", os.R_OK | os.W_OK) else ("tcg",)

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Picture(NamedTuple):
    """What QEMU displays: three bytes a pixel, red, green, blue."""

    width: int
    height: int
    pixels: bytes


class QmpError(Exception):
    """QEMU refused a command."""


def assemble(source: Path, image: Path, **defines: str | int) -> None:
    """Assemble a disk of 1.44 MB with nasm; `defines` as in its -D."""
    options = [f"-D{name}={value}" for name, value in defines.items()]
    subprocess.run(
        ["nasm", "-f", "bin", f"-I{GUESTS}/", *options, source, "-o", image],
        check=True,
        timeout=TIMEOUT_S,
    )
    os.truncate(image, 1440 * 1024)


def qemu_command() -> list[str]:
    """Return the QEMU to test with."""
    return shlex.split(os.environ.get("CGATERM_TEST_QEMU", "qemu-system-x86_64"))


def _displays() -> tuple[str, ...]:
    """All of QEMU's devices with a VGA in them; Debian 13 has put qxl in a package of its own."""
    known = subprocess.run([*qemu_command(), "-device", "help"], capture_output=True, text=True)
    qxl = ("qxl",) if '"qxl-vga"' in known.stdout else ()
    return ("std", "cirrus", *qxl, "virtio", "vmware", "isa-vga")


#: What `Guest(display=...)` takes.
DISPLAYS = _displays()


class Guest:
    """A running QEMU; use it in a `with` statement.

    Args:
        name: a guest in tests/guests, the path of another .asm file or of a disk image,
            or None for a machine with nothing to boot from.
        stage: the label in the .asm file to run.
        display: one of DISPLAYS, or "none".
        accelerator: "tcg" or "kvm".
        qmp: whether it has a QMP socket, at `qmp_path`.
        arguments: more for QEMU's command line.
        defines: more for nasm's -D.
    """

    def __init__(
        self,
        name: str | Path | None,
        stage: str = "",
        *,
        display: str = "std",
        accelerator: str = "tcg",
        qmp: bool = True,
        arguments: Sequence[str] = (),
        **defines: str | int,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cgaterm-test-"))
        self.qmp_path = self.folder / "qmp.sock"
        self._debug_log = self.folder / "debug.log"
        self._error_log = self.folder / "qemu.log"
        try:
            self.command = [*qemu_command(), *self._arguments(display, accelerator)]
            if qmp:
                self.command += ["-qmp", f"unix:{self.qmp_path},server=on,wait=off"]
            if name is not None:
                image = self._image(name, stage, defines)
                # No floppy: under a slow KVM the BIOS's reads of one time out now and then.
                disk = f"if=ide,format=raw,snapshot=on,file={image}"
                self.command += ["-drive", disk, "-boot", "c"]
            self.command += arguments
            with self._error_log.open("wb") as log:
                self.process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
                )
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def _arguments(self, display: str, accelerator: str) -> list[str]:
        arguments = ["-nodefaults", "-no-user-config", "-display", "none", "-m", "16M"]
        arguments += ["-accel", accelerator, "-debugcon", f"file:{self._debug_log}"]
        if display == "isa-vga":
            return [*arguments, "-vga", "none", "-device", "isa-vga"]
        return [*arguments, "-vga", display]

    def _image(self, name: str | Path, stage: str, defines: dict[str, str | int]) -> Path:
        source = GUESTS / f"{name}.asm" if isinstance(name, str) else name
        if source.suffix != ".asm":
            return source
        image = self.folder / "disk.img"
        assemble(source, image, **({"STAGE": stage} if stage else {}), **defines)
        return image

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    @property
    def pid(self) -> int:
        """The process of this QEMU."""
        return self.process.pid

    @property
    def debug_output(self) -> str:
        """What the guest has written to port 0xE9 so far."""
        return self._debug_log.read_bytes().decode("latin-1") if self._debug_log.exists() else ""

    def wait_ready(self, signal_text: str = "READY", timeout_s: float = TIMEOUT_S) -> Self:
        """Wait until the guest has said so on port 0xE9: its screen is set up then."""
        deadline = time.monotonic() + timeout_s
        while signal_text not in self.debug_output:
            self._check_alive()
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {signal_text!r} within {timeout_s} s: {self.command}")
            time.sleep(0.005)
        return self

    def _check_alive(self) -> None:
        if self.process.poll() is not None:
            output = self._error_log.read_text(errors="replace")
            raise RuntimeError(f"QEMU ended with {self.process.returncode}: {output}")

    def qmp(self, command: str, **arguments: Any) -> Any:
        """Run one QMP command and return its result; `_` in argument names is sent as `-`.

        The socket serves one client at a time, so it is let go of at once: whatever is
        under test may need it.
        """
        deadline = time.monotonic() + TIMEOUT_S
        request = {
            "execute": command,
            "arguments": {name.replace("_", "-"): value for name, value in arguments.items()},
        }
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            while connection.connect_ex(str(self.qmp_path)):
                self._check_alive()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"nobody serves {self.qmp_path}")
                time.sleep(0.005)
            with connection.makefile("rwb") as stream:
                json.loads(stream.readline())
                for message in ({"execute": "qmp_capabilities"}, request):
                    stream.write(json.dumps(message).encode() + b"\n")
                    stream.flush()
                    while "event" in (reply := json.loads(stream.readline())):
                        pass
                    if "error" in reply:
                        raise QmpError(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def hmp(self, line: str) -> str:
        """Run one command of the human monitor and return what it prints."""
        output: str = self.qmp("human-monitor-command", command_line=line)
        return output

    def stop(self) -> None:
        """Pause the guest; QEMU itself goes on."""
        self.qmp("stop")

    def cont(self) -> None:
        """Let the guest run on."""
        self.qmp("cont")

    def press(self, *keys: str, hold_ms: int = 20) -> None:
        """Press keys, by their QKeyCode names, together, and release them."""
        codes = [{"type": "qcode", "data": key} for key in keys]
        self.qmp("send-key", keys=codes, hold_time=hold_ms)

    def screendump(self) -> Picture:
        """Return what QEMU displays.

        The first picture of a guest without a viewer shows the cursor; after that its
        phase changes with the first picture that is taken 250 ms or more later. Not so on
        qxl: that is its own viewer, even with `-display none`, and the phase runs freely.
        """
        path = self.folder / "screen.ppm"
        self.qmp("screendump", filename=str(path))
        # "P6\n720 400\n255\n", then the pixels; QEMU fills each row up to 4 bytes.
        _, size, _, data = path.read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        pitch = len(data) // height
        rows = [data[start : start + 3 * width] for start in range(0, pitch * height, pitch)]
        return Picture(width, height, b"".join(rows))

    def kill(self) -> None:
        """End QEMU at once, as if it had crashed."""
        self.process.kill()
        self.process.wait(TIMEOUT_S)
