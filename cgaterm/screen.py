"""What a person sees: the value that everything below makes and everything above shows.

A Screen is rows of cells, a cursor and a mode. It does not know where it came
from: VGA memory, recognised glyphs, a serial line or a recording all become one.

Laws:

1. Immutable and hashable: a Screen may be kept, compared, sent and cached.
2. Every row has exactly `columns` cells. Two rows are equal when a person could
   not tell them apart, and comparing equal rows is cheap: cells are shared.
3. A cell's character is printable, one terminal column wide, never a control
   character. It is "" for the right half of a character that is two columns wide.
4. A Screen that is not in text mode has no rows: what the text page happens to
   hold then is not on the screen, so it is not in the Screen.

Rows and columns count from 0, always in the order (row, column).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

#: 0xRRGGBB, or DEFAULT_COLOR for whatever the terminal has when nobody sets a color.
Color: TypeAlias = int
DEFAULT_COLOR: Color = -1


class Style(NamedTuple):
    """How a cell is drawn. Named tuples: made by the thousand, compared by the million."""

    foreground: Color = DEFAULT_COLOR
    background: Color = DEFAULT_COLOR
    blink: bool = False
    bold: bool = False
    underline: bool = False
    reverse: bool = False


class Cell(NamedTuple):
    """One character cell."""

    character: str
    style: Style


Row: TypeAlias = tuple[Cell, ...]

DEFAULT_STYLE = Style()
BLANK_CELL = Cell(" ", DEFAULT_STYLE)


class Cursor(NamedTuple):
    """The hardware cursor: where it is, and which part of its cell it covers.

    `top` and `bottom` are the first and last scan line of the cell that are lit,
    as fractions of the cell's height (0.0 is its upper edge, 1.0 its lower).
    """

    row: int
    column: int
    visible: bool = True
    top: float = 0.875
    bottom: float = 1.0


class Mode(Enum):
    """What kind of picture the guest's display adapter makes."""

    TEXT = "text"
    GRAPHICS = "graphics"
    BLANK = "blank"


class Screen(NamedTuple):
    """A guest's screen at one moment.

    `description` is the mode in words, as `cgaterm ls` shows it: "text 80x25",
    "graphics 1024x768", "blank". `unknown_glyphs` counts the font positions on this
    screen whose bitmap no known font has; they are shown by code page.
    """

    mode: Mode
    description: str
    columns: int = 0
    rows: tuple[Row, ...] = ()
    cursor: Cursor | None = None
    unknown_glyphs: int = 0

    @property
    def lines(self) -> list[str]:
        """The rows as text, without the blanks at their right ends."""
        return ["".join([cell.character for cell in row]).rstrip() for row in self.rows]

    @property
    def text(self) -> str:
        """The lines joined by newlines, without empty lines at the end."""
        return "\n".join(self.lines).rstrip("\n")
