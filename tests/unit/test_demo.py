from __future__ import annotations

import os
import stat
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgaterm import demo
from cgaterm.demo_guest.stand_in import COLUMNS, ROWS, TICK_S, cells_at, show_of
from cgaterm.frames import CellFrame
from cgaterm.vga_text import decode

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = demo.IMAGE.read_bytes()
SHOW = show_of(IMAGE)
LOG_ROWS = slice(5, 14)
LOG_COLUMNS = slice(37, 78)


def lines_at(elapsed_s: float) -> list[str]:
    return decode(CellFrame(COLUMNS, ROWS, cells_at(SHOW, elapsed_s))).lines


def log_at(tick: int) -> list[str]:
    """The log's lines a bit after a tick, without the rows that are still empty."""
    lines = [line[LOG_COLUMNS].rstrip() for line in lines_at((tick + 0.5) * TICK_S)[LOG_ROWS]]
    return [line for line in lines if line]


# ---- the image


def test_the_image_is_what_nasm_makes_of_its_source(tmp_path: Path) -> None:
    made = tmp_path / "demo.img"
    source = demo.IMAGE.with_suffix(".asm")
    subprocess.run(["nasm", "-f", "bin", "-o", made, source], check=True, timeout=60)
    assert made.read_bytes() == IMAGE


def test_the_image_boots_from_one_track_of_a_floppy() -> None:
    assert IMAGE[510:512] == b"\x55\xaa"
    assert len(IMAGE) % 512 == 0
    assert len(IMAGE) <= 18 * 512


# ---- the stand-in


def test_the_page_is_a_frame_with_text_in_it() -> None:
    lines = lines_at(0)
    assert lines[0] == "╔" + 78 * "═" + "╗"
    assert lines[24] == "╚" + 78 * "═" + "╝"
    assert all(
        len(line) == COLUMNS and line[0] in "║╟" and line[79] in "║╢" for line in lines[1:24]
    )
    assert "The text screen of any QEMU guest" in lines[1]
    assert demo._SIGN in lines[4]
    assert lines[22][3:77].rstrip() == "To leave, press Ctrl-] and then d."
    assert "out of shared memory" in lines[23]


def test_the_table_has_all_characters_in_all_attributes() -> None:
    cells = cells_at(SHOW, 0)
    starts = [2 * (row * COLUMNS + 2) for row in range(5, 21)]
    table = b"".join([cells[start : start + 64] for start in starts])
    assert table[::4] == table[1::4] == table[3::4] == bytes(range(256))


def test_nothing_in_the_stand_in_claims_what_only_the_vga_has() -> None:
    text = "\n".join(lines_at(0) + list(SHOW.messages))
    for word in ("€", "half", "boot sector", "DAC", "CRTC", "B8000", "Type", "power"):
        assert word not in text, word
    assert len(SHOW.messages) >= 9


@pytest.mark.parametrize(
    ("tick", "newest", "stamps"),
    [
        (0, "   0.00", 1),
        (2, "   0.00", 1),
        (3, "   0.16", 2),
        (68, "   3.63", 9),
        (69, "   3.79", 9),
        (77, "   3.79", 9),
        (78, "   4.28", 9),
        (87, "   4.78", 9),
    ],
)
def test_the_log_has_a_line_every_3_ticks_and_later_every_9(
    tick: int, newest: str, stamps: int
) -> None:
    log = log_at(tick)
    assert len(log) == stamps
    assert log[-1][:7] == newest


def test_a_new_line_scrolls_the_log_by_one() -> None:
    assert log_at(30)[1:] == log_at(33)[:-1]
    assert log_at(33)[-1][9:] == SHOW.messages[11 % len(SHOW.messages)]


@given(st.floats(0, 1e5))
def test_at_any_time_only_the_log_differs_from_the_page(elapsed_s: float) -> None:
    cells = bytearray(cells_at(SHOW, elapsed_s))
    assert len(cells) == 2 * COLUMNS * ROWS
    for row in range(LOG_ROWS.start, LOG_ROWS.stop):
        log = slice(2 * (row * COLUMNS + 37), 2 * (row * COLUMNS + 78))
        cells[log] = SHOW.page[log]
    assert cells == SHOW.page


def test_a_demo_without_a_terminal_watches_20_lines_of_the_log() -> None:
    assert log_at(int(demo._WATCH_S / TICK_S))[-1] >= log_at(3 * 19)[-1]


# ---- run_demo, with the stand-in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder and a PATH of our own, no terminal, no patience."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "isatty", lambda _descriptor: False)
    monkeypatch.setattr(demo, "_WATCH_S", 0.2)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    demo.run_demo("us")
    output = capsys.readouterr()
    return output.out, output.err


def test_without_qemu_a_stand_in_is_shown_and_the_reason_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, errors = run(capsys)
    assert "qemu-system-x86_64 is not installed; install it" in errors
    assert "A stand-in in shared memory is shown instead." in errors
    assert "╔" + 78 * "═" + "╗" in output
    assert "\x1b[38;2;85;255;255m▄▀▀▀" in output
    assert f"read 2000 cells from {folder}/cgaterm/demo-" in output
    assert "screens seen in 0.2 s" in output
    assert list((folder / "cgaterm").iterdir()) == []


def test_a_qemu_that_fails_is_named_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    qemu = folder / "bin" / "qemu-system-x86_64"
    qemu.write_text("#!/bin/sh\necho no such machine >&2\nexit 1\n")
    qemu.chmod(0o700)
    output, errors = run(capsys)
    assert "QEMU failed with status 1: no such machine. A stand-in" in errors
    assert "out of shared memory" in output
    assert list((folder / "cgaterm").iterdir()) == []


def test_a_qemu_that_cannot_be_run_is_named_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    qemu = folder / "bin" / "qemu-system-x86_64"
    qemu.write_bytes(b"\x7fELF is not enough")
    qemu.chmod(0o700)
    output, errors = run(capsys)
    assert "cannot be run (Exec format error)" in errors
    assert "out of shared memory" in output
    assert list((folder / "cgaterm").iterdir()) == []


def test_the_stand_ins_file_is_private_moves_and_goes(folder: Path) -> None:
    with ExitStack() as cleanup:
        guest = demo._start_stand_in(cleanup)
        (path,) = (folder / "cgaterm").iterdir()
        assert guest.memory == str(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        while not guest.console.look():
            pass
    assert not path.exists()
