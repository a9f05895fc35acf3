"""A guest's screen on terminals of all sizes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cgaterm.screen import BLANK_CELL, Cell, Cursor, Mode, Screen, Style
from cgaterm.view import Pan, fit, text_row

GREY = Style(0xAAAAAA, 0x000000)


def guest(lines: list[str], cursor: Cursor | None = None) -> Screen:
    columns = len(lines[0])
    rows = tuple(text_row(line, columns, GREY) for line in lines)
    return Screen(Mode.TEXT, f"text {columns}x{len(lines)}", columns, rows, cursor)


def test_a_larger_terminal_has_it_in_the_middle_and_a_status_line() -> None:
    view = fit(guest(["ab", "cd"], Cursor(1, 1)), 5, 6, status="vm1")
    assert view.lines == ["", "  ab", "  cd", "", "vm1"]
    assert view.cursor == Cursor(2, 3)
    assert view.rows[1][0] is BLANK_CELL
    assert view.rows[1][2] == Cell("a", GREY)
    assert view.rows[4][0].style.reverse


def test_a_terminal_of_its_size_shows_it_and_nothing_else() -> None:
    screen = guest(["ab", "cd"], Cursor(0, 0))
    view = fit(screen, 2, 2, status="vm1")
    assert view.rows == screen.rows
    assert view.cursor == Cursor(0, 0)


def test_a_smaller_terminal_follows_the_cursor() -> None:
    screen = guest(["abcdef", "ghijkl", "mnopqr"], Cursor(2, 5))
    assert fit(screen, 2, 3).lines == ["jkl", "pqr"]
    assert fit(screen, 2, 3).cursor == Cursor(1, 2)
    assert fit(screen._replace(cursor=Cursor(0, 0)), 2, 3).lines == ["abc", "ghi"]
    assert fit(screen._replace(cursor=None), 2, 3).lines == ["ghi", "mno"]


def test_a_view_moved_by_hand_may_lose_the_cursor() -> None:
    screen = guest(["abcdef", "ghijkl", "mnopqr"], Cursor(2, 5))
    view = fit(screen, 2, 3, pan=Pan(0, 1))
    assert view.lines == ["bcd", "hij"]
    assert view.cursor is None
    assert fit(screen, 2, 3, pan=Pan(100, 100)).lines == ["jkl", "pqr"]


def test_what_is_no_text_is_told_in_words() -> None:
    graphics = fit(Screen(Mode.GRAPHICS, "graphics 1024x768"), 5, 80)
    assert "[ graphics 1024x768 ]" in graphics.text
    assert fit(Screen(Mode.BLANK, "blank"), 3, 11).lines == ["", " [ blank ]", ""]


def test_one_line_lies_at_the_bottom_more_in_a_frame() -> None:
    screen = guest(["." * 12] * 7, Cursor(0, 0))
    said = fit(screen, 7, 12, box=["saved"])
    assert said.lines[-1] == " saved"
    assert said.lines[-2] == "." * 12
    framed = fit(screen, 7, 12, box=["one", "two"])
    assert framed.lines[:6] == [
        "............",
        "..┌─────┐...",
        "..│ one │...",
        "..│ two │...",
        "..└─────┘...",
        "............",
    ]
    assert framed.cursor is None


def test_where_a_frame_has_no_room_the_text_counts() -> None:
    assert fit(guest(["....."] * 3), 3, 5, box=["first", "second", "third", "4"]).lines == [
        "first",
        "secon",
        "third",
    ]


def test_wide_characters_are_not_halved() -> None:
    wide = (Cell("語", GREY), Cell("", GREY))
    screen = Screen(Mode.TEXT, "text 4x1", 4, (wide + wide,))
    assert [cell.character for cell in fit(screen, 1, 2, pan=Pan(0, 1)).rows[0]] == [" ", " "]
    assert [cell.character for cell in fit(screen, 1, 3, pan=Pan(0, 0)).rows[0]] == ["語", "", " "]


def test_names_that_would_not_stay_in_their_cells_do() -> None:
    view = fit(guest(["ab"]), 2, 12, status="a\x1b\x9be\u0301\u200b語z")
    characters = [cell.character for cell in view.rows[1]]
    assert characters == [*"a??e??", "語", "", "z", " ", " ", " "]
    assert [cell.character for cell in text_row("a語", 2)] == ["a", " "]


@given(
    guest_size=st.tuples(st.integers(1, 12), st.integers(1, 20)),
    size=st.tuples(st.integers(1, 15), st.integers(1, 25)),
    cursor=st.tuples(st.integers(0, 11), st.integers(0, 19)),
    pan=st.none() | st.builds(Pan, st.integers(-3, 30), st.integers(-3, 30)),
    status=st.sampled_from(["", "status"]),
    box=st.lists(st.text("abc", max_size=9), max_size=5),
)
def test_every_view_is_of_the_terminals_size(
    guest_size: tuple[int, int],
    size: tuple[int, int],
    cursor: tuple[int, int],
    pan: Pan | None,
    status: str,
    box: list[str],
) -> None:
    rows, columns = guest_size
    lines = [
        "".join(chr(0x41 + (r * columns + c) % 50) for c in range(columns)) for r in range(rows)
    ]
    at = Cursor(min(cursor[0], rows - 1), min(cursor[1], columns - 1))
    screen = guest(lines, at)
    view = fit(screen, *size, pan=pan, status=status, box=box)
    assert (len(view.rows), view.columns) == size
    assert all(len(row) == size[1] for row in view.rows)
    if pan is None and not box:
        assert view.cursor is not None
        shown = view.rows[view.cursor.row][view.cursor.column]
        assert shown == screen.rows[at.row][at.column]
