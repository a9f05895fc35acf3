"""Fonts read by their bitmaps: the ROM's, the console's, the guest's own, and noise."""

from __future__ import annotations

import gzip
import struct
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcwidth

import cgaterm.fonts
from cgaterm.charsets import code_page, code_page_names
from cgaterm.errors import UsageError
from cgaterm.fonts import read_font, rom_font

CP437 = code_page("cp437")
DATA = Path(__file__).parent.parent / "data"
FILES = sorted(Path(cgaterm.fonts.__file__).parent.glob("*.psf.gz"))
ROM_HEIGHTS = [8, 14, 16]
#: A bitmap that nobody would draw.
NOISE = bytes(range(0x81, 0x91))


def plane(bitmaps: dict[int, bytes]) -> bytes:
    """Return a font as in plane 2: 32 bytes a code."""
    return b"".join(bitmaps.get(code, b"").ljust(32, b"\0") for code in range(256))


def rom_bitmaps(height: int) -> dict[int, bytes]:
    rom = rom_font(height)
    assert rom is not None
    return {code: rom[code * height : (code + 1) * height] for code in range(256)}


@cache
def shipped(path: Path) -> tuple[int, list[tuple[bytes, str]]]:
    """Return height and (bitmap, characters) of a file, checked against PSF's definition."""
    data = gzip.decompress(path.read_bytes())
    magic, version, header, flags, count, size, height, width = struct.unpack_from("<8I", data)
    assert (magic, version, header, flags, size, width) == (0x864AB572, 0, 32, 1, height, 8)
    bitmaps = [data[32 + i * size : 32 + (i + 1) * size] for i in range(count)]
    *table, rest = data[32 + count * size :].split(b"\xff")
    assert (len(table), rest) == (count, b"")
    return height, list(zip(bitmaps, [entry.decode() for entry in table], strict=True))


@cache
def alike(height: int) -> dict[bytes, set[str]]:
    """Return what each bitmap of a height may be, by all the shipped fonts together."""
    result = {bytes(height): {" "}, b"\xff" * height: {"█"}}
    for path in FILES:
        if shipped(path)[0] == height:
            for bitmap, characters in shipped(path)[1]:
                result.setdefault(bitmap, set()).update(characters)
    return result


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_characters_fit_a_cell(path: Path) -> None:
    for _, characters in shipped(path)[1]:
        assert characters
        assert {wcwidth(character) for character in characters} == {1}
        assert not any(0xE000 <= ord(character) < 0xF900 for character in characters)


def test_every_shipped_file_is_named_in_the_readme_and_is_looked_into() -> None:
    readme = (FILES[0].parent / "README.md").read_text()
    for path in FILES:
        design, _, size = path.name.removesuffix(".psf.gz").partition("-8x")
        assert f"`{design}-" in readme
        assert design in cgaterm.fonts._DESIGNS[int(size)]
    assert len(FILES) == sum(map(len, cgaterm.fonts._DESIGNS.values()))


@pytest.mark.parametrize("height", ROM_HEIGHTS)
@pytest.mark.parametrize("name", ["cp437", "cp866"])
def test_the_rom_font_draws_cp437_in_every_code_page(height: int, name: str) -> None:
    reading = read_font(plane(rom_bitmaps(height)), height, name)
    assert reading == (CP437, frozenset(), f"SeaVGABIOS 8x{height}")


def test_rows_below_the_cell_do_not_count() -> None:
    stale = {code: bitmap + b"\xaa\x55" for code, bitmap in rom_bitmaps(14).items()}
    assert read_font(plane(stale), 14).characters == CP437


@pytest.mark.parametrize("height", [-1, 0, 7, 15, 32])
def test_other_heights_have_no_rom_font(height: int) -> None:
    assert rom_font(height) is None


def test_rom_glyphs_look_as_they_should() -> None:
    height = 16
    bitmaps = rom_bitmaps(height)
    assert bitmaps[ord("A")] == bytes.fromhex("000010386cc6c6fec6c6c6c600000000")
    assert bitmaps[0xDB] == b"\xff" * height
    assert bitmaps[0x20] == bytes(height)


@pytest.mark.parametrize(
    ("file", "name", "characters"),
    [
        (
            "font_lat15_terminus16.plane2.gz",
            "Terminus 8x16",
            "©®Ø™♦¤¦•¨¯³´¸¹¾ÀÁÂÃ‼¶§ÈÊ↑↓→←ËÌÍÎ"
            " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"
            "`abcdefghijklmnopqrstuvwxyz{|}~ÏÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ"
            "áíóúñÑªº¿Đ¬½¼¡«»░▒Ò│┤ÓÔÕ×ÙÚÛÝÞã┐└┴┬├─┼ðõøýþĞğİıŒœŞşŠšŸŽžˆ┘┌█˜—‘’"
            "‚ß“π”„µ†‡…‰‹∞›€∩≡±≥≤≠№÷≈°₮·∈ⁿ²■∅",
        ),
        (
            "font_lat15_vga16.plane2.gz",
            "VGA 8x16",
            "©─…™♦№∅•¤¦¨®¯³´¸¹¾À‼¶§ÁÂ↑↓→←ÃÈÊË"
            " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"
            "`abcdefghijklmnopqrstuvwxyz{|}~ÌÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ"
            "áíóúñÑªº¿Í¬½¼¡«»░▒Î│┤ÏĐÒÓÔÕ×ØÙÚ┐└┴┬├─┼ÛÝÞãðõøýþĞğİıŒœŞşŠš┘┌█ŸŽžˆ"
            "~ß‘π’‚µ“”„†‡∞‰‹∩≡±≥≤›€÷≈°≠·₮ⁿ²■∈",
        ),
    ],
)
def test_fonts_loaded_by_setfont_in_a_guest(file: str, name: str, characters: str) -> None:
    glyphs = gzip.decompress((DATA / file).read_bytes())
    assert read_font(glyphs, 16) == (characters, frozenset(), name)


def test_one_glyph_of_the_guests_own_is_unknown_and_the_rest_is_read() -> None:
    reading = read_font(plane({**rom_bitmaps(16), ord("a"): NOISE, 0x80: NOISE}), 16, "cp866")
    assert reading.characters[ord("a")] == "a"
    assert reading.characters[0x80] == "А"  # Cyrillic: by the code page
    assert reading.characters[0x81] == "ü"  # by the glyph
    assert reading.unknown == {ord("a"), 0x80}
    assert reading.name == "SeaVGABIOS 8x16"


def test_a_rom_glyph_at_another_code_is_its_character() -> None:
    bitmaps = rom_bitmaps(16)
    bitmaps[ord("a")], bitmaps[0x80] = bitmaps[0xE3], bitmaps[ord("Q")]
    reading = read_font(plane(bitmaps), 16)
    assert reading.characters[ord("a")] == "π"
    assert reading.characters[0x80] == "Q"
    assert not reading.unknown


@pytest.mark.parametrize("height", [1, 5, 16, 32])
def test_clear_and_full_cells_in_any_height(height: int) -> None:
    reading = read_font(plane({1: b"\xff" * height, 0xB0: b"\xff" * height}), height)
    assert reading.characters == " █" + " " * 174 + "█" + " " * 79
    assert (reading.unknown, reading.name) == (frozenset(), "unknown")


def test_no_known_font_of_this_height() -> None:
    glyphs = plane(dict.fromkeys(range(256), (NOISE + NOISE)[:19]))
    reading = read_font(glyphs, 19, "koi8-r")
    assert reading == (code_page("koi8-r"), frozenset(range(256)), "unknown")


@pytest.mark.parametrize(("height", "cell_height"), [(8, 10), (8, 16), (14, 16), (16, 32)])
def test_a_font_lower_than_its_cells(height: int, cell_height: int) -> None:
    bitmaps = rom_bitmaps(height) | {0xDB: b"\xff" * height}
    reading = read_font(plane(bitmaps), cell_height)
    assert reading == (CP437, frozenset(), f"SeaVGABIOS 8x{height}")


def test_a_dash_lower_in_its_cell_is_not_that_dash() -> None:
    dash = rom_bitmaps(16)[ord("-")]
    for moved in (dash[1:] + dash[:1], dash[-1:] + dash[:-1]):
        assert read_font(plane({**rom_bitmaps(16), 0x41: moved}), 16).characters[0x41] != "-"


def glyphs_of(design: str, text: str) -> bytes:
    """Return a font with these characters, in codes from 0x80, over its own ASCII."""
    (path,) = [path for path in FILES if path.name == f"{design}-8x16.psf.gz"]
    bitmaps = {
        character: bitmap for bitmap, all_of_it in shipped(path)[1] for character in all_of_it
    }
    codes = {code: bitmaps[chr(code)] for code in range(0x21, 0x7F)}
    return plane(codes | {0x80 + i: bitmaps[character] for i, character in enumerate(text)})


@pytest.mark.parametrize(
    ("design", "name", "text", "read"),
    [
        # The code page's character where it is one of those that look like it:
        ("Terminus", "cp866", "АБВ", "АБВ"),
        ("Terminus", "cp737", "ΑΒΓ", "ΑΒΓ"),
        # A font does not draw a letter twice, so these are the twins of "u", "3", "b":
        ("Terminus", "cp437", "иЗЬ", "иЗЬ"),
        # Of the letters beyond Latin, those of the font's own writing:
        ("Terminus", "cp437", "ДЖЛЦп", "ДЖЛЦп"),
        ("Terminus", "cp437", "ΔΛΨΞπ", "ΔΛΨΞπ"),
        # Marks are drawn twice, and the second is no other mark:
        ("VGA", "cp437", "──", "──"),
    ],
)
def test_characters_that_look_alike(design: str, name: str, text: str, read: str) -> None:
    reading = read_font(glyphs_of(design, text), 16, name)
    assert reading.characters[0x80 : 0x80 + len(text)] == read
    assert reading.characters[0x21:0x7F] == CP437[0x21:0x7F]
    assert reading.name == f"{design} 8x16"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_glyphs_of_a_font_read_back_wherever_they_are(path: Path, data: st.DataObject) -> None:
    height, glyphs = shipped(path)
    placed = data.draw(st.dictionaries(st.integers(0, 255), st.sampled_from(glyphs)))
    name = data.draw(st.sampled_from(code_page_names()))
    reading = read_font(plane({code: bitmap for code, (bitmap, _) in placed.items()}), height, name)
    for code, (bitmap, _) in placed.items():
        assert reading.characters[code] in alike(height)[bitmap]
    assert not reading.unknown


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_glyph_of_a_font_is_one_of_its_own_characters(path: Path) -> None:
    height, glyphs = shipped(path)
    design = path.name.partition("-")[0]
    known = {code: bitmap for code, (bitmap, _) in enumerate(glyphs[:160], 64)}
    reading = read_font(plane(known), height)
    assert reading.name == f"{design} 8x{height}"
    own = alike_in(glyphs)
    for code, bitmap in known.items():
        if any(bitmap) and bitmap != b"\xff" * height and not in_rom_place(code, bitmap, height):
            assert reading.characters[code] in own[bitmap]


def alike_in(glyphs: list[tuple[bytes, str]]) -> dict[bytes, set[str]]:
    result: dict[bytes, set[str]] = {}
    for bitmap, characters in glyphs:
        result.setdefault(bitmap, set()).update(characters)
    return result


def in_rom_place(code: int, bitmap: bytes, height: int) -> bool:
    return height in ROM_HEIGHTS and rom_bitmaps(height)[code] == bitmap


def repeated(pattern: bytes) -> bytes:
    """Return a whole font of a few bytes: large random ones are slow to draw."""
    return (pattern * 8192)[:8192]


@settings(deadline=None)  # how long it takes is not what is tested
@given(
    glyphs=st.binary(max_size=400) | st.binary(min_size=1, max_size=400).map(repeated),
    height=st.integers(1, 32),
    name=st.sampled_from(code_page_names()),
)
def test_anything_reads_as_256_visible_characters(glyphs: bytes, height: int, name: str) -> None:
    reading = read_font(glyphs, height, name)
    assert [wcwidth(character) for character in reading.characters] == [1] * 256
    assert all(reading.characters[code] == code_page(name)[code] for code in reading.unknown)


def test_codes_whose_bytes_are_missing_are_unknown() -> None:
    reading = read_font(plane(rom_bitmaps(16))[: 128 * 32], 16)
    assert (reading.characters, reading.unknown) == (CP437, frozenset(range(128, 256)))


def test_an_unknown_code_page_is_refused() -> None:
    with pytest.raises(UsageError, match="cp999"):
        read_font(b"", 16, "cp999")
