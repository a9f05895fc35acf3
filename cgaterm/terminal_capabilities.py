"""What the terminal on standard output can do: by terminfo, and by the variables that users set."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cgaterm.draw.ansi import ansi_text
from cgaterm.draw.glyph import Capabilities, CursorStyle
from cgaterm.errors import UsageError
from cgaterm.palette import ColorDepth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cgaterm.screen import Screen

_DEPTHS = (
    (1 << 24, ColorDepth.TRUECOLOR),
    (256, ColorDepth.INDEXED_256),
    (88, ColorDepth.INDEXED_88),
    (16, ColorDepth.ANSI_16),
    (8, ColorDepth.ANSI_8),
    (-2, ColorDepth.MONO),
)


def capabilities(
    kind: str, environment: Mapping[str, str], *, unicode: bool, synchronized: bool
) -> Capabilities:
    """Return what a terminal can do, by terminfo and by the variables that users set.

    Args:
        kind: terminfo's name of it.
        environment: COLORTERM and NO_COLOR are looked at.
        unicode: whether it shows UTF-8.
        synchronized: whether it answered that it knows DEC mode 2026.

    Raises:
        UsageError: terminfo does not know it, or it cannot move its cursor.
    """
    import curses

    try:
        curses.setupterm(kind, 1)
    except curses.error:
        raise UsageError(
            f"the terminal {kind!r} is not known here; set TERM to one that is, as in "
            "TERM=xterm-256color"
        ) from None
    if not curses.tigetstr("cup"):
        raise UsageError(
            f"the terminal {kind!r} cannot move its cursor; `cgaterm screen` prints the screen"
        )
    colors = curses.tigetnum("colors")
    cursor_style = CursorStyle.DECSCUSR if curses.tigetstr("Ss") else CursorStyle.NONE
    return Capabilities(
        color_depth=_color_depth(colors, environment),
        unicode=unicode,
        blink=bool(curses.tigetstr("blink")),
        back_color_erase=curses.tigetflag("bce") > 0,
        repeat=bool(curses.tigetstr("rep")),
        erase_characters=bool(curses.tigetstr("ech")),
        column_address=bool(curses.tigetstr("hpa")),
        scroll_region=bool(curses.tigetstr("csr")),
        hide_cursor=bool(curses.tigetstr("civis")),
        cursor_style=CursorStyle.LINUX if kind.startswith("linux") else cursor_style,
        synchronized_output=synchronized,
    )


def _color_depth(colors: int, environment: Mapping[str, str]) -> ColorDepth:
    """Return how many colors to use: https://no-color.org, COLORTERM, then terminfo."""
    if environment.get("NO_COLOR"):
        return ColorDepth.MONO
    if colors >= 8 and environment.get("COLORTERM") in ("truecolor", "24bit"):
        return ColorDepth.TRUECOLOR
    return next(depth for least, depth in _DEPTHS if colors >= least)


def is_unicode() -> bool:
    """Return whether standard output takes UTF-8."""
    return "utf" in (sys.stdout.encoding or "").lower()


def printed(screen: Screen) -> str:
    """Return a screen as lines to print: in a file with all colors, else as the terminal can.

    Raises:
        UsageError: standard output is a terminal that terminfo does not know.
    """
    unicode = is_unicode()
    depth = ColorDepth.TRUECOLOR
    if os.environ.get("NO_COLOR"):
        depth = ColorDepth.MONO
    elif sys.stdout.isatty():
        kind = os.environ.get("TERM", "")
        depth = capabilities(kind, os.environ, unicode=unicode, synchronized=False).color_depth
    return ansi_text(screen, Capabilities(color_depth=depth, unicode=unicode))
