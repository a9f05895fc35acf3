"""Starting a guest of our own: what QEMU is told, and what is told of its end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cgaterm import boot, runtime_folder
from cgaterm.boot import OwnGuest, good_accelerator, image_arguments
from cgaterm.errors import GuestGone, ScreenUnreadable, UsageError

FLOPPY_BYTES = 1440 * 1024
DISK_BYTES = 10 << 20


def image(path: Path, head: bytes = b"", offset: int = 0, size: int = FLOPPY_BYTES) -> str:
    with path.open("wb") as file:
        file.seek(offset)
        file.write(head)
        file.truncate(size)
    return str(path)


@pytest.mark.parametrize(
    ("head", "offset", "size", "expected"),
    [
        (b"\x55\xaa", 510, FLOPPY_BYTES, "-drive if=floppy,format=raw,file=IMAGE -boot a"),
        (b"\x55\xaa", 510, 512, "-drive if=floppy,format=raw,file=IMAGE -boot a"),
        (b"\x55\xaa", 510, DISK_BYTES, "-drive if=ide,format=raw,file=IMAGE"),
        (b"QFI\xfb", 0, 4096, "-drive if=ide,format=qcow2,file=IMAGE"),
        (b"KDMV", 0, 4096, "-drive if=ide,format=vmdk,file=IMAGE"),
        (b"# Disk DescriptorFile", 0, 500, "-drive if=ide,format=vmdk,file=IMAGE"),
        (b"\x7f\x10\xda\xbe", 0x40, 4096, "-drive if=ide,format=vdi,file=IMAGE"),
        (b"vhdxfile", 0, 4096, "-drive if=ide,format=vhdx,file=IMAGE"),
        (b"conectix", 0, 4096, "-drive if=ide,format=vpc,file=IMAGE"),
        (b"QED\0", 0, 4096, "-drive if=ide,format=qed,file=IMAGE"),
        (b"\x7fELF", 0, 4096, "-kernel IMAGE"),
        (b"HdrS", 0x202, DISK_BYTES, "-kernel IMAGE"),
        (
            *(b"CD001", 0x8001, DISK_BYTES),
            "-drive if=ide,media=cdrom,format=raw,readonly=on,file=IMAGE -boot d",
        ),
    ],
)
def test_an_image_is_known_by_its_content(
    tmp_path: Path, head: bytes, offset: int, size: int, expected: str
) -> None:
    name = image(tmp_path / "a,b.img", head, offset, size)
    in_option = name.replace(",", ",,") if "file=" in expected else name
    assert image_arguments(name) == [
        word.replace("IMAGE", in_option) for word in expected.split(" ")
    ]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nothing", "cannot read the image .* \\(No such file or directory\\); give"),
        ("empty", "the image .* is empty; give"),
        ("folder", "the image .* is neither a file nor a disk; give"),
        ("fifo", "the image .* is neither a file nor a disk; give"),
    ],
)
def test_what_is_no_image_is_told(tmp_path: Path, kind: str, message: str) -> None:
    path = tmp_path / "image"
    if kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    with pytest.raises(UsageError, match=message):
        image_arguments(str(path))


@pytest.mark.parametrize(
    ("allowed", "flags", "expected"),
    [
        (True, "flags : fpu vmx sse", "kvm"),
        (True, "flags : fpu svm sse", "kvm"),
        (True, "flags : fpu sse vmxish", "tcg"),
        (True, None, "tcg"),
        (False, "flags : fpu vmx sse", "tcg"),
    ],
)
def test_kvm_is_used_where_it_is_made_of_hardware(
    monkeypatch: pytest.MonkeyPatch, allowed: bool, flags: str | None, expected: str
) -> None:
    def read_text(path: Path, **_: object) -> str:
        assert path == Path("/proc/cpuinfo")
        if flags is None:
            raise OSError
        return flags

    monkeypatch.setattr(os, "access", lambda path, _mode: allowed and path == "/dev/kvm")
    monkeypatch.setattr(Path, "read_text", read_text)
    assert good_accelerator() == expected


@pytest.fixture
def qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that says what it was told; tests append what it does then."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = tmp_path / "qemu-system-test"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/told\n')
    path.chmod(0o755)
    return path


def does(qemu: Path, commands: str) -> None:
    qemu.write_text(f"{qemu.read_text()}{commands}\n")


def wait_until_told(qemu: Path) -> list[str]:
    told = qemu.parent / "told"
    deadline_s = time.monotonic() + 10
    while not told.exists() or not told.read_text():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return told.read_text().splitlines()


def test_qemu_is_told_what_it_needs_and_what_the_user_wants(qemu: Path, tmp_path: Path) -> None:
    disk = image(tmp_path / "disk.img")
    with OwnGuest(disk, ["-smp", "2"], accelerator="tcg", qemu=str(qemu)) as guest:
        guest.why_it_ended()
        told = wait_until_told(qemu)
    drive = f"if=floppy,format=raw,file={disk}"
    socket = f"unix:{guest.qmp_path},server=on,wait=off"
    assert told == [
        *("-name", "disk.img", "-display", "none", "-accel", "tcg", "-m", "512M"),
        *("-drive", drive, "-boot", "a", "-qmp", socket, "-smp", "2"),
    ]
    assert guest.qmp_path.startswith(f"{runtime_folder.path()}/qmp-")


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["-accel", "kvm"], "tcg"),
        (["--enable-kvm"], "-accel"),
        (["-machine", "q35,accel=kvm"], "-accel"),
        (["-m", "32"], "512M"),
        (["--m", "32"], "512M"),
    ],
)
def test_what_the_user_says_comes_first(qemu: Path, arguments: list[str], missing: str) -> None:
    with OwnGuest(None, arguments, accelerator="tcg", name="a,b", qemu=str(qemu)) as guest:
        guest.why_it_ended()
        told = wait_until_told(qemu)
    assert missing not in told
    assert told[:2] == ["-name", "a,,b"]
    assert told[-len(arguments) :] == arguments


def test_without_a_qemu_it_is_said_how_to_get_one() -> None:
    with pytest.raises(UsageError, match="no-such-qemu is not installed; install it"):
        OwnGuest(qemu="no-such-qemu")


def test_a_guest_that_would_slip_away_is_not_started(qemu: Path) -> None:
    with pytest.raises(UsageError, match="cannot be daemonized; leave -daemonize out"):
        OwnGuest(None, ["-daemonize"], qemu=str(qemu))
    assert not (qemu.parent / "told").exists()


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ("exit 0", "QEMU ended: the guest was powered off, or told to quit"),
        ("exit 3", "QEMU failed with status 3"),
        (
            "echo 'qemu-system-test: warning: odd' >&2; echo; echo 'qemu-system-test: -x: no' >&2\n"
            "printf 'Is that\\033 a hint?\\n' >&2; exit 1",
            "QEMU failed with status 1: -x: no Is that? a hint?",
        ),
        ("echo 'sh: no such thing' >&2; exit 1", "QEMU failed with status 1: sh: no such thing"),
        ("kill -SEGV $$", "QEMU was ended by SIGSEGV"),
        (
            "echo 'qemu-system-test: terminating on signal 15 from pid 1 (init)' >&2",
            "QEMU ended: terminating on signal 15 from pid 1 (init)",
        ),
        (
            "echo 'qemu-system-test: warning: odd' >&2",
            "QEMU ended: the guest was powered off, or told to quit",
        ),
    ],
)
def test_it_is_told_why_qemu_ended(qemu: Path, commands: str, message: str) -> None:
    does(qemu, commands)
    with OwnGuest(qemu=str(qemu)) as guest:
        with pytest.raises(GuestGone) as gone:
            guest.wait_for_vga()
        assert str(gone.value) == message


def test_a_qemu_without_a_vga_is_not_waited_for_for_ever(
    qemu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "_START_TIMEOUT_S", 0.3)
    does(qemu, "exec sleep 100")
    with (
        OwnGuest(qemu=str(qemu)) as guest,
        pytest.raises(ScreenUnreadable, match=r"had no VGA for .* give it a display adapter"),
    ):
        guest.wait_for_vga()
    assert not Path(f"/proc/{guest.pid}").exists()


def test_a_qemu_that_does_not_want_to_end_is_ended(
    qemu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "_STOP_TIMEOUT_S", 0.1)
    does(qemu, f"trap '' TERM; touch {qemu.parent}/ready; while :; do sleep 0.05; done")
    with OwnGuest(qemu=str(qemu)) as guest:
        while not (qemu.parent / "ready").exists():
            time.sleep(0.01)
        assert guest.why_it_ended() == f"QEMU (process {guest.pid}) does not end"
        Path(guest.qmp_path).touch()
    assert not Path(f"/proc/{guest.pid}").exists()
    assert not Path(guest.qmp_path).exists()


def test_a_released_guest_runs_on(qemu: Path) -> None:
    does(qemu, "exec sleep 100")
    with OwnGuest(qemu=str(qemu)) as guest:
        guest.release()
    os.kill(guest.pid, 0)
    guest.stop()
    assert not Path(f"/proc/{guest.pid}").exists()
