"""The QEMU guests that run on this machine, as /proc shows them.

Laws:

1. Nothing is started, connected to or asked: all of it is read from /proc, so no
   guest and no QMP client notices.
2. What may not be read is left out, never guessed: of another user's QEMU the name,
   pid, user and command line are known, and an accelerator only if it has no choice.
3. Paths are such that this process can open them: absolute, and led through
   /proc/PID/root where the QEMU lives under another root (a container). Only where its
   working folder may not be read does a relative path stay as it was written.

A process is a QEMU by the name of its program (`/proc/PID/exe`) or by what it calls
itself (argv[0]); what stands in its other arguments does not matter, so neither a shell
nor an editor that has a QEMU's name on its command line is one.
"""
# ruff: noqa: PTH115, PTH116, PTH121, PTH208 -- pathlib takes three times as long, and /proc
# is walked process by process

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cgaterm import qemu_command_line
from cgaterm.errors import NoSuchTarget, UsageError
from cgaterm.qemu_command_line import (
    Address,
    CharacterDevice,
    InheritedSocket,
    QemuCommandLine,
    UnixSocket,
    WayIn,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Red Hat's and Debian's names for the one that prefers KVM; all others have the prefix.
_PROGRAM_PREFIX = "qemu-system-"
_PROGRAM_NAMES = ("qemu-kvm", "kvm")

#: What a QEMU holds open as long as its guest runs under KVM.
_KVM_DESCRIPTOR = "anon_inode:kvm-vm"

#: __SO_ACCEPTCON in the Flags column of /proc/net/unix: somebody listens.
_LISTENING = "00010000"

#: More names than this make no readable sentence.
_NAMES_IN_A_SENTENCE = 10


class RunningGuest(NamedTuple):
    """A QEMU process that this user may see."""

    #: -name, else the image's file name, else "qemu-PID". Printable; two may share one.
    name: str
    pid: int
    #: Who runs it: a login name, or the number of a user that has none.
    user: str
    #: "kvm", "tcg", ...; None where it cannot be known.
    accelerator: str | None
    #: `command_line.ways_in` with paths that can be opened and passed sockets looked up.
    ways_in: tuple[WayIn, ...]
    command_line: QemuCommandLine


def guests(proc: str = "/proc") -> list[RunningGuest]:
    """Return the guests running here, by pid. `proc` is where the process tree is."""
    return [_guest(process) for process in _qemu_processes(proc)]


def find(name_or_pid: str, proc: str = "/proc") -> RunningGuest:
    """Return the guest with this pid, else the one by this name.

    Raises:
        NoSuchTarget: there is none.
        UsageError: several have the name.
    """
    if name_or_pid.isascii() and name_or_pid.isdecimal() and len(name_or_pid) < 10:
        pid = int(name_or_pid)
        argv = _qemu_argv(proc, pid)
        # /proc/TID is there for threads, too, though not listed.
        if argv and _status(f"{proc}/{pid}").get("Tgid") == name_or_pid:
            return _guest(_QemuProcess(f"{proc}/{pid}", pid, argv))
    running = guests(proc)
    namesakes = [guest for guest in running if guest.name == name_or_pid]
    if len(namesakes) == 1:
        return namesakes[0]
    if namesakes:
        pids = ", ".join(str(guest.pid) for guest in namesakes)
        raise UsageError(
            f"{len(namesakes)} guests are called {name_or_pid!r}; name one by its pid: {pids}"
        )
    raise NoSuchTarget(_why_there_is_no(name_or_pid, [guest.name for guest in running], proc))


def process_behind(socket_path: str, proc: str = "/proc") -> int | None:
    """Return the pid of the QEMU that listens on a Unix socket, without connecting to it.

    None if there is no such socket, or no QEMU behind it whose descriptors may be read.
    """
    try:
        wanted = os.stat(socket_path)
    except (OSError, ValueError):
        return None
    listeners = [
        process
        for process in _qemu_processes(proc)
        if any(_is_same_file(path, wanted) for path in process.listening_paths())
    ]
    # A socket file that was replaced leaves its first owner listening under the same
    # path, unreachable. Who started last bound it last.
    return max(listeners, key=_QemuProcess.start_time).pid if listeners else None


class _QemuProcess:
    """One process's folder in /proc. All methods cope with its end at any moment."""

    def __init__(self, folder: str, pid: int, argv: list[str]) -> None:
        self.folder = folder
        self.pid = pid
        self.argv = argv
        self.command_line = qemu_command_line.parse(argv)
        #: What each descriptor is ("socket:[4711]"), None where we may not know.
        self.descriptors = self._read_descriptors()

    def _read_descriptors(self) -> dict[int, str] | None:
        try:
            numbers = os.listdir(f"{self.folder}/fd")
        except OSError:
            return None
        return {int(number): _link(f"{self.folder}/fd/{number}") for number in numbers}

    def start_time(self) -> int:
        """Return when it started, in clock ticks since boot: field 22 of /proc/PID/stat."""
        fields = _text(f"{self.folder}/stat").rpartition(")")[2].split()
        return int(fields[19]) if len(fields) > 19 else 0

    def accelerator(self) -> str | None:
        asked = self.command_line.accelerators
        if self.descriptors is not None and _KVM_DESCRIPTOR in self.descriptors.values():
            return "kvm"
        if len(asked) == 1:
            return asked[0]
        others = [name for name in asked if name != "kvm"]
        return others[0] if self.descriptors is not None and len(others) == 1 else None

    def listening_sockets(self) -> dict[str, str]:
        """Return the paths, as bound, of what listens in its network namespace.

        The keys are as in `descriptors`. /proc/PID/net/unix, blank separated:
        Num RefCount Protocol Flags Type St Inode Path.
        """
        rows = (line.split(None, 7) for line in _text(f"{self.folder}/net/unix").split("\n"))
        return {
            f"socket:[{row[6]}]": row[7] for row in rows if len(row) == 8 and row[3] == _LISTENING
        }

    def listening_paths(self) -> list[str]:
        """Return the Unix sockets with a file that it listens on."""
        held = set((self.descriptors or {}).values())
        return [
            self.reachable(path)
            for descriptor, path in self.listening_sockets().items()
            if descriptor in held and not path.startswith("@")
        ]

    def reachable(self, path: str) -> str:
        """Return a path of this process such that ours can open it."""
        if not path.startswith("/"):
            folder = self._first_working_folder()
            if not folder:
                return path
            path = os.path.normpath(f"{folder}/{path}")
        return path if self._shares_our_root() else f"{self.folder}/root{path}"

    def _first_working_folder(self) -> str:
        if not self.command_line.daemonized:
            return _link(f"{self.folder}/cwd")
        # -daemonize goes to "/"; where it was called is what its shell said.
        for variable in _text(f"{self.folder}/environ").split("\0"):
            if variable.startswith("PWD=/"):
                return variable[4:]
        return ""

    def _shares_our_root(self) -> bool:
        try:
            return os.path.samefile(f"{self.folder}/root", "/")
        except OSError:
            return True

    def resolved(self, address: Address) -> Address:
        """Return an address that this process can use."""
        if isinstance(address, InheritedSocket):
            descriptor = (self.descriptors or {}).get(address.file_descriptor, "")
            path = self.listening_sockets().get(descriptor)
            if path is None:
                return address
            bound = "\0" + path[1:] if path.startswith("@") else path
            return self.resolved(UnixSocket(bound, address.listening))
        if isinstance(address, UnixSocket | CharacterDevice) and address.path[:1] not in ("", "\0"):
            return address._replace(path=self.reachable(address.path))
        return address


def _guest(process: _QemuProcess) -> RunningGuest:
    command_line = process.command_line
    return RunningGuest(
        name=printable(command_line.name or f"qemu-{process.pid}"),
        pid=process.pid,
        user=_user_name(_status(process.folder).get("Uid", "")),
        accelerator=process.accelerator(),
        ways_in=tuple(
            WayIn(kind, process.resolved(address)) for kind, address in command_line.ways_in
        ),
        command_line=command_line,
    )


def _qemu_processes(proc: str) -> list[_QemuProcess]:
    argvs = dict(_qemu_argvs(proc))
    processes = [_QemuProcess(f"{proc}/{pid}", pid, argv) for pid, argv in argvs.items()]
    # A QEMU's child with the very same argv is the QEMU in the middle of starting
    # something, or its helper for -async-teardown: neither is a guest.
    return [
        process
        for process in processes
        if process.argv != argvs.get(int(_status(process.folder).get("PPid", "0")))
    ]


def _qemu_argvs(proc: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the pid and argv of every QEMU, by pid. Threads have no entry of their own."""
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdecimal()):
        argv = _qemu_argv(proc, pid)
        if argv:
            yield pid, argv


def _qemu_argv(proc: str, pid: int) -> list[str]:
    """Return the argv of a QEMU, [] for any other process."""
    # argv[0] alone would do; /proc/PID/exe is there for those who call themselves
    # something else, and may not be read of other users' processes.
    argv = _text(f"{proc}/{pid}/cmdline").split("\0")[:-1]
    if argv and (_is_qemu(argv[0]) or _is_qemu(_link(f"{proc}/{pid}/exe"))):
        return argv
    return []


def _is_qemu(program: str) -> bool:
    # An updated package leaves "... (deleted)"; NixOS has ".qemu-system-x86_64-wrapped".
    name = program.rpartition("/")[2].removesuffix(" (deleted)").removeprefix(".")
    return (name.startswith(_PROGRAM_PREFIX) and " " not in name) or name in _PROGRAM_NAMES


def _why_there_is_no(name: str, names: list[str], proc: str) -> str:
    if name.isascii() and name.isdecimal() and len(name) < 10:
        status = _status(f"{proc}/{name}")
        if "Tgid" not in status:
            return f"there is no process {name} that you may see; `cgaterm ls` shows the guests"
        if (process := status["Tgid"]) != name:
            return f"{name} is a thread of process {process}; name that one if it is a QEMU"
        if status.get("State", "").startswith("Z"):
            return f"process {name} has ended; `cgaterm ls` shows the guests"
        program = printable(status.get("Name", "?"))
        return f"process {name} ({program}) is no QEMU; `cgaterm ls` shows the guests"
    if not names:
        return f"there is no guest {name!r}, nor any other QEMU that you may see; start one first"
    from difflib import get_close_matches  # for the one who mistyped

    lower_names = {known.lower(): known for known in names}
    close = get_close_matches(name.lower(), lower_names, n=1)
    guess = f"did you mean {lower_names[close[0]]!r}? " if close else ""
    if len(names) > _NAMES_IN_A_SENTENCE:
        return f"there is no guest {name!r}; {guess}`cgaterm ls` shows all {len(names)}"
    return f"there is no guest {name!r}; {guess}there are: {', '.join(names)}"


def _user_name(user_ids: str) -> str:
    """Return who the real user of a status line's "real effective saved file" ids is."""
    import pwd

    user_id = user_ids.split()[:1]
    try:
        return pwd.getpwuid(int(user_id[0])).pw_name if user_id else "?"
    except KeyError:
        return user_id[0]


def _status(folder: str) -> dict[str, str]:
    """Return the lines of /proc/PID/status: Name, Tgid, PPid, Uid, ...; empty if it has gone."""
    lines = _text(f"{folder}/status").split("\n")
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _is_same_file(path: str, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), wanted)
    except OSError:
        return False


def _text(path: str) -> str:
    """Return a file of /proc, "" if it may not be read or has gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        parts = [os.read(descriptor, 1 << 16)]
        while parts[-1]:
            parts.append(os.read(descriptor, 1 << 16))
    except OSError:  # it ended between the two
        return ""
    finally:
        os.close(descriptor)
    return os.fsdecode(b"".join(parts))


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
