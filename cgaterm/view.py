"""A guest's screen fitted into a terminal: centred, or panned where it is too large.

The model. A view is a Screen too, exactly as large as the terminal: what is beside the
guest's screen is in the terminal's own colors, the last row is a status line where the
guest leaves a row free, and a box may lie over all of it. The encoder draws views and
knows nothing of guests.

Laws: every view has `rows` rows of `columns` cells; the guest's cursor is in it or hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category, east_asian_width

from cgaterm.screen import BLANK_CELL, Cell, Cursor, Mode, Row, Screen, Style

if TYPE_CHECKING:
    from collections.abc import Sequence

_STATUS_STYLE = Style(reverse=True)
_TEXT_STYLE = Style()


class Pan(NamedTuple):
    """Which cell of the guest is at the terminal's upper left, when chosen by hand."""

    row: int
    column: int


def text_row(text: str, columns: int, style: Style = _TEXT_STYLE) -> Row:
    """Return a row of one style: `text`, cut or filled with blanks to `columns` cells.

    Names and paths are whatever somebody called them: what would not stay in its own cell
    (a control or combining character) becomes "?".
    """
    cells = []
    for character in text:
        stays = character.isprintable() and category(character)[0] != "M"
        cells.append(Cell(character if stays else "?", style))
        if stays and east_asian_width(character) in "FW":
            cells.append(Cell("", style))
    blanks = [Cell(" ", style)] * (columns - len(cells))
    return _part((*cells, *blanks), 0, columns)


def offsets(screen: Screen, rows: int, columns: int, pan: Pan | None) -> tuple[int, int]:
    """Return the guest (row, column) that comes to the view's upper left.

    Negative where the guest's screen is smaller than the view (then it is centred);
    else as near to `pan` as there is screen, or so that the cursor is in view.
    """
    guest_rows = len(screen.rows)
    cursor = screen.cursor or Cursor(guest_rows - 1, 0)
    wanted = pan or Pan(cursor.row - rows + 1, cursor.column - columns + min(8, columns // 4) + 1)
    return (
        _offset(guest_rows, rows, wanted.row),
        _offset(screen.columns, columns, wanted.column),
    )


def _offset(guest: int, available: int, wanted: int) -> int:
    if guest <= available:
        return -((available - guest) // 2)
    return max(0, min(wanted, guest - available))


def fit(
    screen: Screen,
    rows: int,
    columns: int,
    *,
    pan: Pan | None = None,
    status: str = "",
    box: Sequence[str] = (),
) -> Screen:
    """Return the view of a guest's screen on a terminal.

    Args:
        screen: the guest's; one without rows (graphics, blank) is told in words.
        rows: of the terminal.
        columns: of the terminal.
        pan: the guest's cell at the upper left, when the screen does not fit; else
            the view follows the cursor.
        status: shown in the last row if the guest's screen leaves it free.
        box: lines of text to lay over everything.
    """
    if screen.mode is not Mode.TEXT:
        screen = _in_words(screen)
    has_status = bool(status) and len(screen.rows) < rows
    guest_rows = rows - has_status
    top, left = offsets(screen, guest_rows, columns, pan)
    blank_row = (BLANK_CELL,) * columns
    margin_left = (BLANK_CELL,) * -left
    margin_right = (BLANK_CELL,) * (columns - screen.columns + left)
    view: list[Row] = []
    for row in range(top, top + guest_rows):
        if not 0 <= row < len(screen.rows):
            view.append(blank_row)
        elif left < 0 or margin_right:
            view.append(margin_left + screen.rows[row] + margin_right)
        else:
            view.append(_part(screen.rows[row], left, left + columns))
    if has_status:
        view.append(text_row(status, columns, _STATUS_STYLE))
    cursor = screen.cursor
    if cursor is not None:
        cursor = cursor._replace(row=cursor.row - top, column=cursor.column - left)
        if not (0 <= cursor.row < guest_rows and 0 <= cursor.column < columns):
            cursor = None
    if box:
        view, cursor = _with_box(view, columns, box), None
    return Screen(Mode.TEXT, screen.description, columns, tuple(view), cursor)


def _part(row: Row, start: int, end: int) -> Row:
    """Return some cells of a row; a wide character that the cut halves becomes blank."""
    part = list(row[start:end])
    if part and part[0].character == "":
        part[0] = part[0]._replace(character=" ")
    if part and end < len(row) and row[end].character == "":
        part[-1] = part[-1]._replace(character=" ")
    return tuple(part)


def _in_words(screen: Screen) -> Screen:
    """Say what a screen without text is."""
    lines = (
        [f"[ {screen.description} ]", "no text mode: the text comes back here when the guest does"]
        if screen.mode is Mode.GRAPHICS
        else [f"[ {screen.description} ]"]
    )
    width = max(map(len, lines))
    rows = tuple(text_row(line.center(width), width) for line in lines)
    return Screen(Mode.TEXT, screen.description, width, rows)


def _with_box(view: list[Row], columns: int, lines: Sequence[str]) -> list[Row]:
    """Lay a text over a view: one line at the bottom, more in a frame in the middle."""
    result = list(view)
    if len(lines) == 1:
        result[-1] = text_row(f" {lines[0]}", columns, _STATUS_STYLE)
        return result
    width = max(map(len, lines)) + 4
    framed = ["┌" + "─" * (width - 2) + "┐"]
    framed += [f"│ {line:{width - 4}} │" for line in lines]
    framed += ["└" + "─" * (width - 2) + "┘"]
    if width > columns or len(framed) > len(view):  # no room for a frame: the text counts
        framed, width = list(lines[: len(view)]), columns
    top = (len(view) - len(framed)) // 2
    left = (columns - width) // 2
    for row, line in enumerate(framed, top):
        boxed = text_row(line, width, _STATUS_STYLE)
        under = result[row]
        result[row] = _part(under, 0, left) + boxed + _part(under, left + width, columns)
    return result
