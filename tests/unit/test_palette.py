"""Colors against QEMU's rules, and what a person must be able to tell apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgaterm.palette import (
    VGA_COLORS,
    ColorDepth,
    TerminalColors,
    attribute_palette,
    curses_attribute,
    nearest_index,
    terminal_colors,
    vga_to_ansi,
)
from cgaterm.screen import DEFAULT_COLOR

COLORS = st.integers(0, 0xFFFFFF)
INDEXED = [ColorDepth.ANSI_16, ColorDepth.INDEXED_88, ColorDepth.INDEXED_256]
#: What a BIOS sets in text modes: AR00-0F, AR10 = 0C, AR14 = 0; DAC entries 0-3F.
BIOS_ATTRIBUTE = bytes([0, 1, 2, 3, 4, 5, 0x14, 7, *range(0x38, 0x40), 0x0C, 0, 0x0F, 8, 0])


def bios_dac() -> bytes:
    entries = []
    for index in range(64):
        for high, low in ((5, 2), (4, 1), (3, 0)):  # rgbRGB: secondary, primary bits
            entries.append((index >> high & 1) * 0x15 + (index >> low & 1) * 0x2A)
    return bytes(entries) + bytes(768 - len(entries))


def test_the_bios_palette_is_the_standard_one_in_six_bits() -> None:
    palette = attribute_palette(BIOS_ATTRIBUTE, bios_dac())
    assert [f"{color:06X}" for color in palette] == [
        *("000000", "0000A8", "00A800", "00A8A8", "A80000", "A800A8", "A85700", "A8A8A8"),
        *("575757", "5757FF", "57FF57", "57FFFF", "FF5757", "FF57FF", "FFFF57", "FFFFFF"),
    ]


@pytest.mark.parametrize(
    ("mode", "color_page", "register", "index"),
    [
        (0x0C, 0x00, 0x3F, 0x3F),
        (0x0C, 0x0C, 0x2A, 0xEA),
        (0x0C, 0xF3, 0xEA, 0x2A),  # only two bits of AR14, only six of the register
        (0x8C, 0x0F, 0x3A, 0xFA),  # AR10 bit 7: four bits of each
        (0x8C, 0x05, 0xF1, 0x51),
    ],
)
def test_dac_index(mode: int, color_page: int, register: int, index: int) -> None:
    attribute = bytes([*[0] * 15, register, mode, 0, 0, 0, color_page])
    dac = bytearray(768)
    dac[3 * index : 3 * index + 3] = bytes([0xC1, 0x02, 0x3F])  # the upper two bits do not count
    assert attribute_palette(attribute, bytes(dac))[15] == 0x0708FF


@given(st.binary(min_size=21, max_size=64), st.binary(min_size=768, max_size=800))
def test_hostile_registers_make_colors(attribute: bytes, dac: bytes) -> None:
    palette = attribute_palette(attribute, dac)
    assert len(palette) == 16
    assert all(0 <= color <= 0xFFFFFF for color in palette)


def test_order() -> None:
    assert [vga_to_ansi(index) for index in range(8)] == [0, 4, 2, 6, 1, 5, 3, 7]
    assert [vga_to_ansi(vga_to_ansi(index)) for index in range(16)] == list(range(16))


@pytest.mark.parametrize("palette", [VGA_COLORS, attribute_palette(BIOS_ATTRIBUTE, bios_dac())])
def test_standard_colors_have_their_own_slots(palette: tuple[int, ...]) -> None:
    slots = [nearest_index(color, ColorDepth.ANSI_16) for color in palette]
    assert slots == [vga_to_ansi(index) for index in range(16)]
    for depth in INDEXED:
        assert len({nearest_index(color, depth) for color in palette}) == 16


@pytest.mark.parametrize(
    ("depth", "color", "index"),
    [
        (ColorDepth.INDEXED_256, 0x000000, 16),
        (ColorDepth.INDEXED_256, 0xFFFFFF, 231),
        (ColorDepth.INDEXED_256, 0xA8A8A8, 248),
        (ColorDepth.INDEXED_256, 0xA85700, 130),
        (ColorDepth.INDEXED_256, 0xEEEEEE, 255),
        (ColorDepth.INDEXED_88, 0x000000, 16),
        (ColorDepth.INDEXED_88, 0xFFFFFF, 79),
        (ColorDepth.INDEXED_88, 0x8B0000, 32),
        (ColorDepth.INDEXED_88, 0xE7E7E7, 87),
    ],
)
def test_nearest(depth: ColorDepth, color: int, index: int) -> None:
    assert nearest_index(color, depth) == index


@given(COLORS, st.sampled_from(INDEXED))
def test_nearest_can_avoid_one(color: int, depth: ColorDepth) -> None:
    nearest = nearest_index(color, depth)
    assert nearest_index(color, depth, avoid=nearest) != nearest


@given(COLORS, COLORS, st.sampled_from(ColorDepth))
def test_readable_text_stays_readable(foreground: int, background: int, depth: ColorDepth) -> None:
    colors = terminal_colors(foreground, background, depth)
    if depth is ColorDepth.MONO:
        assert colors[:2] == (DEFAULT_COLOR, DEFAULT_COLOR)
    else:
        assert (colors.foreground == colors.background) == (foreground == background)
        assert not colors.reverse


@pytest.mark.parametrize(
    ("foreground", "background", "expected"),
    [
        (0xAAAAAA, 0x000000, (7, 0, False)),
        (0xAA5500, 0x000000, (3, 0, False)),  # brown
        (0xFFFF55, 0x0000AA, (3, 4, True)),
        (0x555555, 0x000000, (7, 0, False)),  # bold black could be black
        (0x555555, 0xAAAAAA, (0, 7, True)),
        (0x5555FF, 0x0000AA, (7, 4, True)),  # bold blue could be blue
        (0xFFFFFF, 0xAAAAAA, (0, 7, False)),
        (0xAAAAAA, 0xFFFFFF, (0, 7, False)),
        (0x000000, 0x555555, (7, 0, False)),
        (0x5555FF, 0x5555FF, (4, 4, False)),  # hidden stays hidden
        (DEFAULT_COLOR, 0x0000AA, (DEFAULT_COLOR, 4, False)),
        (DEFAULT_COLOR, DEFAULT_COLOR, (DEFAULT_COLOR, DEFAULT_COLOR, False)),
        (0xFF5555, DEFAULT_COLOR, (1, DEFAULT_COLOR, True)),
        (0x555555, DEFAULT_COLOR, (7, DEFAULT_COLOR, False)),
    ],
)
def test_eight_colors(foreground: int, background: int, expected: tuple[int, int, bool]) -> None:
    assert terminal_colors(foreground, background, ColorDepth.ANSI_8)[:3] == expected


@pytest.mark.parametrize(
    ("foreground", "background", "bold", "reverse"),
    [
        (0xAAAAAA, 0x000000, False, False),
        (0xFFFFFF, 0x000000, True, False),
        (0x555555, 0x000000, False, False),  # dark grey is not bright
        (0x000000, 0xAAAAAA, False, True),
        (0x0000AA, 0xFFFFFF, False, True),
        (0xFFFF55, 0x0000AA, True, False),
        (0x5555FF, 0xFFFF55, False, True),  # lit by its background: not bold, too
        (0x000000, 0x000000, False, False),
        (0xFFFFFF, 0xFFFFFF, False, True),
        (DEFAULT_COLOR, DEFAULT_COLOR, False, False),
    ],
)
def test_mono(foreground: int, background: int, bold: bool, reverse: bool) -> None:
    assert terminal_colors(foreground, background, ColorDepth.MONO) == TerminalColors(
        DEFAULT_COLOR, DEFAULT_COLOR, bold, reverse
    )


def test_truecolor_is_exact() -> None:
    assert terminal_colors(0xA85700, 0x010203, ColorDepth.TRUECOLOR)[:2] == (0xA85700, 0x010203)
    assert terminal_colors(-1, -1, ColorDepth.TRUECOLOR)[:2] == (-1, -1)


def test_curses_attributes() -> None:
    assert curses_attribute(0x07) == (0, 7, 0, False, False)  # curses' own pair
    assert curses_attribute(0x1E) == (8 * 4 + 4, 3, 4, True, False)  # yellow on blue
    assert curses_attribute(0x4F) == (8, 7, 1, True, False)
    assert curses_attribute(0x87) == (0, 7, 0, False, True)
    assert curses_attribute(0x87, blink=False) == (0, 7, 0, False, False)  # on dark grey
    assert curses_attribute(0xF7, blink=False) == (63, 0, 7, False, False)  # grey on white
    assert curses_attribute(0x99, blink=False) == (8 * 4 + 3, 4, 4, False, False)


@given(st.integers(0, 255), st.booleans())
def test_curses_pairs_are_consistent(attribute: int, blink: bool) -> None:
    pair, foreground, background, _, blinks = curses_attribute(attribute, blink=blink)
    assert divmod(pair, 8) == (background, 7 - foreground)
    assert blinks == (blink and attribute > 127)
    background_index = attribute >> 4 & (7 if blink else 15)
    assert (foreground == background) == (attribute & 15 == background_index)
