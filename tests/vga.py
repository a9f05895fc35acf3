"""VGA states for unit tests: the registers of a BIOS's text mode, with changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgaterm.fonts import rom_font
from cgaterm.frames import TextFrame, VgaRegisters

if TYPE_CHECKING:
    from collections.abc import Mapping

# What SeaBIOS 1.16.2 leaves in mode 3, read from QEMU 7.2.
CRTC = bytes.fromhex("5f4f508255 81bf1f004f0d0e00000000 9c8e8f281f96b9a3ff")
SEQUENCER = bytes.fromhex("0300030002")
GRAPHICS = bytes.fromhex("000000000010 0e0fff")
ATTRIBUTE = bytes.fromhex("000102030405140738393a3b3c3d3e3f0c000f0800")


def _standard_dac() -> bytes:
    """The 64 colors of a BIOS: bits rgbRGB of the index, two thirds and one third of 63."""
    colors = bytearray()
    for index in range(256):
        for low, high in ((5, 2), (4, 1), (3, 0)):
            colors.append((index >> high & 1) * 42 + (index >> low & 1) * 21)
    return bytes(colors)


DAC = _standard_dac()


def changed(values: bytes, changes: Mapping[int, int]) -> bytes:
    result = bytearray(values)
    for index, value in changes.items():
        result[index] = value
    return bytes(result)


def registers(
    *,
    crtc: Mapping[int, int] | None = None,
    sequencer: Mapping[int, int] | None = None,
    graphics: Mapping[int, int] | None = None,
    attribute: Mapping[int, int] | None = None,
    attribute_index: int = 0x20,
    dac: bytes = DAC,
    vbe: tuple[int, ...] = (0xB0C5, 0, 0, 0, 0, 0, 0, 0, 0, 0),
) -> VgaRegisters:
    """Mode 3, 80×25 in 9×16 dots, but for some registers."""
    return VgaRegisters(
        crtc=changed(CRTC, crtc or {}),
        sequencer=changed(SEQUENCER, sequencer or {}),
        graphics=changed(GRAPHICS, graphics or {}),
        attribute=changed(ATTRIBUTE, attribute or {}),
        attribute_index=attribute_index,
        miscellaneous_output=0x67,
        dac=dac,
        vbe=vbe,
    )


def planes(
    text: Mapping[int, bytes] | None = None,
    *,
    fonts: Mapping[int, bytes] | None = None,
    size: int = 1 << 18,
) -> bytes:
    """VRAM: `text` is character/attribute pairs by cell address, `fonts` 256·32 bytes by block.

    Block 0 has the BIOS's 8×16 font unless another is given.
    """
    memory = bytearray(size)
    for address, pairs in (text or {}).items():
        memory[address * 4 : address * 4 + len(pairs) * 2 : 4] = pairs[0::2]
        memory[address * 4 + 1 : address * 4 + 1 + len(pairs) * 2 : 4] = pairs[1::2]
    for block, glyphs in {0: padded_rom_font(16), **(fonts or {})}.items():
        memory[block * 32768 + 2 : (block + 1) * 32768 : 4] = glyphs
    return bytes(memory)


def padded_rom_font(height: int) -> bytes:
    """The BIOS's font as it lies in plane 2: 32 bytes a glyph."""
    font = rom_font(height)
    assert font is not None
    glyphs = (font[start : start + height] for start in range(0, 256 * height, height))
    return b"".join(glyph.ljust(32, b"\0") for glyph in glyphs)


def pairs(text: str, attribute: int = 7) -> bytes:
    """ASCII text as character/attribute pairs."""
    return b"".join(bytes((code, attribute)) for code in text.encode("cp437"))


def frame(text: Mapping[int, bytes] | None = None, **changes: object) -> TextFrame:
    """A text frame with changes of `registers`."""
    return TextFrame(registers(**changes), planes(text))  # type: ignore[arg-type]
