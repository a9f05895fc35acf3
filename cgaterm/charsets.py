"""Which character a byte of a text page is, and what stands in for it in ASCII.

The model: a VGA has no characters, only 256 (or 512) pictures. Where the picture
is not to be had or not known, the code page says which character a byte was meant
to be; where it is, `fonts` says it better.

Laws:

1. Every byte has a character that is seen, one terminal column wide: never a
   control, format or combining character, and for blanks always a plain space.
2. 0x00–0x1F and 0x7F are CP437's pictures (☺, ♥, ⌂) in every code page: the fonts
   of all of them keep those places.
3. Where a code page has nothing to show (a position that is not assigned, a C1
   control, a combining accent), it is U+FFFD: that a character is missing is said,
   not covered up by CP437's line drawing.
4. A soft hyphen is a hyphen: fonts draw it as one, and terminals would hide it.
"""

from __future__ import annotations

from functools import lru_cache

from cgaterm.errors import UsageError

_GRAPHICS = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
_ASCII = bytes(range(0x20, 0x7F)).decode("ascii")
_ALIKE = {"\xa0": " ", "\xad": "-"}

_DOS = "437 720 737 775 850 852 855 857 858 860 861 862 863 864 865 866 869 874 1125"
_WINDOWS = "1250 1251 1252 1253 1254 1255 1256 1257 1258"
_ISO = "1 2 3 4 5 6 7 8 9 10 11 13 14 15 16"

# Python's own names: `codecs.lookup` brings every other spelling to these.
_NAMES = (
    *(f"cp{number}" for number in f"{_DOS} {_WINDOWS}".split()),
    *(f"iso8859-{part}" for part in _ISO.split()),
    "koi8-r",
    "koi8-u",
)


def code_page_names() -> tuple[str, ...]:
    """Return the code pages that `code_page` knows, "cp437" first."""
    return _NAMES


@lru_cache(maxsize=8)
def code_page(name: str = "cp437") -> str:
    """Return the 256 characters of a code page, by byte.

    Args:
        name: as in `code_page_names`, or any other spelling of those that Python
            knows: "437", "latin-1", "windows-1252", "KOI8_R".

    Raises:
        UsageError: there is no such code page.
    """
    import codecs

    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a name that is no text, such as "\0"
        codec = None
    if codec is None or codec.name not in _NAMES:
        raise UsageError(f"{name!r} is not a code page: give one of {', '.join(_NAMES)}.")
    upper, _ = codec.decode(bytes(range(0x80, 0x100)), "replace")
    return _GRAPHICS + _ASCII + "⌂" + "".join([_visible(character) for character in upper])


def _visible(character: str) -> str:
    from unicodedata import category

    character = _ALIKE.get(character, character)
    return "\ufffd" if category(character)[0] in "CMZ" and character != " " else character


# What decomposition does not say. What is dense is "#", what is round is "*".
_STAND_INS = {
    character: stand_in
    for stand_in, characters in (
        ("#", "".join(map(chr, range(0x2580, 0x25A0))) + "■▬▮▲▼◆♦◘◙"),
        ("*", "•●∙·○☺☻☼♥♣♠♪♫¤°"),
        ("^", "↑"),
        ("v", "↓"),
        ("<", "←◄◀«‹≤"),
        (">", "→►▶»›≥"),
        ("|", "↕↨¦¶"),
        ("-", "↔−‐‑‒–—―¬⌐¯‾"),
        ("=", "≡‗"),
        ("~", "≈"),
        ("'", "‘’‚′´"),
        ('"', "“”„″¨"),
        ("!", "¡"),
        (",", "¸"),
        ("/", "÷√"),
        ("+", "±"),
        *zip("AaDdOosSLlHhiTtfuxcCYPR", "ÆæÐðØøß§ŁłĦħıÞþƒµ×¢€¥₧®", strict=True),
        *zip("DdLcff", "Đđ£©⌠⌡", strict=True),
        ("L", "∟"),
    )
    for character in characters
}


@lru_cache(maxsize=1024)
def ascii_stand_in(character: str) -> str:
    """Return one printable ASCII character for a cell's character.

    Accented letters become their letters, line drawing `+ - | =`, blocks `#`; what has
    no likeness (Greek, Cyrillic, anything that is not one character) becomes "?".
    "" stays "": it is the right half of a character two columns wide. Such a character
    becomes "?", one column wide: whoever draws the pair puts a space into the right half.
    """
    if character in _STAND_INS:
        return _STAND_INS[character]
    if len(character) != 1:
        return "?" if character else ""
    if " " <= character <= "~":
        return character
    if "─" <= character <= "╿":
        return _line_stand_in(character)
    from unicodedata import category, east_asian_width, normalize

    if category(character) == "Zs" and east_asian_width(character) != "F":
        return " "
    base = normalize("NFKD", character)[0]
    return base if " " < base <= "~" and east_asian_width(character) not in "WF" else "?"


def _line_stand_in(character: str) -> str:
    from unicodedata import name

    words = set(name(character).split())  # BOX DRAWINGS DOWN DOUBLE AND LEFT SINGLE
    if "DIAGONAL" in words:
        return {"╱": "/", "╲": "\\"}.get(character, "X")
    horizontal = words & {"HORIZONTAL", "LEFT", "RIGHT"}
    vertical = words & {"VERTICAL", "UP", "DOWN"}
    if horizontal and vertical:
        return "+"
    if vertical:
        return "|"
    return "=" if character == "═" else "-"
