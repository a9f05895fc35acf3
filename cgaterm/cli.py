"""The command line. Each command imports what it needs when it runs."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from cgaterm import __version__
from cgaterm.errors import CgatermError, GuestGone, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cgaterm.boot import OwnGuest
    from cgaterm.screen import Screen
    from cgaterm.ways import Ways

# A line of \b alone tells click to leave the lines below it as they are.
TARGET_HELP = """\b
TARGET is one of
  NAME or PID      a running guest, as `cgaterm ls` shows it
  qemu:PID         the memory of a QEMU process
  qmp:PATH         a QMP socket; the process behind it is looked at
  shm:PATH[?columns=80&rows=25&offset=0]
                   character/attribute pairs in a file or shared memory
  vcsa:N           a Linux virtual console of this machine

\b
Exit codes: 0 good, 2 usage, 3 no such target or not permitted, 4 the guest went away.
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cgaterm")
def cli() -> None:
    """Show the text screen of any running QEMU guest, as text, in this terminal.

    Nothing has to be set up in advance: the screen is read from the memory of the guest's
    QEMU process, and the guest does not notice.

    \b
    cgaterm ls               which guests run here
    cgaterm attach vm1       sit down in front of one; Ctrl-] opens the menu
    cgaterm screen vm1       print its screen once
    cgaterm run disk.img     boot a guest of your own
    cgaterm demo             see it work in a minute
    """  # noqa: D301 - click wants a real backspace before lines it is to leave alone


_code_page = click.option(
    "--code-page",
    default="cp437",
    show_default=True,
    help="Which characters the codes are where the guest's font does not say it.",
)
_keymap = click.option(
    "--keymap",
    default="us",
    show_default=True,
    metavar="LAYOUT",
    help="The keyboard layout that the guest is set to: us, uk, de, ch, fr, be, es, latam, it, pt, "
    "br, dk, se, no, fi or pl.",
)
_escape = click.option(
    "--escape",
    default="ctrl-]",
    show_default=True,
    metavar="KEY",
    help="The key that opens the menu.",
)


@cli.command("ls")
@click.option("--json", "as_json", is_flag=True, help="For scripts: a list of objects.")
def list_guests(*, as_json: bool) -> None:
    """List the QEMU guests that run here: names, screens, last lines and ways in."""
    from cgaterm.listing import as_table, listing

    entries = listing()
    if as_json:
        _write(None, _json(entries))
    elif entries:
        _write(None, _text("\n".join(as_table(entries, _terminal_columns()))))
    else:
        click.echo("no QEMU guest runs here, of those that you may see", err=True)


@cli.command(epilog=TARGET_HELP)
@click.argument("target")
@click.option(
    "-f",
    "--format",
    "kind",
    type=click.Choice(["text", "ansi", "json", "png"]),
    help="How to show it; else by the ending of FILE, else text.",
)
@click.option("-o", "--output", metavar="FILE", help="Where to; else to standard output.")
@click.option("--cells", is_flag=True, help="json: every cell's character, colors and blink.")
@_code_page
def screen(
    target: str, kind: str | None, output: str | None, *, cells: bool, code_page: str
) -> None:
    """Print a guest's screen once, as text, with colors, as data or as a picture."""
    from cgaterm.console import one_shot
    from cgaterm.ways import open_ways

    if kind is None:
        kind = {".png": "png", ".json": "json", ".ansi": "ansi"}.get((output or "")[-5:].lower())
        kind = kind or ("png" if (output or "").lower().endswith(".png") else "text")
    if cells and kind != "json":
        raise UsageError("--cells is for json; add -f json")
    if kind == "png" and not output and sys.stdout.isatty():
        raise UsageError("a png is no text for a terminal; add -o FILE")
    ways = open_ways(target)
    console = one_shot(ways.source, code_page)
    if kind == "png":
        from cgaterm.exports.png import picture_of, png_bytes

        _write(output, png_bytes(picture_of(console.frame)))
    elif kind == "json":
        from cgaterm.exports.report import screen_report

        report = screen_report(
            console.screen, target=target, source=ways.source.scheme, cells=cells
        )
        _write(output, _json(report))
    else:
        _write_screen(output, console.screen, ansi=kind == "ansi")


@cli.command(epilog=TARGET_HELP)
@click.argument("target")
@click.option("--read-only", is_flag=True, help="Look, but never type.")
@_keymap
@_escape
@_code_page
def attach(target: str, *, read_only: bool, keymap: str, escape: str, code_page: str) -> None:
    """Sit down in front of a guest: its screen here, this keyboard there.

    The escape key opens a menu: detach, Ctrl-Alt-Del and other keys that a terminal keeps
    for itself, a screenshot, reset and power. Detaching leaves the guest running.

    Keys go through the guest's QMP socket, which is borrowed only while you type. A guest
    without one is looked at; then Ctrl-C leaves, too.
    """
    from cgaterm import signals
    from cgaterm.terminal import Tty

    Tty.check()
    from cgaterm.ways import open_ways

    with signals.as_exceptions():
        _attach(open_ways(target), keymap, escape, code_page, read_only=read_only)


def _attach(
    ways: Ways,
    keymap: str,
    escape: str,
    code_page: str,
    *,
    read_only: bool = False,
    own: OwnGuest | None = None,
) -> None:
    from cgaterm.console import Console
    from cgaterm.keys import layout
    from cgaterm.sources.qmp import QmpControl
    from cgaterm.terminal import Ending, Options, attach

    why_not = "--read-only was given" if read_only else ways.read_only
    options = Options(
        name=ways.name,
        layout=layout(keymap),
        escape=escape.lower(),
        read_only=why_not,
        owned=own is not None,
    )
    console = Console(ways.source, code_page)
    qmp = QmpControl(ways.qmp) if ways.qmp and not read_only else None
    try:
        ending = attach(console, qmp, options)
    except GuestGone as gone:
        # What it said last is what the operator wants to know; after a detach it is not.
        _write_screen(None, console.screen, ansi=True)
        raise GuestGone(own.why_it_ended() if own else str(gone)) from None
    finally:
        if qmp is not None:
            qmp.close()
        console.close()
    if ending is Ending.STOP_GUEST:
        how = f"stopped {ways.name}"
    elif own is not None:
        own.release()
        how = (
            f"detached from {ways.name}, which runs on; `cgaterm attach {own.pid}` comes back, "
            f"`kill {own.pid}` stops it"
        )
    else:
        how = f"detached from {ways.name}"
    _write(None, _text(how))


@cli.command(
    context_settings={"ignore_unknown_options": False},
    epilog="What comes after -- goes to QEMU as it is, as in: cgaterm run disk.img -- -m 2G -smp 2",
)
@click.argument("image", required=False)
@click.argument("qemu_arguments", nargs=-1, metavar="[-- QEMU-ARGS]...")
@click.option(
    "--accel",
    type=click.Choice(["auto", "kvm", "tcg"]),
    default="auto",
    show_default=True,
    help="auto: kvm where it is good, else tcg.",
)
@click.option("--qemu", default="qemu-system-x86_64", show_default=True, help="Which QEMU.")
@click.option("--name", default="", help="The guest's name; else the image's.")
@_keymap
@_escape
@_code_page
def run(
    image: str | None,
    qemu_arguments: Sequence[str],
    *,
    accel: str,
    qemu: str,
    name: str,
    keymap: str,
    escape: str,
    code_page: str,
) -> None:
    """Boot a guest and attach to it.

    IMAGE is a disk, a CD, a floppy or a kernel; what it is, is seen by its content. Without
    one, QEMU's arguments say what to boot.
    """
    from contextlib import ExitStack

    from cgaterm import signals
    from cgaterm.boot import OwnGuest
    from cgaterm.charsets import code_page as characters_of
    from cgaterm.keys import layout
    from cgaterm.terminal import Tty

    Tty.check()
    from cgaterm.terminal_keys import parse_escape
    from cgaterm.ways import open_ways

    # What is mistyped is told before anything boots.
    layout(keymap), parse_escape(escape), characters_of(code_page)
    if image and image.startswith("-"):  # click takes the first word for it, even behind --
        qemu_arguments = [image, *qemu_arguments]
        image = None
    with signals.as_exceptions(), ExitStack() as cleanup:
        with signals.held_back():
            guest = cleanup.enter_context(
                OwnGuest(image, qemu_arguments, accelerator=accel, name=name, qemu=qemu)
            )
        click.echo(f"starting {guest.name} ...", err=True)
        guest.wait_for_vga()
        ways = open_ways(f"qemu:{guest.pid}")._replace(
            name=guest.name, qmp=guest.qmp_path, read_only=""
        )
        _attach(ways, keymap, escape, code_page, own=guest)


@cli.command(epilog=TARGET_HELP)
@click.argument("target")
@_code_page
def explain(target: str, code_page: str) -> None:
    """Tell how a guest is read: what was found, which ways in work, and why others do not.

    Please add its output to bug reports.
    """
    from cgaterm.explain import explain as explain_target
    from cgaterm.qemu_command_line import printable

    lines, error = explain_target(target, code_page)
    text = [f"cgaterm     {__version__}", *map(printable, lines)]
    _write(None, _text("\n".join(text)))
    if error is not None:
        raise error


@cli.command()
@_keymap
def demo(keymap: str) -> None:
    """See it work in a minute: a boot sector of our own that shows what a VGA can do.

    It runs on QEMU, or as a small guest in shared memory where QEMU is not installed. Without
    a terminal it prints what it saw and ends.
    """
    from cgaterm.demo import run_demo

    run_demo(keymap)


# ---- output --------------------------------------------------------------------------------


def _encoding() -> str:
    return sys.stdout.encoding or "ascii"


def _is_unicode() -> bool:
    return "utf" in _encoding().lower()


def _text(text: str) -> bytes:
    """Return a text and a newline, as this locale can show it."""
    if not _is_unicode():
        from cgaterm.charsets import ascii_stand_in

        text = "".join([c if c.isascii() else ascii_stand_in(c) for c in text])
    return f"{text}\n".encode(_encoding(), "replace")


def _terminal_columns() -> int | None:
    """Return the width to fit a table into; None: it is not for a person."""
    return os.get_terminal_size(1).columns if sys.stdout.isatty() else None


def _ansi(screen: Screen) -> bytes:
    from cgaterm.terminal_capabilities import printed

    return (printed(screen) + "\n").encode(_encoding(), "replace")


def _write_screen(output: str | None, screen: Screen, *, ansi: bool) -> None:
    """Write the text of a screen; say of one without text what it is, beside the output."""
    if not screen.rows:
        click.echo(f"[ {screen.description} ]", err=True)
        data = b""
    else:
        data = _ansi(screen) if ansi else _text(screen.text)
    _write(output, data)


def _json(value: object) -> bytes:
    import json

    text = json.dumps(value, ensure_ascii=not _is_unicode(), indent=2)
    return f"{text}\n".encode(errors="replace")


def _write(output: str | None, data: bytes) -> None:
    """Write to a file or, without one, to standard output."""
    is_file = bool(output)
    try:
        with open(output or sys.stdout.fileno(), "wb", closefd=is_file) as file:
            file.write(data)
    except BrokenPipeError:
        sys.exit(141)  # as a shell says it of those whom SIGPIPE ended: nobody reads on
    except OSError as error:
        where = f"{output}" if is_file else "to standard output"
        raise UsageError(f"cannot write {where} ({error.strerror}); send it elsewhere") from None


def _prepare_standard_output() -> None:
    """Make Python's idea of standard output ours.

    Raises:
        UsageError: it was closed by who called us; files opened now would take its place.
    """
    if sys.stdout is None:
        raise UsageError("standard output is closed; send it to /dev/null if it is not wanted")
    # Python takes LC_ALL=C for UTF-8 (PEP 540). Who says so has a terminal that shows ASCII.
    if os.environ.get("LC_ALL") in ("C", "POSIX") and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="ascii", errors="replace")


def main() -> None:
    """Run the command line: the entry point of the `cgaterm` script."""
    # click's thousands of objects live to the end: that the collector need not go through
    # them, there neither, is a tenth of a one-shot's time.
    gc.freeze()
    try:
        _prepare_standard_output()
        cli(prog_name="cgaterm", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except CgatermError as error:
        from cgaterm.qemu_command_line import printable

        click.echo(f"cgaterm: {printable(str(error))}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
