"""What the command line of a QEMU says about its guest, and about the ways in.

Laws:

1. Pure, and it never raises: an argv is another user's data, and may be anything.
2. Only what is said is returned. What QEMU decides by itself (a free VNC port, the
   name of a pty, an accelerator out of several) is not guessed here.
3. QEMU's own grammar is followed (util/qemu-option.c, system/vl.c, chardev/char.c):
   one or two dashes; `a=1,flag,nowait`, where ",," is a comma inside a value and the
   first piece may lack its key; for -blockdev, -device and -display JSON as well.
4. `str()` of an address is printable text; its fields are what the system calls take.
"""

# ruff: noqa: SIM905 -- lists of QEMU's words, kept as it prints them, to compare by eye

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class UnixSocket(NamedTuple):
    """A local socket. A path that starts with NUL is an abstract name, as in `socket`.

    `listening` is False where QEMU is the client: then it is no way in.
    """

    path: str
    listening: bool

    def __str__(self) -> str:
        return printable(f"unix:{self.path}".replace(":\0", ":@"))


class TcpSocket(NamedTuple):
    """A TCP port; `host` is "" for all interfaces. `listening` as for UnixSocket."""

    host: str
    port: int
    listening: bool
    #: What is spoken below the payload: "tcp" (nothing), "telnet", "tn3270", "websocket".
    protocol: str = "tcp"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return printable(f"{self.protocol}:{host}:{self.port}")


class InheritedSocket(NamedTuple):
    """A socket that whoever started QEMU (libvirt) opened: only its descriptor is known."""

    file_descriptor: int
    listening: bool

    def __str__(self) -> str:
        return f"fd:{self.file_descriptor}"


class CharacterDevice(NamedTuple):
    """Anything else that QEMU reads from or writes to.

    `backend` is QEMU's word: "pty", "stdio", "file", "pipe" or "serial" (a device of
    the host). `path` is "" where there is none, or QEMU chooses it.
    """

    backend: str
    path: str

    def __str__(self) -> str:
        return printable(f"{self.backend}:{self.path}" if self.path else self.backend)


class DBusDisplay(NamedTuple):
    """QEMU's D-Bus display: on a bus ("" is the session's), or peer to peer through QMP."""

    bus: str
    peer_to_peer: bool

    def __str__(self) -> str:
        return printable(f"dbus:{self.bus}" if not self.peer_to_peer else "dbus:p2p")


_Given: TypeAlias = defaultdict[str, list[str]]
Address: TypeAlias = UnixSocket | TcpSocket | InheritedSocket | CharacterDevice | DBusDisplay
WayKind: TypeAlias = Literal["qmp", "monitor", "vnc", "serial", "dbus"]


class WayIn(NamedTuple):
    """One door that the command line opens. "monitor" is the human one (HMP)."""

    kind: WayKind
    address: Address

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"


class QemuCommandLine(NamedTuple):
    """What an argv says. Paths are as written: relative ones to QEMU's working folder."""

    #: -name, else the file name of the first disk, CD, floppy, kernel or firmware, else None.
    name: str | None
    #: The machine type as written ("pc", "q35", "pc-i440fx-7.2"), None for the default.
    machine: str | None
    #: In the order in which QEMU tries them: the first that works is used.
    accelerators: tuple[str, ...]
    #: QEMU's device names: "VGA", "virtio-gpu-pci", ...
    display_devices: tuple[str, ...]
    #: None where it is not understood.
    memory_bytes: int | None
    ways_in: tuple[WayIn, ...]
    #: QEMU left the folder that relative paths belong to.
    daemonized: bool


#: qemu-options.hx of QEMU 2 to 10: all others are followed by an argument.
_OPTIONS_WITHOUT_ARGUMENT = frozenset(
    "S alt-grab async-teardown audio-help ctrl-grab curses daemonize enable-fips enable-hax "
    "enable-kvm enable-sync-profile full-screen h help jitdump localtime mem-prealloc no-acpi "
    "no-fd-bootchk no-frame no-hpet no-kvm no-kvm-irqchip no-quit no-reboot no-shutdown "
    "no-user-config nodefaults nodefconfig nographic old-param only-migratable perfmap portrait "
    "preconfig s sdl semihosting singlestep snapshot usb version win2k-hack xen-attach "
    "xen-domid-restrict".split()
)

#: -vga's word to device; for others (tcx, cg3, xenfb) the word itself is as good.
_VGA_DEVICES = {
    "std": "VGA",
    "cirrus": "cirrus-vga",
    "vmware": "vmware-svga",
    "qxl": "qxl-vga",
    "virtio": "virtio-vga",
}

#: A -device of these takes the place of the default VGA (vl.c, default_list).
_PRIMARY_DISPLAYS = frozenset(
    "VGA isa-vga cirrus-vga isa-cirrus-vga vmware-svga qxl-vga virtio-vga virtio-vga-gl ati-vga "
    "vhost-user-vga".split()
)
_OTHER_DISPLAYS = frozenset(
    "bochs-display qxl ramfb secondary-vga vhost-user-gpu vhost-user-gpu-pci virtio-gpu "
    "virtio-gpu-device virtio-gpu-gl virtio-gpu-gl-device virtio-gpu-gl-pci virtio-gpu-pci "
    "virtio-gpu-rutabaga virtio-gpu-rutabaga-pci virtio-vga-rutabaga".split()
)

_SERIAL_DEVICES = frozenset(
    "isa-serial pci-serial pci-serial-2x pci-serial-4x usb-serial virtconsole".split()
)

_DEFAULT_MEMORY_BYTES = 128 << 20  # QEMU's documentation of -m
_SIZE_SUFFIXES = "BKMGTPE"


def printable(text: str) -> str:
    """Return `text` with a "?" for all that a terminal may take for more than text."""
    return "".join([character if character.isprintable() else "?" for character in text])


def parse(argv: Sequence[str]) -> QemuCommandLine:
    """Return what `argv`, with the program's own name in front, says."""
    given = _options_given(argv)
    machine = _merged(given["machine"], "type")
    return QemuCommandLine(
        name=_merged(given["name"], "guest").get("guest") or _image_name(given, machine),
        machine=machine.get("type"),
        accelerators=_accelerators(given, machine, argv),
        display_devices=_display_devices(given, machine.get("type"), argv),
        memory_bytes=_memory_bytes(_merged(given["m"], "size").get("size")),
        ways_in=tuple(_ways_in(given)),
        daemonized="daemonize" in given,
    )


# ---- QEMU's grammar -----------------------------------------------------------------


def _options_given(argv: Sequence[str]) -> _Given:
    """Return the arguments of each option in their order."""
    given: _Given = defaultdict(list)
    arguments = iter(argv[1:])
    for argument in arguments:
        if not argument.startswith("-"):
            given["hda"].append(argument)
            continue
        option = argument[1:].removeprefix("-")
        value = "" if option in _OPTIONS_WITHOUT_ARGUMENT else next(arguments, "")
        if option == "M":
            option = "machine"
        elif option in ("enable-kvm", "no-kvm"):  # vl.c: an "accel=" of the machine
            option, value = "machine", "accel=kvm" if option == "enable-kvm" else "accel=tcg"
        given[option].append(value)
    return given


def _pairs(text: str, implied_key: str = "") -> list[tuple[str, str]]:
    """Return the keys and values of one option's argument (QemuOpts or keyval)."""
    pairs: list[tuple[str, str]] = []
    for piece in text.replace(",,", "\0").split(","):  # no argv can hold a NUL
        key, equals, value = piece.partition("=")
        if not equals:
            if implied_key and not pairs:
                key, value = implied_key, piece
            elif key.startswith("no"):
                key, value = key[2:], "off"
            else:
                value = "on"
        pairs.append((key, value.replace("\0", ",")))
    return pairs


def _object(text: str, implied_key: str = "driver") -> dict[str, str]:
    """Return the members of an option's argument that may be JSON."""
    return dict(_json_pairs(text) if text.startswith("{") else _pairs(text, implied_key))


def _json_pairs(text: str) -> list[tuple[str, str]]:
    """Return the leaves of a JSON value, their keys dotted as QEMU would write them."""
    import json  # only libvirt and its like write JSON

    pairs: list[tuple[str, str]] = []

    def flatten(key: str, value: object) -> None:
        if isinstance(value, dict):
            for name, member in value.items():
                flatten(f"{key}.{name}" if key else name, member)
        elif isinstance(value, list):
            for index, member in enumerate(value):
                flatten(f"{key}.{index}", member)
        elif isinstance(value, bool):
            pairs.append((key, "on" if value else "off"))
        else:
            pairs.append((key, str(value)))

    try:
        flatten("", json.loads(text))
    except (ValueError, RecursionError):
        return []
    return pairs


def _merged(arguments: Iterable[str], implied_key: str) -> dict[str, str]:
    """Return the pairs of an option that may be given in parts; the last word counts."""
    return {key: value for argument in arguments for key, value in _pairs(argument, implied_key)}


def _is_on(options: Mapping[str, str], key: str) -> bool:
    return options.get(key) in ("on", "yes", "true", "y")


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


# ---- the guest ----------------------------------------------------------------------


def _image_name(given: _Given, machine: Mapping[str, str]) -> str | None:
    disks = [*given["hda"], *given["hdb"], *given["hdc"], *given["hdd"], *given["sd"]]
    cdroms = [*given["cdrom"]]
    floppies = [*given["fda"], *given["fdb"]]
    firmware = [*given["pflash"], *given["bios"]]
    for drive in map(dict, map(_pairs, given["drive"])):
        file = drive.get("file") or _file_name_member(drive)
        if drive.get("if") == "pflash":
            firmware.append(file)
        elif drive.get("if") == "floppy":
            floppies.append(file)
        elif drive.get("media") == "cdrom":
            cdroms.append(file)
        else:
            disks.append(file)
    nodes = [_object(argument) for argument in given["blockdev"]]
    firmware_nodes = {value for key, value in machine.items() if key.startswith("pflash")}
    # A node of a format names the node below it, the one with the file, as its "file".
    firmware_nodes |= {
        node["file"] for node in nodes if "file" in node and node.get("node-name") in firmware_nodes
    }
    for node in nodes:
        is_firmware = node.get("node-name") in firmware_nodes
        (firmware if is_firmware else disks).append(_file_name_member(node))
    for image in (*disks, *cdroms, *floppies, *given["kernel"], *firmware):
        path = _file_name_member(_object(image[5:])) if image[:5] == "json:" else image
        if name := path.rstrip("/").rpartition("/")[2]:
            return name
    return None


def _file_name_member(options: Mapping[str, str]) -> str:
    """Return a block node's file name: "filename", or that of a node inside it."""
    for key, value in options.items():
        if key.rpartition(".")[2] == "filename":
            return value
    return ""


def _accelerators(
    given: _Given, machine: Mapping[str, str], argv: Sequence[str]
) -> tuple[str, ...]:
    asked = [_merged([argument], "accel").get("accel", "") for argument in given["accel"]]
    names = ":".join(asked) or machine.get("accel", "")
    # vl.c, configure_accelerators: a program whose name ends in "kvm" prefers it.
    default = ("kvm", "tcg") if argv and argv[0].endswith("kvm") else ("tcg",)
    return tuple(filter(None, names.split(":"))) or default


def _display_devices(given: _Given, machine: str | None, argv: Sequence[str]) -> tuple[str, ...]:
    devices = [_object(argument).get("driver", "") for argument in given["device"]]
    displays = [
        device for device in devices if device in _PRIMARY_DISPLAYS or device in _OTHER_DISPLAYS
    ]
    if given["vga"]:
        vga = given["vga"][-1]
        return (*(() if vga == "none" else (_VGA_DEVICES.get(vga, vga),)), *displays)
    if "nodefaults" in given or not _PRIMARY_DISPLAYS.isdisjoint(displays):
        return tuple(displays)
    program = argv[0].rpartition("/")[2] if argv else ""
    is_pc = machine is None or machine.startswith(("pc", "q35"))
    is_x86 = not program.startswith("qemu-system-") or "86" in program
    return ("VGA", *displays) if is_pc and is_x86 else tuple(displays)


def _memory_bytes(size: str | None) -> int | None:
    """Return -m's size: a decimal number, in MiB or with a suffix ("512", "1.5G")."""
    if size is None:
        return _DEFAULT_MEMORY_BYTES
    suffix = size[-1:].upper()
    digits, power = (size[:-1], _SIZE_SUFFIXES.find(suffix)) if suffix.isalpha() else (size, 2)
    whole, _, fraction = digits.partition(".")
    number = _decimal(whole + fraction)
    if number is None or power < 0 or not whole:
        return None
    scale: int = 10 ** len(fraction)
    return (number << 10 * power) // scale


# ---- the ways in --------------------------------------------------------------------


def _ways_in(given: _Given) -> Iterable[WayIn]:
    chardevs: dict[str, Address | None] = {}
    for argument in given["chardev"]:
        options = _merged([argument], "backend")
        chardevs[options.get("id", "")] = _chardev_address(options)

    def address_of(text: str) -> Address | None:
        """Return the address in the argument of -qmp, -monitor or -serial."""
        if text.startswith("chardev:"):
            return chardevs.get(text[8:])
        return _chardev_address(_compatible_chardev(text.removeprefix("mon:")))

    found: list[tuple[WayKind, Address | None]] = [
        ("qmp", address_of(text)) for text in (*given["qmp"], *given["qmp-pretty"])
    ]
    for text in given["mon"]:
        options = _merged([text], "chardev")
        kind: WayKind = "qmp" if options.get("mode") == "control" else "monitor"
        found.append((kind, chardevs.get(options.get("chardev", ""))))
    found += [("monitor", address_of(text)) for text in given["monitor"]]
    for text in given["vnc"]:
        found += [("vnc", address) for address in _vnc_addresses(text)]
    for text in given["serial"]:
        found.append(("serial", address_of(text)))
        if text.startswith("mon:"):  # both on one line, Ctrl-A C changes over
            found.append(("monitor", address_of(text)))
    for text in given["device"]:
        device = _object(text)
        if device.get("driver") in _SERIAL_DEVICES:
            ports = [value for key, value in device.items() if key.startswith("chardev")]
            found += [("serial", chardevs.get(port)) for port in ports]
    for text in given["display"]:
        if text.startswith("vnc="):
            found += [("vnc", address) for address in _vnc_addresses(text[4:])]
        display = _object(text, "type")
        if display.get("type") == "dbus":
            found.append(("dbus", DBusDisplay(display.get("addr", ""), _is_on(display, "p2p"))))
    return [WayIn(kind, address) for kind, address in found if address is not None]


def _compatible_chardev(text: str) -> dict[str, str]:
    """Return the -chardev options that a -serial argument stands for.

    QEMU chardev/char.c, qemu_chr_parse_compat.
    """
    scheme, _, rest = text.partition(":")
    if scheme in ("tcp", "telnet", "tn3270", "websocket"):
        place, _, flags = rest.partition(",")
        host, _, port = place.rpartition(":")
        return {
            **_merged([flags], ""),
            "backend": "socket",
            "host": host,
            "port": port,
            scheme: "on",
        }
    if scheme == "unix":
        return {**_merged([rest], "path"), "backend": "socket"}
    if scheme in ("file", "pipe", "pty"):
        return {"backend": scheme, "path": rest}
    if text.startswith("/dev/"):
        return {"backend": "serial", "path": text}
    return {"backend": text}


def _chardev_address(options: Mapping[str, str]) -> Address | None:
    """Return where a character device leads to, None if nowhere (null, vc, udp, ...)."""
    backend = options.get("backend", "")
    path = options.get("path", "")
    if backend in ("pty", "stdio", "file", "pipe", "serial", "tty"):
        return CharacterDevice("serial" if backend == "tty" else backend, path)
    if backend != "socket":
        return None
    listening = _is_on(options, "server")
    if path:
        return UnixSocket("\0" + path if _is_on(options, "abstract") else path, listening)
    if "fd" in options:
        number = _decimal(options["fd"])
        return None if number is None else InheritedSocket(number, listening)
    protocols = [name for name in ("telnet", "tn3270", "websocket") if _is_on(options, name)]
    host, port = options.get("host", ""), options.get("port", "")
    return _tcp_socket(host, port, 0, listening, *protocols[:1])


def _vnc_addresses(text: str) -> Iterable[Address | None]:
    """Return the addresses of one -vnc option (QEMU ui/vnc.c, vnc_display_get_address)."""
    pairs = _pairs(text, "vnc")
    listening = not _is_on(dict(pairs), "reverse")
    for key, value in pairs:
        if key != "vnc":
            continue
        if value.startswith("unix:"):
            yield UnixSocket(value[5:], listening)
        else:
            host, _, display = value.rpartition(":")
            yield _tcp_socket(host, display, 5900 if listening else 0, listening)


def _tcp_socket(
    host: str, port: str, first_port: int, listening: bool, protocol: str = "tcp"
) -> TcpSocket | None:
    number = _decimal(port)
    if number is None or not 0 < number + first_port < 0x10000:
        return None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return TcpSocket(host, number + first_port, listening, protocol)
