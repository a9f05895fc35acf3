"""`cgaterm attach`: a guest's screen on this tty, and this keyboard in the guest.

The model. One loop waits for the keyboard, for room on the tty, and for the clock (when the
source wants to be looked at). A change makes a view (`view.fit`), the encoder makes bytes of
it, and the bytes go out as fast as the tty takes them. While bytes wait, nothing new is
drawn: what is drawn next is the newest screen, so that a slow tty never has a backlog.

Laws:

1. The terminal is given back as it was: on detach, on every exception, on SIGTERM, SIGHUP
   and SIGINT, when the guest ends, around a suspend.
2. Only `Tty` writes to the terminal, and only what `draw` encoded and its own mode switches.
3. An idle guest costs a read per look, and no byte is written.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import termios
import time
import tty
from enum import Enum
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from cgaterm import view
from cgaterm.draw.ansi import Encoder
from cgaterm.errors import CgatermError, UsageError
from cgaterm.keys import parse_combo
from cgaterm.terminal_capabilities import MODERN, capabilities, is_unicode

# How long a terminal may take to say what it can do, in seconds; late answers are recognised
# and dropped. blessed reads this when it is first imported, which the next line does.
os.environ.setdefault("BLESSED_QUERY_TIMEOUT_SECONDS", "0.3")

from cgaterm.terminal_keys import (
    KeyReader,
    TerminalKeyboard,
    is_escape,
    parse_escape,
    struck,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType, TracebackType
    from typing import Self

    from blessed.keyboard import Keystroke

    from cgaterm.console import Console
    from cgaterm.keys import KeyEvent, Layout
    from cgaterm.sources.qmp import QmpControl

_PADDING = re.compile(rb"\$<[^>]*>")
#: So many looks are made at one pause before it is asked for anew.
_LOOKS_ON = 32
#: A message in the status line stays this long.
_MESSAGE_S = 4.0


class Ending(Enum):
    """How an attach ended, when not by an error."""

    DETACHED = "detached"
    STOP_GUEST = "stop the guest"


class Options(NamedTuple):
    """What the user chose for an attach."""

    name: str
    layout: Layout
    #: The key that opens the menu, as `parse_escape` takes it.
    escape: str = "ctrl-]"
    #: Why there is no keyboard, when there is none.
    read_only: str = ""
    #: Whether the guest is ours, so that the menu offers to stop it.
    owned: bool = False
    #: What becomes of the guest after a detach, as the menu says it.
    detached: str = "the guest runs on"


# ---- the tty -------------------------------------------------------------------------------


class Tty:
    """The terminal while it is ours; a context manager that gives it back.

    Raises:
        UsageError: stdin and stdout are no terminal, or one that cannot be drawn on.
    """

    def __init__(self) -> None:
        self.check()
        from blessed import Terminal  # slow, and asks the terminal what it is

        kind = os.environ.get("TERM", "")
        self._saved = termios.tcgetattr(0)
        #: Whether it tells of keys going up, too: the kitty protocol.
        self.reports_releases = False
        synchronized = False
        self._modern = kind.startswith(MODERN)
        if self._modern:
            # In raw mode: an answer must be neither echoed nor waited for to its newline.
            tty.setraw(0, termios.TCSANOW)
            try:
                self.terminal = Terminal()
                synchronized = self.terminal.does_synchronized_output()
                self.reports_releases = self.terminal.get_kitty_keyboard_state() is not None
            finally:
                termios.tcsetattr(0, termios.TCSANOW, self._saved)
        else:  # only its table of keys: others may print what they are asked
            self.terminal = Terminal(kind, StringIO(), force_styling=True)
        self.capabilities = capabilities(
            kind,
            os.environ,
            unicode=is_unicode(),
            synchronized=synchronized,
        )
        # A description of our own: O_NONBLOCK must not be set on the one the shell shares.
        self._output = os.open(os.ttyname(1), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        self._unsent = b""
        self._ours = False

    @staticmethod
    def check() -> None:
        """Refuse what is no terminal, before anything is done that it would be needed for."""
        if not (os.isatty(0) and os.isatty(1)):
            raise UsageError(
                "this needs a terminal on standard input and output; `cgaterm screen TARGET` "
                "prints the screen anywhere"
            )

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()
        os.close(self._output)

    def enter(self) -> None:
        """Take the terminal: raw, on its alternate screen."""
        tty.setraw(0, termios.TCSANOW)
        self._ours = True
        self._write_now(
            self._modes("smcup", "smkx", "rmam", "clear")
            + (b"\x1b[?2004h" if self._modern else b"")
            # All of the kitty protocol, and focus: keys released elsewhere are released here.
            + (b"\x1b[>31u\x1b[?1004h" if self.reports_releases else b"")
        )

    def leave(self) -> None:
        """Give the terminal back if it is ours; what waits to be drawn is dropped."""
        if not self._ours:
            return
        self._ours = False
        self._unsent = b""
        with contextlib.suppress(OSError):  # after SIGHUP there is no terminal left
            self._write_now(
                (b"\x1b[?1004l\x1b[<u" if self.reports_releases else b"")
                + (b"\x1b[?2004l" if self._modern else b"")
                + self._modes("sgr0")
                + (b"\x1b[r" if self.capabilities.scroll_region else b"")
                + self._modes("Se", "cnorm", "smam", "rmkx", "rmcup")
            )
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, self._saved)

    @staticmethod
    def _modes(*names: str) -> bytes:
        """Return terminfo's strings, without the padding ("$<50>") of old terminals."""
        import curses

        return _PADDING.sub(b"", b"".join([curses.tigetstr(name) or b"" for name in names]))

    def size(self) -> tuple[int, int]:
        """Return (rows, columns)."""
        size = os.get_terminal_size(1)
        return max(size.lines, 1), max(size.columns, 1)

    def fileno(self) -> int:
        """Return the descriptor that `send` writes to."""
        return self._output

    @property
    def busy(self) -> bool:
        """Whether bytes wait for room on the terminal."""
        return bool(self._unsent)

    def send(self, data: bytes) -> None:
        """Write what there is room for; keep the rest for `flush`."""
        self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Write more of what waits."""
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                self._unsent = self._unsent[os.write(self._output, self._unsent) :]

    def _write_now(self, data: bytes) -> None:
        """Write all of it, for up to a second: a stopped terminal must not stop us."""
        deadline_s = time.monotonic() + 1.0
        while data and time.monotonic() < deadline_s:
            select.select([], [self._output], [], 0.1)
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._output, data) :]


# ---- signals -------------------------------------------------------------------------------

_CAUGHT = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGWINCH,
)


class Signals:
    """Signals as bytes in a pipe, while its `with` block lasts."""

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._old_wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, _noted) for number in _CAUGHT}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        os.close(self._read)
        os.close(self._write)

    def fileno(self) -> int:
        """Return what becomes readable when a signal came."""
        return self._read

    def take(self) -> set[int]:
        """Return the signals that came."""
        with contextlib.suppress(BlockingIOError):
            return set(os.read(self._read, 1024))
        return set()


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the wake-up pipe has the signal's number."""


# ---- the attach ----------------------------------------------------------------------------

_MENU = """\
 d  detach: {detached:23}{escape}, e  send {escape}
 ?  help                           c  send Ctrl-Alt-Del
 p  take a screenshot (png)        F1-F12, 1-9 0 - =  send Ctrl-Alt-F1...
 r  redraw                         s  send SysRq and another key
 z  suspend cgaterm                R  press the reset button
 arrows  move a view that is cut   P  press the power button
 f  follow the cursor again        Esc  back to the guest"""
_MENU_OWNED = "\n Q  stop the guest and leave"
_HELP = """\
This is the guest's screen, read out of its QEMU's memory; the guest
does not notice. What you type goes to the guest, Ctrl-C and Ctrl-Z too,
through its QMP socket. {escape} opens the menu.

A terminal smaller than the guest's screen shows the part around the
guest's cursor; the arrow keys in the menu move it. A larger one has a
status line, which says why when nothing can be typed.

To learn how this guest is read: cgaterm explain {name}

                         any key: back to the guest"""
_FUNCTION_KEYS = {character: f"f{number}" for number, character in enumerate("1234567890-=", 1)}
_FUNCTION_KEYS |= {f"f{number}": f"f{number}" for number in range(1, 13)}
_CTRL_C = parse_escape("ctrl-c")
_PAN_KEYS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
_PAN_KEYS |= {"pgup": (-10, 0), "pgdn": (10, 0), "home": (0, -1000), "end": (0, 1000)}


class Attachment:
    """One guest on one terminal."""

    def __init__(
        self, console: Console, qmp: QmpControl | None, tty_: Tty, options: Options
    ) -> None:
        self._console = console
        self._qmp = qmp
        self._tty = tty_
        self._options = options
        self._encoder = Encoder(tty_.capabilities)
        self._reader = KeyReader(tty_.terminal, 0)
        self._keyboard = TerminalKeyboard(options.layout, reports_releases=tty_.reports_releases)
        self._escape = parse_escape(options.escape)
        self._pan: view.Pan | None = None
        self._box: tuple[str, ...] = ()
        #: What a key press means now; None: it is the guest's.
        self._handler: Callable[[str], None] | None = None
        self._message = ""
        self._message_until_s = 0.0
        self._ending: Ending | None = None
        self._dirty = True

    def run(self) -> Ending:
        """Show the guest until the user leaves it.

        Raises:
            GuestGone: the guest ended.
            SystemExit: a signal ended us (128 + its number).
        """
        if self._tty.size()[0] < len(self._console.screen.rows):  # no row for the status line
            self._say(f"{self._options.escape.title()} opens the menu: d leaves, ? is help")
        with Signals() as signals:
            poll = select.poll()
            poll.register(0, select.POLLIN)
            poll.register(signals, select.POLLIN)
            if self._qmp is not None:
                poll.register(self._qmp, select.POLLIN)
            waits_for_room = False
            next_look_s = 0.0
            while self._ending is None:
                now_s = time.monotonic()
                if now_s >= next_look_s:
                    self._dirty |= self._console.look()
                    next_look_s = now_s + self._console.pace.pause_s(now_s)
                if self._message and now_s >= self._message_until_s:
                    self._message, self._dirty = "", True
                if self._dirty and not self._tty.busy:
                    self._draw()
                if self._tty.busy != waits_for_room:
                    waits_for_room = self._tty.busy
                    if waits_for_room:
                        poll.register(self._tty, select.POLLOUT)
                    else:
                        poll.unregister(self._tty)
                wait_s = max(min(next_look_s, self._wants_turn_s()) - time.monotonic(), 0)
                ready = poll.poll(wait_s * 1000)
                if not ready and self._is_quiet():
                    ready = self._look_on(poll, self._console.pace.pause_s(now_s))
                if self._reader.deadline_s == 0:
                    self._read_keys()
                for descriptor, _event in ready:
                    if descriptor == 0:
                        self._read_keys()
                        next_look_s = 0.0
                    elif descriptor == signals.fileno():
                        self._signalled(signals.take())
                    elif descriptor == self._tty.fileno():
                        self._tty.flush()
                    elif self._qmp is not None:
                        self._qmp.acknowledge()
                        self._dirty = True
        return self._ending

    def _is_quiet(self) -> bool:
        """Say whether nothing but the guest or a key can make anything to do."""
        return (
            not (self._dirty or self._message or self._tty.busy) and self._reader.deadline_s is None
        )

    def _look_on(self, poll: select.poll, pause_s: float) -> list[tuple[int, int]]:
        """Look and wait while there is nothing to do; return what is ready then.

        The loop in `run` does the same, but an idle guest costs it a third more. It is gone
        back to now and then, to ask for the pause anew.
        """
        look, wait, pause_ms = self._console.look, poll.poll, pause_s * 1000
        for _ in range(_LOOKS_ON):
            if look():
                self._dirty = True
                break
            if ready := wait(pause_ms):
                return ready
        return []

    def _wants_turn_s(self) -> float:
        """Return when an ESC that may begin a sequence has waited long enough."""
        patience_s = self._reader.deadline_s
        return float("inf") if patience_s is None else time.monotonic() + patience_s

    def _signalled(self, numbers: set[int]) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            if number in numbers:
                raise SystemExit(128 + number)
        if signal.SIGTSTP in numbers:
            self._suspend()
        if signal.SIGCONT in numbers:
            self._tty.leave()  # a stop that could not be caught left it in our modes
            self._tty.enter()
        self._redraw()

    def _suspend(self) -> None:
        """Stop, as Ctrl-Z does elsewhere, with the terminal given back meanwhile."""
        self._tty.leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._tty.enter()

    def _redraw(self) -> None:
        self._encoder.forget()
        self._dirty = True

    # ---- drawing

    def _draw(self) -> None:
        rows, columns = self._tty.size()
        picture = view.fit(
            self._console.screen,
            rows,
            columns,
            pan=self._pan,
            status=self._status(),
            box=self._box or ((self._message,) if self._message else ()),
        )
        self._dirty = False
        self._tty.send(self._encoder.draw(picture))

    def _status(self) -> str:
        qmp = self._qmp
        if qmp is None:
            typing = f"read-only, Ctrl-C leaves: {self._options.read_only}"
        elif qmp.problem:
            typing = f"cannot type: {qmp.problem}"
        elif qmp.pending > 100:
            typing = f"typing, {qmp.pending // 2} keys to go"
        else:
            typing = "keyboard: QMP"
        escape = self._options.escape.title()
        screen = self._console.screen.description
        return f" {self._options.name} │ {screen} │ {escape} ? for help │ {typing}"

    def _say(self, message: str) -> None:
        """Show a sentence for some seconds."""
        self._message = message
        self._message_until_s = time.monotonic() + _MESSAGE_S
        self._dirty = True

    def _open(self, text: str, handler: Callable[[str], None]) -> None:
        """Lay a box over the screen; the next key press goes to `handler`."""
        filled = text.format(
            escape=self._options.escape.title(),
            name=self._options.name,
            detached=self._options.detached,
        )
        self._box = tuple(filled.split("\n"))
        self._handler = handler
        self._message = ""
        self._dirty = True

    def _close(self) -> None:
        self._box = ()
        self._handler = None
        self._dirty = True

    # ---- keys

    def _read_keys(self) -> None:
        """Hand each key to the guest, or to the box that is open."""
        try:
            keystrokes = self._reader.read()
        except EOFError:
            raise SystemExit(128 + signal.SIGHUP) from None
        for keystroke in keystrokes:
            if self._handler is not None:
                chord = struck(keystroke)
                if is_escape(keystroke, self._escape):
                    self._handler(self._options.escape)
                elif chord is not None:
                    self._handler(chord.key)
            elif is_escape(keystroke, self._escape):
                self._send(self._keyboard.release_all())
                self._open(_MENU + (_MENU_OWNED if self._options.owned else ""), self._in_menu)
            else:
                self._to_guest(keystroke)

    def _to_guest(self, keystroke: Keystroke) -> None:
        if self._qmp is None:
            if is_escape(keystroke, _CTRL_C):
                self._ending = Ending.DETACHED
            elif struck(keystroke) is not None:
                self._say(f"read-only, Ctrl-C leaves: {self._options.read_only}")
            return
        events, untypable = self._keyboard.translate(keystroke)
        self._send(events)
        if untypable:
            self._say(f"the keyboard layout has no {untypable[:20]!r}; see --keymap")
        if self._pan is not None and events:
            self._pan, self._dirty = None, True

    def _send(self, events: Sequence[KeyEvent]) -> None:
        if not events:
            return
        if self._qmp is None:
            self._say(f"read-only, Ctrl-C leaves: {self._options.read_only}")
            return
        try:
            self._qmp.send(events)
        except CgatermError as error:
            self._say(str(error))
        self._console.pace.moved(time.monotonic())

    def _press(self, combo: str) -> None:
        """Press keys together that this terminal cannot send."""
        try:
            self._send(parse_combo(combo, self._options.layout))
        except UsageError as error:
            self._say(str(error))

    def _in_menu(self, key: str) -> None:
        self._close()
        if key in _PAN_KEYS:
            self._pan_by(key)
        elif key == "d":
            self._ending = Ending.DETACHED
        elif key == "Q" and self._options.owned:
            self._ending = Ending.STOP_GUEST
        elif key == "e" or key == self._options.escape:
            self._press(self._options.escape)
        elif key == "c":
            self._press("ctrl-alt-del")
        elif key in _FUNCTION_KEYS:
            self._press(f"ctrl-alt-{_FUNCTION_KEYS[key]}")
        elif key == "s":
            self._open("SysRq and which key? (h: the kernel's help, Esc: none)", self._in_sysrq)
        elif key == "f":
            self._pan = None
        elif key == "r":
            self._redraw()
        elif key == "p":
            self._screenshot()
        elif key == "z":
            self._suspend()
            self._redraw()
        elif key in ("R", "P"):
            self._ask_for_button(key)
        elif key == "?":
            self._open(_HELP, lambda _key: self._close())
        elif key != "esc":
            self._say(f"{key} is nothing in the menu; ? is help")

    def _in_sysrq(self, key: str) -> None:
        self._close()
        if key != "esc":
            self._press(f"alt-sysrq-{key}")

    def _pan_by(self, key: str) -> None:
        """Move the view, and go on with it until another key than an arrow is pressed."""
        self._close()
        if key not in _PAN_KEYS:
            return
        rows, columns = _PAN_KEYS[key]
        size = self._tty.size()
        for step in ((0, 0), (rows, columns)):  # from where the view is, to where it can go
            top, left = view.offsets(self._console.screen, *size, self._pan)
            self._pan = view.Pan(max(top, 0) + step[0], max(left, 0) + step[1])
        self._open("arrows, page keys, Home and End move the view; Esc ends", self._pan_by)

    def _ask_for_button(self, key: str) -> None:
        qmp = self._qmp
        if qmp is None:
            self._say(f"read-only, Ctrl-C leaves: {self._options.read_only}")
            return
        what, press = ("reset", qmp.reset) if key == "R" else ("power", qmp.powerdown)

        def answer(key: str) -> None:
            self._close()
            if key == "y":
                try:
                    press()
                except CgatermError as error:
                    self._say(str(error))

        self._open(f"Press the {what} button of {self._options.name}? y/n", answer)

    def _screenshot(self) -> None:
        """Keep the screen as it was drawn, cursor and all, in a file beside us."""
        from cgaterm.exports.png import picture_of, png_bytes

        plain = "".join([c if c.isalnum() or c in "-_." else "-" for c in self._options.name])
        path = f"cgaterm-{plain}-{time.strftime('%Y%m%d-%H%M%S')}.png"
        try:
            data = png_bytes(picture_of(self._console.frame))
            with open(path, "xb") as file:
                file.write(data)
        except (CgatermError, OSError) as error:
            self._say(f"no screenshot: {error}")
        else:
            self._say(f"screenshot in {path}")


def attach(console: Console, qmp: QmpControl | None, options: Options) -> Ending:
    """Show a guest on this terminal until the user leaves it or it ends.

    Raises:
        UsageError: there is no terminal, or one that cannot be drawn on.
        GuestGone: the guest ended; the terminal is restored, `console.screen` its last screen.
        SystemExit: a signal ended us (128 + its number).
    """
    with Tty() as terminal:
        return Attachment(console, qmp, terminal, options).run()
