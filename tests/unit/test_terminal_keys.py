"""terminal_keys: bytes of a terminal to Keystrokes, Keystrokes to keys of the guest."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from blessed import Terminal
from hypothesis import given
from hypothesis import strategies as st

from cgaterm.errors import UsageError
from cgaterm.keys import layout, press, strokes_for_text
from cgaterm.terminal_keys import (
    PASTE_TIMEOUT_S,
    Chord,
    KeyReader,
    TerminalKeyboard,
    is_escape,
    parse_escape,
    struck,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blessed.keyboard import Keystroke

TERMINAL = Terminal(kind="xterm-256color", stream=io.StringIO(), force_styling=True)
US = layout("us")
DE = layout("de")


class Typist:
    """A KeyReader at the end of a pipe, with a clock that stands still until told."""

    def __init__(self, terminal: Terminal = TERMINAL) -> None:
        self.now_s = 0.0
        self.read_end, self.write_end = os.pipe()
        self.reader = KeyReader(terminal, self.read_end, clock=lambda: self.now_s)

    def type(self, text: str | bytes) -> list[Keystroke]:
        data = text.encode() if isinstance(text, str) else text
        os.write(self.write_end, data)
        return self.reader.read()

    def wait(self, seconds: float = 0.05) -> list[Keystroke]:
        self.now_s += seconds
        return self.reader.read()

    def close(self) -> None:
        for fd in (self.read_end, self.write_end):
            os.close(fd)


@pytest.fixture
def typist() -> Iterator[Typist]:
    made = Typist()
    yield made
    made.close()


def keystrokes(text: str) -> list[Keystroke]:
    """All that a terminal means by a text."""
    made = Typist()
    keys = made.type(text) + made.wait()
    made.close()
    return keys


def guest_keys(text: str, keyboard: TerminalKeyboard | None = None) -> str:
    """What reaches a guest, as in "+shift +a -a -shift"."""
    keyboard = keyboard or TerminalKeyboard(US)
    events = [event for key in keystrokes(text) for event in keyboard.translate(key).events]
    return " ".join("-+"[down] + qcode for qcode, down in events)


def stroke(keys: str) -> str:
    return " ".join("-+"[down] + qcode for qcode, down in press(*keys.split("+")))


def test_keys_come_whole_however_the_stream_is_cut(typist: Typist) -> None:
    stream = "a\x1b[Aé\x1bOP\x1b[1;5C\x1bx\x1b[97;5u\r".encode()
    expected = ["a", "\x1b[A", "é", "\x1bOP", "\x1b[1;5C", "\x1bx", "\x1b[97;5u", "\r"]
    assert typist.type(stream) == expected
    assert [key for byte in stream for key in typist.type(bytes([byte]))] == expected
    assert typist.reader.deadline_s is None


def test_a_lone_escape_waits_a_moment_without_blocking(typist: Typist) -> None:
    assert typist.type("\x1b") == []
    assert typist.reader.deadline_s == pytest.approx(0.04)
    assert typist.reader.fileno() == typist.read_end
    assert [key.name for key in typist.wait()] == ["KEY_ESCAPE"]
    assert typist.reader.deadline_s is None


@pytest.mark.parametrize("text", ["\x1b[", "\x1bO", "\x1bP", "\x1b]", "\x1b_"])
def test_alt_with_what_begins_a_sequence(typist: Typist, text: str) -> None:
    assert typist.type(text) == []
    assert typist.wait() == [text]
    assert guest_keys("\x1b[") == stroke("alt+bracket_left")


def test_two_escapes_are_two_escapes() -> None:
    assert guest_keys("\x1b\x1b") == f"{stroke('esc')} {stroke('esc')}"
    assert guest_keys("\x1b\x1b[A") == f"{stroke('esc')} {stroke('up')}"


@pytest.mark.parametrize(
    "reply",
    [
        "\x1b[?62;22c",
        "\x1b[?31u",
        "\x1bP>|xterm(370)\x1b\\",
        "\x1bP1+r52=31\x1b\\",
        "\x1b]11;rgb:0/0/0\x07",
        "\x1b[201~",
        "\x1b[9;13R",
        "\x1b[<0;3;4M",
        "\x1b[I",
        "\x1b[48;25;80;0;0t",
    ],
)
def test_replies_mouse_and_focus_type_nothing(reply: str) -> None:
    assert guest_keys(f"a{reply}b") == "+a -a +b -b"


def test_a_paste_arrives_whole_from_any_pieces(typist: Typist) -> None:
    text = "line é\n" * 15_000
    data = f"\x1b[200~{text}\x1b[201~".encode()
    for start in range(0, len(data), 4001):
        assert typist.type(data[start : start + 4001]) == []
        assert typist.wait(0.0) == []
    assert [key.text for key in typist.wait()] == [text]


def test_a_slow_paste_does_not_fall_apart(typist: Typist) -> None:
    typist.type("\x1b[200~abc")
    assert typist.wait(PASTE_TIMEOUT_S / 2) == []
    typist.type("def\x1b[201~")
    assert [key.text for key in typist.wait()] == ["abcdef"]


def test_a_paste_without_end_does_not_lock_the_keyboard(typist: Typist) -> None:
    typist.type("\x1b[200~abc")
    assert [key.text for key in typist.wait(PASTE_TIMEOUT_S)] == ["abc"]
    assert typist.type("x") == ["x"]


def test_a_paste_cannot_break_out(typist: Typist) -> None:
    typist.type("a\x1b[200~one\x1b[201~\x1d")
    typist.type("d\x1b[200~two\x1b[201~")
    keys = typist.wait()
    assert [key.text for key in keys] == ["one\x1ddtwo"]
    assert not is_escape(keys[0], parse_escape("ctrl-]"))


def test_what_is_typed_after_a_paste_is_typed(typist: Typist) -> None:
    typist.type("\x1b[200~one\x1b[201~x\x1b[A")
    keys = typist.wait()
    assert [key.text for key in keys] == ["one", None, None]
    assert keys[1:] == ["x", "\x1b[A"]


def test_a_terminal_that_has_gone_says_so(typist: Typist) -> None:
    os.close(typist.write_end)
    with pytest.raises(EOFError):
        typist.reader.read()
    typist.write_end = os.dup(typist.read_end)


def test_a_pty_whose_other_side_closed_says_so() -> None:
    ours, theirs = os.openpty()
    os.close(theirs)
    with pytest.raises(EOFError):
        KeyReader(TERMINAL, ours).read()
    os.close(ours)


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("a", "a"),
        ("A", "shift+a"),
        ("\r", "ret"),
        ("\n", "ctrl+j"),
        ("\t", "tab"),
        ("\x7f", "backspace"),
        ("\b", "ctrl+h"),
        ("\x1b", "esc"),
        ("\x00", "ctrl+spc"),
        ("\x03", "ctrl+c"),
        ("\x1c", "ctrl+backslash"),
        ("\x1b[Z", "shift+tab"),
        ("\x1b[D", "left"),
        ("\x1bOD", "left"),
        ("\x1b[1;3A", "alt+up"),
        ("\x1b[1;8A", "ctrl+alt+shift+up"),
        ("\x1b[3;5~", "ctrl+delete"),
        ("\x1b[H", "home"),
        ("\x1b[4~", "end"),
        ("\x1b[6~", "pgdn"),
        ("\x1b[2~", "insert"),
        ("\x1bOM", "ret"),
        ("\x1bOk", "kp_add"),
        ("\x1bOw", "kp_7"),
        ("\x1b[24~", "f12"),
        ("\x1b[15;2~", "shift+f5"),
        ("\x1b[1;2P", "shift+f1"),
        ("\x1bx", "alt+x"),
        ("\x1bX", "alt+shift+x"),
        ("\x1b\r", "alt+ret"),
        ("\x1b\x03", "ctrl+alt+c"),
        ("\x1b[27;5;93~", "ctrl+bracket_right"),
    ],
)
def test_what_terminals_send(sent: str, keys: str) -> None:
    assert guest_keys(sent) == stroke(keys)


def test_characters_go_by_the_guests_layout() -> None:
    assert guest_keys("z@", TerminalKeyboard(DE)) == f"{stroke('y')} {stroke('alt_r+q')}"
    assert guest_keys("\x1a", TerminalKeyboard(DE)) == stroke("ctrl+y")
    assert guest_keys("^", TerminalKeyboard(DE)) == f"{stroke('grave_accent')} {stroke('spc')}"
    assert guest_keys("\x1e", TerminalKeyboard(DE)) == stroke("ctrl+grave_accent")


def test_what_the_layout_lacks_is_told() -> None:
    (key,) = keystrokes("ß")
    assert TerminalKeyboard(US).translate(key) == ([], "ß")


def test_beyond_unicode_is_nothing() -> None:
    sent = "\x1b[99999999u\x1b[27;5;99999999~\x1b[55296u\x1b[97;;55296u\x1b[27;5;55296~"
    assert guest_keys(sent) == ""


def test_a_linux_console_has_its_own_function_keys() -> None:
    made = Typist(Terminal(kind="linux", stream=io.StringIO(), force_styling=True))
    keyboard = TerminalKeyboard(US)
    events = [keyboard.translate(key).events for key in made.type("\x1b[[A\x1b[25~")]
    assert events == [press("f1"), press("shift", "f1")]
    made.close()


def kitty() -> TerminalKeyboard:
    return TerminalKeyboard(US, reports_releases=True)


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("\x1b[97;;97u \x1b[97;1:3u", "+a -a"),
        ("\x1b[97;;97u \x1b[97;1:2;97u \x1b[97;1:3u", "+a +a -a"),
        (
            "\x1b[57441;2u \x1b[97:65;2;65u \x1b[97;2:3u \x1b[57441;1:3u",
            "+shift +a -a -shift",
        ),
        ("\x1b[57448;5u \x1b[99;5u \x1b[99;5:3u \x1b[57448;1:3u", "+ctrl_r +c -c -ctrl_r"),
        ("\x1b[57444;9u \x1b[57444;9:2u \x1b[57444;1:3u", "+meta_l -meta_l"),
        ("\x1b[57449;3u \x1b[120;3u \x1b[120;3:3u \x1b[57449;1:3u", "+alt_r +x -x -alt_r"),
        ("\x1b[A \x1b[1;1:2A \x1b[1;1:3A", "+up +up -up"),
        ("\x1b[13u \x1b[13;1:3u", "+ret -ret"),
        ("\x1b[57414u \x1b[57414;1:3u", "+kp_enter -kp_enter"),
        ("\x1b[57406;129;55u \x1b[57406;129:3u", "+7 -7"),
        ("\x1b[57406;3u \x1b[57406;1:3u", "+alt +kp_7 -kp_7 -alt"),
        ("\x1b[57358;65u \x1b[97;65;65u \x1b[97;65:3u", "+shift +a -a -shift"),
        ("\x1b[57360;1u \x1b[57360;1:3u", ""),
        ("\x1b[57362u \x1b[57362;1:3u \x1b[57363u", "+pause -pause +compose"),
        # AltGr told as two keys is one.
        ("\x1b[57453u \x1b[57449;3u \x1b[57449;1:3u \x1b[57453;1:3u", "+alt_r +alt_r -alt_r"),
        ("\x1b[57376u", "+shift +f1 -f1 -shift"),
        ("\x1b[57388u", ""),
        ("\x1b[0;;233u", ""),
        ("\x1b[0;;104u", "+h -h"),
        ("\x1b[0u", ""),
        # No text reported: by the shifted key, or the key itself.
        ("\x1b[50:64;2u", "+shift +2 -2 -shift"),
        # Ctrl-C on a Cyrillic keyboard.
        ("\x1b[1089::99;5u", "+ctrl +c -c -ctrl"),
        # The terminal lost a release: the modifier bits tell.
        ("\x1b[57442;5u \x1b[97;1;97u", "+ctrl -ctrl +a"),
        ("\x1b[57442;5u \x1b[O", "+ctrl -ctrl"),
        # A release that was never pressed here.
        ("\x1b[97;1:3u", ""),
    ],
)  # fmt: skip
def test_kitty_keys_go_down_and_up(sent: str, keys: str) -> None:
    assert guest_keys(sent.replace(" ", ""), kitty()) == keys


def test_kitty_text_is_made_with_the_modifiers_that_the_guests_layout_needs() -> None:
    # Shift-2 types @ here; in a German guest it takes AltGr-Q, without Shift.
    keyboard = TerminalKeyboard(DE, reports_releases=True)
    assert guest_keys("\x1b[57441;2u\x1b[50:64;2;64u\x1b[50;2:3u\x1b[57441;1:3u", keyboard) == (
        "+shift -shift +alt_r +q -q -alt_r +shift -shift"
    )
    # AltGr-Q here types @; in a US guest it takes Shift-2, without AltGr.
    assert guest_keys("\x1b[57453u\x1b[113;;64u\x1b[113;1:3u\x1b[57453;1:3u", kitty()) == (
        "+alt_r -alt_r +shift +2 -2 -shift +alt_r -alt_r"
    )
    # AltGr is no matter to keys that make no character.
    assert guest_keys("\x1b[57453u\x1b[A", keyboard) == "+alt_r +up"


def test_a_key_that_types_another_character_while_held_is_released_first() -> None:
    keyboard = TerminalKeyboard(US, reports_releases=True)
    assert guest_keys("\x1b[97;;97u\x1b[97;;98u\x1b[97;1:3u", keyboard) == "+a -a +b -b"


def test_pasting_lets_go_of_the_keys_that_pasted() -> None:
    keyboard = kitty()
    assert guest_keys("\x1b[57442;5u\x1b[57441;6u", keyboard) == "+ctrl +shift"
    assert guest_keys("\x1b[200~a\r\nB\x1b[201~", keyboard) == (
        f"-shift -ctrl {stroke('a')} {stroke('ret')} {stroke('shift+b')}"
    )
    assert guest_keys("\x1b[57441;1:3u\x1b[57442;1:3u", keyboard) == ""
    (paste,) = keystrokes("\x1b[200~aä\x1b[201~")
    assert keyboard.translate(paste) == strokes_for_text("aä", US)


@given(st.lists(st.sampled_from([
    "a", "\x1b[A", "\x1b[1;1:3A", "\x1b[57441;2u", "\x1b[57441;1:3u", "\x1b[57442;5u", "\x1b[O",
    "\x1b[97;5u", "\x1b[97;;97u", "\x1b[97;1:3u", "\x1b[50:64;2;64u", "\x1b[57453u", "\x1bx",
    "\x1b[57453;1:3u", "\x1b[57449;3u", "\x1b[120;3u", "\x1b[200~Zz\x1b[201~", "\x1b[57376u",
])))  # fmt: skip
def test_all_that_is_pressed_is_released(sent: list[str]) -> None:
    keyboard = TerminalKeyboard(DE, reports_releases=True)
    held: set[str] = set()
    events = [
        event
        for text in sent
        for key in keystrokes(text)
        for event in keyboard.translate(key).events
    ]
    for qcode, down in [*events, *keyboard.release_all()]:
        assert down or qcode in held
        (held.add if down else held.remove)(qcode)
    assert not held


@given(st.binary(max_size=60))
def test_any_bytes_can_be_typed(data: bytes) -> None:
    made = Typist()
    keyboard = kitty()
    for key in made.type(data) + made.wait(PASTE_TIMEOUT_S):
        keyboard.translate(key)
        is_escape(key, Chord("]", 4))
    assert made.reader.deadline_s is None
    made.close()


@pytest.mark.parametrize(
    ("escape", "sent"),
    [
        ("ctrl-]", "\x1d"),
        ("^]", "\x1b[93;5u"),
        ("ctrl-]", "\x1b[93;69u"),  # with Caps Lock
        ("ctrl-]", "\x1b[1098::93;5u"),  # Cyrillic
        ("ctrl-]", "\x1b[53;5u"),  # Ctrl-5
        ("ctrl-]", "\x1b[27;5;93~"),
        ("ctrl-^", "\x1b[54:94;6u"),
        ("ctrl-a", "\x01"),
        ("Ctrl-A", "\x1b[97;5u"),
        ("ctrl-space", "\x00"),
        ("f12", "\x1b[24~"),
        ("shift-f12", "\x1b[24;2~"),
        ("alt-x", "\x1bx"),
        ("alt-x", "\x1b[120;3u"),
        ("alt-shift-x", "\x1bX"),
        ("pause", "\x1b[57362u"),
    ],
)
def test_the_escape_key_is_known_in_every_encoding(escape: str, sent: str) -> None:
    (key,) = keystrokes(sent)
    assert is_escape(key, parse_escape(escape))


@pytest.mark.parametrize(
    "sent", ["]", "\x1b[93u", "\x1b[93;5:3u", "\x1b]", "\x1b[97;5u", "\x1b[57442;5u", "\x1b[I"]
)
def test_other_keys_are_not_the_escape_key(sent: str) -> None:
    (key,) = keystrokes(sent)
    assert not is_escape(key, parse_escape("ctrl-]"))


@pytest.mark.parametrize("name", ["a", "shift-a", "enter", "ctrl", "capslock-a", "nokey", ""])
def test_a_key_needed_for_typing_is_no_escape_key(name: str) -> None:
    with pytest.raises(UsageError, match="alt"):
        parse_escape(name)


@pytest.mark.parametrize(
    ("sent", "chord"),
    [
        ("D", Chord("D")),
        ("\x1d", Chord("]", 4)),
        ("\x1b", Chord("esc")),
        ("\x1b[100;;100u", Chord("d")),
        ("\x1b[100:68;2u", Chord("D")),
        ("\x1b[93;5u", Chord("]", 4)),
        ("\x1b[13u", Chord("ret")),
        ("\x1b[1;5P", Chord("f1", 4)),
        ("\x1b[100;1:3u", None),
        ("\x1b[57442;5u", None),
        ("\x1b[57388u", None),
        ("\x1b[200~d\x1b[201~", None),
    ],
)
def test_what_was_struck_for_a_menu(sent: str, chord: Chord | None) -> None:
    (key,) = keystrokes(sent)
    assert struck(key) == chord
