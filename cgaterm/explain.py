"""`cgaterm explain`: what was found, which ways in work and why the others do not.

For bug reports: everything that decides what is shown, with the registers decoded. It reads
and asks nothing that `attach` would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgaterm import discover
from cgaterm.console import one_shot
from cgaterm.errors import CgatermError
from cgaterm.frames import TextFrame
from cgaterm.palette import attribute_palette
from cgaterm.screen import Mode
from cgaterm.sources.process_memory import ProcessMemory
from cgaterm.targets import NameTarget, QemuTarget, parse
from cgaterm.vga_text import font_blocks, fonts_of, geometry, mode_of
from cgaterm.ways import open_ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cgaterm.discover import RunningGuest
    from cgaterm.frames import VgaRegisters
    from cgaterm.screen import Screen


def explain(target: str, code_page: str = "cp437") -> tuple[list[str], CgatermError | None]:
    """Return the lines to print, and the error that keeps the guest from being looked at.

    Raises:
        UsageError: `target` is no target.
    """
    parsed = parse(target)
    lines = [f"target      {target}"]
    try:
        ways = open_ways(target)
    except CgatermError as error:
        if isinstance(parsed, NameTarget | QemuTarget):
            lines += _guest_if_any(str(parsed[0]))
        return [*lines, f"screen      not readable: {error}"], error
    if ways.guest is not None:
        lines += _guest(ways.guest)
    source = ways.source
    lines.append(f"looked at   by {source.scheme}:")
    if isinstance(source, ProcessMemory):
        vga = source.vga
        lines += [
            f"  memory    /proc/{source.pid}/mem, opened read-only",
            f"  state     VGACommonState at {vga.address:#x}"
            + (f", fields moved by {vga.growth} bytes" if vga.growth else ""),
            f"  vram      {vga.vram_size >> 10} KiB at {vga.vram_address:#x}",
            "  pending   writes queued by KVM are laid over it"
            if source.uses_kvm
            else "  pending   no KVM: every write is in VRAM at once",
        ]
    lines.append(f"typed by    {f'QMP, {ways.qmp}' if ways.qmp else f'nothing: {ways.read_only}'}")
    if ways.guest is not None and not ways.qmp:
        lines.append(
            "            -qmp unix:PATH,server=on,wait=off on QEMU's command line gives it one"
        )
    try:
        console = one_shot(source, code_page)
    except CgatermError as error:
        return [*lines, f"screen      not readable: {error}"], error
    lines += _screen(console.screen)
    if isinstance(console.frame, TextFrame):
        if console.screen.mode is Mode.TEXT:
            lines += _text_mode(console.frame, code_page)
        lines += _registers(console.frame.registers)
    return lines, None


def _guest_if_any(name: str) -> list[str]:
    try:
        return _guest(discover.find(name))
    except CgatermError:
        return []


def _guest(guest: RunningGuest) -> list[str]:
    line = guest.command_line
    ways = [f"  {way}" for way in guest.ways_in] or ["  none"]
    return [
        f"guest       {guest.name}, process {guest.pid} of {guest.user}",
        f"  runs on   {guest.accelerator or 'an unknown accelerator'}, "
        f"machine {line.machine or 'by default'}",
        f"  displays  {', '.join(line.display_devices) or 'none'}",
        "ways in that its command line offers",
        *ways,
    ]


def _screen(screen: Screen) -> Iterator[str]:
    yield f"screen      {screen.description}"
    if screen.cursor is not None:
        row, column, visible, top, bottom = screen.cursor
        shown = f"covers {top:.0%} to {bottom:.0%} of its cell" if visible else "hidden"
        yield f"  cursor    row {row}, column {column}, {shown}"
    elif screen.mode is Mode.TEXT:
        yield "  cursor    not on the screen"
    if screen.unknown_glyphs:
        yield (
            f"  glyphs    {screen.unknown_glyphs} on this screen are in no known font; "
            "they are shown by code page"
        )


def _text_mode(frame: TextFrame, code_page: str) -> Iterator[str]:
    text = geometry(frame.registers)
    colors = attribute_palette(frame.registers.attribute, frame.registers.dac)
    yield (
        f"  cells     {text.cell_width}x{text.cell_height} dots; page at cell "
        f"{text.start_address}, {text.row_pitch} bytes of VRAM a row"
    )
    split_at = text.line_compare // text.cell_height + 1
    if split_at < text.rows:
        yield f"  split     from row {split_at} on it shows VRAM from its start"
    blinks = frame.registers.attribute[0x10] & 8
    yield f"  bit 7     {'blinks' if blinks else 'is a bright background'}"
    for bit, block, reading in zip(
        (0, 1), font_blocks(frame.registers), fonts_of(frame, code_page), strict=True
    ):
        known = f"{reading.name}, {256 - len(reading.unknown)} of 256 glyphs known"
        yield f"  font {bit}    block {block}: {known}"
    yield "  colors    " + " ".join(f"{color:06x}" for color in colors[:8])
    yield "            " + " ".join(f"{color:06x}" for color in colors[8:])


def _registers(registers: VgaRegisters) -> Iterator[str]:
    yield f"registers   ({mode_of(registers).value})"
    yield f"  3CC       {registers.miscellaneous_output:02x}"
    yield f"  CR00-{len(registers.crtc) - 1:02X}   {registers.crtc.hex(' ')}"
    yield f"  SR00-{len(registers.sequencer) - 1:02X}   {registers.sequencer.hex(' ')}"
    yield f"  GR00-08   {registers.graphics.hex(' ')}"
    yield f"  AR00-14   {registers.attribute.hex(' ')}, index {registers.attribute_index:02x}"
    yield f"  VBE 0-9   {' '.join(f'{value:x}' for value in registers.vbe)}"
