"""Real guests: what is read from memory and drawn equals what QEMU displays, pixel by pixel."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cgaterm.errors import ScreenUnreadable
from cgaterm.exports.png import render
from cgaterm.sources.process_memory import ProcessMemory
from tests.qemu import DISPLAYS, Picture

if TYPE_CHECKING:
    from cgaterm.frames import TextFrame
    from tests.conftest import Boot
    from tests.qemu import Guest

TEXT_STAGES = {
    "cells": (
        "all_cells blinking_cells dac_palette attribute_palette color_pages "
        "two_fonts high_fonts own_glyph no_line_graphics random_memory"
    ),
    "sizes": (
        "size_80x50 size_80x28 size_40x25 size_132x25 size_132x44 size_132x50 "
        "size_80x60 size_cga monochrome eight_dots tallest"
    ),
    "pages": (
        "hardware_scroll near_end far_start wide_pitch narrow_pitch no_pitch "
        "split_screen split_in_row split_at_top display_page_3 smooth_scroll"
    ),
    "cursor": "underline block half top_line hidden reversed too_low too_tall off_page last_cell "
    "wide",
    "modes": "back_in_text",
}
ALL_STAGES = [(name, stage) for name, stages in TEXT_STAGES.items() for stage in stages.split()]

#: For the other devices, which share QEMU's text drawing: what has to do with their BIOS.
SOME_STAGES = [
    ("cells", "high_fonts"),
    ("cells", "random_memory"),
    ("sizes", "size_132x44"),
    ("sizes", "size_40x25"),
    ("sizes", "monochrome"),
    ("pages", "split_in_row"),
    ("pages", "wide_pitch"),
    ("pages", "display_page_3"),
    ("modes", "back_in_text"),
]


def read(guest: Guest) -> TextFrame:
    with closing(ProcessMemory(guest.pid)) as source:
        return source.read()


def draw(frame: TextFrame, *, cursor: bool = True) -> Picture:
    picture = render(frame, cursor=cursor)
    colors = [color.to_bytes(3, "big") for color in picture.palette]
    pixels = b"".join(map(colors.__getitem__, picture.pixels))
    return Picture(picture.width, picture.height, pixels)


@pytest.mark.parametrize(
    ("display", "name", "stage"),
    [("std", *stage) for stage in ALL_STAGES]
    + [(display, *stage) for display in DISPLAYS if display != "std" for stage in SOME_STAGES],
)
def test_text_is_drawn_as_qemu_draws_it(boot: Boot, display: str, name: str, stage: str) -> None:
    guest = boot(name, stage, display=display)
    guest.stop()
    frame, displayed = read(guest), guest.screendump()
    # Which phase the cursor is in is known everywhere but on qxl: see Guest.screendump.
    cursor = display != "qxl" or draw(frame) == displayed
    picture = draw(frame, cursor=cursor)
    assert picture[:2] == displayed[:2]
    assert picture.pixels == displayed.pixels


@pytest.mark.parametrize("page", [8, 16, 32])
def test_all_characters_in_all_attributes(boot: Boot, page: int) -> None:
    guest = boot("cells", "all_cells", PAGE=page)
    guest.stop()
    assert draw(read(guest)) == guest.screendump()


def test_random_cells_are_the_expected_ones(boot: Boot) -> None:
    guest = boot("random_cells", "write", SEED=42, COUNT=3000)
    cells = [(0x20, 0x07)] * 2000
    state = 42
    for _ in range(3000):
        state = (state * 1664525 + 1013904223) % 2**32
        index = (state >> 16) % 2000
        state = (state * 1664525 + 1013904223) % 2**32
        cells[index] = (state >> 8 & 0xFF, state & 0xFF)
    planes = read(guest).planes
    assert list(zip(planes[:8000:4], planes[1:8000:4], strict=True)) == cells


def test_a_blank_screen_is_black(boot: Boot) -> None:
    guest = boot("modes", "blank_on_key")
    assert any(guest.screendump().pixels)  # from here on QEMU has a size for the blank screen
    guest.press("spc")
    guest.wait_ready("READY\nREADY")
    assert draw(read(guest)) == guest.screendump() == Picture(720, 400, bytes(720 * 400 * 3))


@pytest.mark.parametrize("stage", ["cga_640x200", "vga_640x480", "vga_320x200", "vbe_1024x768"])
def test_graphics_are_named_and_not_drawn(boot: Boot, stage: str) -> None:
    guest = boot("modes", stage)
    with pytest.raises(ScreenUnreadable, match=f"graphics {stage[4:]}"):
        render(read(guest))
