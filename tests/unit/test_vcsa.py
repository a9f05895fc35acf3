from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgaterm.errors import GuestGone, NoSuchTarget, NotPermitted, ScreenUnreadable
from cgaterm.frames import CellFrame
from cgaterm.sources.vcsa import VirtualConsole

if TYPE_CHECKING:
    from cgaterm.sources.base import Source

UTF_32 = f"utf-32-{'le' if sys.byteorder == 'little' else 'be'}"


def open_descriptors() -> list[Path]:
    return sorted(Path("/proc/self/fd").iterdir())


def vcsa(rows: int, columns: int, x: int = 0, y: int = 0) -> bytes:
    """What the kernel gives for a console of this size."""
    header = bytes(min(number, 255) for number in (rows, columns, x, y))
    return header + bytes(2 * rows * columns)


def test_a_console_is_read_with_its_cursor_and_its_characters(tmp_path: Path) -> None:
    cells = "".join(f"{letter}\x07" for letter in "abcdef").encode()
    (tmp_path / "vcsa3").write_bytes(b"\x02\x03\x02\x01" + cells)
    (tmp_path / "vcsu3").write_bytes("äb€│😀 ".encode(UTF_32))
    source: Source = VirtualConsole(3, str(tmp_path))
    assert source.scheme == "vcsa"
    assert source.fileno() is None
    assert source.read() == CellFrame(3, 2, cells, cursor=(1, 2), characters="äb€│😀 ")
    source.close()


def test_number_0_is_the_console_in_front(tmp_path: Path) -> None:
    (tmp_path / "vcsa").write_bytes(vcsa(1, 2))
    (tmp_path / "vcsu").write_bytes("ab".encode(UTF_32))
    source = VirtualConsole(0, str(tmp_path))
    assert source.read().characters == "ab"
    source.close()


def test_without_unicode_the_code_page_has_to_do(tmp_path: Path) -> None:
    (tmp_path / "vcsa1").write_bytes(vcsa(25, 80))
    source = VirtualConsole(1, str(tmp_path))
    assert source.read() == CellFrame(80, 25, bytes(4000), cursor=(0, 0))
    source.close()


def test_unicode_of_another_size_or_that_cannot_be_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vcsa1").write_bytes(vcsa(1, 3))
    (tmp_path / "vcsu1").write_bytes("ab".encode(UTF_32))
    source = VirtualConsole(1, str(tmp_path))
    assert source.read().characters is None
    (tmp_path / "vcsu1").write_bytes("abc".encode(UTF_32))
    assert source.read().characters == "abc"

    really_read = os.pread

    def no_unicode(descriptor: int, size: int, offset: int) -> bytes:
        if size == 12:  # 3 characters
            raise OSError(61, "No data available")
        return really_read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", no_unicode)
    assert source.read() == CellFrame(3, 1, bytes(6), cursor=(0, 0))
    source.close()


@given(st.binary(min_size=24, max_size=24))
def test_whatever_the_unicode_is_there_is_one_character_for_each_cell(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("dev")
    (folder / "vcsa1").write_bytes(vcsa(2, 3))
    (folder / "vcsu1").write_bytes(data)
    source = VirtualConsole(1, str(folder))
    characters = source.read().characters
    assert characters is not None
    assert len(characters) == 6
    assert len(characters.encode()) >= 6  # no surrogates: it can be written
    source.close()


@pytest.mark.parametrize(
    ("rows", "columns", "x", "y", "cursor"),
    [
        (1, 1, 0, 0, (0, 0)),
        (25, 80, 79, 24, (24, 79)),
        (254, 254, 253, 253, (253, 253)),
        (255, 255, 254, 254, (254, 254)),
        (67, 255, 254, 0, (0, 254)),
        (67, 300, 254, 66, (66, 254)),
        (67, 300, 299, 0, None),
        (300, 80, 0, 299, None),
    ],
)
def test_sizes_above_254_are_worked_out(
    tmp_path: Path, rows: int, columns: int, x: int, y: int, cursor: tuple[int, int] | None
) -> None:
    (tmp_path / "vcsa1").write_bytes(vcsa(rows, columns, x, y))
    source = VirtualConsole(1, str(tmp_path))
    frame = source.read()
    assert (frame.rows, frame.columns, frame.cursor) == (rows, columns, cursor)
    assert len(frame.cells) == 2 * rows * columns
    source.close()


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x01\x01\x00", b"\x01\x01\x00\x00", b"\x01\x01\x00\x00A", bytes(8)),
        *(vcsa(25, 80)[:-1], vcsa(25, 80) + bytes(2), b"\xff\x00\x00\x00" + bytes(510)),
        *(b"\x00\xff\x00\x00" + bytes(510), vcsa(510, 300), vcsa(510, 255)),
    ],
)
def test_a_size_that_makes_no_sense_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "vcsa1").write_bytes(data)
    source = VirtualConsole(1, str(tmp_path))
    with pytest.raises(ScreenUnreadable, match=r"look again$"):
        source.read()
    source.close()


def test_a_console_that_is_missing_or_unused_is_no_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoSuchTarget, match=r"no virtual console 9 here \(.*vcsa9: No such file"):
        VirtualConsole(9, str(tmp_path))

    def refuse(path: str, flags: int) -> int:
        raise OSError(6, "No such device or address", path, flags)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(NoSuchTarget, match="No such device or address"):
        VirtualConsole(9, str(tmp_path))


def test_a_console_that_may_not_be_read_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path, flags)

    monkeypatch.setattr(os, "open", refuse)  # root may read everything
    with pytest.raises(NotPermitted, match=r"the group 'tty'$"):
        VirtualConsole(1, str(tmp_path))


def test_a_console_that_was_given_back_is_a_guest_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vcsa1").write_bytes(vcsa(25, 80))
    source = VirtualConsole(1, str(tmp_path))

    def deallocated(descriptor: int, offset: int, whence: int) -> int:
        raise OSError(6, "No such device or address", descriptor, offset, whence)

    monkeypatch.setattr(os, "lseek", deallocated)
    with pytest.raises(GuestGone, match="No such device or address"):
        source.read()
    source.close()


def test_it_may_be_closed_twice_and_not_read_after(tmp_path: Path) -> None:
    (tmp_path / "vcsa1").write_bytes(vcsa(25, 80))
    (tmp_path / "vcsu1").write_bytes(bytes(8000))
    before = open_descriptors()
    source = VirtualConsole(1, str(tmp_path))
    source.close()
    source.close()
    assert open_descriptors() == before
    with pytest.raises(GuestGone, match="was closed"):
        source.read()
