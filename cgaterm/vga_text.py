"""What a VGA shows: registers and planes to a Screen, by the rules that QEMU draws by.

The model. A text mode VGA reads its memory in cells of four bytes, one a plane; the
cell address (start address, cursor address) counts these::

    byte 4·a      plane 0   character: which glyph
    byte 4·a + 1  plane 1   attribute: colors, blinking, font
    byte 4·a + 2  plane 2   fonts: glyph row y of code c in block b at a = b·8192 + c·32 + y
    byte 4·a + 3  plane 3   nothing

    attribute  ┌──7──┬──6──5──4──┬──3──┬──2──1──0──┐
               │blink│ background│     │ foreground│
               └─────┴───────────┴─────┴───────────┘
               7: blink when AR10 bit 3 is set, else the background's fourth bit;
               3: the foreground's fourth bit, or the font block when SR03 names two

Which character a code is, is decided by its glyph, not by its number: see `fonts`.

Laws:

1. Total: any register values and any plane bytes give a Screen; nothing raises.
2. What is not displayed is not in the Screen: a graphics or blank mode has no rows.
3. Cells are shared: equal (character, attribute) pairs are one object, so that
   comparing two Screens is mostly a comparison of identities.

Source: QEMU hw/display/vga.c (vga_draw_text, vga_get_text_resolution, update_palette16,
vga_draw_graphic), the same in 7.2 and 10.0. What QEMU does not do (preset row scan,
byte and pixel panning, underlines) is not done here: the truth is what QEMU displays.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from cgaterm.charsets import code_page as code_page_characters
from cgaterm.fonts import FontReading, read_font
from cgaterm.frames import TextFrame
from cgaterm.palette import VGA_COLORS, attribute_palette
from cgaterm.screen import Cell, Cursor, Mode, Row, Screen, Style

if TYPE_CHECKING:
    from cgaterm.frames import CellFrame, Frame, VgaRegisters

#: Bytes of VRAM that one font block of 256 glyphs spans: 256 · 32 rows · 4 planes.
FONT_BLOCK_BYTES = 32768
#: QEMU draws no text mode with more cells than this (CH_ATTR_SIZE), or with one or none.
MAX_CELLS = 160 * 100


class TextGeometry(NamedTuple):
    """How the CRTC lays out a text screen; sizes in cells, dots and bytes of VRAM."""

    columns: int
    rows: int
    cell_width: int
    cell_height: int
    start_address: int
    row_pitch: int
    line_compare: int

    @property
    def drawable(self) -> bool:
        """Whether QEMU draws this size at all; while a mode is being set it may not."""
        return 1 < self.columns * self.rows <= MAX_CELLS


def vertical_display_end(crtc: bytes) -> int:
    """Return the number of displayed scan lines minus 1.

    ::

        CR07 overflow   bit 6: bit 9 of it      bit 1: bit 8 of it
        CR12            bits 7–0
    """
    return crtc[0x12] | (crtc[0x07] & 0x02) << 7 | (crtc[0x07] & 0x40) << 3


def mode_of(registers: VgaRegisters) -> Mode:
    """Return what the adapter displays.

    AR index bit 5 clear: the palette is not connected, the screen is blank.
    GR06 bit 0, or VBE enable (index 4) bit 0: graphics.
    """
    if not registers.attribute_index & 0x20:
        return Mode.BLANK
    if registers.graphics[6] & 1 or registers.vbe[4] & 1:
        return Mode.GRAPHICS
    return Mode.TEXT


def shown_mode(frame: TextFrame) -> Mode:
    """Return what is displayed: an adapter's own picture, or what its VGA says."""
    return Mode.GRAPHICS if frame.native else mode_of(frame.registers)


def is_cirrus(registers: VgaRegisters) -> bool:
    """Return whether the registers are a Cirrus's.

    SR1F, its clock synthesizer, is never 0 there, and on other VGAs of QEMU's it cannot be
    anything else (they have SR00–07).
    """
    return len(registers.sequencer) > 0x1F and registers.sequencer[0x1F] != 0


def geometry(registers: VgaRegisters) -> TextGeometry:
    """Return the text layout that the registers describe, whatever the mode is.

    ::

        CR01            columns - 1
        CR09  7 6 543210   bits 4–0: scan lines of a cell - 1; bit 6: line compare bit 9
        CR0C, CR0D      start address, high and low, in cells
        CR13            row pitch / 8 bytes
        CR18            line compare bits 7–0; CR07 bit 4: bit 8
        SR01  bit 0     set: 8 dots a cell, clear: 9; bit 3: dots doubled (QEMU: 16, never 18)
        CR06 = 100      QEMU's rule for CGA's 160×100: 100 rows

    A Cirrus has more bits of them (cirrus_vga.c, cirrus_get_offsets)::

        CR1B  bit 0: start address bit 16; bits 3–2: 18–17; bit 4: row pitch bit 11
        CR1D  bit 7: start address bit 19
    """
    crtc = registers.crtc
    cell_height = (crtc[0x09] & 0x1F) + 1
    rows = 100 if crtc[0x06] == 100 else (vertical_display_end(crtc) + 1) // cell_height
    clocking = registers.sequencer[1]
    start_address = crtc[0x0C] << 8 | crtc[0x0D]
    row_pitch = crtc[0x13] << 3
    if is_cirrus(registers):
        more, most = crtc[0x1B], crtc[0x1D]
        start_address |= (more & 0x01) << 16 | (more & 0x0C) << 15 | (most & 0x80) << 12
        row_pitch |= (more & 0x10) << 7
    return TextGeometry(
        columns=crtc[0x01] + 1,
        rows=rows,
        cell_width=16 if clocking & 8 else 8 if clocking & 1 else 9,
        cell_height=cell_height,
        start_address=start_address,
        row_pitch=row_pitch,
        line_compare=crtc[0x18] | (crtc[0x07] & 0x10) << 4 | (crtc[0x09] & 0x40) << 3,
    )


def row_byte_offsets(text: TextGeometry) -> list[int]:
    """Return where in VRAM each row's first cell is, in bytes.

    Split screen: the first row that begins at or below the line compare scan line
    starts over at address 0 (QEMU rounds to whole rows), and the rows below it go on.
    """
    offsets = []
    offset = text.start_address * 4
    line = 0
    for _ in range(text.rows):
        offsets.append(offset)
        next_line = line + text.cell_height
        offset = 0 if line < text.line_compare <= next_line else offset + text.row_pitch
        line = next_line
    return offsets


def font_blocks(registers: VgaRegisters) -> tuple[int, int]:
    """Return the font blocks (0–7) for attribute bit 3 clear and set.

    ::

        SR03  ┌──5──┬──4──┬──3──2──┬──1──0──┐
              │ A.0 │ B.0 │ A.2 A.1│ B.2 B.1│    B: bit 3 clear, A: bit 3 set
              └─────┴─────┴────────┴────────┘
    """
    select = registers.sequencer[3]
    return select >> 4 & 1 | select << 1 & 6, select >> 5 & 1 | select >> 1 & 6


def page_span(registers: VgaRegisters) -> tuple[int, int]:
    """Return where in VRAM the displayed cells begin and end, in bytes; (0, 0) without text."""
    text = geometry(registers)
    if mode_of(registers) is not Mode.TEXT or not text.drawable:
        return 0, 0
    offsets = row_byte_offsets(text)
    return min(offsets), max(offsets) + text.columns * 4


def planes_needed(registers: VgaRegisters) -> int:
    """Return how many bytes of VRAM, from its start, `decode` looks at (0: none)."""
    _, page_end = page_span(registers)
    fonts_end = (max(font_blocks(registers)) + 1) * FONT_BLOCK_BYTES
    return max(page_end, fonts_end) if page_end else 0


def font_plane(planes: bytes, block: int) -> bytes:
    """Return the 256·32 bytes of a font block out of plane 2 (missing bytes are 0)."""
    start = block * FONT_BLOCK_BYTES
    return planes[start + 2 : start + FONT_BLOCK_BYTES : 4].ljust(256 * 32, b"\0")


def fonts_of(frame: TextFrame, code_page: str = "cp437") -> tuple[FontReading, FontReading]:
    """Return what the guest's fonts say, for attribute bit 3 clear and set."""
    height = geometry(frame.registers).cell_height
    first, second = font_blocks(frame.registers)
    reading = read_font(font_plane(frame.planes, first), height, code_page)
    if first == second:
        return reading, reading
    return reading, read_font(font_plane(frame.planes, second), height, code_page)


def graphics_size(registers: VgaRegisters) -> tuple[int, int]:
    """Return (width, height) of a graphics mode in the guest's own pixels.

    VBE: its XRES and YRES. Else from the CRTC: 256-color modes (GR05 bit 6) are made of
    doubled dots, and scan lines are repeated (CR09 bits 4–0, bit 7), unless they are
    interleaved banks as in CGA and Hercules modes (CR17 bits 0, 1 clear). A Cirrus's own
    modes (SR07 bit 0) double and repeat nothing, but may be interlaced (CR1A bit 0).
    """
    if registers.vbe[4] & 1:
        return registers.vbe[1], registers.vbe[2]
    crtc = registers.crtc
    if is_cirrus(registers) and registers.sequencer[7] & 1:
        lines = vertical_display_end(crtc) + 1
        return (crtc[0x01] + 1) * 8, lines * 2 if crtc[0x1A] & 1 else lines
    width = (crtc[0x01] + 1) * (4 if registers.graphics[5] & 0x40 else 8)
    repeats = ((crtc[0x09] & 0x1F) + 1) * (2 if crtc[0x09] & 0x80 else 1)
    banks = (1 if crtc[0x17] & 1 else 2) * (1 if crtc[0x17] & 2 else 2)
    return width, (vertical_display_end(crtc) + 1) * banks // repeats


class _CellTable(dict[int, Cell]):
    """Cells by (attribute << 8 | character), made when first asked for."""

    def __init__(
        self, colors: tuple[int, ...], characters: tuple[str, str], two_fonts: bool, blinks: bool
    ) -> None:
        super().__init__()
        self._colors = colors
        self._characters = characters
        self._foreground_mask = 0x07 if two_fonts else 0x0F
        self._background_mask = 0x07 if blinks else 0x0F
        self._blink_mask = 0x80 if blinks else 0

    def __missing__(self, key: int) -> Cell:
        attribute, code = divmod(key, 256)
        cell = self[key] = Cell(
            self._characters[attribute >> 3 & 1][code],
            Style(
                self._colors[attribute & self._foreground_mask],
                self._colors[attribute >> 4 & self._background_mask],
                bool(attribute & self._blink_mask),
            ),
        )
        return cell


_cell_table = lru_cache(maxsize=16)(_CellTable)


@lru_cache(maxsize=16)
def _row_struct(columns: int, bytes_per_cell: int) -> Struct:
    """Return what unpacks a row into its (attribute << 8 | character) words."""
    return Struct("<" + ("H" if bytes_per_cell == 2 else "H2x") * columns)


def decode(frame: Frame, code_page: str = "cp437") -> Screen:
    """Return what a person sees of a frame.

    Args:
        frame: as a source read it.
        code_page: which characters the codes are where no font says it.

    Raises:
        UsageError: there is no such code page.
    """
    if isinstance(frame, TextFrame):
        return _decode_vga(frame, code_page)
    return _decode_cells(frame, code_page)


def _decode_vga(frame: TextFrame, code_page: str) -> Screen:
    registers = frame.registers
    mode = shown_mode(frame)
    if mode is Mode.BLANK:
        return Screen(mode, "blank")
    if frame.native:
        return Screen(mode, f"graphics ({frame.native})")
    if mode is Mode.GRAPHICS:
        width, height = graphics_size(registers)
        return Screen(mode, f"graphics {width}x{height}")
    text = geometry(registers)
    size = f"{text.columns}x{text.rows}"
    if not text.drawable:
        return Screen(Mode.BLANK, f"blank (a text mode of {size} is not displayed)")
    fonts = fonts_of(frame, code_page)
    table = _cell_table(
        attribute_palette(registers.attribute, registers.dac),
        (fonts[0].characters, fonts[1].characters),
        len(set(font_blocks(registers))) == 2,
        bool(registers.attribute[0x10] & 8),
    )
    offsets = row_byte_offsets(text)
    row = _row_struct(text.columns, 4)
    planes = frame.planes.ljust(max(offsets) + row.size, b"\0")
    rows: tuple[Row, ...] = tuple(
        [tuple(map(table.__getitem__, row.unpack_from(planes, offset))) for offset in offsets]
    )
    unknown = 0
    if fonts[0].unknown or fonts[1].unknown:
        words = {word for offset in offsets for word in row.unpack_from(planes, offset)}
        unknown = sum(word & 0xFF in fonts[word >> 11 & 1].unknown for word in words)
    return Screen(
        mode, f"text {size}", text.columns, rows, _cursor(registers, text, offsets), unknown
    )


def _cursor(registers: VgaRegisters, text: TextGeometry, offsets: list[int]) -> Cursor | None:
    """Return the cursor, or None when its address is nowhere on the screen.

    ::

        CR0A  bit 5: off; bits 4–0: first scan line     CR0E, CR0F: cell address
        CR0B  bits 4–0: last scan line, clipped to the cell
    """
    crtc = registers.crtc
    address = (crtc[0x0E] << 8 | crtc[0x0F]) * 4
    first = crtc[0x0A] & 0x1F
    last = min(crtc[0x0B] & 0x1F, text.cell_height - 1)
    visible = not crtc[0x0A] & 0x20 and first <= last
    for row, offset in enumerate(offsets):
        if offset <= address < offset + text.columns * 4:
            return Cursor(
                row,
                (address - offset) // 4,
                visible,
                min(first / text.cell_height, 1.0),
                (last + 1) / text.cell_height,
            )
    return None


def _with_character(cell: Cell, character: str) -> Cell:
    """Give a cell its true character; Linux marks the right half of a wide one by U+200B."""
    if character == "\u200b":
        return cell._replace(character="")
    return cell._replace(character=character) if character.isprintable() else cell


def _decode_cells(frame: CellFrame, code_page: str) -> Screen:
    """Character/attribute pairs: the standard palette, and bit 7 blinks as after a BIOS's reset."""
    characters = code_page_characters(code_page)
    table = _cell_table(VGA_COLORS, (characters, characters), False, True)
    unpack = _row_struct(frame.columns, 2).unpack_from
    rows: tuple[Row, ...] = tuple(
        [
            tuple(map(table.__getitem__, unpack(frame.cells, row * frame.columns * 2)))
            for row in range(frame.rows)
        ]
    )
    if frame.characters is not None:
        known = iter(frame.characters)
        rows = tuple([tuple([_with_character(cell, next(known)) for cell in row]) for row in rows])
    cursor = None if frame.cursor is None else Cursor(*frame.cursor)
    return Screen(Mode.TEXT, f"text {frame.columns}x{frame.rows}", frame.columns, rows, cursor)
