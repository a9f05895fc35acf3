"""The newest screen of a source, and when to look again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cgaterm import console
from cgaterm.console import Console, Pace, one_shot
from cgaterm.errors import GuestGone, UsageError
from cgaterm.frames import CellFrame, TextFrame
from cgaterm.screen import Mode
from tests import vga

if TYPE_CHECKING:
    from cgaterm.frames import Frame

EMPTY = vga.frame()
HELLO = vga.frame({0: vga.pairs("Hello")})
BLANK = vga.frame(attribute_index=0)


class Reads:
    """A source that gives these frames, the last of them again and again."""

    scheme = "test"

    def __init__(self, *frames: Frame | Exception) -> None:
        self.frames = list(frames)
        self.reads = 0
        self.closed = 0

    def read(self) -> Frame:
        self.reads += 1
        frame = self.frames.pop(0) if len(self.frames) > 1 else self.frames[0]
        if isinstance(frame, Exception):
            raise frame
        return frame

    def fileno(self) -> None:
        return None

    def close(self) -> None:
        self.closed += 1


def test_it_begins_with_what_two_reads_agree_on() -> None:
    source = Reads(EMPTY, HELLO, HELLO, EMPTY)
    assert Console(source).screen.text == "Hello"
    assert source.reads == 3


def test_a_screen_that_never_stands_still_is_shown_all_the_same() -> None:
    frames = [vga.frame({0: vga.pairs(f"{number:04}")}) for number in range(1000)]
    source = Reads(*frames)
    assert Console(source).screen.text == f"{source.reads - 1:04}"
    assert source.reads < 50


def test_looking_tells_whether_a_person_would_see_it() -> None:
    same = TextFrame(HELLO.registers, bytes(bytearray(HELLO.planes)))
    unseen = TextFrame(HELLO.registers._replace(miscellaneous_output=0x63), HELLO.planes)
    torn = vga.frame({0: vga.pairs("Hel")})
    source = Reads(EMPTY, EMPTY, EMPTY, torn, HELLO, HELLO, same, unseen, unseen, BLANK)
    looked_at = Console(source)
    changes = []
    for _ in range(5):
        before = looked_at.screen
        changes.append(looked_at.look())
        assert looked_at.frame is not torn
        assert changes[-1] == (looked_at.screen != before)
    assert changes == [False, True, False, False, True]
    assert looked_at.screen.mode is Mode.BLANK
    assert looked_at.frame is BLANK
    looked_at.close()
    assert source.closed == 1


def test_an_unchanged_frame_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = Console(Reads(HELLO))
    monkeypatch.setattr(console, "decode", None)
    assert not looked_at.look()


def test_the_end_of_the_guest_is_passed_on() -> None:
    looked_at = Console(Reads(HELLO, HELLO, GuestGone("it has ended")))
    with pytest.raises(GuestGone):
        looked_at.look()
    assert looked_at.screen.text == "Hello", "the last screen is still there"


def test_a_one_shot_looks_twice_at_a_blank_screen() -> None:
    source = Reads(BLANK, BLANK, HELLO)
    assert one_shot(source).screen.text == "Hello"
    assert source.closed == 1
    assert one_shot(Reads(BLANK)).screen.mode is Mode.BLANK
    source = Reads(HELLO)
    one_shot(source)
    assert source.reads == 2, "another screen is looked at once"


def test_a_one_shot_closes_its_source_whatever_happens() -> None:
    source = Reads(HELLO)
    with pytest.raises(UsageError):
        one_shot(source, "no such code page")
    assert source.closed == 1


def test_the_code_page_is_heeded() -> None:
    source = Reads(CellFrame(2, 1, b"\x80\x07" * 2))
    assert one_shot(source).screen.text == "ÇÇ"
    assert one_shot(source, "cp866").screen.text == "АА"


def test_the_pace_slows_down_with_the_stillness_and_not_further() -> None:
    pace = Pace()
    pace.moved(100.0)
    pauses = [pace.pause_s(100.0 + tenths / 10) for tenths in range(200)]
    assert set(pauses[: int(Pace.FULL_RATE_S * 10)]) == {Pace.FASTEST_S}
    assert pauses == sorted(pauses)
    assert pauses[-1] == Pace.SLOWEST_S
    pace.moved(120.0)
    assert pace.pause_s(120.0) == Pace.FASTEST_S
