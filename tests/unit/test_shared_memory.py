from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cgaterm.errors import GuestGone, NoSuchTarget, NotPermitted, ScreenUnreadable
from cgaterm.frames import CellFrame
from cgaterm.sources.shared_memory import SharedMemory

if TYPE_CHECKING:
    from cgaterm.sources.base import Source


def open_descriptors() -> list[Path]:
    return sorted(Path("/proc/self/fd").iterdir())


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page"
    path.write_bytes(bytes(range(256)) * 16)
    return path


def test_it_reads_what_is_there_at_every_read(page: Path) -> None:
    source: Source = SharedMemory(str(page))
    assert source.scheme == "shm"
    assert source.fileno() is None
    assert source.read() == CellFrame(80, 25, page.read_bytes()[:4000])
    page.write_bytes(b"A\x07" * 2000)
    assert source.read() == CellFrame(80, 25, b"A\x07" * 2000)
    source.close()


def test_size_and_offset_say_where_the_cells_are(page: Path) -> None:
    source = SharedMemory(str(page), columns=3, rows=2, offset=100)
    assert source.read() == CellFrame(3, 2, bytes(range(100, 112)))
    source.close()


@pytest.mark.parametrize("offset", [4096 - 3999, 4096, 1 << 40, 2**63 - 1])
def test_a_file_that_ends_before_the_screen_is_told_with_its_sizes(page: Path, offset: int) -> None:
    source = SharedMemory(str(page), offset=offset)
    with pytest.raises(ScreenUnreadable) as short:
        source.read()
    assert f"has 4096 bytes, but 80x25 cells from byte {offset} on need {offset + 4000}" in str(
        short.value
    )
    assert "?columns=" in str(short.value)
    source.close()


def test_a_truncated_file_is_an_error_once_and_good_again_when_it_has_grown(page: Path) -> None:
    source = SharedMemory(str(page))
    os.truncate(page, 0)
    with pytest.raises(ScreenUnreadable):
        source.read()
    os.truncate(page, 4000)
    assert source.read().cells == bytes(4000)
    source.close()


def test_a_deleted_file_is_a_guest_that_is_gone(page: Path) -> None:
    source = SharedMemory(str(page))
    page.unlink()
    with pytest.raises(GuestGone, match="deleted or replaced"):
        source.read()
    source.close()


def test_a_replaced_file_is_a_guest_that_is_gone(page: Path) -> None:
    source = SharedMemory(str(page))
    successor = page.with_name("successor")
    successor.write_bytes(bytes(4000))
    successor.rename(page)
    with pytest.raises(GuestGone, match="deleted or replaced"):
        source.read()
    source.close()


def test_memory_without_a_name_is_read_through_its_descriptor() -> None:
    descriptor = os.memfd_create("page")
    os.write(descriptor, b"A\x07" * 2000)
    source = SharedMemory(f"/proc/self/fd/{descriptor}")
    assert source.read().cells == b"A\x07" * 2000
    source.close()
    os.close(descriptor)


def test_it_may_be_closed_twice_and_not_read_after(page: Path) -> None:
    before = open_descriptors()
    source = SharedMemory(str(page))
    source.close()
    source.close()
    assert open_descriptors() == before
    with pytest.raises(GuestGone, match="was closed"):
        source.read()


def test_it_is_opened_for_reading_only(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def record(path: str, flags: int) -> int:
        opened.append(flags)
        return really_open(path, flags)

    really_open = os.open
    monkeypatch.setattr(os, "open", record)
    SharedMemory(str(page)).close()
    assert [flags & os.O_ACCMODE for flags in opened] == [os.O_RDONLY]
    assert opened[0] & os.O_CLOEXEC
    assert opened[0] & os.O_NONBLOCK


@pytest.mark.parametrize("path", ["missing", "page/below", "a\0b", "x" * 300])
def test_what_is_not_there_is_no_target(page: Path, path: str) -> None:
    with pytest.raises(NoSuchTarget, match="shm:NAME"):
        SharedMemory(str(page.parent / path))


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, "/dev/zero"):
        with pytest.raises(ScreenUnreadable, match="no regular file"):
            SharedMemory(str(path))


def test_a_file_that_may_not_be_read_is_told_so(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path, flags)

    monkeypatch.setattr(os, "open", refuse)  # root may read everything
    with pytest.raises(NotPermitted, match="may not be read by you"):
        SharedMemory(str(page))
