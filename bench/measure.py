"""What is measured, and how; each function gives one or more rows of the table."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING, NamedTuple

from bench.viewers import BenchError, cgaterm_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.viewers import Lab, Process

#: What guests/serial.asm does for a byte, and the cell it writes others to.
_NOISE, _LOG = b"\x01", b"\x02"
_CELL = (10, 40)
_LOG_LINES = 300
#: Long enough for both viewers to show the last change and fall silent.
_SETTLE_S = 0.5


class Figure(NamedTuple):
    """A value, and between what four fifths of the samples are when there are several."""

    value: float
    low: float | None = None
    high: float | None = None


class Row(NamedTuple):
    """One line of the table. `goal` is the most that cgaterm's value may be."""

    what: str
    unit: str
    qemu: Figure | None
    cgaterm: Figure
    goal: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        return None if self.goal is None else self.cgaterm.value <= self.goal


def figure(samples: Sequence[float]) -> Figure:
    """Return the median and the first and last tenth of some samples."""
    tenths = quantiles(samples, n=10, method="inclusive")
    return Figure(median(samples), tenths[0], tenths[-1])


def p99(samples: Sequence[float]) -> Figure:
    """Return the time that 99 of 100 samples are within."""
    return Figure(quantiles(samples, n=100, method="inclusive")[-1])


def _row(what: str, unit: str, figures: Sequence[Figure], goal: float | None = None) -> Row:
    """Make a row of the viewers' figures, which are in the order of `Lab.viewers`."""
    return Row(what, unit, figures[1] if len(figures) > 1 else None, figures[0], goal)


def measure(lab: Lab, *, quick: bool) -> Iterator[Row]:
    """Measure everything, in the order of the table; minutes, or less of them when quick."""
    yield boot(lab)
    yield from moving(lab, changes=100 if quick else 500)
    yield still(lab, samples=2 if quick else 8)
    yield one_cell(lab)
    yield from log(lab)
    yield redraw(lab)
    yield from idle(lab, duration_s=5.0 if quick else 20.0)
    yield one_shot(lab, runs=10 if quick else 20)


def _written(viewer: Process) -> int:
    """Return how many bytes a viewer wrote since last time."""
    return sum(size for _moment_s, size in viewer.show())


def boot(lab: Lab) -> Row:
    """Boot the guest under the viewers' eyes: SeaBIOS, then a boot loader's menu."""
    lab.skip()
    lab.cont()
    lab.wait_reply()
    lab.watch(_SETTLE_S)
    return _row("a boot: SeaBIOS and a menu", "bytes", [Figure(_written(v)) for v in lab.viewers])


class _Changes:
    """Changes of the one cell: when each was made, and when each viewer had shown it."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._made: list[tuple[float, str]] = []
        lab.skip()

    def make(self) -> None:
        """Change the cell now."""
        character = chr(ord("a") + len(self._made) % 26)
        self._made.append((self._lab.send(character.encode()), character))
        self._lab.wait_reply()

    def delays_ms(self, viewer: Process) -> list[float]:
        """Return how late the viewer showed each change that it showed at all."""
        row, column = _CELL
        delays: list[float] = []
        next_index = 0
        for moment_s, _size in viewer.show():
            shown = viewer.terminal.buffer[row][column].data
            for index in range(next_index, len(self._made)):
                made_s, character = self._made[index]
                if made_s > moment_s:
                    break
                if character == shown:
                    delays.append((moment_s - made_s) * 1000)
                    next_index = index + 1
                    break
        if not delays:
            raise BenchError(f"{viewer.arguments[0]} showed no change at all")
        return delays


def moving(lab: Lab, changes: int) -> Iterator[Row]:
    """Change a cell each 20 to 60 ms."""
    made = _Changes(lab)
    cpu_s, began_s = lab.viewer.cpu_s(), time.monotonic()
    for _ in range(changes):
        made.make()
        lab.watch(random.uniform(0.02, 0.06))
    busy = (lab.viewer.cpu_s() - cpu_s) / (time.monotonic() - began_s)
    lab.watch(_SETTLE_S)
    delays = [made.delays_ms(viewer) for viewer in lab.viewers]
    moves = "a changed cell, while things move"
    yield _row(f"{moves}: median", "ms", [figure(samples) for samples in delays], 4)
    yield _row(f"{moves}: 99 % of them", "ms", [p99(samples) for samples in delays], 10)
    unseen = [Figure(changes - len(samples)) for samples in delays]
    yield _row(f"  of {changes}, overwritten before they were shown", "", unseen)
    yield Row("  processor of the viewer meanwhile", "%", None, Figure(busy * 100))


def still(lab: Lab, samples: int) -> Row:
    """Change a cell when nothing has moved for 10 s."""
    made = _Changes(lab)
    for _ in range(samples):
        lab.watch(random.uniform(10, 10.1))
        made.make()
    lab.watch(_SETTLE_S)
    figures = [figure(made.delays_ms(viewer)) for viewer in lab.viewers]
    return _row("a changed cell, after 10 s of stillness", "ms", figures, 15)


def one_cell(lab: Lab, changes: int = 20) -> Row:
    """Change a cell, the guest's cursor being shown elsewhere, and count."""
    made = _Changes(lab)
    sizes: list[list[float]] = [[] for _ in lab.viewers]
    for _ in range(changes):
        made.make()
        lab.watch(0.15)
        for viewer, written in zip(lab.viewers, sizes, strict=True):
            written.append(_written(viewer))
    figures = [figure(written) for written in sizes]
    return _row("a changed cell, the cursor elsewhere", "bytes", figures, 28)


def log(lab: Lab) -> Iterator[Row]:
    """Let 300 lines of 60 to 70 characters scroll by, 50 a second."""
    lab.skip()
    lab.send(_LOG)
    lab.wait_reply()
    lab.watch(_SETTLE_S)
    written, missing = [], []
    for viewer in lab.viewers:
        size, unseen = 0, set(range(1, _LOG_LINES + 1))
        for _moment_s, chunk_size in viewer.show():
            size += chunk_size
            unseen.difference_update(_whole_lines(viewer))
        written.append(Figure(size))
        missing.append(Figure(len(unseen)))
    scrolls = f"a log of {_LOG_LINES} lines, 50 a second"
    goal = written[1].value if lab.has_curses else 25_000
    yield _row(scrolls, "bytes", written, goal)
    yield _row("  lines of it that were never shown whole", "", missing, 0)


def _whole_lines(viewer: Process) -> Iterator[int]:
    """Yield the numbers of the log's lines that stand on a terminal, each to its last word."""
    for row in viewer.terminal.display:
        if match := re.match(r"line (\d{4}) ", row):
            number = int(match[1])
            # The last character may be a blank.
            if len(row.rstrip()) >= 10 + 50 + number % 11 - 1:
                yield number


def redraw(lab: Lab, times: int = 5) -> Row:
    """Change every cell, to random characters in 16 by 8 random colors."""
    sizes: list[list[float]] = [[] for _ in lab.viewers]
    for _ in range(times):
        lab.skip()
        lab.send(_NOISE)
        lab.wait_reply()
        lab.watch(_SETTLE_S)
        for viewer, written in zip(lab.viewers, sizes, strict=True):
            written.append(_written(viewer))
    figures = [figure(written) for written in sizes]
    return _row("all 2000 cells, each in random colors", "bytes", figures)


def idle(lab: Lab, duration_s: float) -> Iterator[Row]:
    """Let the guest sleep. QEMU's own cost is what it takes more than a QEMU without display."""
    lab.watch(16)  # until cgaterm looks as seldom as it ever does
    lab.skip()
    processes = [lab.viewer, lab.qemu, lab.headless]
    before = [process.cpu_s() for process in processes]
    began_s = time.monotonic()
    lab.watch(duration_s)
    elapsed_s = time.monotonic() - began_s
    viewer, qemu, headless = (
        100 * (process.cpu_s() - used_s) / elapsed_s
        for process, used_s in zip(processes, before, strict=True)
    )
    figures = [Figure(viewer), Figure(qemu - headless)][: len(lab.viewers)]
    yield _row("an idle guest: processor of the viewer", "%", figures, 0.5)
    written = [Figure(_written(viewer)) for viewer in lab.viewers]
    yield _row("  bytes written", "bytes", written, 0)


def one_shot(lab: Lab, runs: int) -> Row:
    """Print the guest's screen, and run `python -c pass` in turn."""
    times = []
    for _ in range(runs + 1):
        python_s = _run_time_s([sys.executable, "-c", "pass"])
        screen_s = _run_time_s([*cgaterm_command(), "screen", str(lab.qemu.pid)])
        times.append((screen_s, python_s))
        lab.watch(0.01)
    del times[0]  # its files were not in memory yet
    ratios = figure([screen_s / python_s for screen_s, python_s in times])
    screen, python = (median(samples) for samples in zip(*times, strict=True))
    what = f"`cgaterm screen` ({screen * 1000:.0f} ms) by `python -c pass` ({python * 1000:.0f} ms)"
    return Row(what, "times", None, ratios, 8)


def _run_time_s(command: Sequence[str]) -> float:
    began_s = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    return time.monotonic() - began_s
