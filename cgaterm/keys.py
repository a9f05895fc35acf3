"""What fingers do on a PC keyboard: texts and combinations as presses and releases.

A key is named by its QKeyCode (QEMU qapi/ui.json), and a QKeyCode is a *place* on a US
keyboard: "y" is the key right of "t", which types z in a guest with a German layout. So
typing a text needs to know the layout that the guest has set up: a Layout says which
strokes make which character, dead keys included (ê on "fr" is the dead ^, then e).

Laws:

1. Every key that goes down comes up again, within the same answer.
2. A character that the layout cannot make is reported, never silently dropped.
3. Nothing is ever held but modifiers, and they no longer than a run of characters needs.

The layouts are those of xkb (`keymaps`), which Linux consoles, X and Wayland share.
"""

from __future__ import annotations

from typing import NamedTuple

from cgaterm.errors import UsageError
from cgaterm.keymaps import KEYS, LEVELS

_QKEYCODES = (
    "shift shift_r alt alt_r ctrl ctrl_r menu esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace tab "
    "q w e r t y u i o p bracket_left bracket_right ret a s d f g h j k l semicolon apostrophe "
    "grave_accent backslash z x c v b n m comma dot slash asterisk spc caps_lock f1 f2 f3 f4 f5 "
    "f6 f7 f8 f9 f10 num_lock scroll_lock kp_divide kp_multiply kp_subtract kp_add kp_enter "
    "kp_decimal sysrq kp_0 kp_1 kp_2 kp_3 kp_4 kp_5 kp_6 kp_7 kp_8 kp_9 less f11 f12 print home "
    "pgup pgdn end left up down right insert delete stop again props undo front copy open paste "
    "find cut lf help meta_l meta_r compose pause ro hiragana henkan yen muhenkan "
    "katakanahiragana kp_comma kp_equals power sleep wake audionext audioprev audiostop "
    "audioplay audiomute volumeup volumedown mediaselect mail calculator computer ac_home "
    "ac_back ac_forward ac_refresh ac_bookmarks lang1 lang2"
)
#: All keys that can be sent: QKeyCode of QEMU 7.2's qapi/ui.json.
QKEYCODES = frozenset(_QKEYCODES.split())

# QEMU's "menu" is a key that PCs do not have; the one beside the right Ctrl is
# "compose" (scan code E0 5D).
_KEY_NAMES = (
    "control=ctrl ctl=ctrl rctrl=ctrl_r altgr=alt_r ralt=alt_r rshift=shift_r meta=meta_l "
    "super=meta_l win=meta_l escape=esc enter=ret return=ret space=spc bs=backspace del=delete "
    "ins=insert pageup=pgup pagedown=pgdn pgdown=pgdn printscreen=print prtsc=print break=pause "
    "menu=compose capslock=caps_lock numlock=num_lock scrolllock=scroll_lock"
)
#: What people call keys that QEMU calls differently.
KEY_NAMES = dict(pair.split("=") for pair in _KEY_NAMES.split())

_LAYOUT_NAMES = {"en-us": "us", "gb": "uk", "en-gb": "uk", "da": "dk", "sv": "se", "pt-br": "br"}

# Dead keys stand in `keymaps` as the combining characters U+0300 to U+036F. Alone they
# make a character of their own: with the space bar, or (X.org's en_US Compose) twice.
_ACCENTS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328"
_DEAD_THEN_SPACE = dict(zip(_ACCENTS, "`'^~¯˘˙\"°˝ˇ¸˛", strict=True))
_DEAD_TWICE = {"\u0301": "´", "\u0308": "¨"}

# Keys that are the same in every layout.
_FIXED_KEYS = {" ": "spc", "\n": "ret", "\r": "ret", "\t": "tab", "\x1b": "esc"}
_FIXED_KEYS |= dict.fromkeys("\b\x7f", "backspace")


class KeyEvent(NamedTuple):
    """One key, by QKeyCode, going down or up."""

    qcode: str
    down: bool


class Stroke(NamedTuple):
    """One key struck while modifiers (QKeyCodes too) are held."""

    qcode: str
    modifiers: tuple[str, ...] = ()


class Layout(NamedTuple):
    """Which strokes, one after the other, make a character in a guest."""

    name: str
    strokes: dict[str, tuple[Stroke, ...]]


class Typing(NamedTuple):
    """Key events, and the characters (each once) that no keys of the layout make."""

    events: list[KeyEvent]
    untypable: str = ""


def layout(name: str) -> Layout:
    """Return the layout of a name, such as "us" or "de".

    Raises:
        UsageError: there is none of this name.
    """
    name = _LAYOUT_NAMES.get(name.lower(), name.lower())
    if name not in LEVELS:
        raise UsageError(
            f"there is no keyboard layout {name!r}; choose one of {', '.join(LEVELS)}."
        )
    single: dict[str, Stroke] = {}
    for level, modifiers in zip(
        LEVELS[name], ((), ("shift",), ("alt_r",), ("shift", "alt_r")), strict=True
    ):
        for qcode, character in zip(KEYS.split(), level, strict=True):
            single.setdefault(character, Stroke(qcode, modifiers))
    # Among them the space bar, in place of the spaces that stood for "types nothing".
    single |= {character: Stroke(qcode) for character, qcode in _FIXED_KEYS.items()}
    dead = {accent: single.pop(accent) for accent in _ACCENTS if accent in single}

    strokes: dict[str, tuple[Stroke, ...]] = {}
    strokes |= {character: (stroke,) for character, stroke in single.items()}
    for accent, stroke in dead.items():
        strokes.setdefault(_DEAD_THEN_SPACE[accent], (stroke, single[" "]))
        if accent in _DEAD_TWICE:
            strokes.setdefault(_DEAD_TWICE[accent], (stroke, stroke))
    for composed, base, accent in _composed():
        if accent in dead and base in single:
            strokes.setdefault(composed, (dead[accent], single[base]))
    # A control character is Ctrl and the key that types the character 40h above it
    # (ASCII), in small letters; Ctrl-Space stands for NUL, as no layout has Ctrl-@.
    for code in range(0x20):
        qcode, modifiers = strokes[chr(code + 0x40).lower() if code else " "][0]
        strokes.setdefault(chr(code), (Stroke(qcode, ("ctrl", *modifiers)),))
    return Layout(name, strokes)


def _composed() -> list[tuple[str, str, str]]:
    """Return the Latin letters that Unicode composes: (whole, base letter, accent)."""
    import unicodedata  # paid only by those who type

    whole = (chr(code) for code in range(0xC0, 0x250))
    parts = ((character, unicodedata.normalize("NFD", character)) for character in whole)
    return [(character, *decomposed) for character, decomposed in parts if len(decomposed) == 2]


def press(*qcodes: str) -> list[KeyEvent]:
    """Press keys in this order and release them in reverse: a stroke, or a combination."""
    return [
        *(KeyEvent(qcode, True) for qcode in qcodes),
        *(KeyEvent(qcode, False) for qcode in reversed(qcodes)),
    ]


def strokes_for_text(text: str, layout: Layout) -> Typing:
    r"""Type a text in a guest that has this layout.

    A line end (\n, \r or \r\n) is one Enter, \b and \x7f Backspace, \x1b Escape, other
    control characters Ctrl and their letter. Accents that stand as characters of their
    own are composed first.
    """
    text = text.replace("\r\n", "\n")
    if not text.isascii():
        import unicodedata  # as in _composed

        text = unicodedata.normalize("NFC", text)
    events: list[KeyEvent] = []
    untypable: dict[str, None] = {}
    held: tuple[str, ...] = ()
    for character in text:
        strokes = layout.strokes.get(character)
        if strokes is None:
            untypable[character] = None
            continue
        for qcode, modifiers in strokes:
            events += [KeyEvent(m, False) for m in reversed(held) if m not in modifiers]
            events += [KeyEvent(m, True) for m in modifiers if m not in held]
            events += press(qcode)
            held = modifiers
    events += [KeyEvent(modifier, False) for modifier in reversed(held)]
    return Typing(events, "".join(untypable))


def combo_keys(combo: str) -> list[str]:
    """Split "ctrl-alt-del", "Ctrl+]" or "^]" into keys.

    Each is a QKeyCode, or a single character: which key types that, the layout says.

    Raises:
        UsageError: one of them is no key.
    """
    if len(combo) == 2 and combo[0] == "^":
        return ["ctrl", combo[1].lower()]
    # The last character is always part of a key: "ctrl--" ends with the key "-".
    names = combo[:-1].lower().replace("+", "-").split("-")
    names[-1] += combo[-1:].lower()
    keys = [KEY_NAMES.get(name, name) for name in names]
    for key in keys:
        if len(key) != 1 and key not in QKEYCODES:
            raise UsageError(
                f"{key!r} in {combo!r} is no key; write one like ctrl-alt-del, alt-f1 or ctrl-]."
            )
    return keys


def parse_combo(combo: str, layout: Layout) -> list[KeyEvent]:
    """Return the events of a combination: pressed in order, released in reverse.

    Raises:
        UsageError: one of its keys is no key, or not one stroke in this layout.
    """
    qcodes: list[str] = []
    for key in combo_keys(combo):
        strokes = layout.strokes.get(key, ()) if len(key) == 1 else (Stroke(key),)
        if len(strokes) != 1:
            raise UsageError(
                f"{key!r} in {combo!r} is not one key of the layout {layout.name}; "
                "name the key, as in ctrl-grave_accent."
            )
        qcodes += [q for q in (*strokes[0].modifiers, strokes[0].qcode) if q not in qcodes]
    return press(*qcodes)
