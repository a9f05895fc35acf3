"""Registers and planes to a Screen: each rule by itself, then all against a naive model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgaterm.errors import UsageError
from cgaterm.frames import CellFrame, TextFrame, VgaRegisters
from cgaterm.palette import VGA_COLORS
from cgaterm.screen import Cursor, Mode, Screen
from cgaterm.vga_text import (
    decode,
    font_blocks,
    font_plane,
    geometry,
    graphics_size,
    planes_needed,
    row_byte_offsets,
)
from tests.vga import DAC, frame, padded_rom_font, pairs, planes, registers


def test_the_bios_text_mode() -> None:
    screen = decode(frame({0: pairs("Booting from Hard Disk..."), 80: pairs("$", 0x1E)}))
    assert (screen.mode, screen.description) == (Mode.TEXT, "text 80x25")
    assert screen.columns == 80
    assert len(screen.rows) == 25
    assert all(len(row) == 80 for row in screen.rows)
    assert screen.lines[:2] == ["Booting from Hard Disk...", "$"]
    assert screen.text == "Booting from Hard Disk...\n$"
    dollar = screen.rows[1][0]
    assert (dollar.style.foreground, dollar.style.background) == (0xFFFF57, 0x0000A8)
    assert screen.unknown_glyphs == 0


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (80, 25, 9, 16)),
        ({"crtc": {0x09: 0x47}}, (80, 50, 9, 8)),
        ({"crtc": {0x09: 0x4D, 0x12: 0x87}}, (80, 28, 9, 14)),
        ({"crtc": {0x01: 39}, "sequencer": {1: 0x08}}, (40, 25, 16, 16)),
        ({"crtc": {0x01: 131}}, (132, 25, 9, 16)),
        ({"sequencer": {1: 0x01}}, (80, 25, 8, 16)),
        ({"crtc": {0x12: 0xDF}}, (80, 30, 9, 16)),
        ({"crtc": {0x12: 0x57, 0x07: 0x1D}}, (80, 5, 9, 16)),
        ({"crtc": {0x12: 0x57, 0x07: 0x5D}}, (80, 37, 9, 16)),
        ({"crtc": {0x06: 100, 0x09: 0x41}}, (80, 100, 9, 2)),
    ],
)
def test_sizes(changes: dict[str, dict[int, int]], size: tuple[int, int, int, int]) -> None:
    text = geometry(registers(**changes))  # type: ignore[arg-type]
    assert (text.columns, text.rows, text.cell_width, text.cell_height) == size


def test_what_qemu_does_not_draw_is_blank() -> None:
    one_cell = decode(frame(crtc={0x01: 0, 0x12: 15, 0x07: 0}))
    assert one_cell == Screen(Mode.BLANK, "blank (a text mode of 1x1 is not displayed)")
    assert planes_needed(registers(crtc={0x01: 0, 0x12: 15, 0x07: 0})) == 0
    too_many = decode(frame(crtc={0x01: 255, 0x09: 0x40}))
    assert too_many.mode is Mode.BLANK


def test_start_address_and_pitch() -> None:
    lines = {row * 100: pairs(f"line {row}") for row in range(60)}
    screen = decode(frame(lines, crtc={0x0C: 1000 >> 8, 0x0D: 1000 & 255, 0x13: 50}))
    assert screen.lines == [f"line {row}" for row in range(10, 35)]


def test_split_screen_rounds_to_whole_rows() -> None:
    text = geometry(registers(crtc={0x0C: 4, 0x18: 165, 0x07: 0x0F, 0x09: 0x0F}))
    offsets = row_byte_offsets(text)
    assert offsets[0] == 4096
    assert offsets[10] == 4096 + 10 * 320
    assert offsets[11:13] == [0, 320]


def test_no_split_at_scan_line_zero() -> None:
    text = geometry(registers(crtc={0x18: 0, 0x07: 0x0F, 0x09: 0x0F}))
    assert row_byte_offsets(text)[:3] == [0, 320, 640]


@pytest.mark.parametrize(
    ("select", "blocks"),
    [
        (0x00, (0, 0)),
        (0x04, (0, 2)),
        (0x01, (2, 0)),
        (0x10, (1, 0)),
        (0x20, (0, 1)),
        (0x3F, (7, 7)),
    ],
)
def test_font_blocks(select: int, blocks: tuple[int, int]) -> None:
    assert font_blocks(registers(sequencer={3: select})) == blocks


def test_a_character_is_what_its_glyph_says() -> None:
    """Font block 2 has the letters of block 0 one code later: attribute bit 3 picks it."""
    font = padded_rom_font(16)
    memory = planes({0: pairs("HAL", 0x0F) + pairs("HAL", 0x07)}, fonts={2: font[32:] + font[:32]})
    screen = decode(TextFrame(registers(sequencer={3: 0x04}), memory))
    assert screen.lines[0] == "IBMHAL"


def test_bit_3_is_no_color_with_two_fonts() -> None:
    memory = planes({0: pairs("x", 0x0F)}, fonts={2: padded_rom_font(16)})
    two = decode(TextFrame(registers(sequencer={3: 0x04}), memory))
    one = decode(TextFrame(registers(), memory))
    assert two.rows[0][0].style.foreground == 0xA8A8A8
    assert one.rows[0][0].style.foreground == 0xFFFFFF


def test_glyphs_that_no_font_has_are_counted_and_shown_by_code_page() -> None:
    font = bytearray(padded_rom_font(16))
    font[ord("a") * 32 : ord("a") * 32 + 16] = bytes.fromhex("0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    memory = planes({0: pairs("banana") + pairs("\xe4")}, fonts={0: bytes(font)})
    screen = decode(TextFrame(registers(), memory))
    assert screen.lines[0] == "bananaä"
    assert screen.unknown_glyphs == 1
    other = decode(TextFrame(registers(), planes({}, fonts={0: bytes(font)})))
    assert other.unknown_glyphs == 0  # it is in the font, but not on the screen


def test_code_page_only_where_the_glyph_does_not_say() -> None:
    cells = CellFrame(1, 1, b"\x9c\x07")
    assert decode(cells).lines == ["£"]
    assert decode(cells, "cp866").lines == ["Ь"]
    assert decode(frame({0: b"\x9c\x07"}), "cp866").lines[0] == "£"
    with pytest.raises(UsageError, match="cp437"):
        decode(cells, "cp0")


def test_blink_or_bright_background() -> None:
    blinking = decode(frame({0: pairs("!", 0xC7)})).rows[0][0].style
    assert (blinking.background, blinking.blink) == (0xA80000, True)
    bright = decode(frame({0: pairs("!", 0xC7)}, attribute={0x10: 0x04})).rows[0][0].style
    assert (bright.background, bright.blink) == (0xFF5757, False)


def test_dac_colors() -> None:
    dac = bytearray(DAC)
    dac[7 * 3 : 7 * 3 + 3] = bytes((63, 32, 0x40 | 1))  # two bits of a DAC entry do not exist
    assert decode(frame({}, dac=bytes(dac))).rows[0][0].style.foreground == 0
    shown = decode(frame({0: pairs("x", 7)}, dac=bytes(dac)))
    assert shown.rows[0][0].style.foreground == 0xFF8007


def test_cursor() -> None:
    screen = decode(frame(crtc={0x0E: 0, 0x0F: 165, 0x0A: 13, 0x0B: 14}))
    assert screen.cursor == Cursor(2, 5, True, 13 / 16, 15 / 16)


@pytest.mark.parametrize(
    ("changes", "visible"),
    [
        ({0x0A: 0x2D}, False),  # switched off
        ({0x0A: 14, 0x0B: 13}, False),  # begins below its end
        ({0x0A: 0, 0x0B: 31}, True),  # ends below the cell: clipped
        ({0x0A: 31, 0x0B: 31}, False),  # begins below the cell
    ],
)
def test_cursor_visibility(changes: dict[int, int], visible: bool) -> None:
    cursor = decode(frame(crtc=changes)).cursor
    assert cursor is not None
    assert cursor.visible is visible
    assert 0 <= cursor.top <= 1
    assert 0 <= cursor.bottom <= 1


def test_cursor_on_another_page_is_no_cursor() -> None:
    assert decode(frame(crtc={0x0E: 0x10})).cursor is None


def test_blank_and_graphics_have_no_text() -> None:
    stale = {0: pairs("STALE")}
    assert decode(frame(stale, attribute_index=0x0F)) == Screen(Mode.BLANK, "blank")
    graphics = decode(frame(stale, graphics={6: 0x05}))
    assert (graphics.mode, graphics.rows, graphics.text) == (Mode.GRAPHICS, (), "")
    vbe = (0xB0C5, 1024, 768, 32, 0x41, 0, 1024, 768, 0, 0)
    assert decode(frame(stale, vbe=vbe)) == Screen(Mode.GRAPHICS, "graphics 1024x768")
    assert planes_needed(registers(vbe=vbe)) == 0


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        # Modes 12h, 13h, 0Dh and 6 as SeaVGABIOS sets them.
        ({"crtc": {1: 0x4F, 7: 0x3E, 9: 0x40, 0x12: 0xDF, 0x17: 0xE3}}, (640, 480)),
        ({"crtc": {1: 0x4F, 9: 0x41, 0x12: 0x8F, 0x17: 0xA3}, "graphics": {5: 0x40}}, (320, 200)),
        ({"crtc": {1: 0x27, 9: 0xC0, 0x12: 0x8F, 0x17: 0xE3}}, (320, 200)),
        ({"crtc": {1: 0x4F, 9: 0xC1, 0x12: 0x8F, 0x17: 0xC2}}, (640, 200)),
    ],
)
def test_graphics_sizes(changes: dict[str, dict[int, int]], size: tuple[int, int]) -> None:
    assert graphics_size(registers(**changes)) == size  # type: ignore[arg-type]


def cirrus(crtc: dict[int, int], sequencer: dict[int, int] | None = None) -> VgaRegisters:
    longer = registers(crtc={key: value for key, value in crtc.items() if key < 25})
    extended = bytearray(longer.crtc.ljust(0x1E, b"\0"))
    for index, value in crtc.items():
        extended[index] = value
    clocks = bytearray(longer.sequencer.ljust(0x20, b"\0"))
    for index, value in {0x1F: 0x22, **(sequencer or {})}.items():
        clocks[index] = value
    return longer._replace(crtc=bytes(extended), sequencer=bytes(clocks))


def test_a_cirrus_has_more_address_bits() -> None:
    text = geometry(cirrus({0x1B: 0x1D, 0x1D: 0x80, 0x0D: 1}))
    assert text.start_address == 1 | 1 << 16 | 3 << 17 | 1 << 19
    assert text.row_pitch == 320 | 1 << 11
    other = geometry(cirrus({0x1B: 0x1D, 0x1D: 0x80, 0x0D: 1}, {0x1F: 0}))
    assert (other.start_address, other.row_pitch) == (1, 320)


def test_a_cirruss_own_graphics() -> None:
    modes = {1: 0x7F, 7: 0x1F | 0x42, 0x12: 0xFF, 0x09: 0x40}
    own = cirrus(modes, {7: 0x01})._replace(graphics=bytes((0, 0, 0, 0, 0, 0x40, 5, 15, 255)))
    assert graphics_size(own) == (1024, 1024)
    assert graphics_size(own._replace(crtc=own.crtc[:0x1A] + b"\1" + own.crtc[0x1B:])) == (
        1024,
        2048,
    )


def test_an_adapters_own_picture_is_no_text() -> None:
    screen = decode(frame({0: pairs("STALE")})._replace(native="virtio-gpu"))
    assert screen == Screen(Mode.GRAPHICS, "graphics (virtio-gpu)")


def test_planes_needed_covers_page_and_fonts() -> None:
    assert planes_needed(registers()) == 32768
    assert planes_needed(registers(sequencer={3: 0x3F})) == 8 * 32768
    assert planes_needed(registers(crtc={0x0C: 0xFF, 0x0D: 0xFF})) == 65535 * 4 + 25 * 320


def test_missing_memory_reads_as_zero() -> None:
    assert font_plane(b"", 3) == bytes(8192)
    assert decode(TextFrame(registers(), b"")).text == ""


def test_cells_without_a_vga() -> None:
    screen = decode(CellFrame(2, 2, b"A\x07B\x9eC\x70D\x07", cursor=(1, 0)))
    assert screen.lines == ["AB", "CD"]
    assert screen.rows[0][1].style == (0xFFFF55, 0x0000AA, True, False, False, False)
    assert screen.rows[1][0].style[:2] == (VGA_COLORS[0], VGA_COLORS[7])
    assert screen.cursor == Cursor(1, 0)
    assert screen.description == "text 2x2"


def test_known_characters_win_over_the_code_page_but_controls_do_not() -> None:
    screen = decode(CellFrame(5, 1, b"?\x07" * 5, characters="ж\x1b語\u200b\x9b"))
    assert [cell.character for cell in screen.rows[0]] == ["ж", "?", "語", "", "?"]


REGISTERS = st.builds(
    VgaRegisters,
    crtc=st.binary(min_size=25, max_size=25),
    sequencer=st.binary(min_size=5, max_size=5),
    graphics=st.binary(min_size=9, max_size=9),
    attribute=st.binary(min_size=21, max_size=21),
    attribute_index=st.integers(0, 255),
    miscellaneous_output=st.integers(0, 255),
    dac=st.binary(min_size=768, max_size=768),
    vbe=st.tuples(*[st.integers(0, 65535)] * 10),
)


@given(REGISTERS, st.binary(max_size=600))
def test_any_registers_give_a_lawful_screen(hardware: VgaRegisters, memory: bytes) -> None:
    screen = decode(TextFrame(hardware, memory))
    assert hash(screen) == hash(decode(TextFrame(hardware, memory)))
    assert all(len(row) == screen.columns for row in screen.rows)
    assert screen.mode is Mode.TEXT or not screen.rows
    assert all(cell.character.isprintable() for row in screen.rows for cell in row)
    if screen.cursor is not None:
        assert 0 <= screen.cursor.row < len(screen.rows)
        assert 0 <= screen.cursor.column < screen.columns
    assert planes_needed(hardware) <= 65535 * 4 + 16000 * 2040


@given(
    start=st.integers(0, 0xFFFF),
    pitch=st.integers(0, 255),
    compare=st.integers(0, 511),
    columns=st.integers(2, 132),
    memory=st.binary(min_size=64, max_size=64),
)
def test_cells_are_where_vga_draw_text_finds_them(
    start: int, pitch: int, compare: int, columns: int, memory: bytes
) -> None:
    """A second reading of QEMU's loop, cell by cell."""
    vram = planes({}) + memory * 4096
    hardware = registers(
        crtc={
            0x01: columns - 1,
            0x0C: start >> 8,
            0x0D: start & 255,
            0x13: pitch,
            0x18: compare & 255,
            0x07: 0x0F | compare >> 4 & 0x10,
            0x09: 0x0F,
        }
    )
    screen = decode(TextFrame(hardware, vram))
    offset, line = start * 4, 0
    for row in screen.rows:
        shown = [
            (vram[offset + column * 4], vram[offset + column * 4 + 1]) for column in range(columns)
        ]
        expected = decode(CellFrame(columns, 1, b"".join(map(bytes, shown)))).rows[0]
        assert [cell.character for cell in row] == [cell.character for cell in expected]
        line_after = line + 16
        offset += pitch * 8
        if line < compare <= line_after:
            offset = 0
        line = line_after
