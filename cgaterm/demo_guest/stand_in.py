"""What the demo shows where there is no QEMU: the page and log of demo.asm, without its VGA.

The model. The page and the log's lines are taken out of demo.img, so that they stand in one
place; what only a VGA has is written over. A moment of the show is a pure function of the
time since it began, in the same steps as demo.asm's::

    line of the log      0   1   2  ...  23   24   25  ...
    tick (1/18.2 s)      0   3   6  ...  69   78   87  ...
"""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

COLUMNS, ROWS = 80, 25
#: How often a PC's timer interrupts: 2¹⁶ periods of its 1.193182 MHz clock.
TICK_S = 65536 / 1193182

_DIM, _PLAIN, _BRIGHT = 0x08, 0x07, 0x0F
_LOG_ROW, _LOG_COLUMN, _LOG_ROWS, _LOG_COLUMNS = 5, 37, 9, 41
_QUICK_LINES, _QUICK_TICKS, _SLOW_TICKS = 24, 3, 9

#: Row, column, attribute and text of what differs from the page in demo.img.
_INSTEAD = (
    (16, 37, _PLAIN, f"{'cursor    only a VGA has one':41}"),
    (17, 47, _PLAIN, f"{'blinks':15}"),
    (18, 37, _PLAIN, f"{'own glyph only a VGA has a font':41}"),
    (19, 37, _PLAIN, f"{'keyboard  none, nothing can be typed here':41}"),
    (22, 3, _BRIGHT, f"{'To leave, press Ctrl-] and then d.':75}"),
    (
        *(23, 3, _PLAIN),
        f"{'These 2000 cells are read out of shared memory: a stand-in for QEMU.':75}",
    ),
)


class Show(NamedTuple):
    """The page, as 2·80·25 bytes of characters and attributes, and the lines of the log."""

    page: bytes
    messages: tuple[str, ...]


def show_of(image: bytes) -> Show:
    """Return what there is to show, out of demo.img; demo.asm has the layout."""
    page_offset, _, messages_offset, messages_end = unpack_from("<4H", image, 512)
    page = bytearray(image[page_offset : page_offset + 2 * COLUMNS * ROWS])
    for row, column, attribute, text in _INSTEAD:
        _write(page, row, column, attribute, text)
    messages = image[messages_offset:messages_end].decode("ascii").split("\0")
    return Show(bytes(page), tuple(messages[:-1]))


def cells_at(show: Show, elapsed_s: float) -> bytes:
    """Return the cells, as character/attribute pairs, so long after the show began."""
    page = bytearray(show.page)
    last = _lines_until(int(elapsed_s / TICK_S)) - 1
    for row in range(_LOG_ROWS):
        line = last - (_LOG_ROWS - 1 - row)
        if line >= 0:
            stamp = f"{_tick_of(line) * TICK_S:7.2f}  "
            message = show.messages[line % len(show.messages)].ljust(_LOG_COLUMNS - len(stamp))
            _write(page, _LOG_ROW + row, _LOG_COLUMN, _DIM, stamp)
            _write(page, _LOG_ROW + row, _LOG_COLUMN + len(stamp), _PLAIN, message)
    return bytes(page)


def _lines_until(tick: int) -> int:
    """Return how many lines the log has had by a tick."""
    quick = min(tick // _QUICK_TICKS, _QUICK_LINES - 1)
    return 1 + quick + (tick - quick * _QUICK_TICKS) // _SLOW_TICKS * (quick == _QUICK_LINES - 1)


def _tick_of(line: int) -> int:
    quick = min(line, _QUICK_LINES - 1)
    return quick * _QUICK_TICKS + (line - quick) * _SLOW_TICKS


def _write(page: bytearray, row: int, column: int, attribute: int, text: str) -> None:
    start = 2 * (row * COLUMNS + column)
    page[start : start + 2 * len(text) : 2] = text.encode("ascii")
    page[start + 1 : start + 2 * len(text) : 2] = bytes([attribute]) * len(text)
