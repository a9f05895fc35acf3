"""What a terminal can show in one cell: a glyph, which is a safe character and a pen.

A guest's cell goes through here before any of it can reach a terminal, and only here.

Laws:

1. Safety: the text of a glyph is one printable character that is one column wide, or one
   that is two columns wide, or "" for the right half of such. Anything else (control
   characters, bidirectional and other format controls, combining and unassigned ones,
   surrogates, strings) becomes a replacement character.
2. Glyphs are interned: two that look the same on this terminal are the same object,
   so rows are compared by identity.
3. A blank has no foreground: nobody can see it.
"""

from __future__ import annotations

import unicodedata
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cgaterm.palette import ColorDepth, terminal_colors
from cgaterm.screen import DEFAULT_COLOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cgaterm.screen import Cell, Row, Style


class CursorStyle(Enum):
    """How a terminal is told the shape of its cursor."""

    NONE = "none"
    DECSCUSR = "decscusr"  #: CSI n SP q
    LINUX = "linux"  #: CSI ? n c


class Capabilities(NamedTuple):
    """What a terminal can do. The defaults are what xterm can; a VT100 has none of it.

    Taken for granted of every terminal: CUP, CUU, CUD, CUF, CUB, EL, ED, CR, LF, BS,
    bold, underline and reverse, SGR 0 and, with colors, 22-27, 39 and 49.
    """

    color_depth: ColorDepth = ColorDepth.INDEXED_256
    #: UTF-8; without it every character is an ASCII one.
    unicode: bool = True
    blink: bool = True
    #: Erased and scrolled-in cells take the pen's background (terminfo bce). Where it is False
    #: nobody knows what they take, unless the pen has no background.
    back_color_erase: bool = True
    #: REP, CSI n b.
    repeat: bool = True
    #: ECH, CSI n X.
    erase_characters: bool = True
    #: CHA, CSI n G.
    column_address: bool = True
    #: DECSTBM, CSI t ; b r.
    scroll_region: bool = True
    #: DECTCEM, CSI ? 25 l.
    hide_cursor: bool = True
    cursor_style: CursorStyle = CursorStyle.DECSCUSR
    #: DEC private mode 2026.
    synchronized_output: bool = False


class Pen(NamedTuple):
    """What SGR has set. Colors are SGR parameters."""

    foreground: str = "39"
    background: str = "49"
    bold: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False


#: The pen after SGR 0.
PLAIN_PEN = Pen()
#: SGR parameters that switch on and off what is at the same place in a Pen.
_ON = ("", "", "1", "4", "5", "7")
_OFF = ("", "", "22", "24", "25", "27")


@lru_cache(maxsize=4096)
def sgr(old: Pen, new: Pen) -> str:
    """Return the shortest sequence that turns one pen into another.

    Either the differences, or everything after a reset. Without colors always the latter
    to switch something off: a VT100 cannot do that singly.
    """
    if old == new:
        return ""
    different = [
        str(now) if not on else on if now else off
        for was, now, on, off in zip(old, new, _ON, _OFF, strict=True)
        if was != now
    ]
    afresh = [
        "",  # counts as 0: reset
        *(
            on or str(now)
            for plain, now, on in zip(PLAIN_PEN, new, _ON, strict=True)
            if plain != now
        ),
    ]
    has_color = old[:2] != PLAIN_PEN[:2] or new[:2] != PLAIN_PEN[:2]
    switches_off = any(was and not now for was, now in zip(old, new, strict=True))
    ways = [afresh] if switches_off and not has_color else [different, afresh]
    return min((f"\x1b[{';'.join(parameters)}m" for parameters in ways), key=len)


def _color_parameter(color: int, depth: ColorDepth, base: int) -> str:
    """Return the SGR parameter of a color; `base` is 30 for foregrounds, 40 for backgrounds."""
    if color == DEFAULT_COLOR:
        return str(base + 9)
    if depth is ColorDepth.TRUECOLOR:
        return f"{base + 8};2;{color >> 16};{color >> 8 & 255};{color & 255}"
    if depth in (ColorDepth.INDEXED_88, ColorDepth.INDEXED_256):
        return f"{base + 8};5;{color}"
    return str(base + color if color < 8 else base + 52 + color)  # 90-97, 100-107


class Glyph:
    """One interned glyph. Compared by identity (law 2)."""

    __slots__ = ("character", "is_blank", "pen", "width")

    def __init__(self, character: str, pen: Pen, width: int) -> None:
        self.character = character
        self.pen = pen
        #: Columns: 1, 2, or 0 for the right half of a wide one.
        self.width = width
        #: Nothing but background: erasing gives the same.
        self.is_blank = character == " " and not (pen.underline or pen.reverse)


def width(character: str) -> int:
    """Return how many columns a character takes, or 0 if it must never reach a terminal."""
    if len(character) != 1 or not character.isprintable():
        return 0
    if character < "\u0300":
        return 1
    code = ord(character)
    if (
        unicodedata.category(character)[0] == "M"
        or 0x115F <= code <= 0x11FF  # Hangul fillers, vowels and finals join what is before them
        or 0xD7B0 <= code <= 0xD7FF
        or character in "\u3164\uffa0"  # Hangul fillers
        or 0x1F1E6 <= code <= 0x1F1FF  # regional indicators make flags of pairs
        or 0x1F3FB <= code <= 0x1F3FF  # skin tones join what is before them
    ):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class GlyphTable:
    """Cells to glyphs, for one terminal."""

    #: A guest's text has a few hundred; beyond this it is noise, and starting afresh costs little.
    CAPACITY = 1 << 16

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities
        self._replacement = "\ufffd" if capabilities.unicode else "?"
        self._glyphs: dict[tuple[str, Pen], Glyph] = {}
        self._of_cell: dict[Cell, Glyph] = {}
        self._has_wide = False
        #: Equals no other: a cell of the terminal of which nobody knows what it shows.
        self.unknown = Glyph(self._replacement, PLAIN_PEN, 1)

    def row(self, cells: Row) -> tuple[Glyph, ...]:
        """Return a row as the terminal shows it."""
        if len(self._of_cell) > self.CAPACITY:
            self._of_cell.clear()
            self._glyphs.clear()
        of_cell = self._of_cell
        glyphs = [of_cell.get(cell) or self._make(cell) for cell in cells]
        return tuple(self._pair(glyphs) if self._has_wide else glyphs)

    def blank(self, background: str) -> Glyph:
        """Return the blank with a background, as its SGR parameter."""
        return self._intern(" ", Pen(background=background), 1)

    def _intern(self, character: str, pen: Pen, columns: int) -> Glyph:
        if character == " " and not (pen.underline or pen.reverse):
            pen = Pen(background=pen.background)
        glyph = self._glyphs.get((character, pen))
        if glyph is None:
            glyph = self._glyphs[character, pen] = Glyph(character, pen, columns)
        return glyph

    def _make(self, cell: Cell) -> Glyph:
        character, style = cell
        if (
            self._capabilities.color_depth is ColorDepth.MONO
            and style.foreground == style.background != DEFAULT_COLOR
        ):
            character = " "  # hidden on the guest: no pen of this terminal hides it
        columns = width(character)
        if character == "":
            if not self._capabilities.unicode:
                character, columns = " ", 1  # beside the stand-in of its left half
        elif character == "\xa0":
            character, columns = " ", 1
        elif columns == 0:
            character, columns = self._replacement, 1
        elif not self._capabilities.unicode and not character.isascii():
            from cgaterm.charsets import ascii_stand_in  # tables that UTF-8 terminals never need

            character, columns = ascii_stand_in(character), 1
        self._has_wide |= columns != 1
        glyph = self._of_cell[cell] = self._intern(character, self._pen(style), columns)
        return glyph

    def _pen(self, style: Style) -> Pen:
        depth = self._capabilities.color_depth
        colors = terminal_colors(style.foreground, style.background, depth)
        return Pen(
            _color_parameter(colors.foreground, depth, 30),
            _color_parameter(colors.background, depth, 40),
            style.bold or colors.bold,
            style.underline,
            style.blink and self._capabilities.blink,
            style.reverse != colors.reverse,
        )

    def _pair(self, glyphs: list[Glyph]) -> list[Glyph]:
        """Give wide glyphs a right half in their own pen, and replace halves without the other."""
        paired: list[Glyph] = []
        for index, glyph in enumerate(glyphs):
            follows_wide = bool(paired) and paired[-1].width == 2
            followed = index + 1 < len(glyphs) and glyphs[index + 1].width == 0
            if glyph.width == 0:
                glyph = (
                    self._intern("", paired[-1].pen, 0)
                    if follows_wide
                    else self._intern(self._replacement, glyph.pen, 1)
                )
            elif glyph.width == 2 and not followed:
                glyph = self._intern(self._replacement, glyph.pen, 1)
            paired.append(glyph)
        return paired


def last_run(row: Sequence[Glyph]) -> int:
    """Return the column from which on the row is all its last glyph."""
    column = len(row)
    while column and row[column - 1] is row[-1]:
        column -= 1
    return column
