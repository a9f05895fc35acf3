"""One live guest, for everybody above: its newest Screen, and when to look again.

The model. A polled source is looked at often while its screen moves and seldom while it
stands still (`Pace`). A Console reads, decodes and keeps; it draws nothing, and whoever owns
the loop asks `look` when `pace` says so. It waits only for a guest that is in the middle of
writing its screen, 3 ms at most: half a scroll is ugly, and costs bytes to draw and undo.

Laws: a Screen is made only from a Frame that differs from the one before; an unchanged
guest costs one read.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cgaterm.screen import Mode
from cgaterm.vga_text import decode

if TYPE_CHECKING:
    from cgaterm.frames import Frame
    from cgaterm.screen import Screen
    from cgaterm.sources.base import Source

#: The pauses after which a changed screen is read again, until two reads agree. Of a guest
#: that writes without a pause no two do, and its newest screen is as good as any.
_SETTLE_PAUSES_S = (0.0, 0.001, 0.001, 0.001)
#: While a mode is being set the screen is blank for a moment: a one-shot looks twice.
_BLANK_PATIENCE_S = 0.03


class Pace:
    """When to look at a polled source: at once while it moves, rarely while it is still.

    The first change after some stillness is seen half a pause late on average. Most of what
    an idle guest costs is waking up, so what is still for long is looked at 28 times a second.
    """

    FASTEST_S = 0.003
    SLOWEST_S = 0.036
    FULL_RATE_S = 0.5
    #: Still for less than so many seconds: the pause; for longer, SLOWEST_S.
    _PAUSES = ((FULL_RATE_S, FASTEST_S), (2.0, 0.010), (12.0, 0.016))

    def __init__(self) -> None:
        self._moved_at_s = 0.0

    def moved(self, now_s: float) -> None:
        """Something changed, or is about to (a key was sent)."""
        self._moved_at_s = now_s

    def pause_s(self, now_s: float) -> float:
        """Return how long to wait until the next look."""
        still_s = now_s - self._moved_at_s
        for until_s, pause_s in self._PAUSES:
            if still_s < until_s:
                return pause_s
        return self.SLOWEST_S


class Console:
    """The newest screen of a source.

    Raises what the source's `read` raises, and UsageError for an unknown code page.
    """

    def __init__(self, source: Source, code_page: str = "cp437") -> None:
        self.source = source
        self.pace = Pace()
        self._code_page = code_page
        self.frame: Frame = _settled(source, source.read())
        self.screen: Screen = decode(self.frame, code_page)
        self.pace.moved(time.monotonic())

    def look(self) -> bool:
        """Read; return whether `screen` is another one now."""
        frame = self.source.read()
        if frame is self.frame or frame == self.frame:
            return False
        self.frame = _settled(self.source, frame)
        screen = decode(self.frame, self._code_page)
        changed = screen != self.screen
        self.screen = screen
        if changed:
            self.pace.moved(time.monotonic())
        return changed

    def close(self) -> None:
        """Let go of the guest."""
        self.source.close()


def _settled(source: Source, frame: Frame) -> Frame:
    """Return this frame or a newer one that is not torn: one that two reads in a row agree on."""
    for pause_s in _SETTLE_PAUSES_S:
        time.sleep(pause_s)
        again = source.read()
        if again == frame:
            break
        frame = again
    return frame


def one_shot(source: Source, code_page: str = "cp437") -> Console:
    """Return a Console whose screen is fit to be shown once, and its source closed."""
    try:
        console = Console(source, code_page)
        if console.screen.mode is Mode.BLANK:
            time.sleep(_BLANK_PATIENCE_S)
            console.look()
    finally:
        source.close()
    return console
