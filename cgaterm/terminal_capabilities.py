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


#: Terminals that do what xterm does, and answer when asked what they can do. A server may not
#: know the newer ones.
MODERN = ("xterm", "tmux", "screen-", "foot", "alacritty", "kitty", "wezterm", "rxvt", "konsole")
_STAND_IN = "xterm-256color"


def _set_up_terminfo(kind: str) -> None:
    import curses

    for name in (kind, _STAND_IN) if kind.startswith(MODERN) else (kind,):
        try:
            return curses.setupterm(name, 1)
        except curses.error:
            continue
    raise UsageError(
        f"the terminal {kind!r} is not known here; set TERM to one that is, as in TERM={_STAND_IN}"
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

    _set_up_terminfo(kind)
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
        # tmux has had it since 2.4, of 2017; its terminfo entry does not say so.
        back_color_erase=curses.tigetflag("bce") > 0 or kind.startswith("tmux"),
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
