"""`python -m bench`: measure, and print the table."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from bench.measure import Figure, Row, measure
from bench.viewers import BenchError, Lab
from cgaterm import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def _text(figure: Figure | None, unit: str) -> str:
    if figure is None:
        return "-"
    text = _number(figure.value)
    if figure.low is not None and figure.high is not None and figure.low != figure.high:
        text += f" ({_number(figure.low)}-{_number(figure.high)})"
    return f"{text} {unit}".rstrip()


def _columns(row: Row) -> tuple[str, ...]:
    goal = "" if row.goal is None else f"{_number(row.goal)} {row.unit}".rstrip()
    verdict = {None: "", True: "met", False: "MISSED"}[row.met]
    return row.what, _text(row.qemu, row.unit), _text(row.cgaterm, row.unit), goal, verdict


def _print(columns: tuple[str, ...]) -> None:
    what, *rest = columns
    widths = (22, 22, 12, 6)
    cells = [f"{what:53}", *(f"{text:>{width}}" for text, width in zip(rest, widths, strict=True))]
    print("  ".join(cells), flush=True)


def _measured(lab: Lab, *, quick: bool) -> Iterator[Row]:
    lab.watch(1)
    lab.attach()
    yield from measure(lab, quick=quick)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples: a minute and a half")
    parser.add_argument("--json", action="store_true", help="the rows as a list of objects")
    parser.add_argument("--accel", choices=("tcg", "kvm"), default="tcg")
    options = parser.parse_args()
    try:
        with Lab(options.accel) as lab:
            rows = _measured(lab, quick=options.quick)
            if options.json:
                print(json.dumps([_object(row) for row in rows], indent=2))
                return
            load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
            print(
                f"cgaterm {__version__}, Python {sys.version.split()[0]}, {options.accel}, "
                f"{os.cpu_count()} processors, load {load}"
            )
            if not lab.has_curses:
                print("this QEMU has no curses display: nothing to compare with")
            _print(
                (
                    "(median, and the middle 80 % of the samples)",
                    "QEMU curses",
                    "cgaterm",
                    "goal: up to",
                    "",
                )
            )
            for row in rows:
                _print(_columns(row))
    except BenchError as error:
        sys.exit(f"bench: {error}")


def _object(row: Row) -> dict[str, object]:
    return {
        "what": row.what.strip(),
        "unit": row.unit,
        "qemu": row.qemu and row.qemu._asdict(),
        "cgaterm": row.cgaterm._asdict(),
        "goal": row.goal,
        "met": row.met,
    }


if __name__ == "__main__":
    main()
