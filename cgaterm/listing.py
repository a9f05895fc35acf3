"""`cgaterm ls`: the guests of this machine, each with its screen in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgaterm import discover
from cgaterm.console import one_shot
from cgaterm.errors import CgatermError
from cgaterm.sources.process_memory import ProcessMemory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cgaterm.discover import RunningGuest

_WAYS = ("qmp", "monitor", "vnc", "serial", "dbus")


def listing() -> list[dict[str, Any]]:
    """Return what `cgaterm ls --json` prints, an object a guest.

    ::

        name, pid, user, accelerator    accelerator is null where it cannot be known
        target                          "qemu:PID", always unique
        screen                          "text 80x25", "graphics 1024x768", "blank"; null: problem
        mode                            "text", "graphics", "blank"; null: problem
        last_line                       the last line of text that is not empty, or ""
        problem                         why the screen cannot be read, or null
        ways                            by kind ("qmp", "monitor", "vnc", "serial", "dbus"),
                                        lists of addresses as strings
    """
    return [_entry(guest) for guest in discover.guests()]


def _entry(guest: RunningGuest) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": guest.name,
        "pid": guest.pid,
        "user": guest.user,
        "accelerator": guest.accelerator,
        "target": f"qemu:{guest.pid}",
        "screen": None,
        "mode": None,
        "last_line": "",
        "problem": None,
        "ways": {
            kind: ways
            for kind in _WAYS
            if (ways := [str(way.address) for way in guest.ways_in if way.kind == kind])
        },
    }
    try:
        screen = one_shot(ProcessMemory(guest.pid)).screen
    except CgatermError as error:
        entry["problem"] = str(error)
        return entry
    entry["screen"] = screen.description
    entry["mode"] = screen.mode.value
    entry["last_line"] = next((line.strip() for line in reversed(screen.lines) if line.strip()), "")
    return entry


def as_table(entries: Sequence[dict[str, Any]], columns: int | None) -> list[str]:
    """Return the listing for people, cut to `columns` (None: not at all)."""
    head = ("NAME", "PID", "ACCEL", "SCREEN", "WAYS IN", "LAST LINE")
    table = [
        (
            entry["name"],
            str(entry["pid"]),
            entry["accelerator"] or "?",
            entry["screen"] or "?",
            ",".join(entry["ways"]) or "-",
            entry["problem"] or entry["last_line"],
        )
        for entry in entries
    ]
    widths = [max(len(row[column]) for row in [head, *table]) for column in range(len(head) - 1)]
    lines = []
    for row in [head, *table]:
        fixed = "  ".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True))
        lines.append(f"{fixed}  {row[-1]}".rstrip()[:columns])
    return lines
