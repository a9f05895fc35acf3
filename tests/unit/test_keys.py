"""keys: texts and combinations to presses and releases, checked by a keyboard that types back."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgaterm.errors import UsageError
from cgaterm.keymaps import KEYS, LEVELS
from cgaterm.keys import (
    KEY_NAMES,
    QKEYCODES,
    KeyEvent,
    combo_keys,
    layout,
    parse_combo,
    press,
    strokes_for_text,
)

US = layout("us")
LAYOUTS = {name: layout(name) for name in LEVELS}

FIXED = {"spc": " ", "ret": "\n", "tab": "\t", "esc": "\x1b", "backspace": "\x7f"}
DEAD_THEN_SPACE = {
    "GRAVE": "`",
    "ACUTE": "'",
    "CIRCUMFLEX": "^",
    "TILDE": "~",
    "MACRON": "¯",
    "BREVE": "˘",
    "DOT": "˙",
    "DIAERESIS": '"',
    "RING": "°",
    "DOUBLE": "˝",
    "CARON": "ˇ",
    "CEDILLA": "¸",
    "OGONEK": "˛",
}
DEAD_TWICE = {"\u0301": "´", "\u0308": "¨"}


def typed(events: list[KeyEvent], name: str) -> str:
    """What a guest with this layout makes of the events, by the layout's plain table."""
    held: set[str] = set()
    dead = text = ""
    for qcode, down in events:
        assert (qcode in held) != down, f"{qcode} goes the same way twice"
        (held.add if down else held.remove)(qcode)
        if not down or qcode in {"shift", "alt_r", "ctrl"}:
            continue
        level = ("shift" in held) + 2 * ("alt_r" in held)
        character = FIXED.get(qcode) or LEVELS[name][level][KEYS.split().index(qcode)]
        if dead:
            if character == dead:
                character = DEAD_TWICE[dead]
            elif character == " ":
                character = DEAD_THEN_SPACE[unicodedata.name(dead).split()[1]]
            else:
                character = unicodedata.normalize("NFC", character + dead)
            dead = ""
        elif "ctrl" in held:
            character = chr(ord(character) & 0x1F)
        elif unicodedata.combining(character):
            dead, character = character, ""
        text += character
    assert not held
    assert not dead
    return text


@pytest.mark.parametrize("name", LEVELS)
def test_every_layout_types_printable_ascii_and_all_it_claims(name: str) -> None:
    keyboard = LAYOUTS[name]
    assert set(string.printable) - set("\r\v\f") <= keyboard.strokes.keys()
    for character in keyboard.strokes.keys() - set("\r\b") - {chr(c) for c in range(0x20)}:
        assert typed(strokes_for_text(character, keyboard).events, name) == character
    for strokes in keyboard.strokes.values():
        for stroke in strokes:
            assert {stroke.qcode, *stroke.modifiers} <= QKEYCODES


@given(
    st.sampled_from(sorted(LEVELS)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.text(st.sampled_from(sorted(LAYOUTS[name].strokes.keys() - set("\r\b")))),
        )
    )
)
def test_a_text_is_typed_as_it_is(case: tuple[str, str]) -> None:
    name, text = case
    # Without Ctrl combinations: which character Ctrl turns a dead key into is another test's.
    text = "".join(c for c in text if c >= " " or c in "\n\t\x1b")
    typing = strokes_for_text(text, LAYOUTS[name])
    assert typing.untypable == ""
    assert typed(typing.events, name) == unicodedata.normalize("NFC", text)


@given(st.text(), st.sampled_from(sorted(LEVELS)))
def test_what_cannot_be_typed_is_told_and_nothing_stays_pressed(text: str, name: str) -> None:
    typing = strokes_for_text(text, LAYOUTS[name])
    assert len(set(typing.untypable)) == len(typing.untypable)
    rest = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    assert {c for c in rest if c not in LAYOUTS[name].strokes} == set(typing.untypable)
    downs: dict[str, int] = {}
    for qcode, down in typing.events:
        downs[qcode] = downs.get(qcode, 0) + (1 if down else -1)
        assert downs[qcode] in {0, 1}
    assert not any(downs.values())


@pytest.mark.parametrize(
    ("name", "character", "keys"),
    [
        ("us", "<", "shift+comma"),  # not the 102nd key, which US keyboards lack
        ("uk", '"', "shift+2"),
        ("uk", "\\", "less"),
        ("uk", "|", "shift+less"),
        ("uk", "#", "backslash"),
        ("de", "z", "y"),
        ("de", "@", "alt_r+q"),
        ("de", "^", "grave_accent spc"),
        ("de", "ê", "grave_accent e"),
        ("de", "ß", "minus"),
        ("fr", "a", "q"),
        ("fr", "1", "shift+1"),
        ("fr", "â", "bracket_left q"),
        ("fr", "ï", "shift+bracket_left i"),
        ("es", "é", "apostrophe e"),
        ("es", "ñ", "semicolon"),
        ("es", "´", "apostrophe apostrophe"),
        ("br", "/", "ro"),
        ("us", "\x01", "ctrl+a"),
        ("fr", "\x01", "ctrl+q"),
        ("de", "\x1d", "ctrl+alt_r+9"),
        ("us", "\x00", "ctrl+spc"),
        ("us", "\x1f", "ctrl+shift+minus"),
    ],
)
def test_known_strokes(name: str, character: str, keys: str) -> None:
    expected = [event for stroke in keys.split() for event in press(*stroke.split("+"))]
    assert strokes_for_text(character, LAYOUTS[name]).events == expected


def test_modifiers_are_held_across_characters_that_need_them() -> None:
    assert strokes_for_text("ABc", US).events == [
        KeyEvent("shift", True),
        *press("a"),
        *press("b"),
        KeyEvent("shift", False),
        *press("c"),
    ]


@pytest.mark.parametrize("text", ["\n", "\r", "\r\n"])
def test_any_line_end_is_one_enter(text: str) -> None:
    assert strokes_for_text(text, US).events == press("ret")
    assert strokes_for_text(f"{text}{text}", US).events == press("ret") * 2


def test_both_backspaces_and_escape() -> None:
    assert strokes_for_text("\b\x7f\x1b", US).events == [*press("backspace") * 2, *press("esc")]


def test_an_accent_that_follows_its_letter_is_composed() -> None:
    assert strokes_for_text("e\u0301", LAYOUTS["es"]) == strokes_for_text("é", LAYOUTS["es"])


def test_untypable_characters_are_named_once_in_order() -> None:
    typing = strokes_for_text("aäbößä", US)
    assert typing.untypable == "äöß"
    assert typing.events == [*press("a"), *press("b")]


def test_layouts_have_other_names_and_an_unknown_one_names_the_known() -> None:
    assert layout("GB") == layout("uk") == layout("en-gb")
    with pytest.raises(UsageError, match=r"'dvorak'.*be, br, .* uk, us"):
        layout("dvorak")


@pytest.mark.parametrize(
    ("combo", "keys"),
    [
        ("ctrl-alt-del", "ctrl alt delete"),
        ("Ctrl+Alt+F12", "ctrl alt f12"),
        ("alt-sysrq-b", "alt sysrq b"),
        ("AltGr-PageUp", "alt_r pgup"),
        ("ctrl--", "ctrl -"),
        ("ctrl-+", "ctrl +"),
        ("-", "-"),
        ("^]", "ctrl ]"),
        ("^C", "ctrl c"),
        ("menu", "compose"),
        ("win-e", "meta_l e"),
    ],
)
def test_combinations(combo: str, keys: str) -> None:
    assert combo_keys(combo) == keys.split()


@pytest.mark.parametrize("combo", ["", "ctrl-", "--", "-a", "ctrl-nokey", "ctrl-alt-", "f99"])
def test_what_is_no_combination_says_so(combo: str) -> None:
    with pytest.raises(UsageError, match="write one like"):
        combo_keys(combo)


def test_combinations_are_pressed_in_order_and_released_in_reverse() -> None:
    assert parse_combo("ctrl-alt-z", LAYOUTS["de"]) == [
        KeyEvent("ctrl", True),
        KeyEvent("alt", True),
        KeyEvent("y", True),
        KeyEvent("y", False),
        KeyEvent("alt", False),
        KeyEvent("ctrl", False),
    ]
    assert parse_combo("ctrl-]", LAYOUTS["de"]) == press("ctrl", "alt_r", "9")
    assert parse_combo("shift-?", US) == press("shift", "slash")


@pytest.mark.parametrize("combo", ["ctrl-é", "ctrl-^"])
def test_a_combination_needs_a_key_that_is_one_stroke(combo: str) -> None:
    with pytest.raises(UsageError, match="not one key of the layout"):
        parse_combo(combo, LAYOUTS["de"])


def test_names_lead_to_keys() -> None:
    assert set(KEY_NAMES.values()) <= QKEYCODES
