"""Drawn bytes: read by a person (the golden ones) and shown by a terminal (the others)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyte.graphics import FG_BG_256

from cgaterm.charsets import ascii_stand_in
from cgaterm.draw.ansi import ATOMIC_BYTES, Encoder, ansi_text
from cgaterm.draw.diff import Shift, Span, apply, diff, find_shift
from cgaterm.draw.glyph import (
    PLAIN_PEN,
    Capabilities,
    CursorStyle,
    GlyphTable,
    Pen,
    sgr,
    width,
)
from cgaterm.palette import VGA_COLORS, ColorDepth, terminal_colors, vga_to_ansi
from cgaterm.screen import BLANK_CELL, DEFAULT_COLOR, Cell, Cursor, Mode, Screen, Style
from tests.terminal_emulator import TerminalCell, TerminalEmulator

XTERM = Capabilities()
VT100 = Capabilities(
    color_depth=ColorDepth.MONO,
    unicode=False,
    back_color_erase=False,
    repeat=False,
    erase_characters=False,
    column_address=False,
    hide_cursor=False,
    cursor_style=CursorStyle.NONE,
)
GREY = Style(0xAAAAAA, 0x000000)  # on xterm 38;5;248 and 48;5;16
CURSOR = Cursor(0, 0)


def screen(
    *lines: str, columns: int = 20, style: Style = GREY, cursor: Cursor | None = CURSOR
) -> Screen:
    rows = tuple(tuple(Cell(letter, style) for letter in line.ljust(columns)) for line in lines)
    return Screen(Mode.TEXT, "text", columns, rows, cursor)


def with_cell(before: Screen, row: int, column: int, cell: Cell) -> Screen:
    rows = [list(cells) for cells in before.rows]
    rows[row][column] = cell
    return before._replace(rows=tuple(map(tuple, rows)))


def drawn(*screens: Screen, capabilities: Capabilities = XTERM) -> str:
    """Return what the last draw writes."""
    encoder = Encoder(capabilities)
    *before, last = [encoder.draw(one).decode() for one in screens]
    del before
    return last


# Golden: what is written, byte by byte.


def test_first_screen() -> None:
    assert drawn(screen("C:\\>", "", cursor=Cursor(0, 4))) == (
        "\x1b[m\x1b[r"  # a known state, the cursor at home
        "\x1b[48;5;16m\x1b[2J"  # cleared in the color of most blanks
        "\x1b[38;5;248mC:\\>"
        "\x1b[3 q\x1b[?25h"
    )


def test_an_equal_screen_is_nothing() -> None:
    assert drawn(screen("abc", "def"), screen("abc", "def")) == ""


def test_one_cell() -> None:
    before = screen(*["text"] * 25, columns=80, cursor=Cursor(23, 79))
    after = with_cell(before, 11, 39, Cell("X", GREY))
    assert drawn(before, after) == "\x1b[12;40HX\x1b[24;80H"  # 17


def test_one_cell_in_another_color() -> None:
    before = screen(*["text"] * 25, columns=80, cursor=Cursor(23, 79))
    after = with_cell(before, 11, 39, Cell("X", Style(0x55FF55, 0)))
    assert drawn(before, after) == "\x1b[12;40H\x1b[38;5;83mX\x1b[24;80H"  # 27
    after = with_cell(before, 11, 39, Cell(" ", Style(0x55FF55, 0x0000AA)))
    assert drawn(before, after) == "\x1b[12;40H\x1b[48;5;19m \x1b[24;80H"  # no foreground: a blank


def test_typing() -> None:
    before, after = screen("ab", cursor=Cursor(0, 2)), screen("abc", cursor=Cursor(0, 3))
    assert drawn(before, after) == "c"


def test_cursor_only() -> None:
    before = screen("", "", "", cursor=Cursor(1, 5))
    for cursor, written in [
        (Cursor(1, 4), "\b"),
        (Cursor(1, 6), " "),  # what stands there
        (Cursor(1, 0), "\r"),
        (Cursor(2, 0), "\r\n"),
        (Cursor(2, 5), "\x1b[B"),
        (Cursor(0, 5), "\x1b[A"),
        (Cursor(1, 19), "\x1b[20G"),
        (Cursor(0, 0), "\x1b[H"),
        (Cursor(1, 5, visible=False), "\x1b[?25l"),
        (Cursor(1, 5, top=0.0), "\x1b[1 q"),
        (Cursor(1, 20), "\x1b[?25l"),
    ]:
        assert drawn(before, before._replace(cursor=cursor)) == written
    assert drawn(before._replace(cursor=None), before) == "\x1b[2;6H\x1b[3 q\x1b[?25h"


def test_cursor_shapes_of_the_linux_console() -> None:
    linux = Capabilities(cursor_style=CursorStyle.LINUX)
    before = screen("")
    for top, bottom, number in [(0.0, 1.0, 6), (0.5, 1.0, 4)]:
        after = before._replace(cursor=Cursor(0, 0, top=top, bottom=bottom))
        assert drawn(before, after, capabilities=linux) == f"\x1b[?{number}c"


def test_one_line() -> None:
    assert drawn(screen("a", "one", "c"), screen("a", "two", "c")) == "\r\ntwo\x1b[H"


def test_cells_between_changes_are_written_again_where_that_is_cheaper() -> None:
    assert drawn(screen("", "one two"), screen("", "oNe tWo")) == "\r\n\x1b[CNe tW\x1b[H"


def test_blank_to_the_end_of_the_line() -> None:
    assert drawn(screen("a", "some text"), screen("a", "so")) == "\x1b[2;3H\x1b[K\x1b[H"


def test_blanks_between() -> None:
    before = screen("", "[0123456789abcd]")
    assert drawn(before, screen("", "[              ]")) == "\r\n\x1b[C\x1b[14X\x1b[H"
    assert drawn(before, screen("", "{              }")) == "\r\n{ \x1b[13b}\x1b[H"
    plain = Capabilities(repeat=False)
    assert drawn(before, screen("", "{              }"), capabilities=plain) == (
        "\r\n{\x1b[14X\x1b[14C}\x1b[H"
    )


def test_repeats() -> None:
    assert drawn(screen("a", ""), screen("a", "=" * 20)) == "\r\n=\x1b[19b\x1b[H"
    assert (
        drawn(screen("a", ""), screen("a", "═" * 20)) == "\r\n" + "═" * 20 + "\x1b[H"
    )  # not ASCII


def lines(first: int, count: int = 24) -> list[str]:
    """Return lines of 70 characters that have nothing in common."""
    return [
        f"{number:04} " + "".join(random.Random(number).choices("abcdefghij", k=65))
        for number in range(first, first + count)
    ]


def log(first: int, *, last_row: str | None = None, head: str | None = None) -> Screen:
    """Return 24 lines of a log and an empty one, with the cursor."""
    body = lines(first)
    if head is not None:
        body[0] = head
    rest = [""] if last_row is None else ["", last_row]
    return screen(*body, *rest, columns=80, cursor=Cursor(24, 0))


NEW = lines(25)[0]


def test_scroll_by_one() -> None:
    assert drawn(log(1), log(2)) == f"\n\x1b[A{NEW}\r\n"


def test_scroll_above_a_status_line() -> None:
    first, second, third = (log(number, last_row="status") for number in (1, 2, 3))
    assert drawn(first, second) == f"\x1b[;25r\x1b[25H\n\x1b[A{NEW}\r\n"
    assert drawn(first, second, third) == f"\n\x1b[A{lines(26)[0]}\r\n"  # the region is still set


def test_scroll_under_a_head_line() -> None:
    first, second = (log(number, head="head") for number in (1, 2))
    assert drawn(first, second) == f"\x1b[2r\x1b[25H\n\x1b[A{NEW}\r\n"


def test_scroll_down() -> None:
    before, after = screen(*lines(5), columns=80), screen(*lines(3), columns=80)
    assert drawn(before, after) == ("\x1bM\x1bM" + "\r\n".join(lines(3)[:2]) + "\x1b[H")


def test_scroll_two_regions() -> None:
    def two(upper: int, lower: int) -> Screen:
        return screen(*lines(upper, 8), "-" * 79, *lines(lower, 8), columns=80)

    assert drawn(two(10, 110), two(11, 109)) == (
        f"\x1b[10r\x1b[10H\x1bM\x1b[;8r\x1b[8H\n{lines(18)[0]}\x1b[10H{lines(109)[0]}\x1b[H"
    )


def test_scroll_where_nobody_knows_the_color_of_what_comes_in() -> None:
    tmux = Capabilities(back_color_erase=False, repeat=False, erase_characters=False)
    new_line = NEW.ljust(80)  # nothing can be erased to black
    assert drawn(log(1), log(2), capabilities=tmux) == f"\x1b[;24r\x1b[24H\n{new_line}\x1b[25H"


def test_a_line_that_scrolls_in_full() -> None:
    before, after = screen(*lines(1), columns=70), screen(*lines(2), columns=70)
    assert drawn(before, after) == f"\x1b[24H\n{NEW}\x1b[H"


@pytest.mark.parametrize(
    ("depth", "written"),
    [
        (ColorDepth.TRUECOLOR, "\x1b[38;2;255;85;85;48;2;0;0;170mX"),
        (ColorDepth.INDEXED_88, "\x1b[38;5;69;48;5;17mX"),
        (ColorDepth.ANSI_16, "\x1b[91;44mX"),
        (ColorDepth.ANSI_8, "\x1b[31;44;1mX"),
        (ColorDepth.MONO, "\x1b[1mX"),
    ],
)
def test_color_depths(depth: ColorDepth, written: str) -> None:
    before = screen("a", style=Style())
    after = with_cell(before, 0, 0, Cell("X", Style(0xFF5555, 0x0000AA)))
    assert drawn(before, after, capabilities=Capabilities(depth)) == written + "\r"


def test_blanks_take_the_pen_of_what_follows() -> None:
    before, after = screen("a", style=Style()), screen("", style=Style())
    row = (*[Cell(" ", Style(0x55FF55, 0x0000AA))] * 2, Cell("X", Style(0xFF5555, 0x0000AA)))
    after = after._replace(rows=((*row, *before.rows[0][3:]),))
    assert drawn(before, after) == "\x1b[38;5;203;48;5;19m  X\r"  # one SGR, not two


def test_letters_that_end_sequences_are_letters() -> None:
    for letter in "XKCbHmJA":
        before, after = screen("a", "a"), screen("a", letter * 3, cursor=Cursor(1, 3))
        assert drawn(before, after) == f"\r\n{letter * 3}"


def test_many_regions_that_scroll() -> None:
    def panes(first: int) -> Screen:
        rows = [row for pane in range(4) for row in ["-" * 79, *lines(first + 100 * pane, 5)]]
        return screen(*rows, columns=80)

    written = drawn(panes(1), panes(2))
    assert len(written) < 4 * len(NEW) + 100  # little more than the new lines
    terminal = TerminalEmulator(24, 80)
    terminal.feed((drawn(panes(1)) + written).encode())
    check(terminal, panes(2), XTERM)


def test_without_a_scroll_region_nothing_is_scrolled() -> None:
    plain = Capabilities(scroll_region=False)
    assert "\x1b[r" not in drawn(log(1), capabilities=plain)
    assert len(drawn(log(1), log(2), capabilities=plain)) > 20 * 60


def test_a_log_of_300_lines_at_one_a_draw() -> None:
    encoder = Encoder(XTERM)
    encoder.draw(log(1000, last_row="status"))
    sizes = [len(encoder.draw(log(1000 + step, last_row="status"))) for step in range(1, 301)]
    assert sum(sizes) <= 25_000 * (len(NEW) / 70)


def test_an_almost_empty_screen_is_cleared() -> None:
    after = screen("C:\\>", *[""] * 24, columns=80)
    assert drawn(log(1), after) == "\x1b[2J\x1b[HC:\\>\r"


def test_large_updates_are_bracketed() -> None:
    synchronized = Capabilities(synchronized_output=True)
    written = drawn(log(1), log(101), capabilities=synchronized)
    assert written.startswith("\x1b[?2026h")
    assert written.endswith("\x1b[?2026l")
    assert len(drawn(log(1), log(2), capabilities=synchronized)) < ATOMIC_BYTES
    assert "2026" not in drawn(log(1), log(2), capabilities=synchronized)


def test_vt100() -> None:
    assert (
        drawn(screen("Grün ═", ""), capabilities=VT100)
        == "\x1b[m\x1b[r\x1b[2JGr" + "".join(map(ascii_stand_in, "ün ═")) + "\r"
    )
    before = screen("menu", "")
    after = screen("menu", "", style=Style(0x000000, 0xAAAAAA))._replace(
        rows=(screen("menu", style=Style(0x000000, 0xAAAAAA)).rows[0], before.rows[1])
    )
    assert drawn(before, after, capabilities=VT100) == f"\x1b[7mmenu{' ' * 16}\r"
    assert drawn(before, after, before, capabilities=VT100) == "\x1b[mmenu\x1b[K\r"
    hidden = screen("secret", style=Style(0, 0))
    assert "secret" not in drawn(hidden, capabilities=VT100)


def test_another_size_is_drawn_afresh() -> None:
    assert drawn(screen("a"), screen("a", "")).startswith("\x1b[m\x1b[r")
    assert drawn(screen("a"), screen("a", columns=9)).startswith("\x1b[m\x1b[r")


def test_forget() -> None:
    encoder = Encoder(XTERM)
    first = encoder.draw(screen("a"))
    encoder.forget()
    assert encoder.draw(screen("a")) == first


@pytest.mark.parametrize(
    ("capabilities", "written"),
    [
        (XTERM, b"\x1b[m\x1b[r\x1b[?25h\x1b[0 q"),
        (VT100, b"\x1b[m\x1b[r"),
        (Capabilities(cursor_style=CursorStyle.LINUX), b"\x1b[m\x1b[r\x1b[?25h\x1b[?0c"),
        (VT100._replace(scroll_region=False), b"\x1b[m"),
    ],
)
def test_restore(capabilities: Capabilities, written: bytes) -> None:
    assert Encoder(capabilities).restore() == written


def test_a_screen_without_rows() -> None:
    graphics = Screen(Mode.GRAPHICS, "graphics 640x480")
    assert drawn(graphics) == "\x1b[m\x1b[r\x1b[2J\x1b[?25l"
    assert drawn(graphics, graphics) == ""
    assert drawn(screen("", columns=0)) == "\x1b[m\x1b[r\x1b[2J\x1b[?25l"


# SGR and glyphs.


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        (PLAIN_PEN, PLAIN_PEN, ""),
        (Pen("31", "44"), Pen("31", "42"), "\x1b[42m"),
        (Pen("31", "44"), Pen("32", "42"), "\x1b[32;42m"),
        (Pen("31", "44", bold=True), PLAIN_PEN, "\x1b[m"),
        (Pen("31", "44", bold=True), Pen("31", "44"), "\x1b[22m"),
        (Pen("38;5;248", "49", bold=True, underline=True, blink=True), Pen("31"), "\x1b[;31m"),
        (
            Pen(bold=True, underline=True, reverse=True),
            Pen(underline=True, reverse=True),
            "\x1b[;4;7m",
        ),
        (PLAIN_PEN, Pen(bold=True, blink=True), "\x1b[1;5m"),
    ],
)
def test_sgr(old: Pen, new: Pen, written: str) -> None:
    assert sgr(old, new) == written


PARAMETERS = st.sampled_from(["9", "1", "8;5;200", "8;2;1;20;255"])
PENS = st.builds(
    lambda front, back, *flags: Pen(f"3{front}", f"4{back}", *flags),
    *[PARAMETERS] * 2,
    *[st.booleans()] * 4,
)


@given(PENS, PENS)
def test_sgr_arrives(old: Pen, new: Pen) -> None:
    one, other = TerminalEmulator(1, 1), TerminalEmulator(1, 1)
    one.feed((sgr(PLAIN_PEN, old) + sgr(old, new)).encode())
    other.feed(sgr(PLAIN_PEN, new).encode())
    assert one.pen == other.pen


@pytest.mark.parametrize(
    ("character", "columns"),
    [
        *[(letter, 1) for letter in "a ~é═█Жא가"[:-1]],
        *[(letter, 2) for letter in "中가Ａ😀"],
        *[(chr(code), 0) for code in (0, 7, 10, 13, 27, 0x7F, 0x80, 0x9B, 0xA0, 0xAD)],
        *[(chr(code), 0) for code in (0x200B, 0x200D, 0x202E, 0x2066, 0x2028, 0xFEFF, 0xE000)],
        *[(chr(code), 0) for code in (0x301, 0x903, 0xFE0F, 0xD800, 0x378, 0x10FFFF, 0x1160)],
        *[(chr(code), 0) for code in (0xD7B0, 0x3164, 0xFFA0, 0x1F1E6, 0x1F3FB)],
        ("", 0),
        ("ab", 0),
        ("\x1b[2J", 0),
    ],
)
def test_width(character: str, columns: int) -> None:
    assert width(character) == columns


def glyphs(text: list[str], capabilities: Capabilities = XTERM) -> str:
    row = GlyphTable(capabilities).row(tuple(Cell(part, GREY) for part in text))
    return "|".join(glyph.character for glyph in row)


def test_wide_characters_are_whole_or_replaced() -> None:
    assert glyphs(["中", "", "x"]) == "中||x"
    assert glyphs(["中", "x", ""]) == "\ufffd|x|\ufffd"
    assert glyphs(["", "中"]) == "\ufffd|\ufffd"
    assert glyphs(["中", "", ""]) == "中||\ufffd"
    assert glyphs(["中", ""], VT100) == f"{ascii_stand_in('中')}| "


def test_replacements() -> None:
    assert glyphs(["\x1b", "\xa0", "é"]) == "\ufffd| |é"
    assert glyphs(["\x1b", "\xa0", "a"], VT100) == "?| |a"


def test_a_full_table_starts_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GlyphTable, "CAPACITY", 2)
    encoder, terminal = Encoder(XTERM), TerminalEmulator(2, 20)
    for one in (screen("abcd", "x"), screen("abcd", "y"), screen("abcz", "y")):
        terminal.feed(encoder.draw(one))
        assert terminal.cells()[0][0].character == "a"
    assert [row[3].character for row in terminal.cells()] == ["z", " "]


# ANSI text.


def test_ansi_text() -> None:
    both = screen("ab", "", style=Style())._replace(
        rows=(
            *screen("ab", "", style=Style()).rows,
            (Cell("x", Style(0xFF5555, DEFAULT_COLOR)), *[Cell(" ", Style(-1, 0x0000AA))] * 2),
            (),
        )
    )
    assert ansi_text(both, XTERM) == "ab\n\n\x1b[38;5;203mx\x1b[48;5;19m  \x1b[m\n"
    assert ansi_text(Screen(Mode.BLANK, "blank"), XTERM) == ""


# Any screens, on any terminal.

COLORS = st.sampled_from([DEFAULT_COLOR, *VGA_COLORS[:2], *VGA_COLORS[6:9], 0x123456, 0xFFFFFF])
STYLES = st.builds(Style, COLORS, COLORS, *[st.booleans()] * 4) | st.just(GREY) | st.just(Style())
#: Among them the letters that end the sequences drawn: they must not be taken for those.
CHARACTERS = st.sampled_from(
    [*"  aab=XKbCHm", "═", "█", "é", "中", "", "\x1b", "\x9b", "\u202e", "\u0301"]
)
CELLS = st.builds(Cell, CHARACTERS, STYLES)
CURSORS = st.none() | st.builds(
    Cursor,
    st.integers(-1, 9),
    st.integers(-1, 30),
    st.booleans(),
    st.sampled_from([0.0, 0.5, 0.875]),
    st.just(1.0),
)
CAPABILITIES = st.builds(
    Capabilities,
    st.sampled_from(ColorDepth),
    *[st.booleans()] * 8,
    st.sampled_from(CursorStyle),
    st.booleans(),
)
Grid = list[list[Cell]]


@st.composite
def changes(draw: st.DrawFn, columns: int, height: int) -> Any:
    """Draw something that a guest does to its screen: a function on a grid of cells."""
    row, other = sorted((draw(st.integers(0, height - 1)), draw(st.integers(0, height - 1))))
    column, end = sorted((draw(st.integers(0, columns - 1)), draw(st.integers(1, columns))))
    cell, kind = draw(CELLS), draw(st.sampled_from(["scroll", "scroll", "fill", "write", "noise"]))
    distance = draw(st.integers(-3, 3))
    seed = draw(st.integers(0, 1 << 16))

    def change(grid: Grid) -> None:
        noise = random.Random(seed)
        if kind == "scroll":
            for _ in range(abs(distance)):
                grid.insert(*(other, grid.pop(row)) if distance > 0 else (row, grid.pop(other)))
                grid[other if distance > 0 else row] = [cell] * columns
        elif kind == "fill":
            for line in range(row, other + 1):
                grid[line][column:end] = [cell] * max(0, end - column)
        elif kind == "write":
            text = [Cell(noise.choice("abXK de"), cell.style) for _ in range(column, end)]
            grid[row][column:end] = text
        else:
            for line in range(row, other + 1):
                for place in range(columns):
                    grid[line][place] = Cell(
                        noise.choice("ab c═"), noise.choice([GREY, cell.style])
                    )

    return change


def color_shown(color: int, depth: ColorDepth) -> int:
    """Return what the emulator shows for a color of that depth."""
    if color == DEFAULT_COLOR or depth is ColorDepth.TRUECOLOR:
        return color
    if depth in (ColorDepth.INDEXED_88, ColorDepth.INDEXED_256):
        return int(FG_BG_256[color], 16)
    return VGA_COLORS[vga_to_ansi(color)]


def expected(target: Screen, capabilities: Capabilities) -> list[list[TerminalCell]]:
    """Return what a terminal shows of a screen, by the rules and not by the encoder's tables."""
    depth, result = capabilities.color_depth, []
    bad = "\ufffd" if capabilities.unicode else "?"
    for row in target.rows:
        cells: list[TerminalCell] = []
        for index, (character, style) in enumerate(row):
            hidden = depth is ColorDepth.MONO and style.foreground == style.background != -1
            follows = bool(cells) and cells[-1].character == "中"
            following = row[index + 1 : index + 2]
            if hidden:
                character = " "
            elif not capabilities.unicode:
                unsafe = character in ("\x1b", "\x9b", "\u202e", "\u0301")
                character = "?" if unsafe else ascii_stand_in(character) if character else " "
            elif character == "":
                if follows:
                    cells.append(cells[-1]._replace(character=""))
                    continue
                character = bad
            elif character == "中":
                hides = following and depth is ColorDepth.MONO
                style_after = following[0].style if following else GREY
                gone = hides and style_after.foreground == style_after.background != -1
                if not following or following[0].character or gone:
                    character = bad
            elif character in ("\x1b", "\x9b", "\u202e", "\u0301"):
                character = bad
            colors = terminal_colors(style.foreground, style.background, depth)
            cells.append(
                TerminalCell(
                    character,
                    color_shown(colors.foreground, depth),
                    color_shown(colors.background, depth),
                    style.bold or colors.bold,
                    style.underline,
                    style.blink and capabilities.blink,
                    style.reverse != colors.reverse,
                )
            )
        result.append([cell.seen() for cell in cells])
    return result


def check(terminal: TerminalEmulator, target: Screen, capabilities: Capabilities) -> None:
    assert terminal.unknown == []
    shown = [[cell.seen() for cell in row] for row in terminal.cells()]
    assert shown == expected(target, capabilities)
    cursor = target.cursor
    visible = (
        cursor is not None
        and cursor.visible
        and 0 <= cursor.row < len(target.rows)
        and 0 <= cursor.column < target.columns
    )
    assert not terminal.synchronized
    if capabilities.hide_cursor:
        assert terminal.cursor_visible == visible
    if cursor is not None and visible:
        assert terminal.cursor_at == (cursor.row, cursor.column)
        lit = cursor.bottom - cursor.top
        assert (
            terminal.cursor_shape
            == {
                CursorStyle.NONE: "",
                CursorStyle.DECSCUSR: "1 q" if lit > 0.5 else "3 q",
                CursorStyle.LINUX: {0.0: "?6c", 0.5: "?4c", 0.875: "?2c"}[cursor.top],
            }[capabilities.cursor_style]
        )


@settings(max_examples=300, deadline=None)
@given(st.data(), CAPABILITIES, st.integers(1, 8), st.integers(1, 24), st.booleans(), st.booleans())
def test_the_terminal_shows_every_screen(
    data: st.DataObject,
    capabilities: Capabilities,
    height: int,
    columns: int,
    autowrap: bool,
    erases: bool,
) -> None:
    encoder = Encoder(capabilities)
    # Where bce is not promised, a terminal may have it or not.
    terminal = TerminalEmulator(
        height,
        columns,
        back_color_erase=capabilities.back_color_erase or erases,
        autowrap=autowrap,
    )
    terminal.feed(b"\x1b[7;31;42mstale text\x1b[2;3H")
    if capabilities.scroll_region:
        terminal.feed(b"\x1b[2;3r\x1b[1;2H")
    grid = [[data.draw(CELLS)] * columns for _ in range(height)]
    for _ in range(data.draw(st.integers(1, 5))):
        for change in data.draw(st.lists(changes(columns, height), max_size=3)):
            change(grid)
        target = Screen(Mode.TEXT, "text", columns, tuple(map(tuple, grid)), data.draw(CURSORS))
        terminal.feed(encoder.draw(target))
        check(terminal, target, capabilities)
        assert encoder.draw(target) == b""
        if data.draw(st.integers(0, 5)) == 0:
            terminal.feed(b"\x1b[3;1Hscribble\x1b[1;44m")
            encoder.forget()
    restored = encoder.restore()
    terminal.feed(restored)
    assert terminal.pen == TerminalCell(" ")
    if capabilities.scroll_region:
        assert terminal.scroll_region == (0, height - 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=2), min_size=1, max_size=60), CAPABILITIES)
@example(["\x1b", "]", "0", ";", "x", "\x07"], XTERM)
def test_no_character_of_a_guest_is_a_control_sequence(
    characters: list[str], capabilities: Capabilities
) -> None:
    columns = len(characters)
    row = tuple(Cell(character, GREY) for character in characters)
    target = Screen(Mode.TEXT, "text", columns, (row, row), CURSOR)
    written = Encoder(capabilities).draw(target)
    terminal = TerminalEmulator(2, columns)
    terminal.feed(written)
    assert terminal.unknown == []
    controls = {character for character in written.decode() if not character.isprintable()}
    assert controls <= {"\x1b", "\r", "\n", "\b"}
    text = ansi_text(target, capabilities)
    assert {character for character in text if not character.isprintable()} <= {"\x1b", "\n"}


# Differences.

GRIDS = st.integers(1, 6).flatmap(
    lambda columns: st.lists(st.lists(CELLS, min_size=columns, max_size=columns), max_size=4)
)


@given(st.data(), GRIDS)
def test_diff_and_apply(data: st.DataObject, before: Grid) -> None:
    after = [
        [data.draw(st.sampled_from([cell, cell, BLANK_CELL])) for cell in row] for row in before
    ]
    spans = diff(before, after)
    assert apply(spans, before) == tuple(map(tuple, after))
    assert diff(before, before) == []
    for row, column, cells in spans:
        for grid in (before, after):
            for edge in (column, column + len(cells)):
                assert edge in (0, len(grid[row])) or grid[row][edge].character != ""


def test_spans() -> None:
    before, after = screen("one two", "", "x").rows, screen("oNE tWo", "", "x").rows
    assert diff(before, after) == [
        Span(0, 1, (Cell("N", GREY), Cell("E", GREY))),
        Span(0, 5, (Cell("W", GREY),)),
    ]


def test_spans_take_wide_characters_whole() -> None:
    def row(*characters: str) -> tuple[tuple[Cell, ...], ...]:
        return (tuple(Cell(character, GREY) for character in characters),)

    assert diff(row("a", "中", "", "b"), row("a", "x", "y", "b")) == [Span(0, 1, row("x", "y")[0])]
    assert diff(row("a", "中", ""), row("a", "文", "")) == [Span(0, 1, row("文", "")[0])]
    assert diff(row("中", "", "b"), row("中", "x", "b")) == [Span(0, 0, row("中", "x")[0])]
    assert diff(row("", "b"), row("x", "b")) == [Span(0, 0, row("x")[0])]


def shift_of(before: str, after: str, *, price: int = 1) -> Shift | None:
    """Return the shift between two columns of letters, at one byte a letter."""
    return find_shift(
        before, after, " ", lambda old, new: 4 * (old != new), lambda _: price, (0, len(before) - 1)
    )


@pytest.mark.parametrize(
    ("before", "after", "shift"),
    [
        ("abcdef", "bcdefg", Shift(0, 5, 1)),
        ("abcdef", "defghi", Shift(0, 5, 3)),
        ("habcdefs", "hcdefgis", Shift(1, 6, 2)),
        ("abcdef", "xabcde", Shift(0, 5, -1)),
        ("habcdefs", "hxyabcds", Shift(1, 6, -2)),
        ("abcdef", "abcdef", None),
        ("abcdef", "ghijkl", None),
        ("aaaaaa", "aaaaab", None),
        ("xxxxxx", "yyyyyy", None),
    ],
)
def test_find_shift(before: str, after: str, shift: Shift | None) -> None:
    assert shift_of(before, after) == shift
    if shift is not None:
        moved = shift.apply(before, " ")
        assert sum(old != new for old, new in zip(moved, after, strict=True)) == abs(shift.distance)


def test_a_shift_must_be_worth_it() -> None:
    assert shift_of("abcdef", "bcdefg", price=19) == Shift(0, 5, 1)
    assert shift_of("abcdef", "bcdefg", price=20) is None
