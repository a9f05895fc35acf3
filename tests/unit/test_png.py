"""Pictures of text screens: against QEMU's own, and against QEMU's rules pixel by pixel."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cgaterm.errors import ScreenUnreadable
from cgaterm.exports.png import IndexedPicture, picture_of, png_bytes, render, render_cells
from cgaterm.fonts import rom_font
from cgaterm.frames import CellFrame, TextFrame, VgaRegisters
from cgaterm.palette import VGA_COLORS, attribute_palette

DATA = Path(__file__).parents[1] / "data"
RANDOM_PLANES = Random(4711).randbytes(256 * 1024)


def set_registers(
    *,
    columns: int = 4,
    rows: int = 2,
    cell_height: int = 16,
    row_pitch: int | None = None,
    start: int = 0,
    line_compare: int = 1023,
    cursor: int = 0,
    cursor_lines: tuple[int, int] = (0x20, 0),
    clocking: int = 0,
    fonts: int = 0,
    attribute_mode: int = 0x0C,
    graphics: bool = False,
    attribute_index: int = 0x20,
    cga: bool = False,
) -> VgaRegisters:
    """Registers of a text mode; DAC color i is (i, 63 - i, 2 i)."""
    crtc = bytearray(25)
    display_end = rows * cell_height - 1
    crtc[0x01] = columns - 1
    crtc[0x06] = 100 if cga else 0xBF
    crtc[0x07] = (
        (display_end >> 8 & 1) << 1 | (display_end >> 9 & 1) << 6 | (line_compare >> 8 & 1) << 4
    )
    crtc[0x09] = cell_height - 1 | (line_compare >> 9 & 1) << 6
    crtc[0x0A], crtc[0x0B] = cursor_lines
    crtc[0x0C], crtc[0x0D] = divmod(start, 256)
    crtc[0x0E], crtc[0x0F] = divmod(cursor, 256)
    crtc[0x12] = display_end & 0xFF
    crtc[0x13] = columns // 2 if row_pitch is None else row_pitch
    crtc[0x18] = line_compare & 0xFF
    return VgaRegisters(
        crtc=bytes(crtc),
        sequencer=bytes((3, clocking, 3, fonts, 2)),
        graphics=bytes((0, 0, 0, 0, 0, 0x10, 0x0E | graphics, 0x0F, 0xFF)),
        attribute=bytes((*range(16), attribute_mode, 0, 0x0F, 8, 0)),
        attribute_index=attribute_index,
        miscellaneous_output=0x67,
        dac=bytes(x & 63 for i in range(256) for x in (i, 63 - i, 2 * i)),
    )


def rgb(picture: IndexedPicture) -> bytes:
    colors = [color.to_bytes(3, "big") for color in picture.palette]
    return b"".join([colors[index] for index in picture.pixels])


def draw_as_qemu(frame: TextFrame, *, cursor_phase: bool) -> list[list[int]]:
    """Draw as vga_draw_text does, one pixel after the other; return rows of color indices."""
    registers, vram, _ = frame
    cr = registers.crtc
    select = registers.sequencer[3]
    font_base = (
        ((select >> 4 & 1) | (select << 1 & 6)) * 8192 * 4 + 2,
        ((select >> 5 & 1) | (select >> 1 & 6)) * 8192 * 4 + 2,
    )
    cell_height = (cr[9] & 0x1F) + 1
    cell_width = 8 if registers.sequencer[1] & 1 else 9
    if registers.sequencer[1] & 8:
        cell_width = 16
    columns = cr[1] + 1
    end = cr[0x12] | (cr[7] & 2) << 7 | (cr[7] & 0x40) << 3
    rows = 100 if cr[6] == 100 else (end + 1) // cell_height
    line_compare = cr[0x18] | (cr[7] & 0x10) << 4 | (cr[9] & 0x40) << 3
    pixels = [[-1] * (columns * cell_width) for _ in range(rows * cell_height)]
    offset = (cr[0x0C] << 8 | cr[0x0D]) * 4
    cursor_at = (cr[0x0E] << 8 | cr[0x0F]) * 4
    line = 0
    for row in range(rows):
        for column in range(columns):
            source = offset + column * 4
            character, attribute = vram[source], vram[source + 1]
            font = font_base[attribute >> 3 & 1] + 32 * 4 * character
            for y in range(cell_height):
                byte = vram[font + 4 * y]
                on_cursor = (
                    source == cursor_at
                    and not cr[0x0A] & 0x20
                    and cursor_phase
                    and (cr[0x0A] & 0x1F) <= y <= (cr[0x0B] & 0x1F)
                )
                for x in range(cell_width):
                    if cell_width == 16:
                        lit = byte >> (7 - x // 2) & 1
                    elif x < 8:
                        lit = byte >> (7 - x) & 1
                    else:
                        repeats = 0xB0 <= character <= 0xDF and registers.attribute[0x10] & 4
                        lit = byte & 1 if repeats else 0
                    color = attribute & 0x0F if lit or on_cursor else attribute >> 4
                    pixels[row * cell_height + y][column * cell_width + x] = color
        next_line = line + cell_height
        offset += cr[0x13] << 3
        if line < line_compare <= next_line:
            offset = 0
        line = next_line
    return pixels


@pytest.mark.parametrize("name", ["grub", "linux_setfont", "two_fonts"])
def test_real_guests_look_as_in_qemu(name: str) -> None:
    data = gzip.decompress((DATA / f"png_{name}.frame.gz").read_bytes())
    registers = VgaRegisters(
        data[:25], data[25:30], data[30:39], data[39:60], data[60], data[61], data[62:830]
    )
    frame = TextFrame(registers, data[830:])
    with Image.open(DATA / f"png_{name}.png") as file:
        expected = file.convert("RGB")
    picture = render(frame)
    assert (picture.width, picture.height) == expected.size
    assert rgb(picture) == expected.tobytes()


@given(
    columns=st.integers(1, 6),
    rows=st.integers(2, 4),
    cell_height=st.integers(1, 32),
    row_pitch=st.integers(0, 4),
    start=st.integers(0, 65535) | st.integers(0, 8),
    line_compare=st.integers(0, 1023) | st.integers(0, 70),
    cursor=st.integers(0, 24),
    cursor_lines=st.tuples(st.integers(0, 63), st.integers(0, 63)),
    clocking=st.sampled_from((0, 1, 8, 9)),
    fonts=st.integers(0, 63),
    attribute_mode=st.sampled_from((0x00, 0x04, 0x08, 0x0C)),
    cursor_phase=st.booleans(),
)
def test_any_text_mode_is_drawn_by_qemu_s_rules(
    columns: int,
    rows: int,
    cell_height: int,
    row_pitch: int,
    start: int,
    line_compare: int,
    cursor: int,
    cursor_lines: tuple[int, int],
    clocking: int,
    fonts: int,
    attribute_mode: int,
    cursor_phase: bool,
) -> None:
    registers = set_registers(
        columns=columns,
        rows=rows,
        cell_height=cell_height,
        row_pitch=row_pitch,
        start=start,
        line_compare=line_compare,
        cursor=(start + cursor) & 0xFFFF,
        cursor_lines=cursor_lines,
        clocking=clocking,
        fonts=fonts,
        attribute_mode=attribute_mode,
    )
    frame = TextFrame(registers, RANDOM_PLANES + bytes(4096))
    picture = render(frame, cursor=cursor_phase)
    expected = draw_as_qemu(frame, cursor_phase=cursor_phase)
    assert (picture.width, picture.height) == (len(expected[0]), len(expected))
    assert picture.pixels == b"".join([bytes(row) for row in expected])
    assert picture.palette == attribute_palette(registers.attribute, registers.dac)


def test_the_cga_mode_by_cr06_has_100_rows() -> None:
    registers = set_registers(columns=160, rows=25, cell_height=4, cga=True)
    frame = TextFrame(registers, RANDOM_PLANES)
    picture = render(frame)
    assert (picture.width, picture.height) == (1440, 400)
    assert picture.pixels == b"".join(map(bytes, draw_as_qemu(frame, cursor_phase=True)))


def test_the_cursor_is_drawn_wherever_its_cell_is_shown() -> None:
    registers = set_registers(row_pitch=0, cursor=1, cursor_lines=(0, 31))
    planes = bytes((0, 0x1E, 0, 0)) * 65536
    shown, hidden = (render(TextFrame(registers, planes), cursor=phase) for phase in (True, False))
    line = bytes([1]) * 9 + bytes([14]) * 9 + bytes([1]) * 18
    assert shown.pixels == line * 32
    assert hidden.pixels == bytes([1]) * len(shown.pixels)


def test_missing_memory_counts_as_zero() -> None:
    frame = TextFrame(set_registers(start=65535), b"")
    assert render(frame).pixels == bytes(36 * 32)


def test_a_blank_screen_is_black_in_the_size_of_its_mode() -> None:
    frame = TextFrame(set_registers(attribute_index=0), RANDOM_PLANES)
    assert render(frame) == IndexedPicture(36, 32, (0,), bytes(36 * 32))


def test_a_blank_graphics_mode_is_black_too() -> None:
    registers = set_registers(
        columns=80, rows=480, cell_height=1, clocking=1, graphics=True, attribute_index=0
    )
    assert render(TextFrame(registers, b"")) == IndexedPicture(640, 480, (0,), bytes(640 * 480))


def test_graphics_are_refused() -> None:
    registers = set_registers(columns=80, rows=480, cell_height=1, graphics=True)
    registers = registers._replace(vbe=(0xB0C5, 1024, 768, 32, 1, 0, 0, 0, 0, 0))
    with pytest.raises(ScreenUnreadable, match=r"graphics 1024x768.*screendump"):
        render(TextFrame(registers, b""))


@pytest.mark.parametrize(
    ("columns", "rows", "attribute_index"), [(1, 1, 0x20), (1, 1, 0), (256, 63, 0x20)]
)
def test_sizes_that_qemu_does_not_draw_are_refused(
    columns: int, rows: int, attribute_index: int
) -> None:
    registers = set_registers(
        columns=columns, rows=rows, cell_height=8, attribute_index=attribute_index
    )
    with pytest.raises(ScreenUnreadable, match=f"{columns}x{rows} is not displayed"):
        render(TextFrame(registers, b""))


def test_the_largest_size_is_drawn() -> None:
    registers = set_registers(columns=160, rows=100, cell_height=1, row_pitch=80)
    assert render(TextFrame(registers, RANDOM_PLANES)).height == 100


@pytest.mark.parametrize("cursor", [None, (1, 2)])
@pytest.mark.parametrize("phase", [True, False])
def test_cells_look_as_on_a_vga(cursor: tuple[int, int] | None, phase: bool) -> None:
    random = Random(1)
    cells, font = random.randbytes(4 * 2 * 2), random.randbytes(256 * 16)
    planes = bytearray(RANDOM_PLANES)
    for index in range(8):
        planes[index * 4 : index * 4 + 2] = cells[index * 2 : index * 2 + 2]
    for character in range(256):
        for y in range(16):
            planes[(character * 32 + y) * 4 + 2] = font[character * 16 + y]
    shape = (13, 14) if cursor else (0x20, 0)
    registers = set_registers(cursor=6, cursor_lines=shape)
    vga = render(TextFrame(registers, bytes(planes)), cursor=phase)
    frame = CellFrame(4, 2, cells, cursor)
    picture = render_cells(frame, font, VGA_COLORS, cursor=phase)
    assert picture == vga._replace(palette=VGA_COLORS)


def test_any_frame_has_a_picture_and_cells_get_the_bios_s_font() -> None:
    vga = TextFrame(set_registers(), RANDOM_PLANES)
    assert picture_of(vga) == render(vga)
    cells = CellFrame(2, 1, b"A\x07B\x1e", (0, 1))
    font = rom_font(16)
    assert font is not None
    assert picture_of(cells) == render_cells(cells, font, VGA_COLORS)


def test_the_png_holds_the_picture() -> None:
    picture = IndexedPicture(7, 2, VGA_COLORS, bytes(range(14)))
    with Image.open(BytesIO(png_bytes(picture))) as image:
        assert image.format == "PNG"
        assert image.size == (7, 2)
        assert image.convert("RGB").tobytes() == rgb(picture)
