"""Screens to escape bytes, as few of them as will do.

The Encoder knows what the terminal shows (a grid of glyphs), where its cursor is, what
its pen, scroll region and cursor shape are, and writes what is missing:

    target grid ── find_shift ──▶ scroll ──▶ diff ──▶ spans ──▶ cursor ──▶ bytes

Laws:

1. After the bytes of `draw(screen)` the terminal shows `screen`, whatever was drawn before;
   of an equal screen there are none. That holds with autowrap on or off.
2. Nothing but the text of glyphs (`draw/glyph.py`, law 1) and sequences made here goes out.
3. LF is only written where its column does not matter or is 0, so it is all the same
   whether the tty turns it into CR LF.
4. The scroll region stays set between draws: a log that scrolls line by line pays for it
   once. `restore()` gives the terminal back.

The cursor's position is unknown (column None) after writing the last column: some terminals
stand on it, some will wrap before the next character. Only CR or CUP leads on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgaterm.draw.diff import Shift, find_shift, row_diff
from cgaterm.draw.glyph import (
    PLAIN_PEN,
    Capabilities,
    CursorStyle,
    Glyph,
    GlyphTable,
    Pen,
    last_run,
    sgr,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cgaterm.draw.diff import Span
    from cgaterm.screen import Cursor, Row, Screen

#: Updates of up to this many bytes reach the terminal in one piece anyway; the brackets of
#: synchronized output would cost a scrolling line a fifth more.
ATOMIC_BYTES = 256
#: What a move of the cursor costs on average, for estimates.
_MOVE_BYTES = 6

GlyphRow = tuple[Glyph, ...]


def _csi(final: str, count: int = 1) -> str:
    """Return a control sequence with one parameter, which is left out when it is 1."""
    return f"\x1b[{final}" if count == 1 else f"\x1b[{count}{final}"


def _cursor_position(row: int, column: int) -> str:
    """Return CUP, with what is 1 left out."""
    return f"\x1b[{row + 1 if row else ''}{f';{column + 1}' if column else ''}H"


class Encoder:
    """Draws one Screen after another on one terminal, of whose size they all are."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities
        self._glyphs = GlyphTable(capabilities)
        self.forget()

    def forget(self) -> None:
        """Take the terminal's content and state for unknown: at its start, resized, resumed.

        The next draw repaints everything.
        """
        self._rows: Sequence[Row] = ()
        self._shown: list[GlyphRow] | None = None
        self._pen = PLAIN_PEN
        self._row: int | None = None
        self._column: int | None = None
        self._region: tuple[int, int] = (0, 0)
        self._cursor_visible: bool | None = None
        self._cursor_shape = ""

    def restore(self) -> bytes:
        """Return what undoes all that draws have set (not the text), and forget.

        For the end, a suspend, or whoever writes to the terminal in between. In a terminal
        of unknown state it does no harm.
        """
        capabilities = self._capabilities
        shape = {CursorStyle.DECSCUSR: "\x1b[0 q", CursorStyle.LINUX: "\x1b[?0c"}
        self.forget()
        return (
            "\x1b[m"
            + ("\x1b[r" if capabilities.scroll_region else "")
            + ("\x1b[?25h" if capabilities.hide_cursor else "")
            + shape.get(capabilities.cursor_style, "")
        ).encode()

    def draw(self, screen: Screen) -> bytes:
        """Return the bytes that turn what the terminal shows into `screen`; b"" when equal."""
        self._out: list[str] = []
        rows, height = screen.rows, len(screen.rows)
        if (
            self._shown is None
            or len(self._rows) != height
            or any(len(old) != len(new) for old, new in zip(self._rows, rows, strict=True))
        ):
            self.forget()
            target = [self._glyphs.row(row) for row in rows]
            self._start(height)
            self._clear(target)
        else:
            target = [
                glyphs if old is new or old == new else self._glyphs.row(new)
                for old, new, glyphs in zip(self._rows, rows, self._shown, strict=True)
            ]
        self._rows = rows
        self._update(target)
        self._set_cursor(screen.cursor, target)
        data = "".join(self._out).encode()
        if len(data) > ATOMIC_BYTES and self._capabilities.synchronized_output:
            return b"\x1b[?2026h" + data + b"\x1b[?2026l"
        return data

    # What changed.

    def _update(self, target: list[GlyphRow]) -> None:
        assert self._shown is not None
        changed = [row for row, old in enumerate(self._shown) if old != target[row]]
        if len(changed) > 1:
            if self._is_cheaper_cleared(changed, target):
                self._clear(target)
            elif self._capabilities.scroll_region:
                for _ in range(3):  # more than one thing may scroll at once, seldom many
                    if not self._scroll(target):
                        break
            changed = [row for row, old in enumerate(self._shown) if old != target[row]]
        for row in changed:
            self._draw_row(row, self._shown[row], target[row])
        self._shown = target

    def _start(self, height: int) -> None:
        """Bring a terminal of unknown state into a known one."""
        self._out.append("\x1b[m")
        self._region = (0, height - 1)
        if self._capabilities.scroll_region:
            self._out.append("\x1b[r")
            if height > 1:  # else it is no valid region, and the cursor does not go home
                self._row = self._column = 0

    def _common_background(self, target: list[GlyphRow]) -> str:
        """Return the background that most rows end with, of those that can be erased to."""
        backgrounds = [row[-1].pen.background for row in target if row and row[-1].is_blank]
        usable = [background for background in backgrounds if self._erases_to(background)]
        return max(usable, key=usable.count, default=PLAIN_PEN.background)

    def _clear(self, target: list[GlyphRow]) -> None:
        blank = self._glyphs.blank(self._common_background(target))
        self._use_pen_for_blank(blank)
        self._out.append("\x1b[2J")
        self._shown = [(blank,) * len(row) for row in target]

    def _is_cheaper_cleared(self, changed: list[int], target: list[GlyphRow]) -> bool:
        """Say whether to clear first: only for a good reason, because it may flicker."""
        assert self._shown is not None
        blank = self._glyphs.blank(self._common_background(target))
        cleared = sum(self._row_cost((blank,) * len(row), row) for row in target)
        return 2 * cleared < sum(self._row_cost(self._shown[row], target[row]) for row in changed)

    # Scrolling.

    def _scroll(self, target: list[GlyphRow]) -> bool:
        """Do the best shift there is, if any saves bytes."""
        assert self._shown is not None
        columns = len(target[0])
        edges = self._region if self._row is None else (*self._region, self._row)
        background = self._pen.background
        fill = (
            self._glyphs.blank(background) if self._erases_to(background) else self._glyphs.unknown
        )
        blank = (fill,) * columns
        shift = find_shift(self._shown, target, blank, self._row_cost, self._shift_cost, edges)
        if shift is None:
            return False
        top, bottom, distance = shift
        wanted = target[bottom if distance > 0 else top][-1]
        if wanted.is_blank and self._erases_to(wanted.pen.background):
            fill = wanted  # what comes in is best blank in the color that it will have
        if fill is not self._glyphs.unknown:
            self._use_pen_for_blank(fill)
        if self._region != (top, bottom):
            self._region = (top, bottom)
            last = len(target) - 1
            first_parameter = f"{top + 1}" if top else ""
            self._out.append(f"\x1b[{first_parameter}{f';{bottom + 1}' if bottom < last else ''}r")
            self._row = self._column = 0
        edge = bottom if distance > 0 else top
        if self._row != edge or self._column is None:
            self._move(edge, 0)
        if distance > 0:
            self._out.append("\n" * distance)
            self._column = 0 if self._column == 0 else None
        else:
            self._out.append("\x1bM" * -distance)
        self._shown = shift.apply(self._shown, (fill,) * columns)
        return True

    def _shift_cost(self, shift: Shift) -> int:
        top, bottom, distance = shift
        cost = distance if distance > 0 else -2 * distance
        if (top, bottom) != self._region:
            cost += _MOVE_BYTES + 1
        if self._row != (bottom if distance > 0 else top):
            cost += _MOVE_BYTES
        return cost

    # Rows and spans.

    def _row_cost(self, before: GlyphRow, after: GlyphRow) -> int:
        """Return about how many bytes turn one row into the other."""
        if before == after:
            return 0
        tail = self._tail(after)
        cost = sum(old is not new for old, new in zip(before[:tail], after, strict=False))
        return _MOVE_BYTES + cost + min(3, sum(old is not after[-1] for old in before[tail:]))

    def _tail(self, row: GlyphRow) -> int:
        """Return the column from which on the row can be erased."""
        if row[-1].is_blank and self._erases_to(row[-1].pen.background):
            return last_run(row)
        return len(row)

    def _draw_row(self, row: int, before: GlyphRow, after: GlyphRow) -> None:
        tail = self._tail(after)
        spans: list[Span[Glyph]] = row_diff(row, before, after)
        for index, (_, column, cells) in enumerate(spans):
            end = column + len(cells)
            is_last = index == len(spans) - 1
            if end > tail and (not is_last or end - max(column, tail) > 3):
                if column < tail:
                    self._write(row, column, tail, after)
                    column = tail
                self._move(row, column, after)
                self._use_pen_for_blank(after[-1])
                self._out.append("\x1b[K")
                return
            self._write(row, column, end, after)

    def _write(self, row: int, column: int, end: int, after: GlyphRow) -> None:
        """Write the cells of `after` from `column` up to `end`."""
        self._move(row, column, after)
        while column < end:
            glyph, start = after[column], column
            column += 1
            while column < end and after[column] is glyph:
                column += 1
            if glyph.is_blank:
                self._use_pen_for_blank(glyph, after[column].pen if column < end else None)
            elif glyph.pen != self._pen:
                self._use_pen(glyph.pen)
            self._write_run(glyph, start, column, column == end)
        if self._column == len(after):
            self._column = None

    def _write_run(self, glyph: Glyph, column: int, end: int, is_last: bool) -> None:
        """Write one glyph from `column` up to `end`; `is_last`: no other follows it at once."""
        count, text = end - column, glyph.character
        best, self._column = text * count, end
        if count > 4:
            # Of ASCII only: terminfo's rep promises no more, and tmux repeats nothing else.
            if self._capabilities.repeat and text.isascii():
                best = min(best, text + _csi("b", count - 1), key=len)
            if (
                glyph.is_blank
                and self._capabilities.erase_characters
                and self._erases_to(glyph.pen.background)
            ):
                erased = _csi("X", count) + ("" if is_last else _csi("C", count))
                if len(erased) < len(best):
                    best, self._column = erased, column if is_last else end
        self._out.append(best)

    # The pen.

    def _use_pen(self, pen: Pen) -> None:
        self._out.append(sgr(self._pen, pen))
        self._pen = pen

    def _use_pen_for_blank(self, blank: Glyph, next_pen: Pen | None = None) -> None:
        """Make the pen one that draws, and erases to, this blank; best one needed next anyway."""
        if self._draws_blank(self._pen, blank):
            return
        if next_pen is None or not self._draws_blank(next_pen, blank):
            next_pen = self._pen._replace(
                background=blank.pen.background, underline=False, reverse=False
            )
        self._use_pen(next_pen)

    @staticmethod
    def _draws_blank(pen: Pen, blank: Glyph) -> bool:
        return pen.background == blank.pen.background and not (pen.underline or pen.reverse)

    def _erases_to(self, background: str) -> bool:
        """Say whether the terminal can erase to this background."""
        return self._capabilities.back_color_erase or background == PLAIN_PEN.background

    # The cursor.

    def _move(self, row: int, column: int, after: GlyphRow = ()) -> None:
        """Move the cursor the cheapest way; `after` is the row to come, where it may be written."""
        if (self._row, self._column) == (row, column):
            return
        best = min(self._ways_to(row, column), key=len)
        if self._row == row and self._column is not None and self._column < column:
            passed = after[self._column : column][: len(best) + 1]
            text = "".join([glyph.character for glyph in passed])
            if (
                self._column + len(text) == column
                and len(text.encode()) <= len(best)
                and all(
                    glyph.width == 1
                    and (
                        self._draws_blank(self._pen, glyph)
                        if glyph.is_blank
                        else glyph.pen == self._pen
                    )
                    for glyph in passed
                )
            ):
                best = text
        self._out.append(best)
        self._row, self._column = row, column

    def _ways_to(self, row: int, column: int) -> list[str]:
        ways = [_cursor_position(row, column)]
        if self._row is None or self._zone(row) != self._zone(self._row):
            return ways
        down = row - self._row
        vertical = _csi("B", down) if down > 0 else _csi("A", -down) if down < 0 else ""
        ways += [
            "\r" + way + horizontal
            for way in (vertical, "\n" * max(down, 0) or vertical)
            for horizontal in self._ways_along(0, column)
        ]
        if self._column is not None:
            ways += [vertical + way for way in self._ways_along(self._column, column)]
        return ways

    def _ways_along(self, column: int, target: int) -> list[str]:
        ways = [f"\x1b[{target + 1}G"] if self._capabilities.column_address else []
        if target == column:
            return [""]
        if target > column:
            return [*ways, _csi("C", target - column)]
        return [*ways, _csi("D", column - target), "\b" * (column - target)]

    def _zone(self, row: int) -> int:
        """Return on which side of the scroll region's margins a row is: LF, CUU, CUD stop there."""
        top, bottom = self._region
        return (row >= top) + (row > bottom)

    def _set_cursor(self, cursor: Cursor | None, target: list[GlyphRow]) -> None:
        visible = (
            cursor is not None
            and cursor.visible
            and 0 <= cursor.row < len(target)
            and 0 <= cursor.column < len(target[cursor.row])
        )
        if cursor is not None and visible:
            self._move(cursor.row, cursor.column, target[cursor.row])
            shape = _cursor_shape(cursor, self._capabilities.cursor_style)
            if shape != self._cursor_shape:
                self._out.append(shape)
                self._cursor_shape = shape
        if visible != self._cursor_visible and self._capabilities.hide_cursor:
            self._out.append("\x1b[?25h" if visible else "\x1b[?25l")
        self._cursor_visible = visible


def _cursor_shape(cursor: Cursor, style: CursorStyle) -> str:
    """Return what gives the terminal's cursor the shape of the guest's, blinking as VGA's does."""
    lit = cursor.bottom - cursor.top
    if style is CursorStyle.DECSCUSR:
        return "\x1b[1 q" if lit > 0.5 else "\x1b[3 q"  # a block, or an underline
    if style is CursorStyle.LINUX:
        return f"\x1b[?{2 + round(4 * lit)}c"  # 2 an underline, 3-5 a third to two thirds, 6 all
    return ""


def ansi_text(screen: Screen, capabilities: Capabilities) -> str:
    """Return the screen as lines with colors, for a file or the terminal's own scrolling.

    No cursor movement, nothing erased, every line begins and ends with the plain pen. The
    lines are joined by newlines; blanks at their ends are left out where they have no color.
    """
    table = GlyphTable(capabilities)
    lines = []
    for row in screen.rows:
        glyphs = table.row(row)
        if glyphs and glyphs[-1] is table.blank(PLAIN_PEN.background):
            glyphs = glyphs[: last_run(glyphs)]
        parts: list[str] = []
        pen = PLAIN_PEN
        for glyph in glyphs:
            wanted = glyph.pen
            if glyph.is_blank:
                wanted = pen._replace(background=wanted.background, underline=False, reverse=False)
            parts += (sgr(pen, wanted), glyph.character)
            pen = wanted
        lines.append("".join([*parts, sgr(pen, PLAIN_PEN)]))
    return "\n".join(lines)
