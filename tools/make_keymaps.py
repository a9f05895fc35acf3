"""Make cgaterm/keymaps.py: what each key types in the layouts that `--keymap` knows.

    python tools/make_keymaps.py | ruff format - > cgaterm/keymaps.py

Needs libxkbcommon and Debian's xkb-data (both MIT/X11): the library resolves the
includes of the symbols files exactly as a guest's X server, Wayland compositor or
console-setup does, from the model pc105 and each layout's default variant.
"""

from __future__ import annotations

import ctypes
import unicodedata

#: xkb's name of each layout, by ours.
NAMES = "be br ch de dk es fi fr it latam no pl pt se us"
LAYOUTS = {"uk": "gb"} | {name: name for name in NAMES.split()}

#: QKeyCodes of the keys in rows, each with xkb's (evdev's) code of its first key.
ROWS = {
    49: ["grave_accent"],
    10: [*"1234567890", "minus", "equal"],
    24: [*"qwertyuiop", "bracket_left", "bracket_right"],
    38: [*"asdfghjkl", "semicolon", "apostrophe"],
    51: ["backslash"],
    94: ["less"],
    52: [*"zxcvbnm", "comma", "dot", "slash"],
    97: ["ro"],
}
KEY_CODES = {qcode: first + i for first, row in ROWS.items() for i, qcode in enumerate(row)}

#: The dead keys that X and the Linux console both know, as the combining characters they mean
#: (xkbcommon-keysyms.h, dead_grave 0xFE50 to dead_ogonek 0xFE5C).
DEAD_KEYS = dict(
    enumerate(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328", 0xFE50
    )
)
NOTHING = " "


class RuleNames(ctypes.Structure):
    """`struct xkb_rule_names`."""

    _fields_ = tuple(
        (name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options")
    )


def levels_of(xkb_name: str) -> list[str]:
    """Return what the keys type: plain, with Shift, with AltGr, with both."""
    xkb = ctypes.CDLL("libxkbcommon.so.0")
    for function in ("xkb_context_new", "xkb_keymap_new_from_names"):
        getattr(xkb, function).restype = ctypes.c_void_p
    names = RuleNames(b"evdev", b"pc105", xkb_name.encode(), b"", b"")
    context = ctypes.c_void_p(xkb.xkb_context_new(0))
    keymap = ctypes.c_void_p(xkb.xkb_keymap_new_from_names(context, ctypes.byref(names), 0))
    if not keymap:
        raise SystemExit(f"xkb knows no layout {xkb_name}: install xkb-data")

    def typed(key_code: int, level: int) -> str:
        syms = ctypes.POINTER(ctypes.c_uint32)()
        if xkb.xkb_keymap_key_get_syms_by_level(keymap, key_code, 0, level, ctypes.byref(syms)) < 1:
            return NOTHING
        character = DEAD_KEYS.get(syms[0]) or chr(xkb.xkb_keysym_to_utf32(syms[0]))
        known = character in DEAD_KEYS.values() or (
            character.isprintable() and not unicodedata.combining(character)
        )
        return character if known else NOTHING

    levels = [
        "".join(typed(key_code, level) for key_code in KEY_CODES.values()) for level in range(4)
    ]
    # Where the 102nd key only repeats what other keys type (US), keyboards lack it.
    at = list(KEY_CODES).index("less")
    elsewhere = [character for level in levels[:2] for character in level[:at] + level[at + 1 :]]
    if levels[0][at] in elsewhere and levels[1][at] in elsewhere:
        levels = [level[:at] + NOTHING + level[at + 1 :] for level in levels]
    return levels


def quoted(text: str) -> str:
    escaped = (
        f"\\u{ord(c):04x}" if unicodedata.combining(c) or not c.isprintable() or c == "\xad" else c
        for c in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return '"' + "".join(escaped) + '"'


def main() -> None:
    print('"""What each key types, by layout: data, made by tools/make_keymaps.py. Do not edit.')
    print()
    print("From xkb-data (MIT/X11 licence), model pc105, the default variant of each layout. Each")
    print("layout has four strings: plain, with Shift, with AltGr, with both; a string has one")
    print("character for each key of KEYS (QKeyCode names, row by row): a space for nothing, a")
    print("combining character for the dead key of that accent.")
    print('"""')
    print()
    print("KEYS = (")
    for row in ROWS.values():
        print(f'"{" ".join(row)} "')
    print(")")
    print()
    print("LEVELS = {")
    for name, xkb_name in sorted(LAYOUTS.items()):
        print(f'"{name}": (', *(f"{quoted(level)}," for level in levels_of(xkb_name)), "),")
    print("}")


if __name__ == "__main__":
    main()
