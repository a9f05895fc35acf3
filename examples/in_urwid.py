"""A guest's screen inside an urwid program, live: `pip install 'cgaterm[widget]'`.

python examples/in_urwid.py TARGET

The widget makes a canvas of a Screen's rows. It draws nothing, and the terminal is urwid's
alone; the loop's alarm looks at the guest as often as its pace says.
"""

import sys
import time
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

import urwid
from urwid.display.raw import Screen as Terminal
from urwid.util import get_encoding

from cgaterm import view
from cgaterm.console import Console
from cgaterm.errors import CgatermError
from cgaterm.screen import DEFAULT_COLOR, Color, Screen, Style
from cgaterm.ways import open_ways

if TYPE_CHECKING:
    from collections.abc import Hashable

TRUECOLOR: Final = 16777216


def color_name(color: Color) -> str:
    return "default" if color == DEFAULT_COLOR else f"#{color:06x}"


@lru_cache
def attribute(style: Style) -> urwid.AttrSpec:
    settings = {"blink": style.blink, "bold": style.bold, "standout": style.reverse}
    foreground = [color_name(style.foreground), *(name for name, on in settings.items() if on)]
    return urwid.AttrSpec(",".join(foreground), color_name(style.background), TRUECOLOR)


def canvas_of(screen: Screen) -> urwid.TextCanvas:
    """Make a canvas of a screen: each row is its text, and runs of one style, in bytes."""
    text: list[bytes] = []
    attributes: list[list[tuple[Hashable, int]]] = []
    encoding = get_encoding()
    for row in screen.rows:
        runs = [
            (style, "".join(cell.character for cell in cells).encode(encoding, "replace"))
            for style, cells in groupby(row, lambda cell: cell.style)
        ]
        text.append(b"".join(data for _, data in runs))
        attributes.append([(attribute(style), len(data)) for style, data in runs])
    cursor = screen.cursor
    position = (cursor.column, cursor.row) if cursor and cursor.visible else None
    return urwid.TextCanvas(text, attributes, cursor=position, maxcol=screen.columns)


class GuestScreen(urwid.Widget):
    """A box widget: the guest's screen, centred, or the part around its cursor."""

    _sizing = frozenset([urwid.BOX])

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        #: Why the screen is no longer looked at, such as that the guest has ended.
        self.problem: str | None = None

    def render(  # type: ignore[override] # a box widget's size is two numbers
        self,
        size: tuple[int, int],
        focus: bool = False,  # noqa: ARG002 - looks the same with and without
    ) -> urwid.Canvas:
        """Return the screen as it was when last looked at, fitted into (columns, rows)."""
        columns, rows = size
        return canvas_of(view.fit(self._console.screen, rows, columns))

    def look(self, loop: urwid.MainLoop, _data: object = None) -> None:
        """Look at the guest now, and from now on."""
        try:
            if self._console.look():
                self._invalidate()
        except CgatermError as error:  # urwid only logs what leaves an alarm
            self.problem = str(error)
            raise urwid.ExitMainLoop from None
        loop.set_alarm_in(self._console.pace.pause_s(time.monotonic()), self.look)


def on_key(key: str | tuple[str, int, int, int]) -> None:
    if key == "q":
        raise urwid.ExitMainLoop


def main() -> None:
    try:
        ways = open_ways(sys.argv[1])
        guest = GuestScreen(Console(ways.source))
        title = urwid.Text((attribute(Style(reverse=True)), f" {ways.name}: q leaves "))
        terminal = Terminal()
        terminal.set_terminal_properties(colors=TRUECOLOR)
        loop = urwid.MainLoop(
            urwid.Frame(guest, header=title), screen=terminal, unhandled_input=on_key
        )
        guest.look(loop)
        loop.run()
    except CgatermError as error:
        sys.exit(str(error))
    sys.exit(guest.problem)


if __name__ == "__main__":
    main()
