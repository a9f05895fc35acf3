"""Starting a guest of our own: `cgaterm run` and `cgaterm demo`.

The guest gets what its image needs, a QMP socket in our runtime folder that nobody else can
use, and no display: its screen is read from its memory. Its QEMU is in a session of its own,
so that a Ctrl-C meant for us does not end it; who starts it ends it, or lets it run on.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cgaterm import runtime_folder
from cgaterm.errors import GuestGone, ScreenUnreadable, UsageError
from cgaterm.qemu_command_line import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

#: A QEMU whose VGA is not there after this long has none, or hangs.
_START_TIMEOUT_S = 15.0
#: How long QEMU may take to end when asked to.
_STOP_TIMEOUT_S = 3.0
#: A raw image of up to this many bytes is a floppy (2.88 MB is the largest there was).
_FLOPPY_BYTES = 2949120

_PR_SET_PTRACER = 0x59616D61
_PR_SET_PTRACER_ANY = 2**64 - 1
#: Looked up before any fork: between fork and exec nothing may be imported.
_prctl = ctypes.CDLL(None).prctl

_DISK_MAGIC = (
    (b"QFI\xfb", 0, "qcow2"),
    (b"KDMV", 0, "vmdk"),
    (b"# Disk DescriptorFile", 0, "vmdk"),
    (b"\x7f\x10\xda\xbe", 0x40, "vdi"),
    (b"vhdxfile", 0, "vhdx"),
    (b"conectix", 0, "vpc"),
    (b"QED\0", 0, "qed"),
)


def image_arguments(image: str) -> list[str]:
    """Return QEMU's arguments to boot from an image, by what is in the file.

    An ISO is a CD, an ELF or Linux kernel is booted directly, a small raw image is a floppy,
    all others are disks. Raw disks are opened as raw: a guest must not choose its format.

    Raises:
        UsageError: the file cannot be read, is empty, or is neither a file nor a disk.
    """
    try:
        mode = Path(image).stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):  # opening a FIFO would wait for ever
            raise UsageError(f"the image {image} is neither a file nor a disk; give one of these")
        with open(image, "rb") as file:
            head = file.read(0x8100)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise UsageError(
            f"cannot read the image {image} ({error.strerror}); give the path of a disk, CD, "
            "floppy or kernel image"
        ) from None
    if not size:
        raise UsageError(f"the image {image} is empty; give one to boot from")
    path = image.replace(",", ",,")  # QEMU's way to write a comma in an option
    if head[0x8001:0x8006] == b"CD001":
        return ["-drive", f"if=ide,media=cdrom,format=raw,readonly=on,file={path}", "-boot", "d"]
    if head.startswith(b"\x7fELF") or head[0x202:0x206] == b"HdrS":
        return ["-kernel", image]
    for magic, offset, disk_format in _DISK_MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return ["-drive", f"if=ide,format={disk_format},file={path}"]
    if size <= _FLOPPY_BYTES:
        return ["-drive", f"if=floppy,format=raw,file={path}", "-boot", "a"]
    return ["-drive", f"if=ide,format=raw,file={path}"]


def good_accelerator() -> str:
    """Return "kvm" where it is there and made of hardware, else "tcg".

    /dev/kvm without VMX or SVM in the processor's flags is emulated itself, and runs firmware
    and real mode slower than TCG does.
    """
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "tcg"
    words = set(flags.split())
    return "kvm" if words & {"vmx", "svm"} else "tcg"


def _allow_readers() -> None:
    """Let other processes of this user read the guest that is about to be executed.

    Under Yama (ptrace_scope 1) only our own children may be read by us: an attach that comes
    back after a detach is another process. Outlives the exec; Linux prctl(2), PR_SET_PTRACER.
    """
    _prctl(_PR_SET_PTRACER, ctypes.c_ulong(_PR_SET_PTRACER_ANY), 0, 0, 0)


class OwnGuest:
    """A QEMU that we started; leaving its `with` block stops it, unless it was `released`.

    Raises (from the constructor):
        UsageError: there is no QEMU here, the image cannot be read, or QEMU is told to daemonize.
    """

    def __init__(
        self,
        image: str | None = None,
        arguments: Sequence[str] = (),
        *,
        accelerator: str = "auto",
        name: str = "",
        qemu: str = "qemu-system-x86_64",
    ) -> None:
        if not shutil.which(qemu):
            raise UsageError(
                f"{qemu} is not installed; install it (Debian: apt install qemu-system-x86, "
                "Fedora: dnf install qemu-system-x86-core)"
            )
        self.name = name or (Path(image).name if image else "guest")
        if accelerator == "auto":
            accelerator = good_accelerator()
        self.command = [qemu, "-name", self.name.replace(",", ",,"), "-display", "none"]
        given = {argument.lstrip("-") for argument in arguments if argument.startswith("-")}
        if "daemonize" in given:
            raise UsageError(
                "a guest of `cgaterm run` cannot be daemonized; leave -daemonize out, and detach "
                "from the guest to let it run on"
            )
        if not given & {"accel", "enable-kvm"} and not any("accel=" in word for word in arguments):
            self.command += ["-accel", accelerator]
        if "m" not in given:
            self.command += ["-m", "512M"]
        if image is not None:
            self.command += image_arguments(image)
        folder = runtime_folder.path()
        self.qmp_path = f"{folder}/qmp-{os.getpid()}-{time.monotonic_ns() % 1000000:06}"
        self.command += ["-qmp", f"unix:{self.qmp_path.replace(',', ',,')},server=on,wait=off"]
        self.command += arguments
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the guest
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                start_new_session=True,
                umask=0o177,  # the socket is 0600
                preexec_fn=_allow_readers,
            )
        except OSError as error:
            self._errors.close()
            raise UsageError(
                f"{qemu} cannot be run ({error.strerror}); name another one with --qemu"
            ) from None
        self._released = False

    @property
    def pid(self) -> int:
        """The QEMU process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._released:
            self.stop()
        self._errors.close()

    @property
    def failed(self) -> bool:
        """Whether QEMU has ended, and not well."""
        return self._process.poll() not in (None, 0)

    def release(self) -> None:
        """Let the guest run on when we end."""
        self._released = True

    def wait_for_vga(self) -> None:
        """Wait until the guest has a screen to look at.

        Raises:
            GuestGone: QEMU ended; the message has its reason.
            ScreenUnreadable: it has no VGA.
        """
        from cgaterm.sources.process_memory import ProcessMemory

        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while True:
            if self._process.poll() is not None:
                raise GuestGone(self.why_it_ended())
            try:
                ProcessMemory(self.pid).close()
            except (ScreenUnreadable, GuestGone):
                if time.monotonic() > deadline_s:
                    raise ScreenUnreadable(
                        f"this guest has had no VGA for {_START_TIMEOUT_S:.0f} s and was ended; "
                        "give it a display adapter that has one, as in -- -vga std"
                    ) from None
                time.sleep(0.02)
            else:
                return

    def why_it_ended(self) -> str:
        """Return in a sentence why QEMU ended, with its last words if it failed."""
        try:
            status = self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return f"QEMU (process {self.pid}) does not end"
        self._errors.seek(0)
        words = self._errors.read()[-2000:].decode(errors="replace").strip()
        # What went wrong, without the warnings before it; hints may stand on lines of their own.
        lines = words.rpartition(f"{Path(self.command[0]).name}: ")[2].splitlines()
        said = f": {printable(' '.join(lines))}" if lines else ""
        if status < 0:
            return f"QEMU was ended by {signal.Signals(-status).name}{said}"
        if status:
            return f"QEMU failed with status {status}{said}"
        if "terminating on signal" in said:
            return f"QEMU ended{said}"
        return "QEMU ended: the guest was powered off, or told to quit"

    def stop(self) -> None:
        """End QEMU: politely, then not."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        Path(self.qmp_path).unlink(missing_ok=True)
