from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgaterm.qemu_command_line import (
    Address,
    CharacterDevice,
    DBusDisplay,
    InheritedSocket,
    QemuCommandLine,
    TcpSocket,
    UnixSocket,
    WayIn,
    parse,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 1 << 20

# As libvirt 9 starts a guest (shortened to what matters here, one option a line).
LIBVIRT = [
    "/usr/bin/qemu-system-x86_64",
    *("-name", "guest=deb,,ian,debug-threads=on"),
    "-S",
    *("-blockdev", '{"driver":"file","filename":"/usr/share/OVMF_CODE.fd","node-name":"code0"}'),
    *("-blockdev", '{"node-name":"code1","read-only":true,"driver":"raw","file":"code0"}'),
    *("-machine", "pc-q35-7.2,usb=off,vmport=off,pflash0=code1"),
    *("-accel", "kvm"),
    *("-m", "size=4194304k"),
    "-no-user-config",
    "-nodefaults",
    *("-chardev", "socket,id=charmonitor,fd=24,server=on,wait=off"),
    *("-mon", "chardev=charmonitor,id=monitor,mode=control"),
    "-no-shutdown",
    *("-blockdev", '{"driver":"file","filename":"/images/debian.qcow2","node-name":"libvirt-1"}'),
    *("-chardev", "pty,id=charserial0"),
    *("-device", '{"driver":"isa-serial","chardev":"charserial0","id":"serial0","index":0}'),
    *("-chardev", "socket,id=charchannel0,fd=25,server=on,wait=off"),
    *("-device", '{"driver":"virtserialport","bus":"b.0","chardev":"charchannel0"}'),
    *("-vnc", "127.0.0.1:0,audiodev=audio1"),
    *("-device", '{"driver":"virtio-vga","id":"video0","max_outputs":1,"bus":"pcie.0"}'),
]


def qemu(*arguments: str) -> QemuCommandLine:
    return parse(["qemu-system-x86_64", *arguments])


def addresses(*arguments: str) -> list[tuple[str, Address]]:
    return [(way.kind, way.address) for way in qemu(*arguments).ways_in]


def test_a_bare_qemu_has_a_pc_with_a_vga_and_no_way_in() -> None:
    assert qemu() == QemuCommandLine(
        name=None,
        machine=None,
        accelerators=("tcg",),
        display_devices=("VGA",),
        memory_bytes=128 * MIB,
        ways_in=(),
        daemonized=False,
    )


def test_libvirts_command_line_is_understood() -> None:
    assert parse(LIBVIRT) == QemuCommandLine(
        name="deb,ian",
        machine="pc-q35-7.2",
        accelerators=("kvm",),
        display_devices=("virtio-vga",),
        memory_bytes=4096 * MIB,
        ways_in=(
            WayIn("qmp", InheritedSocket(24, listening=True)),
            WayIn("vnc", TcpSocket("127.0.0.1", 5900, listening=True)),
            WayIn("serial", CharacterDevice("pty", "")),
        ),
        daemonized=False,
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["-name", "vm1"], "vm1"),
        (["--name", "vm1"], "vm1"),
        (["-name", "vm1,process=x"], "vm1"),
        (["-name", "debug-threads=on,guest=vm1"], "vm1"),
        (["-name", "guest=vm1", "-name", "debug-threads=on"], "vm1"),
        (["-name", "a,,b,,,debug-threads=on"], "a,b,"),
        (["-name", "", "a.img"], "a.img"),
        (["-S", "/images/a.img"], "a.img"),
        (["-display", "none", "-snapshot", "a,b.img"], "a,b.img"),
        (["-hda", "a.img", "-name", "vm1"], "vm1"),
        (["-cdrom", "/iso/b.iso", "-hdb", "/images/a.img"], "a.img"),
        (["-fda", "c.img", "-cdrom", "/iso/b.iso"], "b.iso"),
        (["-kernel", "/boot/vmlinuz", "-fdb", "fat:floppy:/some/folder/"], "folder"),
        (["-bios", "b.bin", "-kernel", "/boot/vmlinuz"], "vmlinuz"),
        (["-pflash", "/usr/share/OVMF.fd"], "OVMF.fd"),
        (["-drive", "if=pflash,file=OVMF.fd", "-drive", "file=a,,b.img,media=disk"], "a,b.img"),
        (["-drive", "file=b.iso,media=cdrom", "-drive", "if=floppy,file=c.img"], "b.iso"),
        (["-drive", "driver=qcow2,file.driver=file,file.filename=/d/a.qcow2"], "a.qcow2"),
        (["-drive", 'file=json:{"driver":"raw",,"file":{"filename":"/d/e.raw"}}'], "e.raw"),
        (["-drive", "file=nbd://host/export"], "export"),
        (["-drive", "if=none,id=empty"], None),
        (["-blockdev", "file,filename=/d/a.img,node-name=n"], "a.img"),
        (["-blockdev", "driver=qcow2,node-name=n,file.driver=file,file.filename=q"], "q"),
        (["-blockdev", '{"driver":"raw","file":{"filename":"/d/e.raw"}}'], "e.raw"),
        (["-blockdev", '{"driver":"null-co","node-name":"n"}'], None),
        (["-blockdev", "{broken"], None),
    ],
)
def test_the_name_is_the_given_one_or_the_images(arguments: list[str], name: str | None) -> None:
    assert qemu(*arguments).name == name


def test_firmware_names_a_guest_only_when_nothing_else_does() -> None:
    firmware = ["-machine", "q35,pflash0=f", "-blockdev", "file,node-name=f,filename=/x/CODE.fd"]
    assert qemu(*firmware).name == "CODE.fd"
    assert qemu(*firmware, "-kernel", "vmlinuz").name == "vmlinuz"


@pytest.mark.parametrize(
    ("program", "arguments", "accelerators"),
    [
        ("qemu-system-x86_64", ["-accel", "kvm,kernel-irqchip=off"], ("kvm",)),
        ("qemu-system-x86_64", ["-accel", "kvm", "-accel", "tcg"], ("kvm", "tcg")),
        ("qemu-system-x86_64", ["-enable-kvm"], ("kvm",)),
        ("qemu-system-x86_64", ["--enable-kvm", "x.img"], ("kvm",)),
        ("qemu-system-x86_64", ["-no-kvm"], ("tcg",)),
        ("qemu-system-x86_64", ["-M", "q35,accel=kvm:tcg"], ("kvm", "tcg")),
        ("qemu-system-x86_64", ["-machine", "accel=tcg", "-enable-kvm"], ("kvm",)),
        ("/usr/libexec/qemu-kvm", [], ("kvm", "tcg")),
        ("kvm", ["-accel", "tcg"], ("tcg",)),
    ],
)
def test_the_accelerators_are_those_asked_for_in_their_order(
    program: str, arguments: list[str], accelerators: tuple[str, ...]
) -> None:
    assert parse([program, *arguments]).accelerators == accelerators


@pytest.mark.parametrize(
    ("program", "arguments", "devices"),
    [
        ("qemu-system-i386", [], ("VGA",)),
        ("qemu-kvm", ["-M", "q35"], ("VGA",)),
        ("qemu-system-x86_64", ["-nodefaults"], ()),
        ("qemu-system-x86_64", ["-M", "microvm"], ()),
        ("qemu-system-aarch64", [], ()),
        ("qemu-system-aarch64", ["-M", "virt", "-device", "virtio-gpu-pci"], ("virtio-gpu-pci",)),
        ("qemu-system-x86_64", ["-vga", "none"], ()),
        ("qemu-system-x86_64", ["-vga", "std"], ("VGA",)),
        ("qemu-system-x86_64", ["-nodefaults", "-vga", "virtio"], ("virtio-vga",)),
        ("qemu-system-x86_64", ["-vga", "cirrus", "-vga", "qxl"], ("qxl-vga",)),
        ("qemu-system-sparc", ["-vga", "cg3"], ("cg3",)),
        ("qemu-system-x86_64", ["-device", "cirrus-vga,vgamem_mb=4"], ("cirrus-vga",)),
        ("qemu-system-x86_64", ["-device", "e1000"], ("VGA",)),
        ("qemu-system-x86_64", ["-device", "bochs-display"], ("VGA", "bochs-display")),
        (
            "qemu-system-x86_64",
            ["-vga", "none", "-device", '{"driver":"virtio-gpu-gl","xres":640}'],
            ("virtio-gpu-gl",),
        ),
    ],
)
def test_the_display_devices_are_named_as_qemu_names_them(
    program: str, arguments: list[str], devices: tuple[str, ...]
) -> None:
    assert parse([program, *arguments]).display_devices == devices


@pytest.mark.parametrize(
    ("size", "memory_bytes"),
    [
        ("512", 512 * MIB),
        ("512M", 512 * MIB),
        ("1.5G", 1536 * MIB),
        ("2g,slots=3,maxmem=8G", 2048 * MIB),
        ("slots=3,size=1048576k", 1024 * MIB),
        ("4096B", 4096),
        ("slots=3", 128 * MIB),
        ("", None),
        (".5G", None),
        ("1x", None),
        ("many", None),
        ("1.2.3G", None),
    ],
)
def test_the_memory_size_is_in_bytes(size: str, memory_bytes: int | None) -> None:
    assert qemu("-m", size).memory_bytes == memory_bytes


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/run/a,,b.qmp,server=on,wait=off", UnixSocket("/run/a,b.qmp", listening=True)),
        ("unix:a.qmp,server,nowait", UnixSocket("a.qmp", listening=True)),
        ("unix:path=a.qmp,server=yes", UnixSocket("a.qmp", listening=True)),
        ("unix:/run/a.qmp", UnixSocket("/run/a.qmp", listening=False)),
        ("unix:/run/a.qmp,noserver", UnixSocket("/run/a.qmp", listening=False)),
        ("unix:vm,abstract=on,server=on", UnixSocket("\0vm", listening=True)),
        ("tcp:localhost:4444,server=on,wait=off", TcpSocket("localhost", 4444, listening=True)),
        ("tcp::4444,server", TcpSocket("", 4444, listening=True)),
        ("tcp:[::1]:4444,server", TcpSocket("::1", 4444, listening=True)),
        ("tcp:10.0.0.1:4444", TcpSocket("10.0.0.1", 4444, listening=False)),
        ("telnet::23,server", TcpSocket("", 23, listening=True, protocol="telnet")),
        ("websocket:a:80,server", TcpSocket("a", 80, listening=True, protocol="websocket")),
        ("pty", CharacterDevice("pty", "")),
        ("pty:/run/link", CharacterDevice("pty", "/run/link")),
        ("stdio", CharacterDevice("stdio", "")),
        ("file:/var/log/vm.log", CharacterDevice("file", "/var/log/vm.log")),
        ("pipe:/tmp/p", CharacterDevice("pipe", "/tmp/p")),
        ("/dev/ttyS0", CharacterDevice("serial", "/dev/ttyS0")),
    ],
)
@pytest.mark.parametrize(
    ("option", "kind"),
    [("qmp", "qmp"), ("qmp-pretty", "qmp"), ("monitor", "monitor"), ("serial", "serial")],
)
def test_a_character_device_is_found_where_it_is_said(
    option: str, kind: str, text: str, address: Address
) -> None:
    assert addresses(f"-{option}", text) == [(kind, address)]


@pytest.mark.parametrize(
    "text",
    [
        *("none", "null", "vc:80Cx24C", "udp::1@:2", "", "msmouse", "chardev:missing", "mon:"),
        *("tcp:host", "tcp:host:port", "tcp::0", "tcp::65536", "tcp::" + "9" * 5000, "tcp::²"),
    ],
)
@pytest.mark.parametrize("option", ["qmp", "monitor", "serial"])
def test_what_leads_nowhere_is_no_way_in(option: str, text: str) -> None:
    assert addresses(f"-{option}", text) == []


@pytest.mark.parametrize(
    ("chardev", "address"),
    [
        ("socket,id=c,path=/run/q,server=on,wait=off", UnixSocket("/run/q", listening=True)),
        ("backend=socket,path=/run/q,id=c", UnixSocket("/run/q", listening=False)),
        (
            "socket,id=c,host=::1,port=7,server=on,telnet=on",
            TcpSocket("::1", 7, listening=True, protocol="telnet"),
        ),
        ("socket,id=c,port=7,server=on", TcpSocket("", 7, listening=True)),
        ("socket,id=c,fd=24,server=on", InheritedSocket(24, listening=True)),
        ("tty,id=c,path=/dev/ttyS1", CharacterDevice("serial", "/dev/ttyS1")),
    ],
)
def test_a_character_device_is_found_by_its_id(chardev: str, address: Address) -> None:
    assert addresses("-mon", "c,mode=control", "-chardev", chardev) == [("qmp", address)]
    assert addresses("-chardev", chardev, "-mon", "chardev=c") == [("monitor", address)]
    assert addresses("-chardev", chardev, "-mon", "c,mode=readline") == [("monitor", address)]
    assert addresses("-chardev", chardev, "-serial", "chardev:c") == [("serial", address)]
    assert addresses("-chardev", chardev, "-device", "isa-serial,chardev=c") == [
        ("serial", address)
    ]


def test_a_chardev_that_nobody_uses_or_that_leads_nowhere_is_no_way_in() -> None:
    assert addresses("-chardev", "socket,id=c,path=/run/agent,server=on") == []
    assert addresses("-chardev", "socket,id=c,fd=monitor", "-mon", "c") == []
    assert addresses("-chardev", "null,id=c", "-mon", "c", "-device", "e1000,chardev=c") == []
    assert addresses("-mon", "mode=control") == []


def test_a_card_with_two_serial_ports_has_two_ways_in() -> None:
    assert addresses(
        *("-chardev", "pty,id=a", "-chardev", "file,id=b,path=/tmp/b"),
        *("-device", "pci-serial-2x,chardev1=a,chardev2=b"),
    ) == [("serial", CharacterDevice("pty", "")), ("serial", CharacterDevice("file", "/tmp/b"))]


def test_a_shared_line_is_both_serial_and_monitor() -> None:
    line = UnixSocket("/run/s", listening=True)
    assert addresses("-serial", "mon:unix:/run/s,server=on,wait=off") == [
        ("serial", line),
        ("monitor", line),
    ]


@pytest.mark.parametrize(
    ("text", "sockets"),
    [
        (":1", [TcpSocket("", 5901, listening=True)]),
        ("127.0.0.1:10,password=on", [TcpSocket("127.0.0.1", 5910, listening=True)]),
        ("[::1]:0", [TcpSocket("::1", 5900, listening=True)]),
        ("unix:/run/vnc,id=a", [UnixSocket("/run/vnc", listening=True)]),
        ("vnc=unix:/run/vnc", [UnixSocket("/run/vnc", listening=True)]),
        (
            ":1,vnc=unix:/run/vnc",
            [TcpSocket("", 5901, listening=True), UnixSocket("/run/vnc", listening=True)],
        ),
        ("viewer:5500,reverse=on", [TcpSocket("viewer", 5500, listening=False)]),
        ("none", []),
        (":60000", []),
        (":x", []),
    ],
)
def test_vnc_addresses_are_found_in_both_options(text: str, sockets: list[Address]) -> None:
    assert addresses("-vnc", text) == [("vnc", socket) for socket in sockets]
    assert addresses("-display", f"vnc={text}") == [("vnc", socket) for socket in sockets]


def test_the_dbus_display_is_a_way_in_and_the_others_are_not() -> None:
    assert addresses("-display", "dbus,p2p=on") == [("dbus", DBusDisplay("", peer_to_peer=True))]
    assert addresses("-display", '{"type":"dbus","p2p":false,"addr":"unix:path=/b"}') == [
        ("dbus", DBusDisplay("unix:path=/b", peer_to_peer=False))
    ]
    assert addresses("-display", "gtk,gl=on") == []


@pytest.mark.parametrize(
    ("way", "text"),
    [
        (WayIn("qmp", UnixSocket("/run/q", listening=True)), "qmp unix:/run/q"),
        (WayIn("qmp", UnixSocket("\0q", listening=True)), "qmp unix:@q"),
        (WayIn("vnc", TcpSocket("::1", 5900, listening=True)), "vnc tcp:[::1]:5900"),
        (WayIn("monitor", TcpSocket("", 1, True, "telnet")), "monitor telnet::1"),
        (WayIn("qmp", InheritedSocket(24, listening=True)), "qmp fd:24"),
        (WayIn("serial", CharacterDevice("pty", "")), "serial pty"),
        (WayIn("serial", CharacterDevice("file", "/a\x1b[2J")), "serial file:/a?[2J"),
        (WayIn("dbus", DBusDisplay("", peer_to_peer=True)), "dbus dbus:p2p"),
        (WayIn("dbus", DBusDisplay("unix:path=/b", False)), "dbus dbus:unix:path=/b"),
    ],
)
def test_a_way_in_is_written_for_people(way: WayIn, text: str) -> None:
    assert str(way) == text


def test_daemonize_is_said() -> None:
    assert qemu("-daemonize").daemonized
    assert not qemu("-name", "-daemonize").daemonized


OPTIONS = st.sampled_from(
    [
        *("-name", "--name", "-M", "-machine", "-accel", "-m", "-vga", "-S", "-daemonize"),
        *("-qmp", "-qmp-pretty", "-mon", "-monitor", "-chardev", "-serial", "-vnc", "-display"),
        *("-device", "-drive", "-blockdev", "-hda", "-cdrom", "-kernel", "-", "--"),
    ]
)
PIECES = st.sampled_from(
    [
        *("socket", "pty", "unix:", "tcp:", "telnet:", "chardev:", "mon:", "vnc=", "none", "json:"),
        *("=", ",", ",,", ":", ".", "no", "{", "}", '"', "[", "]", "fd=", "port=", "path=", "id=c"),
        *("server=on", "file=", "filename", "isa-serial", "chardev=c", "dbus", "99999", "\0", "²"),
    ]
)
ODD_TEXT = st.text() | st.lists(PIECES).map("".join)
ODD_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | PIECES, inner),
    max_leaves=8,
).map(lambda value: json.dumps({"driver": value}))


@given(st.lists(OPTIONS | ODD_TEXT | ODD_JSON))
def test_no_command_line_is_too_odd(argv: Sequence[str]) -> None:
    said = parse(argv)
    assert all(map(str.isprintable, map(str, said.ways_in)))


@pytest.mark.parametrize("depth", [900, 100_000])
def test_json_that_is_too_deep_says_nothing(depth: int) -> None:
    assert qemu("-device", '{"driver":' + "[" * depth + "]" * depth + "}").display_devices == (
        "VGA",
    )


@given(st.text())
def test_printable_text_has_no_control_characters_and_keeps_its_length(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert not text.isprintable() or shown == text


@given(st.text(st.characters(exclude_characters="\0"), min_size=1), st.booleans())
def test_a_doubled_comma_brings_every_name_through(name: str, is_keyed: bool) -> None:
    if "=" in name and not is_keyed:
        return
    value = name.replace(",", ",,")
    assert qemu("-name", f"guest={value}" if is_keyed else value).name == name
