"""Colors: from the VGA's DAC to whatever the terminal has.

::

    attribute color 0-15 ──AR00-0F, AR10, AR14──▶ DAC index ──DAC──▶ 0xRRGGBB
    0xRRGGBB ──terminal_colors──▶ what a terminal of some ColorDepth can set

Laws:

1. Guest colors that differ never become the same color on the terminal: text that
   can be read on the guest can be read here. Equal ones stay equal: hidden stays hidden.
2. Colors 0-15 of a terminal belong to its user's theme: with 88 or 256 colors only the
   cube and the greys above them are used. With 16 or 8 there is no choice: these are taken
   for the VGA's own, so each of the 16 standard colors has its own slot (brown is ANSI yellow).
3. VGA counts colors blue-green-red, ANSI red-green-blue: index 1 is blue there, red here.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from cgaterm.screen import DEFAULT_COLOR, Color

#: The 16 standard colors in VGA's order (index bits: intensity, red, green, blue).
VGA_COLORS: tuple[Color, ...] = (
    *(0x000000, 0x0000AA, 0x00AA00, 0x00AAAA, 0xAA0000, 0xAA00AA, 0xAA5500, 0xAAAAAA),
    *(0x555555, 0x5555FF, 0x55FF55, 0x55FFFF, 0xFF5555, 0xFF55FF, 0xFFFF55, 0xFFFFFF),
)


def vga_to_ansi(index: int) -> int:
    """Return the ANSI index (0-15) of a VGA color index: red and blue change places.

    ::

        VGA   I R G B          ANSI   I B G R
    """
    return index & 0b1010 | (index & 1) << 2 | index >> 2 & 1


class ColorDepth(Enum):
    """How many colors a terminal has."""

    MONO = 0
    ANSI_8 = 8
    ANSI_16 = 16
    INDEXED_88 = 88
    INDEXED_256 = 256
    TRUECOLOR = 1 << 24


def _mixed(levels: tuple[int, ...], greys: tuple[int, ...]) -> tuple[Color, ...]:
    """Return a terminal's colors from index 16 on: a color cube, then greys."""
    cube = (red << 16 | green << 8 | blue for red in levels for green in levels for blue in levels)
    return (*cube, *(grey * 0x010101 for grey in greys))


#: What each index is taken to look like, from the first index that is used.
#: xterm's 256colres.pl and 88colres.pl; the first 16 by law 2.
_FIRST_INDEX_AND_COLORS: dict[ColorDepth, tuple[int, tuple[Color, ...]]] = {
    ColorDepth.ANSI_16: (0, tuple(VGA_COLORS[vga_to_ansi(index)] for index in range(16))),
    ColorDepth.INDEXED_88: (
        16,
        _mixed((0, 139, 205, 255), (46, 92, 115, 139, 162, 185, 208, 231)),
    ),
    ColorDepth.INDEXED_256: (16, _mixed((0, 95, 135, 175, 215, 255), tuple(range(8, 239, 10)))),
}


def _from_6_bits(value: int) -> int:
    """Widen one DAC component from 6 to 8 bits: QEMU's c6_to_8 (hw/display/vga.c).

    ::

        DAC    . . 5 4 3 2 1 0
        out    5 4 3 2 1 0 0 0      the lowest bit is repeated, so 63 is 255 but 42 is 168
    """
    lowest = value & 1
    return (value & 0x3F) << 2 | lowest << 1 | lowest


def attribute_palette(attribute: bytes, dac: bytes) -> tuple[Color, ...]:
    """Return the 16 colors of the attribute colors 0-15.

    `attribute` is AR00-AR14 (21 bytes or more), `dac` 256 × red, green, blue (768 bytes
    or more). QEMU hw/display/vga.c, update_palette16::

                      DAC index  7   6   5   4   3   2   1   0
        AR10 bit 7 clear        AR14.3 .2  ────── AR[color] ──────
        AR10 bit 7 set          AR14.3 .2  .1  .0  ─ AR[color] ───
    """
    colors = []
    for register in attribute[:16]:
        if attribute[0x10] & 0x80:
            index = (attribute[0x14] & 0x0F) << 4 | register & 0x0F
        else:
            index = (attribute[0x14] & 0x0C) << 4 | register & 0x3F
        red, green, blue = map(_from_6_bits, dac[3 * index : 3 * index + 3])
        colors.append(red << 16 | green << 8 | blue)
    return tuple(colors)


def _distance(one: Color, other: Color) -> int:
    """Return the squared distance of two colors in RGB space."""
    red = (one >> 16) - (other >> 16)
    green = (one >> 8 & 255) - (other >> 8 & 255)
    blue = (one & 255) - (other & 255)
    return red * red + green * green + blue * blue


def _luminance(color: Color) -> int:
    """Return how light a color looks, 0-255000 (ITU-R BT.601)."""
    return 299 * (color >> 16) + 587 * (color >> 8 & 255) + 114 * (color & 255)


@lru_cache(maxsize=8192)
def nearest_index(color: Color, depth: ColorDepth, avoid: int = -1) -> int:
    """Return the index of the terminal color nearest to `color`, but never `avoid`.

    `depth` is ANSI_16, INDEXED_88 or INDEXED_256.
    """
    first, colors = _FIRST_INDEX_AND_COLORS[depth]
    return min(
        (index for index in range(first, first + len(colors)) if index != avoid),
        key=lambda index: _distance(color, colors[index - first]),
    )


def _eight_colors(foreground: int, background: int) -> tuple[int, int, bool]:
    """Bring two different ANSI colors 0-15 down to (foreground 0-7, background 0-7, bold).

    A bright foreground is bold, which some terminals show as a brighter color and some
    only as a heavier letter. So bold must not be all that tells text from background:
    then, as with dark grey on black, the text becomes white, or black on a light one.
    """
    background &= 7
    if foreground & 7 != background:
        return foreground & 7, background, foreground > 7
    if background in (2, 3, 6, 7):  # green, yellow, cyan, white: black is easiest to read on these
        return 0, background, False
    return 7, background, foreground > 8  # 8, dark grey, would be too loud in bold white


class TerminalColors(NamedTuple):
    """Two guest colors as a terminal can show them.

    Indices, 0xRRGGBB on a TRUECOLOR terminal, DEFAULT_COLOR for the terminal's own.
    `bold` and `reverse` stand in for colors that the terminal has not.
    """

    foreground: int
    background: int
    bold: bool = False
    reverse: bool = False


@lru_cache(maxsize=8192)
def terminal_colors(foreground: Color, background: Color, depth: ColorDepth) -> TerminalColors:
    """Return how a terminal with that many colors shows a foreground on a background.

    On a MONO terminal the lighter of the two is lit: bold for a bright foreground,
    reverse for a background that is lighter than its text. Equal colors cannot be
    shown there; whoever draws leaves the character out.
    """
    if depth is ColorDepth.TRUECOLOR:
        return TerminalColors(foreground, background)
    if depth is ColorDepth.MONO:
        text = VGA_COLORS[7] if foreground == DEFAULT_COLOR else foreground
        paper = VGA_COLORS[0] if background == DEFAULT_COLOR else background
        if text == paper:
            reverse = _luminance(paper) > _luminance(0x808080)
        else:
            reverse = _luminance(paper) > _luminance(text)
        bright = text != paper and nearest_index(text, ColorDepth.ANSI_16) > 8
        return TerminalColors(DEFAULT_COLOR, DEFAULT_COLOR, bright and not reverse, reverse)

    table = ColorDepth.ANSI_16 if depth is ColorDepth.ANSI_8 else depth
    back = DEFAULT_COLOR if background == DEFAULT_COLOR else nearest_index(background, table)
    if foreground == DEFAULT_COLOR:
        front = DEFAULT_COLOR
    elif foreground == background:
        front = back
    else:
        front = nearest_index(foreground, table, avoid=back)
    if depth is not ColorDepth.ANSI_8:
        return TerminalColors(front, back)

    if foreground in (DEFAULT_COLOR, background):
        paper = back if back == DEFAULT_COLOR else back & 7
        return TerminalColors(front if front == DEFAULT_COLOR else paper, paper)
    if back == DEFAULT_COLOR:  # unknown, mostly black: only dark grey could vanish on it
        return TerminalColors(7, back) if front == 8 else TerminalColors(front & 7, back, front > 7)
    return TerminalColors(*_eight_colors(front, back))


class CursesAttribute(NamedTuple):
    """A VGA attribute for curses: a pair made by `init_pair(pair, foreground, background)`.

    Pair 0 cannot be made, it is the terminal's own; so it is the usual white on black.
    """

    pair: int
    foreground: int
    background: int
    bold: bool
    blink: bool


def curses_attribute(attribute: int, *, blink: bool = True) -> CursesAttribute:
    """Return what to tell curses for a VGA attribute byte, with the 8 colors every curses has.

    `blink` is AR10 bit 3: whether bit 7 blinks or makes the background bright. ::

        7                6 5 4         3               2 1 0
        blink or bright  background    bright          foreground      (blue is the lowest bit)
    """
    bright = 0 if blink else attribute >> 4 & 8
    background = vga_to_ansi(attribute >> 4 & 7 | bright)
    foreground = vga_to_ansi(attribute & 15)
    if foreground == background:
        front, back, bold = foreground & 7, background & 7, False
    else:
        front, back, bold = _eight_colors(foreground, background)
    return CursesAttribute(8 * back + 7 - front, front, back, bold, blink and attribute > 127)
