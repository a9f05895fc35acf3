"""A terminal to check drawn bytes on: pyte's screen, with xterm's semantics where pyte lacks them.

What is added or corrected: erasing and scrolling with and without back color erase, wide
characters cut in half, pending wrap, REP, SU, SD, margins (DECSTBM homes the cursor, CUU and
CUD stop at them from inside only), the alternate screen, cursor shapes, and a parser that
swallows every well-formed sequence. What the terminal does not know it keeps in `unknown`.
"""

from __future__ import annotations

import codecs
import copy
import re
from typing import Any, NamedTuple

import pyte
from pyte import modes
from pyte.screens import Char, Margins
from wcwidth import wcwidth

from cgaterm.palette import VGA_COLORS, vga_to_ansi
from cgaterm.screen import DEFAULT_COLOR, Color

_TOKEN = re.compile(
    r"\x1b\[(?P<private>[<=>?]?)(?P<parameters>[0-9;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b[\]P_^X](?P<string>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[ -/]*[0-OQ-WYZ\\`-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
_NAMES = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
_COLORS = {
    "default": DEFAULT_COLOR,
    "bfightmagenta": VGA_COLORS[13],  # pyte's spelling of SGR 105
    **{name: VGA_COLORS[vga_to_ansi(index)] for index, name in enumerate(_NAMES)},
    **{f"bright{name}": VGA_COLORS[vga_to_ansi(index + 8)] for index, name in enumerate(_NAMES)},
}


class TerminalCell(NamedTuple):
    """One cell of the terminal; colors 0-15 are shown as the VGA's."""

    character: str
    foreground: Color = DEFAULT_COLOR
    background: Color = DEFAULT_COLOR
    bold: bool = False
    underline: bool = False
    blink: bool = False
    reverse: bool = False

    def seen(self) -> TerminalCell:
        """Return the cell without what nobody can see: the foreground of a blank."""
        if self.character == " " and not (self.underline or self.reverse):
            return TerminalCell(" ", background=self.background)
        return self


class TerminalEmulator(pyte.Screen):
    """An xterm of some size. `autowrap`: whether DECAWM is on at the start."""

    def __init__(
        self,
        rows: int,
        columns: int,
        *,
        back_color_erase: bool = True,
        autowrap: bool = True,
    ) -> None:
        self.back_color_erase = back_color_erase
        self.unknown: list[str] = []
        self.cursor_shape = ""
        self.synchronized = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._last_character = ""
        self._main: tuple[Any, Any] | None = None
        super().__init__(columns, rows)
        if not autowrap:
            self.reset_mode(7, private=True)

    # What a test looks at.

    def cells(self) -> list[list[TerminalCell]]:
        """Return the rows of cells."""
        return [
            [self._cell(self.buffer[row][column]) for column in range(self.columns)]
            for row in range(self.lines)
        ]

    @property
    def cursor_at(self) -> tuple[int, int]:
        """(row, column); the last column while a wrap is pending."""
        return self.cursor.y, min(self.cursor.x, self.columns - 1)

    @property
    def cursor_visible(self) -> bool:
        return not self.cursor.hidden

    @property
    def scroll_region(self) -> tuple[int, int]:
        """First and last row of the scroll region."""
        return self._margins()

    @property
    def pen(self) -> TerminalCell:
        """What the next character would look like, as a blank."""
        return self._cell(self.cursor.attrs._replace(data=" "))

    @property
    def in_alternate_screen(self) -> bool:
        return self._main is not None

    def feed(self, data: bytes) -> None:
        """Show some bytes; sequences and characters may be cut anywhere."""
        text = self._rest + self._decoder.decode(data)
        offset = 0
        while match := _TOKEN.match(text, offset):
            offset = match.end()
            self._dispatch(match)
        self._rest = text[offset:]
        if self._rest and (self._rest[0] != "\x1b" or len(self._rest) > 1 << 16):
            raise AssertionError(f"not a control sequence: {self._rest[:40]!r}")

    # The parser.

    def _dispatch(self, match: re.Match[str]) -> None:
        if match["text"]:
            self.draw(match["text"])
            return
        if match["final"]:
            self._control_sequence(match)
        elif match["control"]:
            self._control(match["control"])
        elif match["escape"]:
            self._escape(match["escape"])
        self._last_character = ""

    def _control(self, control: str) -> None:
        if control == "\b":
            self.cursor_back(1)
        elif control == "\r":
            self.cursor.x = 0
        elif control in "\n\v\f":
            self.index()
        elif control == "\t":
            self.tab()
        elif control not in "\x00\x07\x0e\x0f":
            self.unknown.append(control)

    def _escape(self, escape: str) -> None:
        if escape == "M":
            self.reverse_index()
        elif escape == "D":
            self.index()
        elif escape == "7":
            self.save_cursor()
        elif escape == "8":
            self.restore_cursor()
        elif escape == "c":
            self.reset()
        elif escape not in ("(B", ")B", "=", ">"):
            self.unknown.append(f"\x1b{escape}")

    def _control_sequence(self, match: re.Match[str]) -> None:
        kind = match["private"] + match["between"] + match["final"]
        if ":" in match["parameters"]:
            self.unknown.append(match[0])
            return
        parameters = [int(part or 0) for part in match["parameters"].split(";")]
        one = max(1, parameters[0])
        if kind == "m":
            self.select_graphic_rendition(*parameters)
            return
        if kind in ("?h", "?l"):
            for mode in parameters:
                self._private_mode(mode, on=kind == "?h")
            return
        if kind == " q":
            self.cursor_shape = f"{parameters[0]} q"
            return
        if kind == "?c":
            self.cursor_shape = f"?{parameters[0]}c"
            return
        if kind == "b":
            if not self._last_character:
                self.unknown.append(match[0])  # nothing to repeat
            self.draw(self._last_character * one)
            return
        self.cursor.x = min(self.cursor.x, self.columns - 1)  # no wrap is pending any more
        two = max(1, (*parameters, 0)[1])
        if kind in ("H", "f"):
            self.cursor.y, self.cursor.x = min(one, self.lines) - 1, min(two, self.columns) - 1
        elif kind == "A":
            self.cursor_up(one)
        elif kind == "B":
            self.cursor_down(one)
        elif kind == "C":
            self.cursor_forward(one)
        elif kind == "D":
            self.cursor_back(one)
        elif kind in ("G", "`"):
            self.cursor.x = min(one, self.columns) - 1
        elif kind == "d":
            self.cursor.y = min(one, self.lines) - 1
        elif kind == "J":
            self.erase_in_display(parameters[0])
        elif kind == "K":
            self.erase_in_line(parameters[0])
        elif kind == "X":
            self._erase(self.cursor.y, self.cursor.x, self.cursor.x + one)
        elif kind == "S":
            self._scroll(one)
        elif kind == "T":
            self._scroll(-one)
        elif kind == "r":
            self._set_region(one, (*parameters, 0)[1])
        else:
            self.unknown.append(match[0])

    def _private_mode(self, mode: int, *, on: bool) -> None:
        if mode in (7, 25):
            (self.set_mode if on else self.reset_mode)(mode, private=True)
        elif mode == 2026:
            self.synchronized = on
        elif mode in (47, 1047, 1049):
            if on and self._main is None:
                self._main = copy.deepcopy(self.buffer), copy.copy(self.cursor)
                self.erase_in_display(2)
            elif not on and self._main is not None:
                self.buffer, self.cursor = self._main
                self._main = None
        else:
            self.unknown.append(f"\x1b[?{mode}{'h' if on else 'l'}")

    # Semantics.

    def _margins(self) -> tuple[int, int]:
        return self.margins or (0, self.lines - 1)

    def _set_region(self, top: int, bottom: int) -> None:
        bottom = min(bottom or self.lines, self.lines)
        if top < bottom:
            self.margins = Margins(top - 1, bottom - 1)
            self.cursor.y = self.cursor.x = 0

    def _blank(self) -> Char:
        return Char(" ", bg=self.cursor.attrs.bg if self.back_color_erase else "default")

    def _cell(self, char: Char) -> TerminalCell:
        return TerminalCell(
            char.data,
            _COLORS[char.fg] if char.fg in _COLORS else int(char.fg, 16),
            _COLORS[char.bg] if char.bg in _COLORS else int(char.bg, 16),
            char.bold,
            char.underscore,
            char.blink,
            char.reverse,
        )

    def _cut(self, row: int, column: int) -> None:
        """Blank both halves of the wide character that an edge at `column` cuts in two."""
        line = self.buffer[row]
        if 0 < column < self.columns and line[column].data == "":
            line[column - 1] = line[column - 1]._replace(data=" ")
            line[column] = line[column]._replace(data=" ")

    def _erase(self, row: int, start: int, end: int) -> None:
        end = min(end, self.columns)
        self._cut(row, start)
        self._cut(row, end)
        for column in range(start, end):
            self.buffer[row][column] = self._blank()

    def draw(self, data: str) -> None:
        for character in data:
            columns = wcwidth(character)
            if columns < 1:
                self.unknown.append(character)
                continue
            if self.cursor.x + columns > self.columns:
                if modes.DECAWM in self.mode:
                    self.cursor.x = 0
                    self.index()
                else:
                    self.cursor.x = self.columns - columns
            self._cut(self.cursor.y, self.cursor.x)
            self._cut(self.cursor.y, self.cursor.x + columns)
            super().draw(character)
            self._last_character = character

    def _scroll(self, distance: int) -> None:
        top, bottom = self._margins()
        lines = [self.buffer[row] for row in range(top, bottom + 1)]
        for index, row in enumerate(range(top, bottom + 1)):
            if 0 <= index + distance < len(lines):
                self.buffer[row] = lines[index + distance]
            else:
                self.buffer.pop(row, None)
                self._erase(row, 0, self.columns)

    def index(self) -> None:
        if self.cursor.y == self._margins()[1]:
            self._scroll(1)
        else:
            self.cursor_down(1)

    def reverse_index(self) -> None:
        if self.cursor.y == self._margins()[0]:
            self._scroll(-1)
        else:
            self.cursor_up(1)

    def cursor_up(self, count: int | None = None) -> None:
        top = self._margins()[0]
        self.cursor.y = max(self.cursor.y - (count or 1), top if self.cursor.y >= top else 0)

    def cursor_down(self, count: int | None = None) -> None:
        bottom = self._margins()[1]
        limit = bottom if self.cursor.y <= bottom else self.lines - 1
        self.cursor.y = min(self.cursor.y + (count or 1), limit)

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:  # noqa: ARG002  # pyte's
        start = self.cursor.x if how == 0 else 0
        end = self.cursor.x + 1 if how == 1 else self.columns
        self._erase(self.cursor.y, start, end)

    def erase_in_display(self, how: int = 0, *_args: Any, **_kwargs: Any) -> None:
        for row in range(self.lines):
            if (
                how in (2, 3)
                or (how == 0 and row > self.cursor.y)
                or (how == 1 and row < self.cursor.y)
            ):
                self._erase(row, 0, self.columns)
        if how in (0, 1):
            self.erase_in_line(how)
