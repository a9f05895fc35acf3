"""Character/attribute pairs in a file or in POSIX shared memory: `shm:PATH`.

For guests whose text page some other program keeps, or that share their RAM: QEMU's
`-object memory-backend-file,share=on` has the text page of a CGA at offset 0xb8000.

Laws:

1. The file is only ever read, with pread: a mapping would die of SIGBUS the moment
   somebody truncates the file.
2. Only regular files are opened (shared memory is one): opening a device can have
   effects, and a FIFO blocks.
3. Every read is one pread, so it may catch its writer halfway; the next read repairs that.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cgaterm.errors import GuestGone, NoSuchTarget, NotPermitted, ScreenUnreadable
from cgaterm.frames import CellFrame


class SharedMemory:
    """A text page in a file.

    Args:
        path: the file.
        columns: width of the screen in cells.
        rows: height of the screen in cells.
        offset: where the first cell's character is, in bytes from the file's start.

    Raises:
        NoSuchTarget: there is no such file.
        NotPermitted: it may not be read.
        ScreenUnreadable: it is no regular file.
    """

    scheme = "shm"

    def __init__(self, path: str, columns: int = 80, rows: int = 25, offset: int = 0) -> None:
        self._path = Path(path)
        self._columns = columns
        self._rows = rows
        self._offset = offset
        self._descriptor: int | None = None
        try:
            if not stat.S_ISREG(self._path.stat().st_mode):
                raise ScreenUnreadable(
                    f"{path} is no regular file or shared memory, and nothing else is opened; "
                    f"name the file that holds the characters"
                )
            # Should a FIFO have taken the file's place just now, opening it must not block.
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
            self._descriptor = os.open(path, flags)
        except PermissionError as error:
            raise NotPermitted(
                f"{path} may not be read by you; ask its owner, or be its owner or root"
            ) from error
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise NoSuchTarget(
                f"{path} cannot be opened ({reason}); name a file, or shared memory as shm:NAME"
            ) from error

    def read(self) -> CellFrame:
        """Return the cells as they are now.

        Raises:
            GuestGone: the file was deleted or replaced, or this source was closed.
            ScreenUnreadable: the file ends before the screen does.
        """
        if self._descriptor is None:
            raise GuestGone(f"{self._path} was closed; open it again")
        opened = os.fstat(self._descriptor)
        try:
            is_the_same = os.path.samestat(self._path.stat(), opened)
        except OSError:
            is_the_same = False
        if not is_the_same:
            raise GuestGone(f"{self._path} was deleted or replaced; look again when it is back")
        size = 2 * self._columns * self._rows
        # pread itself takes no offset that is near the highest one there is.
        is_inside = self._offset < opened.st_size
        cells = os.pread(self._descriptor, size, self._offset) if is_inside else b""
        if len(cells) < size:
            raise ScreenUnreadable(
                f"{self._path} has {opened.st_size} bytes, but {self._columns}x{self._rows} cells "
                f"from byte {self._offset} on need {self._offset + size}; say how the screen lies "
                f"in it with ?columns=...&rows=...&offset=..."
            )
        return CellFrame(self._columns, self._rows, cells)

    def fileno(self) -> None:
        """Return None: a file does not tell when it changes."""

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
