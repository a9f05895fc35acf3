"""What a source read, undecoded.

A frame is raw on purpose: a source only reads, and every rule about what the
bytes mean stands once, in `vga_text`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class VgaRegisters(NamedTuple):
    """The register file of a VGA, as the hardware (or QEMU) holds it.

    The byte strings may be longer than what a VGA has; only the standard indices count:
    crtc 25 (3D5.00–18), sequencer 5 (3C5.00–04), graphics 9 (3CF.00–08),
    attribute 21 (3C0.00–14), dac 768 (256 × red, green, blue; 6 bits each).
    Those of a Cirrus go on: crtc to 1D, sequencer to 1F; a source that can, gives them.
    """

    crtc: bytes
    sequencer: bytes
    graphics: bytes
    attribute: bytes
    #: 3C0's index register; bit 5 (0x20) set: the palette drives the screen.
    attribute_index: int
    #: 3CC; bit 0 set: color addresses (3Dx), clear: mono (3Bx).
    miscellaneous_output: int
    dac: bytes
    #: Bochs VBE: id, xres, yres, bpp, enable, bank, virtual width, virtual height, x, y offset.
    vbe: tuple[int, ...] = (0,) * 10


class TextFrame(NamedTuple):
    """A VGA's registers and the start of its memory.

    `planes` is VRAM from byte 0: in text modes four bytes for each cell address
    (character, attribute, plane 2 with the fonts, plane 3), as much of it as
    `vga_text.planes_needed(registers)` asks for; empty when the mode is not text.
    `native` names the adapter ("virtio-gpu", "qxl", ...) when it shows a picture of its own
    instead of its VGA, whose registers are stale then; else it is "".
    """

    registers: VgaRegisters
    planes: bytes
    native: str = ""


class CellFrame(NamedTuple):
    """Character/attribute pairs without a VGA behind them (shared memory, /dev/vcsa).

    `cells` is 2·columns·rows bytes, row by row. `characters` gives the characters
    themselves where the source knows them (/dev/vcsu), one per cell, else None: then
    the code page decides. `cursor` is (row, column) or None for no cursor.
    """

    columns: int
    rows: int
    cells: bytes
    cursor: tuple[int, int] | None = None
    characters: str | None = None


Frame: TypeAlias = TextFrame | CellFrame
