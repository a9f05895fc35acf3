"""The commands as a shell sees them: output, exit codes, and one sentence for what goes wrong."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import termios
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from PIL import Image

from cgaterm import cli, discover
from tests.pty_session import CGATERM, PtySession
from tests.qemu import Guest, qemu_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.conftest import Boot

TIMEOUT_S = 60.0
#: Characters of code page 437 that Python's codec has as controls, and its blanks.
LOW = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
CP437 = LOW + bytes(range(32, 127)).decode() + "⌂" + bytes(range(128, 255)).decode("cp437") + " "
#: What none but the commands that need them may load.
HEAVY = {"asyncio", "blessed", "curses", "urwid", "pyte", "numpy", "qemu.qmp", "PIL", "json"}


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def data(self) -> Any:
        return json.loads(self.output)

    def assert_one_sentence(self, code: int, part: str) -> None:
        """It failed as it should: one line that says what is wrong, and the cure."""
        assert (self.code, self.output) == (code, b""), self
        assert self.errors.startswith("cgaterm: ")
        assert self.errors.count("\n") == 1
        assert self.errors.removesuffix("\n").isprintable()
        assert "; " in self.errors or ", as in " in self.errors
        assert part in self.errors


def cgaterm(*arguments: str, prefix: Sequence[str] = (), **environment: str) -> Ended:
    """Run a command with the environment of a bare shell."""
    command = [*prefix, *CGATERM, *arguments]
    variables = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        env=variables | environment,
    )
    return Ended(result.returncode, result.stdout, result.stderr.decode())


def shell(script: str) -> Ended:
    """Run a line of shell in which $CGATERM is the command."""
    environment = {**os.environ, "CGATERM": shlex.join(CGATERM)}
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, timeout=TIMEOUT_S, env=environment
    )
    return Ended(result.returncode, result.stdout, result.stderr.decode())


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Ended]:
    """Run a command in this process: much faster than a new one."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["cgaterm", *arguments])
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int)
        output, errors = capfdbinary.readouterr()
        return Ended(code, output, errors.decode())

    return run


@pytest.fixture(scope="module")
def vm() -> Iterator[Guest]:
    """A guest that shows 2,000 different cells."""
    with Guest("cells", "all_cells", arguments=["-name", f"vm {os.getpid()}"]) as guest:
        yield guest.wait_ready()


def name_of(guest: Guest) -> str:
    return f"vm {os.getpid()}" if "-name" in guest.command else f"qemu-{guest.pid}"


def entry_of(guest: Guest, listed: list[dict[str, Any]]) -> dict[str, Any]:
    (entry,) = [entry for entry in listed if entry["pid"] == guest.pid]
    return entry


# ---- ls --------------------------------------------------------------------------------


def test_ls_for_scripts(vm: Guest) -> None:
    ended = cgaterm("ls", "--json")
    assert (ended.code, ended.errors) == (0, "")
    last_line = "".join(CP437[code % 256] for code in range(1920, 2000)).strip()
    assert entry_of(vm, ended.data) == {
        "name": name_of(vm),
        "pid": vm.pid,
        "user": entry_of(vm, ended.data)["user"],
        "accelerator": "tcg",
        "target": f"qemu:{vm.pid}",
        "screen": "text 80x25",
        "mode": "text",
        "last_line": last_line,
        "problem": None,
        "ways": {"qmp": [f"unix:{vm.qmp_path}"]},
    }


def test_ls_for_people(vm: Guest) -> None:
    lines = cgaterm("ls").text.splitlines()
    assert lines[0].split() == ["NAME", "PID", "ACCEL", "SCREEN", "WAYS", "IN", "LAST", "LINE"]
    (line,) = [line for line in lines if f" {vm.pid} " in line]
    assert line.startswith(name_of(vm))
    assert "tcg    text 80x25" in line
    with PtySession([*CGATERM, "ls"], columns=50) as session:
        assert session.wait() == 0
        shown = [line.rstrip("\r") for line in session.output.decode().split("\n")]
    assert max(map(len, shown)) <= 50
    assert any(str(vm.pid) in line for line in shown)


def test_ls_of_all_kinds_of_screens(boot: Boot) -> None:
    paused = boot("pages", "split_screen")
    paused.stop()
    stopped = boot("pages", "split_screen")
    os.kill(stopped.pid, signal.SIGSTOP)
    guests = {
        "text 80x25": [paused, stopped],
        "graphics 1024x768": [boot("modes", "vbe_1024x768")],
        "graphics 320x200": [boot("modes", "vga_320x200", display="cirrus")],
        "blank": [boot("modes", "blank", display="vmware")],
    }
    not_started = boot(None, arguments=["-S"])
    no_vga = boot(None, display="none")
    for guest in (not_started, no_vga):
        guest.qmp("query-name")  # it is up
    listed = cgaterm("ls", "--json").data
    for screen, those in guests.items():
        for guest in those:
            entry = entry_of(guest, listed)
            assert (entry["screen"], entry["mode"]) == (screen, screen.split(" ")[0])
            assert entry["problem"] is None
            assert entry["last_line"] == (
                "LINE 0014" + "o" * 71 if guest in guests["text 80x25"] else ""
            )
    assert entry_of(not_started, listed)["screen"] == "blank"
    entry = entry_of(no_vga, listed)
    assert (entry["screen"], entry["mode"], entry["last_line"]) == (None, None, "")
    assert "no VGA" in entry["problem"]
    ended = cgaterm("screen", str(stopped.pid))
    assert ended.text.splitlines()[-1].startswith("LINE 0014o")


def test_ls_where_no_guest_runs(
    call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover, "guests", list)
    assert call("ls", "--json") == (0, b"[]\n", "")
    assert call("ls") == (0, b"", "no QEMU guest runs here, of those that you may see\n")


def test_names_that_two_guests_have(boot: Boot, call: Callable[..., Ended]) -> None:
    name = f"twin {os.getpid()}"
    pids = sorted(boot("pages", "split_screen", arguments=["-name", name]).pid for _ in range(2))
    call("screen", name).assert_one_sentence(2, f"by its pid: {pids[0]}, {pids[1]}")
    assert call("screen", str(pids[1])).code == 0


# ---- screen ----------------------------------------------------------------------------


def test_screen_as_text(vm: Guest) -> None:
    ended = cgaterm("screen", name_of(vm))
    assert (ended.code, ended.errors) == (0, "")
    rows = ["".join(CP437[(row * 80 + i) % 256] for i in range(80)) for row in range(25)]
    assert ended.text == "\n".join(row.rstrip() for row in rows) + "\n"


def test_screen_as_data(vm: Guest) -> None:
    target = f"qemu:{vm.pid}"
    report = cgaterm("screen", target, "-f", "json").data
    lines = cgaterm("screen", target).text.splitlines()
    assert report == {
        "target": target,
        "source": "qemu",
        "mode": "text",
        "description": "text 80x25",
        "columns": 80,
        "rows": 25,
        "cursor": {"row": 0, "column": 0, "visible": True},
        "lines": lines,
        "unknown_glyphs": 0,
    }


def test_the_cells_as_data(vm: Guest) -> None:
    """Cell n has character n modulo 256 and attribute n / 256, with bright backgrounds."""
    rows = cgaterm("screen", str(vm.pid), "-f", "json", "--cells").data["cells"]
    assert [len(row) for row in rows] == [80] * 25
    colors = []
    for index in range(16):
        intensity = 85 if index & 8 else 0
        red, green, blue = (intensity + 170 * (index >> bit & 1) for bit in (2, 1, 0))
        # The BIOS's brown: a dark yellow with half its green.
        colors.append(f"#{red:02x}{85 if index == 6 else green:02x}{blue:02x}")
    for number, cell in enumerate(cell for row in rows for cell in row):
        assert cell["character"] == CP437[number % 256]
        for key, index in (("foreground", number >> 8 & 15), ("background", number >> 12)):
            shown, ideal = (
                [int(color[at : at + 2], 16) for at in (1, 3, 5)]
                for color in (cell[key], colors[index])
            )
            # The DAC has 6 bits a color.
            assert all(abs(a - b) <= 3 for a, b in zip(shown, ideal, strict=True))
        assert cell["blink"] is False


def test_screen_as_a_picture(vm: Guest, tmp_path: Path) -> None:
    assert cgaterm("screen", str(vm.pid), "-o", str(tmp_path / "a.PNG")) == (0, b"", "")
    drawn = Image.open(BytesIO((tmp_path / "a.PNG").read_bytes())).convert("RGB")
    vm.stop()
    displayed = vm.screendump()
    vm.cont()
    assert (drawn.width, drawn.height) == displayed[:2]
    assert drawn.tobytes() == displayed.pixels


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.png", b"\x89PNG\r\n"),
        ("a.json", b'{\n  "target"'),
        ("a.JSON", b'{\n  "target"'),
        ("a.ansi", b"\x1b["),
        ("a.txt", " ☺☻♥♦".encode()),
        ("png", " ☺☻♥♦".encode()),
    ],
)
def test_the_ending_of_a_file_says_what_it_is(
    vm: Guest, call: Callable[..., Ended], tmp_path: Path, name: str, begins: bytes
) -> None:
    path = tmp_path / name
    assert call("screen", str(vm.pid), "-o", str(path)) == (0, b"", "")
    assert path.read_bytes().startswith(begins) or name == "a.txt"
    assert call("screen", str(vm.pid), "-f", "json", "-o", str(path)).code == 0
    assert path.read_bytes().startswith(b"{\n")


@pytest.mark.parametrize("stage", ["vbe_1024x768", "blank"])
def test_what_is_no_text_is_said_beside_the_output(
    boot: Boot, call: Callable[..., Ended], stage: str
) -> None:
    pid = str(boot("modes", stage).pid)
    screen = "blank" if stage == "blank" else "graphics 1024x768"
    for kind in ("text", "ansi"):
        assert call("screen", pid, "-f", kind) == (0, b"", f"[ {screen} ]\n")
    report = call("screen", pid, "-f", "json", "--cells").data
    assert report["description"] == screen
    assert report["mode"] == screen.split(" ")[0]
    assert (report["lines"], report["cells"], report["rows"], report["columns"]) == ([], [], 0, 0)
    assert report["cursor"] == {"row": None, "column": None, "visible": False}
    picture = call("screen", pid, "-f", "png")
    if stage == "blank":
        assert picture.output.startswith(b"\x89PNG")
    else:
        picture.assert_one_sentence(3, "the guest shows graphics 1024x768")


def test_only_what_is_needed_is_loaded(vm: Guest) -> None:
    for command in (["screen", str(vm.pid)], ["screen", "-f", "ansi", str(vm.pid)], ["ls"]):
        result = subprocess.run(
            [sys.executable, "-X", "importtime", *CGATERM[1:], *command],
            capture_output=True,
            check=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
        assert "cgaterm.cli" in loaded
        assert loaded & HEAVY == set()


# ---- where it goes ---------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_without_unicode_gets_ascii(vm: Guest, locale: str) -> None:
    pid = str(vm.pid)
    for command in (
        ["screen", pid],
        ["screen", pid, "-f", "ansi"],
        ["screen", pid, "-f", "json", "--cells"],
        ["ls"],
        ["ls", "--json"],
        ["explain", pid],
    ):
        ended = cgaterm(*command, LC_ALL=locale)
        assert ended.code == 0
        assert ended.output.isascii()
        assert {code for code in ended.output if code < 32} <= {10, 27}
    assert len(cgaterm("screen", pid, LC_ALL=locale).text.splitlines()[3]) == 80


def test_no_color_means_no_color(vm: Guest) -> None:
    colored = cgaterm("screen", str(vm.pid), "-f", "ansi").text
    plain = cgaterm("screen", str(vm.pid), "-f", "ansi", NO_COLOR="1").text
    assert "38;2;" in colored
    codes = {
        code for part in plain.split("\x1b[")[1:] for code in part.partition("m")[0].split(";")
    }
    assert codes <= {"", "0", "1", "5", "7", "22", "25", "27"}


@pytest.mark.parametrize(
    "command",
    ["screen PID", "screen PID -f ansi", "screen PID -f json --cells", "ls --json", "explain PID"],
)
def test_a_reader_that_goes_and_a_disk_that_is_full(vm: Guest, command: str) -> None:
    command = command.replace("PID", str(vm.pid))
    # The reader has gone before anything is written; 141 is what a shell says of SIGPIPE.
    assert shell(f"$CGATERM {command} | true; exit ${{PIPESTATUS[0]}}") == (141, b"", "")
    shell(f"$CGATERM {command} >/dev/full").assert_one_sentence(2, "No space left on device")
    shell(f"$CGATERM {command} >&-").assert_one_sentence(2, "standard output is closed")


@pytest.mark.parametrize("path", ["/nonexistent/a.txt", "/", "/dev/full"])
def test_a_file_that_cannot_be_written(vm: Guest, call: Callable[..., Ended], path: str) -> None:
    call("screen", str(vm.pid), "-o", path).assert_one_sentence(2, f"cannot write {path} (")


def test_a_terminal_gets_no_png(vm: Guest) -> None:
    with PtySession([*CGATERM, "screen", str(vm.pid), "-f", "png"]) as session:
        assert session.wait() == 2
        assert "add -o FILE" in session.text


# ---- what is no guest ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "code", "part"),
    [
        ("no-such-guest", 3, "there is no guest 'no-such-guest'"),
        ("no\x1b[31m\nsuch\x9bguest", 3, "there is no guest"),
        ("999999999", 3, "there is no process 999999999"),
        ("99999999999999999999", 3, "there is no guest '99999999999999999999'"),
        ("1", 3, "is no QEMU"),
        ("SELF", 3, "is no QEMU"),
        ("qemu:1", 3, "is no QEMU"),
        ("qemu:SELF", 3, "is no QEMU"),
        ("qemu:SHELL", 3, "is no QEMU"),
        ("qemu:999999999", 3, "there is no process"),
        ("qemu:0", 2, "give a number"),
        ("qemu:-1", 2, "give a number"),
        ("qemu:abc", 2, "give a number"),
        ("qemu:", 2, "give a number"),
        ("", 2, "is no target"),
        ("qmp:/nonexistent", 3, "listens on /nonexistent"),
        ("qmp:", 2, "needs the path"),
        ("qmp:SHORT", 3, "listens on"),
        ("qmp:SOCKET", 3, "listens on"),
        ("qmp:/\x1b[31m", 3, "listens on"),
        ("shm:/nonexistent", 3, "cannot be opened"),
        ("shm:SHORT", 3, "has 3 bytes"),
        ("shm:SHORT?offset=9223372036854775807", 3, "has 3 bytes"),
        ("shm:FOLDER", 3, "is no regular file"),
        ("shm:FIFO", 3, "is no regular file"),
        ("shm:SHORT?rows=0", 2, "give a number"),
        ("shm:SHORT?font=8", 2, "is no part of a shm: target"),
        ("shm:", 2, "needs a file"),
        ("vcsa:63", 3, "no virtual console 63"),
        ("vcsa:64", 2, "give a number"),
        ("vnc::1", 2, "vnc: targets are not supported"),
        ("vnc:host:1", 2, "vnc: targets are not supported"),
        ("libvirt:vm", 2, "libvirt: targets are not supported"),
    ],
)
def test_what_is_no_guest_is_told_in_a_sentence(
    call: Callable[..., Ended], tmp_path: Path, target: str, code: int, part: str
) -> None:
    (tmp_path / "short").write_bytes(b"abc")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    path = Path(f"/tmp/cgaterm-test-{os.getpid()}.sock")
    path.unlink(missing_ok=True)
    with (
        socket.socket(socket.AF_UNIX) as listener,
        subprocess.Popen(["sh", "-c", "read line"], stdin=subprocess.PIPE) as process,
    ):
        listener.bind(str(path))
        listener.listen()
        for word, value in {
            "SELF": os.getpid(),
            "SHELL": process.pid,
            "SHORT": tmp_path / "short",
            "FOLDER": tmp_path / "folder",
            "FIFO": tmp_path / "fifo",
            "SOCKET": path,
        }.items():
            target = target.replace(word, str(value))
        call("screen", target).assert_one_sentence(code, part)
        explained = call("explain", target)
        assert explained.code == code
        assert explained.errors.startswith("cgaterm: ")
        assert {c for c in explained.text if not c.isprintable()} <= {"\n"}
    path.unlink()


def test_a_kernel_thread_and_a_zombie_are_no_guests(call: Callable[..., Ended]) -> None:
    kernel_threads = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/status")
        if "\nPPid:\t2\n" in path.read_text()
    ]
    for pid in kernel_threads[:1]:
        call("screen", f"qemu:{pid}").assert_one_sentence(3, "is no QEMU")
    with Guest(None) as guest:
        guest.process.kill()
        os.waitid(os.P_PID, guest.pid, os.WEXITED | os.WNOWAIT)
        call("screen", str(guest.pid)).assert_one_sentence(3, f"process {guest.pid} has ended")
        call("screen", f"qemu:{guest.pid}").assert_one_sentence(3, f"process {guest.pid} has ended")


@pytest.mark.parametrize("command", ["attach", "run", "demo"])
def test_commands_have_help(call: Callable[..., Ended], command: str) -> None:
    ended = call(command, "--help")
    assert ended.code == 0
    assert ended.text.startswith(f"Usage: cgaterm {command} ")


def test_usage_errors(call: Callable[..., Ended], vm: Guest) -> None:
    pid = str(vm.pid)
    call("screen", pid, "--cells").assert_one_sentence(2, "add -f json")
    for arguments in (["screen"], ["screen", pid, "-f", "gif"], ["nonsense"], ["ls", "x"]):
        ended = call(*arguments)
        assert (ended.code, ended.output) == (2, b"")
        assert "Usage: cgaterm" in ended.errors
    assert call("screen", pid, "--code-page", "cp0").code == 2


def test_attach_and_run_need_a_terminal(vm: Guest) -> None:
    cgaterm("attach", str(vm.pid)).assert_one_sentence(2, "this needs a terminal")
    cgaterm("run", "--", "-version").assert_one_sentence(2, "this needs a terminal")


@pytest.mark.parametrize("option", [("--escape", "no-key"), ("--keymap", "tlh")])
def test_attach_with_bad_options(vm: Guest, option: tuple[str, str]) -> None:
    with PtySession([*CGATERM, "attach", *option, str(vm.pid)]) as session:
        assert session.wait() == 2
        assert session.restored
        assert "cgaterm: " in session.text
        assert option[1] in session.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_anything_is_drawn(vm: Guest, number: signal.Signals) -> None:
    """While the terminal is asked what it can do it is raw already, and must be given back."""
    environment = {"BLESSED_QUERY_TIMEOUT_SECONDS": "5"}
    with PtySession([*CGATERM, "attach", str(vm.pid)], environment=environment) as session:
        while termios.tcgetattr(session.slave) == session.modes:
            session.pump(0.01)
        session.process.send_signal(number)
        assert session.wait() == 128 + number
        assert session.restored


# ---- names of other people's making ----------------------------------------------------


def test_names_and_paths_with_control_characters(boot: Boot) -> None:
    folder = Path("/tmp") / f"cgaterm-test-{os.getpid()}-\x1b[31m\x9b7m"
    folder.mkdir()
    try:
        guest = boot(
            "pages",
            "split_screen",
            qmp=False,
            arguments=[
                *("-name", "evil\x1b]0;title\x07\x9b31m\u202e語"),
                *("-qmp", f"unix:{folder}/q,server=on,wait=off"),
                *("-monitor", f"unix:{folder}/m,server=on,wait=off"),
            ],
        )
        pid = str(guest.pid)
        for arguments in (
            ["ls"],
            ["ls", "--json"],
            ["explain", pid],
            ["explain", f"qmp:{folder}/q"],
        ):
            ended = cgaterm(*arguments)
            assert ended.code == 0
            assert pid in ended.text
            assert {c for c in ended.text if not c.isprintable()} == {"\n"}
        with (
            socket.socket(socket.AF_UNIX) as other,
            PtySession([*CGATERM, "attach", pid], columns=200) as session,
        ):
            session.wait_for_text("evil?]0;title")
            other.connect(f"{folder}/q")  # the only client; what the keyboard says has the path
            assert b"QMP" in other.recv(4096)
            session.type("x")
            session.wait_for_text("cannot type")
            assert b"\x1b[31m" not in session.output
            assert b"\xc2\x9b" not in session.output
    finally:
        shutil.rmtree(folder)


# ---- other users -----------------------------------------------------------------------


def stranger() -> list[str]:
    """Another user, who can open files (the interpreter may be in /root), but not processes."""
    capability = "+dac_override"
    return [
        *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
        *(f"--inh-caps={capability}", f"--ambient-caps={capability}"),
    ]


@pytest.fixture
def foreign(boot: Boot, tmp_path: Path) -> Iterator[tuple[int, list[str], str]]:
    """A guest called "theirs": its pid, how to run what may not read it, and why it may not."""
    name = ["-name", "theirs"]
    if os.geteuid() == 0:
        yield boot("pages", "split_screen", arguments=name).pid, stranger(), "another user"
        return
    # Who may run a program but not read it may not read its memory, either. A copy of QEMU
    # would not find its modules.
    program = tmp_path / "qemu-system-x86_64"
    shutil.copy("/bin/sh", program)
    program.chmod(0o111)
    command = [str(program), "-c", "read line", *name]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process.pid, [], "does not let you read"


def test_a_guest_that_may_not_be_read(foreign: tuple[int, list[str], str]) -> None:
    number, prefix, reason = foreign
    pid = str(number)
    (entry,) = [
        entry for entry in cgaterm("ls", "--json", prefix=prefix).data if entry["pid"] == number
    ]
    assert (entry["name"], entry["screen"], entry["mode"]) == ("theirs", None, None)
    assert reason in entry["problem"]
    assert entry["problem"].endswith("; use sudo")
    assert reason in cgaterm("ls", prefix=prefix).text
    for target in (pid, "theirs", f"qemu:{pid}", "qmp:/run/theirs.qmp"):
        cgaterm("screen", target, prefix=prefix).assert_one_sentence(3, "use sudo")
    ended = cgaterm("explain", "theirs", prefix=prefix)
    assert ended.code == 3
    assert f"process {pid}" in ended.text
    assert "not readable: the " in ended.text
    with PtySession([*prefix, *CGATERM, "attach", "theirs"]) as session:
        assert session.wait() == 3
        assert session.restored
        assert "use sudo" in session.text


def test_root_looks_at_another_users_guest_from_that_users_environment(
    boot: Boot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As after `sudo -E` or su: HOME and XDG_RUNTIME_DIR are still the user's."""
    theirs = Path("/")  # for whoever is not root, that is another user's folder
    if os.geteuid() == 0:
        theirs = tmp_path / "theirs"
        theirs.mkdir(mode=0o700)
        os.chown(theirs, 65534, 65534)
        monkeypatch.setenv("CGATERM_TEST_QEMU", shlex.join([*stranger(), *qemu_command()]))
    guest = boot("pages", "split_screen")
    variables = {"HOME": str(theirs), "XDG_RUNTIME_DIR": str(theirs)}
    for _ in range(2):  # cold, then warm
        ended = cgaterm("screen", str(guest.pid), **variables)
        assert (ended.code, ended.errors) == (0, "")
        assert "LINE 0014" in ended.text
    assert not (theirs / "cgaterm").exists()
    command = [*CGATERM, "attach", str(guest.pid)]
    with PtySession(command, environment=variables) as session:
        session.wait_for_text("keyboard: QMP")
        session.type("\x1dd")
        assert session.wait() == 0
