"""From the name of a guest to the ways in: what to look through, and what to type through.

A target says what is wanted; this is the one place that decides how it is had. Nothing of
QMP is touched here: the socket is only found, and is borrowed when the first key is typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cgaterm import discover
from cgaterm.errors import CgatermError, NoSuchTarget
from cgaterm.qemu_command_line import TcpSocket, UnixSocket
from cgaterm.targets import NameTarget, QemuTarget, QmpTarget, SharedMemoryTarget, parse

if TYPE_CHECKING:
    from cgaterm.discover import RunningGuest
    from cgaterm.sources.base import Source


class Ways(NamedTuple):
    """The ways into one guest.

    `source` is open; whoever gets a Ways closes it. `qmp` is where keys can go: the path
    of a Unix socket or a host and port, None for nowhere; `read_only` says why then.
    """

    target: str
    name: str
    source: Source
    guest: RunningGuest | None = None
    qmp: str | tuple[str, int] | None = None
    read_only: str = ""


def open_ways(text: str) -> Ways:
    """Open the best way to look at a target, and find the way to type into it.

    Raises:
        UsageError: the text is no target, or names several guests.
        NoSuchTarget, NotPermitted, ScreenUnreadable, GuestGone: it cannot be looked at.
    """
    target = parse(text)
    if isinstance(target, SharedMemoryTarget):
        from cgaterm.sources.shared_memory import SharedMemory

        shared = SharedMemory(*target)
        return Ways(text, target.path, shared, read_only="shared memory has no keyboard")
    if isinstance(target, QmpTarget):
        return _qemu(text, _pid_behind(target.path))._replace(qmp=target.path, read_only="")
    if isinstance(target, NameTarget):
        guest = discover.find(target.name)
        return _qemu(text, guest.pid, guest)
    if isinstance(target, QemuTarget):
        return _qemu(text, target.pid)
    from cgaterm.sources.vcsa import VirtualConsole

    console = VirtualConsole(target.number)
    return Ways(text, str(target), console, read_only="a virtual console is only looked at")


def _pid_behind(path: str) -> int:
    pid = discover.process_behind(path)
    if pid is None:
        raise NoSuchTarget(
            f"no QEMU that you may look into listens on {path}; use sudo if it is another "
            "user's, or see `cgaterm ls`"
        )
    return pid


def _qemu(text: str, pid: int, guest: RunningGuest | None = None) -> Ways:
    from cgaterm.sources.process_memory import ProcessMemory

    not_qemu = None
    try:
        guest = guest or discover.find(str(pid))
    except NoSuchTarget as error:
        not_qemu = error
    try:
        source = ProcessMemory(pid)
    except CgatermError as error:
        # A process by another name may be a QEMU all the same; if it is none, say that.
        raise not_qemu or error from None
    qmp = qmp_address(guest) if guest else None
    return Ways(
        text,
        guest.name if guest else str(pid),
        source,
        guest,
        qmp,
        "" if qmp else "the guest has no QMP socket",
    )


def qmp_address(guest: RunningGuest) -> str | tuple[str, int] | None:
    """Return the first QMP socket that can be connected to, None if there is none."""
    for way in guest.ways_in:
        address = way.address
        if way.kind == "qmp" and isinstance(address, UnixSocket) and address.listening:
            return address.path
        if way.kind == "qmp" and isinstance(address, TcpSocket) and address.listening:
            return address.host or "127.0.0.1", address.port
    return None
