"""Writes to VGA memory that a KVM guest has made and QEMU has not seen yet.

The model. KVM does not leave the guest for each write to A0000–BFFFF: it queues them in
a ring that QEMU empties the next time a vCPU exits to it. A guest that writes its last
words and halts leaves them there for good. So what the guest's memory holds is what QEMU's
VRAM holds with the ring's entries written over it, in order, as QEMU would write them.

A guest can set no VGA register while entries wait (port I/O is an exit, and empties the
ring), so the registers at hand are those that the writes were made under.

Laws: total (any ring bytes, any registers); nothing is ever written to the guest.

Sources: Linux include/uapi/linux/kvm.h (kvm_coalesced_mmio_ring),
QEMU hw/display/vga.c (vga_mem_writeb).
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cgaterm.frames import VgaRegisters

#: The ring is one page: ``u32 first, last`` and 170 entries of 24 bytes.
RING_BYTES = 4096
_HEADER = Struct("<II")
#: ``u64 guest_physical_address, u32 length, u32 pio, u8 data[8]``
_ENTRY = Struct("<QII8s")
_ENTRIES = (RING_BYTES - _HEADER.size) // _ENTRY.size


class PendingWrite(NamedTuple):
    """One write to guest-physical memory."""

    address: int
    data: bytes


def pending_writes(ring: bytes) -> list[PendingWrite]:
    """Return the writes that wait in a ring page (4096 bytes), oldest first.

    Entries from ``first`` up to ``last``, modulo their number. A ring whose indices
    are out of bounds is no ring: it holds nothing.
    """
    first, last = _HEADER.unpack_from(ring)
    if first >= _ENTRIES or last >= _ENTRIES:
        return []
    writes = []
    for index in range(first, last if first <= last else last + _ENTRIES):
        address, length, pio, data = _ENTRY.unpack_from(
            ring, _HEADER.size + index % _ENTRIES * _ENTRY.size
        )
        if not pio:
            writes.append(PendingWrite(address, data[:length]))
    return writes


def apply_writes(planes: bytes, registers: VgaRegisters, writes: list[PendingWrite]) -> bytes:
    """Return `planes` (VRAM from byte 0) with the writes done as a text mode VGA does them.

    ::

        GR06 bits 3–2   window: 0: A0000 128 K, 1: A0000 64 K, 2: B0000 32 K, 3: B8000 32 K
        GR05 bit 4      odd/even: address bit 0 is the plane (GR04 bit 1: 2 and 3), the rest
                        the cell address; text modes have it set, others are left alone
        SR02            planes that may be written;  SR04 bit 3: chain 4, no text mode
    """
    graphics, sequencer = registers.graphics, registers.sequencer
    if not graphics[5] & 0x10 or sequencer[4] & 0x08:
        return planes
    base, size = (
        (0xA0000, 0x20000),
        (0xA0000, 0x10000),
        (0xB0000, 0x8000),
        (0xB8000, 0x8000),
    )[graphics[6] >> 2 & 3]
    result = bytearray(planes)
    for write in writes:
        for address, value in enumerate(write.data, write.address - base):
            plane = graphics[4] & 2 | address & 1
            byte_offset = (address & ~1) << 1 | plane
            if 0 <= address < size and sequencer[2] & 1 << plane and byte_offset < len(result):
                result[byte_offset] = value
    return bytes(result)
