"""A text screen as a picture, with the guest's own fonts and palette, as QEMU draws it.

The model. A cell is `cell_height` scan lines of `cell_width` dots. Each dot is an index
into the 16 colors of the attribute controller: attribute bits 3–0 where the glyph's bit
is set, bits 7–4 where it is clear. A glyph byte becomes dots like this::

    8 dots    76543210
    9 dots    76543210-    "-": clear, or bit 0 again for line drawing characters
    16 dots   7766554433221100    (40 columns)

Laws:

1. Equal to QEMU's screendump pixel by pixel, with `cursor` in the phase it shows.
2. All four background bits are colors even where bit 7 means blinking, and bit 3 is a
   foreground bit even where it selects a font: QEMU draws it so.
3. What QEMU does not draw as text is refused, never guessed.

Source: QEMU hw/display/vga.c (vga_draw_text, vga_draw_blank) and vga-helpers.h
(vga_draw_glyph8, 9 and 16).
"""

from __future__ import annotations

from functools import lru_cache
from struct import iter_unpack
from typing import TYPE_CHECKING, NamedTuple

from cgaterm.errors import ScreenUnreadable
from cgaterm.fonts import rom_font
from cgaterm.frames import TextFrame
from cgaterm.palette import VGA_COLORS, attribute_palette
from cgaterm.screen import Mode
from cgaterm.vga_text import (
    decode,
    font_blocks,
    font_plane,
    geometry,
    row_byte_offsets,
    shown_mode,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cgaterm.frames import CellFrame, Frame

#: Characters whose ninth dot repeats the eighth, when AR10 bit 2 is set. Real hardware
#: begins at 0xC0; QEMU, whose picture this is, at 0xB0.
LINE_DRAWING = range(0xB0, 0xE0)


class IndexedPicture(NamedTuple):
    """A picture of at most 16 colors.

    `palette` holds 0xRRGGBB; `pixels` one index into it per pixel, row by row.
    """

    width: int
    height: int
    palette: tuple[int, ...]
    pixels: bytes


class _CursorBlock(NamedTuple):
    """The cursor's cells as (row, column), and its first and last scan line in them."""

    cells: Sequence[tuple[int, int]]
    top: int
    bottom: int


@lru_cache(maxsize=4)
def _dots(cell_width: int, repeats_last: bool) -> list[bytes]:
    """Return for each glyph byte its dots, 1 where it is set."""
    dots = [bytes([byte >> bit & 1 for bit in range(7, -1, -1)]) for byte in range(256)]
    if cell_width == 16:
        return [bytes([dot for dot in line for _ in (0, 1)]) for line in dots]
    if cell_width == 9:
        return [line + (line[-1:] if repeats_last else b"\0") for line in dots]
    return dots


class _CellLines(dict[int, list[bytes]]):
    """A cell's scan lines by (attribute << 8 | character), drawn when first asked for."""

    def __init__(
        self, fonts: tuple[bytes, bytes], cell_width: int, cell_height: int, line_graphics: bool
    ) -> None:
        """Take two fonts of 256 · 32 bytes, for attribute bit 3 clear and set."""
        super().__init__()
        self._fonts = fonts
        self._starts = range(0, cell_width * cell_height, cell_width)
        self._cell_width = cell_width
        self._cell_height = cell_height
        self._line_graphics = line_graphics

    def __missing__(self, key: int) -> list[bytes]:
        attribute, character = divmod(key, 256)
        glyph = character * 32
        rows = self._fonts[attribute >> 3 & 1][glyph : glyph + self._cell_height]
        dots = _dots(self._cell_width, self._line_graphics and character in LINE_DRAWING)
        colors = bytes.maketrans(b"\0\1", bytes((attribute >> 4, attribute & 0x0F)))
        drawn = b"".join([dots[row] for row in rows]).translate(colors)
        lines = self[key] = [drawn[start : start + self._cell_width] for start in self._starts]
        return lines

    def draw(self, rows: Sequence[Sequence[int]], cursor: _CursorBlock) -> bytes:
        """Return the dots of all rows of (attribute << 8 | character) words."""
        drawn = [[self[word] for word in row] for row in rows]
        for row, column in cursor.cells:
            lines = drawn[row][column].copy()
            color = rows[row][column] >> 8 & 0x0F
            for line in range(cursor.top, min(cursor.bottom + 1, self._cell_height)):
                lines[line] = bytes((color,)) * self._cell_width
            drawn[row][column] = lines
        return b"".join([b"".join(line) for row in drawn for line in zip(*row, strict=True)])


def render(frame: TextFrame, *, cursor: bool = True) -> IndexedPicture:
    """Return the picture that QEMU makes of a text mode; black where the screen is blank.

    Args:
        frame: registers and planes; bytes missing from the planes count as 0.
        cursor: draw the cursor (where it is not hidden), as in its visible phase.

    Raises:
        ScreenUnreadable: a graphics mode, or a text mode of a size that is not displayed.
    """
    registers = frame.registers
    mode = shown_mode(frame)
    if mode is Mode.GRAPHICS:
        raise ScreenUnreadable(
            f"the guest shows {decode(frame).description}, which is no text to draw; "
            "take QEMU's own picture with the QMP command screendump"
        )
    text = geometry(registers)
    if text.columns * text.rows <= 1 or (mode is Mode.TEXT and not text.drawable):
        raise ScreenUnreadable(
            f"the guest's text mode of {text.columns}x{text.rows} is not displayed; "
            "try again when the guest has finished setting its video mode"
        )
    width, height = text.columns * text.cell_width, text.rows * text.cell_height
    if mode is Mode.BLANK:
        return IndexedPicture(width, height, (0,), bytes(width * height))

    offsets = row_byte_offsets(text)
    pitch = text.columns * 4
    planes = frame.planes.ljust(max(offsets) + pitch, b"\0")
    rows = [
        [word for (word,) in iter_unpack("<H2x", planes[offset : offset + pitch])]
        for offset in offsets
    ]
    first, second = font_blocks(registers)
    lines = _CellLines(
        (font_plane(frame.planes, first), font_plane(frame.planes, second)),
        text.cell_width,
        text.cell_height,
        bool(registers.attribute[0x10] & 4),
    )
    # CR0A bit 5: off, bits 4–0: first scan line; CR0B bits 4–0: last. The address can be
    # on several rows, where a split screen or a short row pitch shows a cell twice.
    crtc = registers.crtc
    address = (crtc[0x0E] << 8 | crtc[0x0F]) * 4
    block = _CursorBlock(
        [
            (row, (address - offset) // 4)
            for row, offset in enumerate(offsets)
            if offset <= address < offset + pitch and cursor and not crtc[0x0A] & 0x20
        ],
        crtc[0x0A] & 0x1F,
        crtc[0x0B] & 0x1F,
    )
    palette = attribute_palette(registers.attribute, registers.dac)
    return IndexedPicture(width, height, palette, lines.draw(rows, block))


def render_cells(
    frame: CellFrame, font: bytes, palette: tuple[int, ...], *, cursor: bool = True
) -> IndexedPicture:
    """Return the picture that a VGA in its usual text mode would make of the cells.

    Args:
        frame: character/attribute pairs; its cursor is drawn as an underline.
        font: 256 · 16 bytes, drawn 9 dots wide.
        palette: the 16 colors, 0xRRGGBB.
        cursor: draw the cursor, if there is one.
    """
    glyphs = b"".join([font[start : start + 16].ljust(32, b"\0") for start in range(0, 4096, 16)])
    words = [word for (word,) in iter_unpack("<H", frame.cells)]
    starts = range(0, frame.columns * frame.rows, frame.columns)
    rows = [words[start : start + frame.columns] for start in starts]
    block = _CursorBlock([frame.cursor] if cursor and frame.cursor else [], top=13, bottom=14)
    pixels = _CellLines((glyphs, glyphs), 9, 16, line_graphics=True).draw(rows, block)
    return IndexedPicture(frame.columns * 9, frame.rows * 16, palette, pixels)


def png_bytes(picture: IndexedPicture) -> bytes:
    """Return the picture as a PNG file with a palette, 4 bits a pixel."""
    from io import BytesIO

    from PIL import Image

    image = Image.frombytes("P", (picture.width, picture.height), picture.pixels)
    image.putpalette(b"".join([color.to_bytes(3, "big") for color in picture.palette]))
    file = BytesIO()
    image.save(file, "PNG", bits=4)
    return file.getvalue()


def picture_of(frame: Frame) -> IndexedPicture:
    """Return the picture of any frame: what has no font of its own gets the VGA BIOS's.

    Raises:
        ScreenUnreadable: as `render`.
    """
    if isinstance(frame, TextFrame):
        return render(frame)
    font = rom_font(16)
    assert font is not None
    return render_cells(frame, font, VGA_COLORS)
