r"""The operator's keyboard: what a terminal sends, as keys of the guest.

Two halves: KeyReader turns the terminal's bytes into blessed Keystrokes, and
TerminalKeyboard turns Keystrokes into key events.

`Terminal.inkey` is not used: with ``timeout=0`` it still waits `esc_delay` inside the
call at every lone ESC and every sequence cut in two; it takes bytes one by one with a
`select` each and copies its whole buffer for every key (quadratic: 100 kB pasted take
minutes); a bracketed paste that pauses for longer than `esc_delay` falls apart into
keys; and late replies to queries come out as typed text. So KeyReader cuts the stream
into characters and sequences itself and asks blessed's tables what each one means. In
a `selectors` loop: register `fileno()`, wait no longer than `deadline_s` says, then
call `read()`, which never blocks and returns all keys that are complete.

A terminal tells either *characters* (all terminals) or *keys going down and up* (the
kitty protocol, all five flags on: https://sw.kovidgoyal.net/kitty/keyboard-protocol/).

Laws:

1. What the terminal would have typed, the guest types: characters go by the guest's
   layout, whatever the operator's is. Keys that make no character go as they are.
2. Caps Lock and Num Lock act here (the terminal already heeded them) and are not
   passed on.
3. Pasted text is text: it never becomes the escape key, nor part of a combination.
4. Every key pressed in the guest is released: by the terminal, by `release_all`, or
   at once where the terminal does not tell of releases.
"""

from __future__ import annotations

import codecs
import functools
import locale
import os
import re
import select
import time
from typing import TYPE_CHECKING, NamedTuple

from blessed.dec_modes import DecModeResponse, DecPrivateMode
from blessed.keyboard import (
    Keystroke,
    get_keyboard_codes,
    get_keyboard_sequences,
    get_leading_prefixes,
    resolve_sequence,
)

from cgaterm.errors import UsageError
from cgaterm.keys import KeyEvent, Layout, Stroke, Typing, combo_keys, press, strokes_for_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from blessed import Terminal

#: How long a lone ESC may be the beginning of a sequence.
ESCAPE_DELAY_S = 0.04
#: A paste whose end marker does not come is given out after this much silence.
PASTE_TIMEOUT_S = 10.0

_PASTE_START, _PASTE_END = "\x1b[200~", "\x1b[201~"
#: One whole sequence: Linux console F1-F5, CSI, SS3, a reply (DCS, OSC, APC, PM, SOS), or
#: Alt with any character that does not begin one of these.
_SEQUENCE = re.compile(
    r"\x1b(?:\[\[[A-E]|\[[0-?]*[ -/]*[@-Z\\-~]|O[0-9]?[@-~]"
    r"|[P\]_^X][^\x07\x1b]*(?:\x07|\x1b\\)|[^\x1b\[OP\]_^X])",
    re.DOTALL,
)
#: What may be followed by more: the beginning of one of them.
_INCOMPLETE = re.compile(
    r"\x1b(?:\[\[?|\[[0-?]*[ -/]*|O[0-9]?|[P\]_^X][^\x07\x1b]*\x1b?)?\Z", re.DOTALL
)
_REPLY_INTRODUCERS = "P]_^X"

SHIFT, ALT, CTRL, SUPER = 1, 2, 4, 8
_ALTGR = 16
_MODIFIERS = {
    "ctrl": CTRL,
    "ctrl_r": CTRL,
    "alt": ALT,
    "alt_r": _ALTGR,
    "meta_l": SUPER,
    "meta_r": SUPER,
    "shift": SHIFT,
    "shift_r": SHIFT,
}
_LEFT_MODIFIERS = ("ctrl", "alt", "meta_l", "shift", "alt_r")

# blessed's names (without KEY_) of keys that make no character, and what they are.
_FUNCTION_KEYS = (
    "UP=up DOWN=down LEFT=left RIGHT=right HOME=home END=end PGUP=pgup PGDOWN=pgdn INSERT=insert "
    "DELETE=delete CENTER=kp_5 BEGIN=kp_5 ENTER=ret "
    "MENU=compose FIND=home SELECT=end HELP=help KP_MULTIPLY=kp_multiply KP_ADD=kp_add "
    "KP_SEPARATOR=kp_comma KP_SUBTRACT=kp_subtract KP_DECIMAL=kp_decimal KP_DIVIDE=kp_divide "
    "KP_EQUAL=kp_equals UP_LEFT=home UP_RIGHT=pgup DOWN_LEFT=end DOWN_RIGHT=pgdn"
)
_SHIFTED_KEYS = (
    "BTAB=tab SUP=up SDOWN=down SLEFT=left SRIGHT=right SHOME=home SEND=end SPREVIOUS=pgup "
    "SNEXT=pgdn SIC=insert SDC=delete"
)
# Keys of the kitty protocol, by their numbers, in order from the first.
_KITTY_KEYS = {
    57359: "scroll_lock",
    57361: "print pause compose",
    57399: "kp_0 kp_1 kp_2 kp_3 kp_4 kp_5 kp_6 kp_7 kp_8 kp_9 kp_decimal kp_divide kp_multiply "
    "kp_subtract kp_add kp_enter kp_equals kp_comma left right up down pgup pgdn home end insert "
    "delete kp_5 audioplay",
    57430: "audioplay",
    57432: "audiostop",
    57435: "audionext audioprev",
    57438: "volumedown volumeup audiomute shift ctrl alt meta_l",
    57446: "meta_l shift_r ctrl_r alt_r meta_r",
    57452: "meta_r alt_r",
    27: "esc",
    13: "ret",
    9: "tab",
    127: "backspace",
}
# The numbers of keys whose meaning hangs on Num Lock: kp_0 to kp_9 and kp_decimal.
_KITTY_NUM_LOCK_KEYS = range(57399, 57410)
_KITTY_F13 = 57376


class Chord(NamedTuple):
    """A key (QKeyCode, or the character it makes) and SHIFT, ALT, CTRL, SUPER held with it."""

    key: str
    modifiers: int = 0


def _table(pairs: str, modifiers: int = 0) -> dict[str, Chord]:
    return {
        f"KEY_{name}": Chord(qcode, modifiers)
        for name, qcode in (pair.split("=") for pair in pairs.split())
    }


# blessed 1.52 raises KeyError at F13 and up by terminfo (Shift-F1 on the Linux console):
# it knows their names by the kitty protocol's numbers only. Here by curses', KEY_F(n).
_KEY_CODES = {264 + n: f"KEY_F{n}" for n in range(1, 64)} | get_keyboard_codes()

# No PC has F13 to F24: terminals send them for Shift and F1 to F12.
_CHORDS_BY_NAME = {
    **_table(_FUNCTION_KEYS),
    **_table(_SHIFTED_KEYS, SHIFT),
    **{f"KEY_F{n}": Chord(f"f{n}") for n in range(1, 13)},
    **{f"KEY_F{n + 12}": Chord(f"f{n}", SHIFT) for n in range(1, 13)},
    **{f"KEY_KP_{n}": Chord(f"kp_{n}") for n in range(10)},
}
_CHORDS_BY_CODE = {
    code: _CHORDS_BY_NAME[name] for code, name in _KEY_CODES.items() if name in _CHORDS_BY_NAME
}
_CHORDS_BY_KITTY_NUMBER = {
    first + i: Chord(qcode)
    for first, qcodes in _KITTY_KEYS.items()
    for i, qcode in enumerate(qcodes.split())
} | {_KITTY_F13 + n: Chord(f"f{n + 1}", SHIFT) for n in range(12)}


class _KittyKey(NamedTuple):
    """CSI number : shifted : base ; modifiers : event ; text u."""

    number: int
    shifted: str
    base: str
    text: str


def _kitty_key(keystroke: Keystroke) -> _KittyKey | None:
    """Return the parts of a kitty key; blessed decodes the modifiers and the event."""
    if keystroke.mode != DecPrivateMode.SpecialInternalKitty:
        return None
    codes, _modifiers, text = [*keystroke[2:-1].split(";"), "", ""][:3]
    number, shifted, base = [*codes.split(":"), "", ""][:3]
    try:
        key = _KittyKey(
            int(number),
            chr(int(shifted)) if shifted else "",
            chr(int(base)) if base else "",
            "".join(chr(int(code)) for code in text.split(":") if code),
        )
        f"{chr(key.number)}{key.shifted}{key.base}{key.text}".encode()
    except (ValueError, OverflowError):
        return None  # no terminal sends surrogates, or characters beyond Unicode
    return key


def _character_chord(character: str) -> Chord:
    """Return what makes this character in a terminal: control characters are Ctrl and a key."""
    if character in "\r\t\x1b\x7f":
        return Chord({"\r": "ret", "\t": "tab", "\x1b": "esc", "\x7f": "backspace"}[character])
    if character < " ":
        return Chord(chr(ord(character) + 0x40).lower() if character != "\0" else " ", CTRL)
    return Chord(character)


def _chord(keystroke: Keystroke) -> Chord | None:
    """Return what was struck, or None if it is no key; not for kitty's numbered keys."""
    modifiers = keystroke.modifiers_bits & (SHIFT | ALT | CTRL | SUPER)
    if keystroke.mode == DecPrivateMode.SpecialInternalModifyOtherKeys:
        key = int(keystroke.rstrip("~").split(";")[2])
        if key > 0x10FFFF or 0xD800 <= key <= 0xDFFF:
            return None
        chord = _character_chord(chr(key))
        return chord._replace(modifiers=chord.modifiers | modifiers)
    if len(keystroke) == 1:
        return _character_chord(keystroke)
    if len(keystroke) == 2 and keystroke[0] == "\x1b":
        chord = _character_chord(keystroke[1])
        return chord._replace(modifiers=chord.modifiers | ALT)
    named = _CHORDS_BY_CODE.get(keystroke.code or 0)
    if named and keystroke.uses_keyboard_protocol:
        return named._replace(modifiers=named.modifiers | modifiers)
    return named


def parse_escape(name: str) -> Chord:
    """Return the escape key of a name: "ctrl-]", "^]", "ctrl-a", "f12", "alt-x".

    Raises:
        UsageError: it is no key, or one that is needed for typing.
    """
    *held, key = combo_keys(name)
    modifiers = 0
    for modifier in held:
        if modifier not in _LEFT_MODIFIERS[:4]:
            raise UsageError(f"{name!r} is no escape key; choose one like ctrl-], alt-x or f12.")
        modifiers |= _MODIFIERS[modifier]
    typing = len(key) == 1 or key in {"ret", "tab", "esc", "spc", "backspace"}
    if key in _MODIFIERS or (typing and not modifiers & ~SHIFT):
        raise UsageError(
            f"{name!r} as the escape key would be missed when typing; "
            "choose one like ctrl-], alt-x or f12."
        )
    return Chord(" " if key == "spc" else key, modifiers)


def is_escape(keystroke: Keystroke, escape: Chord) -> bool:
    """Tell whether this is the escape key going down, however the terminal says it."""
    if keystroke.released or keystroke.text is not None:
        return False
    kitty = _kitty_key(keystroke)
    if not kitty:
        return _same(_chord(keystroke)) == _same(escape)
    modifiers = keystroke.modifiers_bits & (SHIFT | ALT | CTRL | SUPER)
    chords = [Chord(chr(kitty.number), modifiers), Chord(kitty.base, modifiers)]
    # Ctrl-^ is Ctrl-Shift-6 on a US keyboard.
    chords.append(Chord(kitty.shifted, modifiers & ~SHIFT))
    # The VT220's Ctrl-3 to Ctrl-7 reach what on many keyboards is on AltGr.
    if "3" <= chr(kitty.number) <= "7":
        chords.append(Chord("[\\]^_"[kitty.number - ord("3")], modifiers))
    named = _CHORDS_BY_KITTY_NUMBER.get(kitty.number)
    if named:
        chords.append(named._replace(modifiers=named.modifiers | modifiers))
    return escape in chords


def struck(keystroke: Keystroke) -> Chord | None:
    """Return what was struck, for a menu: a character without Shift, or a key's name.

    None for what is no key going down, and for modifiers alone.
    """
    if keystroke.released or keystroke.text is not None:
        return None
    kitty = _kitty_key(keystroke)
    if not kitty:
        return _chord(keystroke)
    modifiers = keystroke.modifiers_bits & (SHIFT | ALT | CTRL | SUPER)
    named = _CHORDS_BY_KITTY_NUMBER.get(kitty.number)
    if named:
        return None if named.key in _MODIFIERS else named._replace(modifiers=modifiers)
    if kitty.number < 0x20 or 0xE000 <= kitty.number <= 0xF8FF:
        return None
    shifted = kitty.text or (kitty.shifted if modifiers & SHIFT else "")
    return Chord(shifted or chr(kitty.number), modifiers & ~SHIFT)


def _same(chord: Chord | None) -> Chord | None:
    """Write Alt-X as Alt-Shift-x, as terminals that send characters cannot tell them apart."""
    if chord and len(chord.key) == 1 and chord.key != chord.key.lower():
        return Chord(chord.key.lower(), chord.modifiers | SHIFT)
    return chord


class KeyReader:
    """Reads a terminal's keyboard without ever blocking."""

    def __init__(
        self,
        terminal: Terminal,
        fileno: int,
        escape_delay_s: float = ESCAPE_DELAY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read from `fileno`, by the terminal's own table of keys (terminfo)."""
        self._fileno = fileno
        self._escape_delay_s = escape_delay_s
        self._clock = clock
        decoder = codecs.getincrementaldecoder(locale.getpreferredencoding(False))
        self._decoder = decoder(errors="replace")
        self._text = terminal.flushinp()  # what came while it was queried
        self._changed_at = clock()
        sequences = get_keyboard_sequences(terminal)
        modes = (
            DecPrivateMode.BRACKETED_PASTE,
            DecPrivateMode.FOCUS_IN_OUT_EVENTS,
            DecPrivateMode.MOUSE_EXTENDED_SGR,
            DecPrivateMode.IN_BAND_WINDOW_RESIZE,
        )
        self._resolve = functools.partial(
            resolve_sequence,
            mapper=sequences,
            codes=_KEY_CODES,
            prefixes=get_leading_prefixes(sequences),
            final=True,
            dec_mode_cache={int(mode): DecModeResponse.SET for mode in modes},
        )
        # Keys repeat, and resolving one takes some 50 µs.
        self._key = functools.lru_cache(maxsize=512)(self._resolve)

    def fileno(self) -> int:
        """Return what becomes readable when keys were pressed."""
        return self._fileno

    @property
    def deadline_s(self) -> float | None:
        """In how many seconds `read` wants to be called even if nothing comes; None: never."""
        if not self._text:
            return None
        return max(0.0, self._changed_at + self._patience_s - self._clock())

    @property
    def _patience_s(self) -> float:
        paste_is_open = self._text.startswith(_PASTE_START) and _PASTE_END not in self._text
        return PASTE_TIMEOUT_S if paste_is_open else self._escape_delay_s

    def read(self) -> list[Keystroke]:
        """Return the keys that are complete by now.

        Raises:
            EOFError: the terminal has gone.
        """
        while select.select([self._fileno], [], [], 0)[0]:
            try:
                data = os.read(self._fileno, 0x10000)
            except OSError:  # EIO: the other side of a pty was closed
                data = b""
            if not data:
                raise EOFError
            self._text += self._decoder.decode(data)
            self._changed_at = self._clock()
        quiet = self._clock() >= self._changed_at + self._patience_s
        keys: list[Keystroke] = []
        start = 0
        while start < len(self._text):
            if self._text.startswith(_PASTE_START, start):
                # A paste ends where the terminal falls silent behind an end marker, not at
                # the first one: pasted text may hold one, to type the rest as commands.
                end = self._text.rfind(_PASTE_END, start)
                if not quiet:
                    break
                pasted = self._text[start : end if end >= 0 else None]
                keys.append(self._paste(pasted))
                start = end + len(_PASTE_END) if end >= 0 else len(self._text)
            elif self._text[start] != "\x1b":
                keys.append(self._key(self._text[start]))
                start += 1
            elif sequence := _SEQUENCE.match(self._text, start):
                key = self._key(sequence[0])
                # Replies to queries and keys unknown to blessed are not typed in pieces.
                if len(key) == len(sequence[0]) and sequence[0][1] not in _REPLY_INTRODUCERS:
                    keys.append(key)
                start = sequence.end()
            elif not quiet and _INCOMPLETE.match(self._text, start):
                break
            else:
                # ESC, then something else; or Alt-[ and Alt-O, which begin sequences.
                key = self._resolve(self._text[start : start + 16])
                if key == "\x1b\x1b":
                    key = self._key("\x1b")
                keys.append(key)
                start += len(key)
        self._text = self._text[start:]
        return keys

    def _paste(self, text: str) -> Keystroke:
        text = text.replace(_PASTE_START, "").replace(_PASTE_END, "")
        return self._resolve(f"{_PASTE_START}{text}{_PASTE_END}")


class TerminalKeyboard:
    """Keystrokes of one terminal as key events of one guest."""

    def __init__(self, layout: Layout, *, reports_releases: bool = False) -> None:
        """`reports_releases`: the kitty protocol is on, with all its flags."""
        self._layout = layout
        self._reports_releases = reports_releases
        self._down: dict[str, str] = {}  # QKeyCode of each key that is held, by what tells it

    def translate(self, keystroke: Keystroke) -> Typing:
        """Return what this does to the guest's keyboard; nothing for mouse and replies."""
        if keystroke.text is not None:
            # Ctrl and Shift may be held, having been needed to paste.
            typing = strokes_for_text(keystroke.text, self._layout)
            return typing._replace(events=self.release_all() + typing.events)
        if keystroke.name == "FOCUS_OUT":  # from here on releases go elsewhere
            return Typing(self.release_all())
        kitty = _kitty_key(keystroke)
        if kitty:
            return self._kitty(keystroke, kitty)
        chord = _chord(keystroke)
        if chord is None:
            return Typing([])
        # Function keys have kept their old sequences in the kitty protocol.
        held = self._reports_releases and len(keystroke) > 2 and keystroke[1] == "["
        if held and keystroke.released:
            return Typing(self._release(chord.key))
        return self._type(chord, chord.key if held else None)

    def release_all(self) -> list[KeyEvent]:
        """Release what is held: the terminal loses the keyboard, or the guest does."""
        events = [KeyEvent(qcode, False) for qcode in reversed(dict.fromkeys(self._down.values()))]
        self._down.clear()
        return events

    def _kitty(self, keystroke: Keystroke, kitty: _KittyKey) -> Typing:
        source = str(kitty.number)
        if keystroke.released:
            return Typing(self._release(source))
        modifiers = keystroke.modifiers_bits & (SHIFT | ALT | CTRL | SUPER)
        named = _CHORDS_BY_KITTY_NUMBER.get(kitty.number)
        if named and named.key in _MODIFIERS:
            return Typing([] if source in self._down else self._press(source, named.key))
        text = "" if modifiers & ~SHIFT else kitty.text
        if named and not (text and kitty.number in _KITTY_NUM_LOCK_KEYS):
            chord = named._replace(modifiers=named.modifiers | modifiers)
        elif len(text) > 1 or (text and not kitty.number):  # an input method's
            return strokes_for_text(text, self._layout)
        elif text:
            chord = Chord(text, modifiers & ~SHIFT)
        elif 0xE000 <= kitty.number <= 0xF8FF or not kitty.number:
            return Typing([])  # a key that PCs do not have, or a lock (law 2)
        elif kitty.shifted and modifiers & SHIFT:
            chord = Chord(kitty.shifted, modifiers & ~SHIFT)
        else:
            chord = Chord(chr(kitty.number), modifiers)
            if kitty.base and chord.key not in self._layout.strokes:
                chord = Chord(kitty.base, modifiers)  # Ctrl-C on a Cyrillic keyboard
        return self._type(chord, source)

    def _type(self, chord: Chord, source: str | None) -> Typing:
        """Strike a chord; if `source` is given the key stays down until that is released."""
        if len(chord.key) > 1:
            strokes: tuple[Stroke, ...] = (Stroke(chord.key),)
        else:
            strokes = self._layout.strokes.get(chord.key, ())
        if not strokes:
            return Typing([], chord.key)
        if chord.modifiers & ~SHIFT:
            strokes = strokes[:1]  # Ctrl with a dead key is Ctrl with that key
        events: list[KeyEvent] = []
        for stroke in strokes:
            events += self._strike(stroke, chord, source if len(strokes) == 1 else None)
        return Typing(events)

    def _strike(self, stroke: Stroke, chord: Chord, source: str | None) -> list[KeyEvent]:
        """Strike a key with exactly the modifiers it needs, whatever is held just now."""
        needed = chord.modifiers
        for qcode in stroke.modifiers:
            needed |= _MODIFIERS[qcode]
        events: list[KeyEvent] = []
        held = 0
        for name, qcode in list(self._down.items()):
            bit = _MODIFIERS.get(qcode, 0)
            if bit & (ALT | CTRL | SUPER) & ~needed:  # it was released out of our sight
                events += self._release(name)
            else:
                held |= bit
        if held & _ALTGR and needed & ALT:  # the right Alt, as an Alt
            held, needed = held | ALT, needed | _ALTGR
        if len(chord.key) > 1:  # AltGr changes characters only
            needed |= held & _ALTGR
        missing = [qcode for qcode in _LEFT_MODIFIERS if _MODIFIERS[qcode] & needed & ~held]
        lifted = [q for q in set(self._down.values()) if _MODIFIERS.get(q, 0) & held & ~needed]
        if source is not None and self._down.get(source, stroke.qcode) != stroke.qcode:
            events += self._release(source)
        if source is not None and not missing and not lifted:
            return events + self._press(source, stroke.qcode)
        # If it is held already, striking it ends that.
        self._down = {name: q for name, q in self._down.items() if q != stroke.qcode}
        events += [KeyEvent(qcode, False) for qcode in lifted]
        events += press(*missing, stroke.qcode)
        return events + [KeyEvent(qcode, True) for qcode in lifted]

    def _press(self, source: str, qcode: str) -> list[KeyEvent]:
        self._down[source] = qcode
        return [KeyEvent(qcode, True)]

    def _release(self, source: str) -> list[KeyEvent]:
        qcode = self._down.pop(source, None)
        if qcode is None or qcode in self._down.values():  # AltGr may be told as two keys
            return []
        return [KeyEvent(qcode, False)]
