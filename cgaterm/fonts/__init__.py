"""Which characters a guest's font draws, found by its bitmaps.

The model: in text mode a VGA draws character codes from bitmaps in plane 2, eight
dots wide, 32 bytes a code of which the first `height` count, the leftmost dot in
bit 7. What a person reads is the bitmap, not the code: after Linux's `setfont` the
code of "é" is whatever place its font has for it. So each bitmap is looked up in
all the fonts that guests are known to use; they lie beside this file.

Laws:

1. The glyph wins: the code page decides only between characters that look exactly
   alike, and for bitmaps that no known font has. Those are named in `unknown`.
2. A guest with the VGA BIOS's own font costs one comparison; the other fonts are
   loaded when a first glyph differs.
3. A font's own table is asked first: of the known fonts, the one that has most of
   the guest's glyphs, then the next. Only what it does not know comes from another.
4. A bitmap is matched whole and in its place: "-", "_" and "¯" differ in nothing else.
   Only blank rows below a whole font may be left out: a font that is lower than its cells.

The files are PSF version 2 (Linux's console fonts), compressed with gzip; README.md
there says where each comes from and under which license. `tools/make_fonts.py` makes
them. All numbers are little-endian u32::

     0  magic 72 B5 4A 86    16  number of glyphs       32  glyphs, `height` bytes each
     4  version 0            20  bytes per glyph            then for each glyph its
     8  header size, 32      24  height                     characters in UTF-8,
    12  flags, 1: a table    28  width, 8                   the likeliest first, and FF
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from cgaterm.charsets import code_page as code_page_characters

_ROM = "SeaVGABIOS"
#: Which designs there are in each height. Of two that have as many of a guest's glyphs,
#: the first is asked first.
_DESIGNS = {
    8: (_ROM, "Linux", "VGA"),
    12: ("Goha", "GohaClassic"),
    13: ("Fixed",),
    14: (
        _ROM,
        "VGA",
        "Terminus",
        "TerminusBold",
        "TerminusBoldVGA",
        "Fixed",
        "Goha",
        "GohaClassic",
    ),
    15: ("Fixed",),
    16: (
        *(_ROM, "Linux", "VGA", "Terminus", "TerminusBold", "TerminusBoldVGA"),
        *("Fixed", "Goha", "GohaClassic"),
    ),
    18: ("Fixed",),
}
_HEADER_BYTES = 32
_CODES = 256
_BYTES_PER_CODE = 32
_LAST_LATIN = "\u024f"


class FontReading(NamedTuple):
    """What a font draws."""

    #: One for each of the 256 codes, all visible or a space, one column wide.
    characters: str
    #: The codes whose bitmap no known font has; `characters` has the code page's for them.
    unknown: frozenset[int]
    #: The known font that has most of the glyphs, such as "Terminus 8x16", else "unknown".
    name: str


class _Font(NamedTuple):
    name: str
    #: For each bitmap the characters that look like it, the likeliest first.
    characters: dict[bytes, str]


@cache
def rom_font(height: int) -> bytes | None:
    """Return the VGA BIOS's own font: CP437, 256 · `height` bytes, a byte for 8 dots.

    SeaVGABIOS has heights 8, 14 and 16; for others the answer is None.
    """
    if _ROM not in _DESIGNS.get(height, ()):
        return None
    return _file(_ROM, height)[_HEADER_BYTES : _HEADER_BYTES + _CODES * height]


@lru_cache(maxsize=16)
def read_font(glyphs: bytes, height: int, code_page: str = "cp437") -> FontReading:
    """Return which character each code of a font is.

    Args:
        glyphs: 256 · 32 bytes as in plane 2. A code whose bytes are missing is unknown.
        height: of the cells, in scan lines, 1 to 32.
        code_page: whose characters to take where bitmaps do not decide.

    Raises:
        UsageError: there is no such code page.
    """
    page = code_page_characters(code_page)
    bitmaps = [
        glyphs[start : start + height]
        for start in range(0, _CODES * _BYTES_PER_CODE, _BYTES_PER_CODE)
    ]
    if b"".join(bitmaps) == rom_font(height):
        return FontReading(code_page_characters("cp437"), frozenset(), _name(_ROM, height))
    best = _look_up(bitmaps, height, page)
    inked_rows = max(len(bitmap.rstrip(b"\0")) for bitmap in bitmaps)
    for lower in _DESIGNS:
        if best.unknown and inked_rows <= lower < height:
            reading = _look_up([bitmap[:lower] for bitmap in bitmaps], lower, page)
            best = min(best, reading, key=lambda reading: len(reading.unknown))
    return best


def _look_up(bitmaps: list[bytes], height: int, page: str) -> FontReading:
    """Read bitmaps of `height` bytes as what the fonts of that height know them to be."""
    rom = rom_font(height) or b""
    cp437 = code_page_characters("cp437")
    plain = {bytes(height): " ", b"\xff" * height: "█"}
    inked = set(bitmaps) - set(plain)
    found = [(len(inked & font.characters.keys()), font) for font in _known_fonts(height)]
    found.sort(key=lambda count_and_font: -count_and_font[0])
    characters = list(page)
    unknown = []
    open_codes = {}
    for code, bitmap in enumerate(bitmaps):
        if bitmap in plain:
            characters[code] = plain[bitmap]
        elif bitmap == rom[code * height : (code + 1) * height]:
            characters[code] = cp437[code]
        else:
            alike = next(
                (font.characters[bitmap] for _, font in found if bitmap in font.characters), ""
            )
            if not alike:
                unknown.append(code)
            elif page[code] not in alike:
                open_codes[code] = alike
    _choose(characters, open_codes)
    name = found[0][1].name if found and found[0][0] else "unknown"
    return FontReading("".join(characters), frozenset(unknown), name)


def _choose(characters: list[str], open_codes: dict[int, str]) -> None:
    """Settle the codes whose glyph stands for several characters, into `characters`.

    It is the likeliest, unless that is another code's already: a font does not draw a
    letter twice, so the twin of "u" is "и". Among letters beyond Latin, those come first
    of whose writing the font has most: "п" in a Cyrillic font, "π" in a Greek one.
    """
    settled = [character for code, character in enumerate(characters) if code not in open_codes]
    settled += [alike for alike in open_codes.values() if len(alike) == 1]
    blocks = [ord(character) >> 8 for character in settled]
    for code, alike in open_codes.items():
        character = alike[0]
        if character in settled or character > _LAST_LATIN:
            letters = [c for c in alike if c.isalpha() and c not in settled]
            character = max(letters, key=lambda c: blocks.count(ord(c) >> 8), default=character)
        characters[code] = character
        settled.append(character)


@cache
def _known_fonts(height: int) -> tuple[_Font, ...]:
    return tuple([_font(design, height) for design in _DESIGNS.get(height, ())])


def _font(design: str, height: int) -> _Font:
    data = _file(design, height)
    table = _HEADER_BYTES + int.from_bytes(data[16:20], "little") * height
    starts = range(_HEADER_BYTES, table, height)
    bitmaps = [data[start : start + height] for start in starts]
    # No byte of UTF-8 is FF, and no glyph draws a newline.
    characters = data[table:].replace(b"\xff", b"\n").decode().split("\n")
    return _Font(_name(design, height), dict(zip(bitmaps, characters, strict=False)))


def _name(design: str, height: int) -> str:
    return f"{design} 8x{height}"


def _file(design: str, height: int) -> bytes:
    """Return a font file, decompressed. Package data, so it is there wherever the code is."""
    from pkgutil import get_data
    from zlib import decompress

    data = get_data(__name__, f"{design}-8x{height}.psf.gz")
    assert data is not None  # None: a loader without data, which no installer of wheels makes
    return decompress(data, wbits=31)  # 31: a gzip file, without the gzip module's imports
