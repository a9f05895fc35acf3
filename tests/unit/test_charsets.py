"""Code pages and ASCII stand-ins: total, visible, one column wide."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcwidth

from cgaterm.charsets import ascii_stand_in, code_page, code_page_names
from cgaterm.errors import UsageError


@pytest.mark.parametrize("name", code_page_names())
def test_every_byte_has_a_visible_character_one_column_wide(name: str) -> None:
    characters = code_page(name)
    assert len(characters) == 256
    assert [wcwidth(character) for character in characters] == [1] * 256
    assert {unicodedata.category(c)[0] for c in characters if c != " "} <= set("LNPS")


@pytest.mark.parametrize("name", code_page_names())
def test_every_code_page_has_ascii_and_the_pictures_of_cp437(name: str) -> None:
    characters = code_page(name)
    assert characters[0x20:0x7F] == "".join(map(chr, range(0x20, 0x7F)))
    assert characters[:0x20] == " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
    assert characters[0x7F] == "⌂"


@pytest.mark.parametrize("name", code_page_names())
def test_what_the_codec_says_is_shown_or_said_to_be_missing(name: str) -> None:
    for code in range(0x80, 0x100):
        meant = bytes([code]).decode(name, "replace")
        assert code_page(name)[code] in (meant, "\ufffd", {"\xa0": " ", "\xad": "-"}.get(meant))


def test_cp437_is_complete() -> None:
    assert code_page() == code_page("cp437")
    assert code_page()[0x80:0x90] == "ÇüéâäàåçêëèïîìÄÅ"
    assert code_page()[0xB0:0xE0] == "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
    assert code_page()[0xFE:] == "■ "


@pytest.mark.parametrize(
    ("name", "code", "character"),
    [
        ("cp850", 0xF0, "-"),  # soft hyphen
        ("latin-1", 0xAD, "-"),
        ("cp850", 0xFF, " "),  # no-break space
        ("latin-1", 0x85, "\ufffd"),  # C1: next line
        ("cp857", 0xD5, "\ufffd"),  # not assigned
        ("cp1255", 0xC8, "\ufffd"),  # combining
        ("cp1256", 0x9D, "\ufffd"),  # zero width
        ("cp858", 0xD5, "€"),
        ("cp866", 0x80, "А"),
        ("koi8-r", 0x80, "─"),
    ],
)
def test_positions_with_a_trap(name: str, code: int, character: str) -> None:
    assert code_page(name)[code] == character


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("437", "cp437"), ("KOI8_R", "koi8-r"), ("windows-1252", "cp1252"), ("L1", "iso8859-1")],
)
def test_other_spellings(spelling: str, name: str) -> None:
    assert code_page(spelling) == code_page(name)


@pytest.mark.parametrize("name", ["", "cp999", "utf-8", "rot13", "mbcs", "a\0b", "é", "\ud800"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match=r"is not a code page: give one of cp437, .*koi8-u\.$"):
        code_page(name)


@pytest.mark.parametrize(
    ("characters", "stand_ins"),
    [
        ("─━═│║┌┬╬╫┄╎╴╵╱╲╳╭", "--=||++++-|-|/\\X+"),
        ("█▀▒▟■", "#####"),
        ("↑↓←→↕◄►«»", "^v<>|<><>"),
        ("•·●", "***"),
        ("éÄçñŁøßŽ", "eAcnLosZ"),
        ("αЖ☃א", "????"),
        ("\xa0\u2003²…“", '  2."'),
        ("\0\x1b\x7f\x9b\n", "?????"),
        ("A~ ", "A~ "),
    ],
)
def test_stand_ins(characters: str, stand_ins: str) -> None:
    assert "".join(map(ascii_stand_in, characters)) == stand_ins


@pytest.mark.parametrize(
    ("cell", "stand_in"),
    [("", ""), ("漢", "?"), ("Ａ", "?"), ("\u3000", "?"), ("ab", "?"), ("\ud800", "?")],
)
def test_stand_ins_of_what_is_not_one_narrow_character(cell: str, stand_in: str) -> None:
    assert ascii_stand_in(cell) == stand_in


@settings(deadline=None)
@given(st.text(st.characters(), min_size=1))
def test_a_stand_in_is_one_printable_ascii_character(cell: str) -> None:
    stand_in = ascii_stand_in(cell)
    assert len(stand_in) == 1
    assert " " <= stand_in <= "~"
    assert ascii_stand_in(stand_in) == stand_in
