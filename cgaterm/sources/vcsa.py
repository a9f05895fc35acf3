"""A Linux virtual console of this machine, through /dev/vcsaN: `vcsa:N`.

::

    /dev/vcsaN    rows | columns | cursor x | cursor y | character attribute | ...   bytes
    /dev/vcsuN    character | character | ...            UTF-32, native byte order

(vcs(4); Linux drivers/tty/vt/vc_screen.c.) Number 0 is the console in front, whichever
that is; its devices have no number in their names.

Laws:

1. The size of the device says how many cells there are; its header, one byte a number,
   says how they lie as long as the numbers fit: more than 254 are clamped to 255.
2. The characters come from /dev/vcsuN (Linux 4.19 and later) where it may be read and
   the console is in UTF-8 mode. Else the code page has to do, and codes are font
   positions: with a font of 512 glyphs the ninth bit is one of the attribute byte's,
   which one only VT_GETHIFONTMASK on the tty itself tells.
3. A character two columns wide is followed by U+200B in /dev/vcsuN (Linux 6.16 and later).

What the kernel keeps is shown even if a program draws pictures on that console. The
devices support poll, but only as POLLPRI: who waits for bytes would wake all the time.
"""

from __future__ import annotations

import os
import sys

from cgaterm.errors import GuestGone, NoSuchTarget, NotPermitted, ScreenUnreadable
from cgaterm.frames import CellFrame

_HEADER_BYTES = 4
#: What the header shows for this number and all above it.
_CLAMPED = 255
_UTF_32 = f"utf-32-{'le' if sys.byteorder == 'little' else 'be'}"


class VirtualConsole:
    """A virtual console.

    Args:
        number: as in /dev/ttyN; 0 for the one in front.
        device_folder: where the devices are.

    Raises:
        NoSuchTarget: there is no such console, or nothing was ever run on it.
        NotPermitted: its device may not be read.
    """

    scheme = "vcsa"

    def __init__(self, number: int, device_folder: str = "/dev") -> None:
        suffix = str(number or "")
        self._path = f"{device_folder}/vcsa{suffix}"
        try:
            self._cells: int | None = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError as error:
            raise NotPermitted(
                f"{self._path} may not be read by you; be root or a member of the group 'tty'"
            ) from error
        except OSError as error:
            raise NoSuchTarget(
                f"there is no virtual console {number} here ({self._path}: {error.strerror}); "
                f"`fgconsole` and `ls {device_folder}/vcsa*` show those that exist"
            ) from error
        try:
            self._characters: int | None = os.open(
                f"{device_folder}/vcsu{suffix}", os.O_RDONLY | os.O_CLOEXEC
            )
        except OSError:
            self._characters = None

    def read(self) -> CellFrame:
        """Return the console as it is now.

        Raises:
            GuestGone: the console was given back, or this source was closed.
            ScreenUnreadable: its size makes no sense.
        """
        if self._cells is None:
            raise GuestGone(f"{self._path} was closed; open it again")
        try:
            size = os.lseek(self._cells, 0, os.SEEK_END)
            data = os.pread(self._cells, size, 0)
        except OSError as error:
            raise GuestGone(
                f"{self._path} cannot be read any more ({error.strerror}); "
                f"open it again when its console is in use"
            ) from error
        header, cells = data[:_HEADER_BYTES], data[_HEADER_BYTES:]
        rows, columns = _size(header, len(cells) // 2)
        if not rows or not columns or len(cells) != 2 * rows * columns:
            raise ScreenUnreadable(
                f"{self._path} says that it has {' rows and '.join(map(str, header[:2]))} columns, "
                f"which is not what {len(data)} bytes can hold; look again"
            )
        cursor_column, cursor_row = header[2:]
        is_inside = cursor_row < min(rows, _CLAMPED) and cursor_column < min(columns, _CLAMPED)
        return CellFrame(
            columns=columns,
            rows=rows,
            cells=cells,
            cursor=(cursor_row, cursor_column) if is_inside else None,
            characters=self._read_characters(rows * columns),
        )

    def _read_characters(self, count: int) -> str | None:
        if self._characters is None:
            return None
        try:
            data = os.pread(self._characters, 4 * count, 0)
        except OSError:  # ENODATA: not in UTF-8 mode (any more)
            return None
        # A console that was resized since its cells were read: the next read has both.
        return data.decode(_UTF_32, "replace") if len(data) == 4 * count else None

    def fileno(self) -> None:
        """Return None: the devices' POLLPRI is not what an event loop waits for."""

    def close(self) -> None:
        """Close both devices."""
        for descriptor in (self._cells, self._characters):
            if descriptor is not None:
                os.close(descriptor)
        self._cells = self._characters = None


def _size(header: bytes, cell_count: int) -> tuple[int, int]:
    """Return rows and columns, (0, 0) if the header does not tell."""
    if len(header) < _HEADER_BYTES:
        return 0, 0
    rows, columns = header[:2]
    if columns == _CLAMPED and 0 < rows < _CLAMPED:
        columns = cell_count // rows
    elif rows == _CLAMPED and 0 < columns < _CLAMPED:
        rows = cell_count // columns
    return rows, columns
