"""The string that a user names a guest by, as a typed value.

::

    debian          a guest by its name, as `cgaterm ls` shows it
    4711            a guest by its process id (a guest named "4711" comes second)
    qemu:4711       the memory of a QEMU process
    qmp:PATH        a QMP socket
    shm:PATH        character/attribute pairs in a file; ?columns=80&rows=25&offset=0
    shm:NAME        the same in POSIX shared memory: shm:vga is /dev/shm/vga
    vcsa:1          a virtual console of this machine; 0 is the one in front

Laws:

1. Pure: nothing is looked up here, so a target that parses need not exist.
2. `parse(str(target)) == target` for every target that `parse` returns.
3. What stands before the first colon is a scheme only if it is a known one; all
   other strings are names, colons and all.

Paths are taken as they are, without percent-encoding. In `shm:` the query starts at
the last "?"; a path that has a "?" of its own therefore needs a query after it.
A name without a slash is POSIX shared memory, as in shm_open(3); `shm:./vga` is a
file in the current folder. `offset` is in bytes and may be hexadecimal, so
`shm:/dev/shm/ram?offset=0xb8000` is the text page of a guest whose RAM is shared.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from cgaterm.errors import UsageError

MAXIMUM_COLUMNS = 1000
MAXIMUM_ROWS = 500
#: The last byte offset that a Linux file may have (off_t is signed).
MAXIMUM_OFFSET = 2**63 - 1
#: MAX_NR_CONSOLES, Linux include/uapi/linux/vt.h.
MAXIMUM_CONSOLE = 63

KNOWN_SCHEMES = ("qemu", "qmp", "shm", "vcsa")
LATER_SCHEMES = ("vnc", "dbus", "serial", "cast", "libvirt")


class NameTarget(NamedTuple):
    """A running guest by its name, or by its pid when the name is a number."""

    name: str

    def __str__(self) -> str:
        return self.name


class QemuTarget(NamedTuple):
    """The memory of a QEMU process."""

    pid: int

    def __str__(self) -> str:
        return f"qemu:{self.pid}"


class QmpTarget(NamedTuple):
    """A QMP socket."""

    path: str

    def __str__(self) -> str:
        return f"qmp:{self.path}"


class SharedMemoryTarget(NamedTuple):
    """Character/attribute pairs in a file or in shared memory."""

    path: str
    columns: int = 80
    rows: int = 25
    offset: int = 0

    def __str__(self) -> str:
        default = SharedMemoryTarget(self.path)
        query = "&".join(
            f"{key}={value}"
            for key, value, usual in zip(self._fields[1:], self[1:], default[1:], strict=True)
            if value != usual or "?" in self.path
        )
        return f"shm:{self.path}?{query}" if query else f"shm:{self.path}"


class VcsaTarget(NamedTuple):
    """A Linux virtual console of this machine; 0 is the one in front."""

    number: int

    def __str__(self) -> str:
        return f"vcsa:{self.number}"


Target: TypeAlias = NameTarget | QemuTarget | QmpTarget | SharedMemoryTarget | VcsaTarget


def parse(text: str) -> Target:
    """Return what `text` names.

    Raises:
        UsageError: it cannot be a target, or one of a kind that is not supported.
    """
    if not text or "\0" in text:
        raise UsageError(f"{text!r} is no target; `cgaterm ls` shows the guests to choose from")
    scheme, _, rest = text.partition(":")
    if scheme == text or scheme not in KNOWN_SCHEMES + LATER_SCHEMES:
        return NameTarget(text)
    if scheme in LATER_SCHEMES:
        raise UsageError(
            f"{scheme}: targets are not supported by this version; "
            f"use a guest's name or pid, or one of qemu:PID, qmp:PATH, shm:PATH and vcsa:N"
        )
    if scheme == "qemu":
        return QemuTarget(_number("the pid in qemu:", rest, 1, MAXIMUM_OFFSET))
    if scheme == "vcsa":
        return VcsaTarget(_number("the console in vcsa:", rest, 0, MAXIMUM_CONSOLE))
    if scheme == "shm":
        return _shared_memory(rest)
    if not rest:
        raise UsageError("qmp: needs the path of a QMP socket, as in qmp:/run/vm1.qmp")
    return QmpTarget(rest)


def _shared_memory(text: str) -> SharedMemoryTarget:
    path, mark, query = text.rpartition("?")
    if not mark:
        path = text
    if path.strip("/") in ("", ".", ".."):
        raise UsageError("shm: needs a file or a shared memory name, as in shm:/dev/shm/vga")
    if "/" not in path:
        path = f"/dev/shm/{path}"  # noqa: S108 -- where Linux keeps POSIX shared memory
    values = {}
    for field in query.split("&") if mark else ():
        key, _, value = field.partition("=")
        if key == "columns":
            values[key] = _number("columns", value, 1, MAXIMUM_COLUMNS)
        elif key == "rows":
            values[key] = _number("rows", value, 1, MAXIMUM_ROWS)
        elif key == "offset":
            values[key] = _number("offset", value, 0, MAXIMUM_OFFSET)
        else:
            raise UsageError(f"{key!r} is no part of a shm: target; use columns, rows and offset")
    return SharedMemoryTarget(path, **values)


def _number(what: str, text: str, lowest: int, highest: int) -> int:
    base, digits = (16, text[2:]) if text[:2] in ("0x", "0X") else (10, text)
    # int() also takes signs, blanks, underscores and other scripts' digits.
    if digits.isascii() and digits.isalnum() and len(digits) < 20:
        try:
            value = int(digits, base)
        except ValueError:
            value = -1
        if lowest <= value <= highest:
            return value
    raise UsageError(f"{what} is {text!r}; give a number from {lowest} to {highest}")
