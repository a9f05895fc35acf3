from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from cgaterm.discover import find, guests, process_behind
from cgaterm.errors import NoSuchTarget, UsageError
from cgaterm.qemu_command_line import (
    CharacterDevice,
    InheritedSocket,
    TcpSocket,
    UnixSocket,
    WayIn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

QEMU = "/usr/bin/qemu-system-x86_64"
UNIX_HEADER = "Num       RefCount Protocol Flags    Type St Inode Path\n"


class FakeProc:
    """A process tree of our own making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "self").symlink_to("1")
        (folder / "meminfo").touch()

    def __str__(self) -> str:
        return str(self.folder)

    def add(
        self,
        pid: int,
        *argv: str,
        exe: str | None = None,
        status: Mapping[str, str] | None = None,
        descriptors: Mapping[int, str] | None = None,
        listening: Mapping[int, str] | None = None,
        cwd: str = "/home/op",
        root: str = "/",
        environ: str = "",
        start_time: int = 0,
    ) -> None:
        """Add a process; without `descriptors` it is one that we may not look into."""
        process = self.folder / str(pid)
        (process / "net").mkdir(parents=True)
        (process / "cmdline").write_bytes(b"".join(os.fsencode(word) + b"\0" for word in argv))
        lines = {"Name": "qemu", "Tgid": str(pid), "PPid": "1", "Uid": "0\t0\t0\t0"}
        lines |= status or {}
        text = "".join(f"{key}:\t{value}\n" for key, value in lines.items())
        (process / "status").write_text(text)
        (process / "stat").write_text(f"{pid} (a ) b) S {'0 ' * 18}{start_time} 0 0\n")
        (process / "environ").write_text(environ)
        rows = [
            f"0: 2 0 00010000 0001 01 {inode} {path}" for inode, path in (listening or {}).items()
        ]
        rows += ["0: 3 0 00000000 0001 03 99 /connected", "0: 2 0 00010000 0001 01 98"]
        (process / "net" / "unix").write_text(UNIX_HEADER + "\n".join(rows) + "\n")
        if exe is not None:
            (process / "exe").symlink_to(exe)
        if descriptors is not None:
            (process / "root").symlink_to(root)
            (process / "cwd").symlink_to(cwd)
            (process / "fd").mkdir()
            for number, link in descriptors.items():
                (process / "fd" / str(number)).symlink_to(link)


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    folder = tmp_path / "proc"
    folder.mkdir()
    return FakeProc(folder)


@pytest.fixture
def socket_path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        yield path


def names(proc: FakeProc) -> list[str]:
    return [guest.name for guest in guests(str(proc))]


@pytest.mark.parametrize(
    ("argv", "exe"),
    [
        (["qemu-system-x86_64"], None),
        ([QEMU], QEMU),
        (["/usr/libexec/qemu-kvm"], None),
        (["kvm"], QEMU),
        (["renamed"], QEMU),
        ([QEMU], f"{QEMU} (deleted)"),
        (["vm"], "/usr/libexec/qemu-kvm (deleted)"),
        (["vm"], "/nix/store/x-qemu/bin/.qemu-system-x86_64-wrapped"),
        ([QEMU], "/lib64/ld-linux-x86-64.so.2"),
    ],
)
def test_a_qemu_is_known_by_its_program_or_by_what_it_calls_itself(
    proc: FakeProc, argv: list[str], exe: str | None
) -> None:
    proc.add(7, *argv, "-name", "vm", exe=exe)
    assert names(proc) == ["vm"]


@pytest.mark.parametrize(
    ("argv", "exe"),
    [
        (["vim", "qemu-system-x86_64.txt"], "/usr/bin/vim"),
        (["bash", "-c", f"{QEMU} -name vm"], "/bin/bash"),
        (["/bin/sh", QEMU], "/bin/dash"),
        (["ssh", "host", "qemu-system-x86_64"], None),
        (["tmux", "new", "qemu-system-x86_64"], None),
        (["qemu-system-x86_64 - a title"], "/usr/bin/perl"),
        (["qemu-img", "create"], "/usr/bin/qemu-img"),
        (["qemu-x86_64", "./a.out"], "/usr/bin/qemu-x86_64"),
        (["/srv/qemu-system-x86_64/start"], None),
        (["-kvm"], None),
        ([], QEMU),
    ],
)
def test_what_only_has_the_name_of_a_qemu_somewhere_is_none(
    proc: FakeProc, argv: list[str], exe: str | None
) -> None:
    proc.add(7, *argv, exe=exe)
    assert names(proc) == []


def test_guests_come_by_pid_with_all_that_their_command_lines_say(proc: FakeProc) -> None:
    proc.add(100, QEMU, "-m", "1G", descriptors={})
    proc.add(20, QEMU, "/images/a.img", "-vnc", ":1", descriptors={})
    first, second = guests(str(proc))
    assert (first.pid, first.name, first.user) == (20, "a.img", "root")
    assert first.ways_in == (WayIn("vnc", TcpSocket("", 5901, listening=True)),)
    assert (second.pid, second.name, second.ways_in) == (100, "qemu-100", ())
    assert second.command_line.memory_bytes == 1 << 30


def test_a_name_cannot_send_the_terminal_anything(proc: FakeProc) -> None:
    proc.add(7, QEMU, "-name", "a\x1b[2J\udcff")
    assert names(proc) == ["a?[2J?"]


@pytest.mark.parametrize(
    ("user_ids", "user"),
    [("0\t0\t0\t0", "root"), ("987654\t0\t0\t0", "987654"), ("", "?")],
)
def test_the_user_is_a_name_where_there_is_one(proc: FakeProc, user_ids: str, user: str) -> None:
    proc.add(7, QEMU, status={"Uid": user_ids})
    assert guests(str(proc))[0].user == user


def test_a_child_of_a_qemu_with_the_same_command_line_is_no_guest(proc: FakeProc) -> None:
    proc.add(7, QEMU, "-name", "a")
    proc.add(8, QEMU, "-name", "a", status={"PPid": "7"})
    proc.add(9, QEMU, "-name", "b", status={"PPid": "7"})
    assert [guest.pid for guest in guests(str(proc))] == [7, 9]


@pytest.mark.parametrize(
    ("asked", "descriptors", "accelerator"),
    [
        ("tcg", {}, "tcg"),
        ("kvm", {}, "kvm"),
        ("kvm", None, "kvm"),
        ("tcg", {9: "anon_inode:kvm-vm"}, "kvm"),
        ("kvm:tcg", {9: "anon_inode:kvm-vm"}, "kvm"),
        ("kvm:tcg", {9: "/dev/null"}, "tcg"),
        ("kvm:tcg", None, None),
        ("kvm:xen:tcg", {}, None),
    ],
)
def test_the_accelerator_is_the_one_at_work(
    proc: FakeProc, asked: str, descriptors: dict[int, str] | None, accelerator: str | None
) -> None:
    proc.add(7, QEMU, "-machine", f"pc,accel={asked}", descriptors=descriptors)
    assert guests(str(proc))[0].accelerator == accelerator


def qmp_address(proc: FakeProc) -> object:
    (way,) = guests(str(proc))[0].ways_in
    return way.address


def test_relative_paths_belong_to_the_folder_that_qemu_was_started_in(proc: FakeProc) -> None:
    proc.add(7, QEMU, "-qmp", "unix:../q,server=on", "-serial", "file:log", descriptors={})
    assert [way.address for way in guests(str(proc))[0].ways_in] == [
        UnixSocket("/home/q", listening=True),
        CharacterDevice("file", "/home/op/log"),
    ]


@pytest.mark.parametrize(
    ("environ", "path"),
    [("A=/x\0PWD=/home/op\0OLDPWD=/y\0", "/home/op/q"), ("PWD=nowhere\0", "q"), ("", "q")],
)
def test_a_daemon_left_that_folder(proc: FakeProc, environ: str, path: str) -> None:
    arguments = (QEMU, "-daemonize", "-qmp", "unix:q,server=on")
    proc.add(7, *arguments, cwd="/", environ=environ, descriptors={})
    assert qmp_address(proc) == UnixSocket(path, listening=True)


def test_paths_of_another_root_lead_through_proc(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(7, QEMU, "-qmp", "unix:/run/q", root=str(tmp_path), descriptors={})
    assert qmp_address(proc) == UnixSocket(f"{proc}/7/root/run/q", listening=False)


def test_what_is_no_path_stays_as_it_is(proc: FakeProc) -> None:
    arguments = ("-qmp", "unix:q,abstract=on,server=on", "-serial", "pty")
    proc.add(7, QEMU, *arguments, descriptors={})
    assert [way.address for way in guests(str(proc))[0].ways_in] == [
        UnixSocket("\0q", listening=True),
        CharacterDevice("pty", ""),
    ]


@pytest.mark.parametrize(
    ("descriptors", "address"),
    [
        ({24: "socket:[5]"}, UnixSocket("/run/with blank", listening=True)),
        ({24: "socket:[6]"}, UnixSocket("\0hidden", listening=True)),
        ({24: "socket:[99]"}, InheritedSocket(24, listening=True)),
        ({24: "/dev/null"}, InheritedSocket(24, listening=True)),
        ({}, InheritedSocket(24, listening=True)),
        (None, InheritedSocket(24, listening=True)),
    ],
)
def test_a_passed_socket_is_looked_up(
    proc: FakeProc, descriptors: dict[int, str] | None, address: object
) -> None:
    arguments = ("-chardev", "socket,id=c,fd=24,server=on", "-mon", "c,mode=control")
    listening = {5: "/run/with blank", 6: "@hidden"}
    proc.add(7, QEMU, *arguments, descriptors=descriptors, listening=listening)
    assert qmp_address(proc) == address


def test_a_process_that_ends_while_it_is_looked_at_does_no_harm(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("-qmp", "unix:q,server=on", "-serial", "file:/log")
    proc.add(7, QEMU, *arguments, descriptors={0: "/dev/null"})

    def ended(descriptor: int, size: int) -> bytes:
        raise ProcessLookupError(3, "No such process", descriptor, size)

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", ended)
        assert guests(str(proc)) == []
    for name in ("status", "stat", "environ", "net/unix", "root", "cwd"):
        (proc.folder / "7" / name).unlink()
    (guest,) = guests(str(proc))
    assert guest.user == "?"
    assert [way.address for way in guest.ways_in] == [
        UnixSocket("q", listening=True),
        CharacterDevice("file", "/log"),
    ]


# ---- find ---------------------------------------------------------------------------


@pytest.fixture
def three_guests(proc: FakeProc) -> FakeProc:
    proc.add(1, "bash", "-c", QEMU, status={"Name": "ba\x1bsh"})
    proc.add(20, QEMU, "-name", "debian")
    proc.add(30, QEMU, "-name", "20")
    proc.add(40, QEMU, "-name", "55")
    proc.add(50, QEMU, "-name", "twin")
    proc.add(60, QEMU, "-name", "twin")
    return proc


@pytest.mark.parametrize(("name", "pid"), [("debian", 20), ("20", 20), ("30", 30), ("55", 40)])
def test_a_number_is_a_pid_first_and_a_name_second(
    three_guests: FakeProc, name: str, pid: int
) -> None:
    assert find(name, str(three_guests)).pid == pid


def test_a_name_that_two_guests_have_is_not_enough(three_guests: FakeProc) -> None:
    with pytest.raises(UsageError, match="2 guests are called 'twin'; name one by its pid: 50, 60"):
        find("twin", str(three_guests))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("1", r"^process 1 \(ba\?sh\) is no QEMU; `cgaterm ls`"),
        ("4711", r"^there is no process 4711 that you may see; `cgaterm ls`"),
        ("Debain", r"^there is no guest 'Debain'; did you mean 'debian'\? there are: debian, 20,"),
        ("xyz", r"^there is no guest 'xyz'; there are: debian, 20, 55, twin, twin$"),
        ("9" * 400, r"^there is no guest '9*'; there are"),
        ("²", r"^there is no guest '²'; there are"),
        ("../1", r"^there is no guest"),
    ],
)
def test_what_is_no_guest_is_told_with_what_there_is(
    three_guests: FakeProc, name: str, message: str
) -> None:
    with pytest.raises(NoSuchTarget, match=message):
        find(name, str(three_guests))


def test_a_process_that_only_waits_for_its_parent_has_ended(three_guests: FakeProc) -> None:
    three_guests.add(22, status={"State": "Z (zombie)"})
    with pytest.raises(NoSuchTarget, match="process 22 has ended; `cgaterm ls`"):
        find("22", str(three_guests))


def test_a_thread_leads_to_its_process(three_guests: FakeProc) -> None:
    three_guests.add(21, status={"Tgid": "20"})  # in /proc by its number, but in no listing
    with pytest.raises(NoSuchTarget, match="21 is a thread of process 20; name that one"):
        find("21", str(three_guests))


def test_many_names_are_not_listed_but_the_closest_is(proc: FakeProc) -> None:
    for number in range(11, 22):
        proc.add(number, QEMU, "-name", f"vm{number}")
    with pytest.raises(NoSuchTarget, match=r"did you mean 'vm21'\? `cgaterm ls` shows all 11$"):
        find("vm-21", str(proc))


def test_without_any_guest_that_is_what_is_said(proc: FakeProc) -> None:
    with pytest.raises(NoSuchTarget, match="nor any other QEMU that you may see; start one first"):
        find("debian", str(proc))


# ---- process_behind -----------------------------------------------------------------


def test_the_process_behind_a_socket_holds_it_open(proc: FakeProc, socket_path: Path) -> None:
    listening = {5: "/gone", 6: str(socket_path), 7: "@hidden"}
    other = {3: "socket:[5]", 4: "socket:[7]", 5: "/dev/null"}
    proc.add(20, QEMU, "-S", descriptors=other, listening=listening)
    assert process_behind(str(socket_path), str(proc)) is None
    proc.add(30, QEMU, descriptors={3: "socket:[6]"}, listening=listening)
    proc.add(40, QEMU, listening=listening)
    assert process_behind(str(socket_path), str(proc)) == 30
    assert stat.S_ISSOCK(socket_path.stat().st_mode)


def test_a_socket_may_be_named_by_any_path_that_leads_to_it(
    proc: FakeProc, socket_path: Path
) -> None:
    link = socket_path.with_name("link")
    link.symlink_to(socket_path)
    folder = str(socket_path.parent)
    proc.add(30, QEMU, descriptors={3: "socket:[6]"}, listening={6: "s"}, cwd=folder)
    assert process_behind(str(link), str(proc)) == 30


def test_a_socket_in_a_container_is_reached_through_its_root(
    proc: FakeProc, socket_path: Path
) -> None:
    root = str(socket_path.parent)
    proc.add(30, QEMU, descriptors={3: "socket:[6]"}, listening={6: "/s"}, root=root)
    assert process_behind(str(socket_path), str(proc)) == 30


def test_of_two_that_bound_the_same_path_the_younger_is_behind_it(
    proc: FakeProc, socket_path: Path
) -> None:
    path = str(socket_path)
    proc.add(20, QEMU, "-S", descriptors={3: "socket:[5]"}, listening={5: path}, start_time=900)
    proc.add(30, QEMU, descriptors={3: "socket:[6]"}, listening={6: path}, start_time=800)
    assert process_behind(path, str(proc)) == 20


@pytest.mark.parametrize("path", ["/no/such/socket", "", "a\0b"])
def test_nobody_is_behind_what_is_not_there(proc: FakeProc, path: str) -> None:
    proc.add(20, QEMU, descriptors={3: "socket:[5]"}, listening={5: "/s"})
    assert process_behind(path, str(proc)) is None
