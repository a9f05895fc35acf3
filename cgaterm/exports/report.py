"""A screen as JSON for scripts. The keys are an interface: they are added to, never renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgaterm.screen import DEFAULT_COLOR

if TYPE_CHECKING:
    from cgaterm.screen import Cell, Color, Screen


def screen_report(
    screen: Screen, *, target: str, source: str, cells: bool = False
) -> dict[str, Any]:
    """Return what `cgaterm screen -f json` prints.

    ::

        target, source      what the user asked for; the way it was read ("qemu", "shm", "vcsa")
        mode                "text", "graphics" or "blank"
        description         "text 80x25", "graphics 1024x768", "blank"
        columns, rows       of the text; 0 when the mode is not text
        cursor              row, column (from 0; null: not on the screen), visible
        lines               `rows` strings, without the blanks at their ends
        unknown_glyphs      font positions on screen that no known font has
        cells               rows of cells: character, foreground, background, blink
    """
    cursor = screen.cursor
    report: dict[str, Any] = {
        "target": target,
        "source": source,
        "mode": screen.mode.value,
        "description": screen.description,
        "columns": screen.columns,
        "rows": len(screen.rows),
        "cursor": {
            "row": cursor.row if cursor else None,
            "column": cursor.column if cursor else None,
            "visible": bool(cursor and cursor.visible),
        },
        "lines": screen.lines,
        "unknown_glyphs": screen.unknown_glyphs,
    }
    if cells:
        report["cells"] = [[_cell(cell) for cell in row] for row in screen.rows]
    return report


def _cell(cell: Cell) -> dict[str, Any]:
    style = cell.style
    return {
        "character": cell.character,
        "foreground": _hex(style.foreground),
        "background": _hex(style.background),
        "blink": style.blink,
    }


def _hex(color: Color) -> str | None:
    return None if color == DEFAULT_COLOR else f"#{color:06x}"
