"""Whether an adapter with a VGA in it shows its VGA, or a picture of its own.

The model. virtio-vga, qxl-vga and vmware-svga contain a VGACommonState. Once the guest's driver
has taken over, QEMU displays something else, and the VGA's registers and text page stay behind,
plausible and stale. Whether that is so is a field of the device's struct, near its VGA; it is
found there by what its neighbours must be, since its offset is nobody's interface.

QEMU 7.2 and 10.0, hw/display; "A" is the address of `vram_ptr`::

    virtio-vga   A-16 or A-24: VirtIOGPUBase*, in whose first 2 KiB are
                 conf { max_outputs u32, flags, xres, yres [, hostmem u64] }
                 virtio_config { events_read u32, events_clear, num_scanouts, num_capsets }
                 hw_ops*, renderer_blocked i32, enable i32 [, MemoryRegion], scanout[]
    qxl-vga      A-16 or A-24: QXLRam*, in VRAM, where "QXRA" stands; below A
                 id i32, have_vga, debug, guestdebug, cmdlog, guest_bug, mode,
                 cmdflags, revision, num_memslots u32: 8
    vmware-svga  behind the VGA: invalidated i32, enable, config, cursor[4], index,
                 scratch_size i32, scratch*, new_width i32, new_height, new_depth,
                 guest u32, svgaid u32: 0x9000000n

Laws: pure, and total on any bytes; what is not found is None, and then the VGA is the screen.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_U32 = Struct("<I")
_U64 = Struct("<Q")

#: How much of a VirtIOGPUBase is looked through.
VIRTIO_GPU_BYTES = 2048
#: How much below the VGA of a qxl is looked through.
QXL_BYTES = 2048
#: How much behind the VGA's vram_ptr of a vmware-svga is looked through: its VGACommonState
#: ends with 64 KB of last_ch_attr and the retrace fields.
VMWARE_BYTES = 72 << 10

_VIRTIO_MAX_OUTPUTS = 16
_QXL_MAGIC = b"QXRA"
_QXL_MEMORY_SLOTS = 8
_QXL_MODES = range(4)  # undefined, VGA, compatible, native
_QXL_SHOWS_ITS_OWN = (2, 3)
_VMWARE_SCRATCH_SIZE = 0x8000


class Switch(NamedTuple):
    """The field that says it: at `address`, u32, in one of `values` when the VGA is not shown."""

    address: int
    values: tuple[int, ...]
    device: str


def virtio_switch(
    block: bytes, address: int, is_file_mapped: Callable[[int], bool]
) -> Switch | None:
    """Find `enable` in the first bytes of a VirtIOGPUBase that starts at `address`."""
    for offset in range(40, len(block) - 16, 8):
        max_outputs = _U32.unpack_from(block, offset - 8)[0]
        if not 1 <= max_outputs <= _VIRTIO_MAX_OUTPUTS:
            continue
        in_conf = (_U32.unpack_from(block, offset - size)[0] for size in (32, 40))
        enable = _U32.unpack_from(block, offset + 12)[0]
        if (
            max_outputs in in_conf
            and enable <= 1
            and is_file_mapped(_U64.unpack_from(block, offset)[0])
        ):
            return Switch(address + offset + 12, (1,), "virtio-gpu")
    return None


def qxl_switch(block: bytes, address: int, ram: bytes) -> Switch | None:
    """Find `mode` in the bytes before the VGA, which start at `address`.

    `ram` is what the pointer right before the VGA points to.
    """
    if not ram.startswith(_QXL_MAGIC):
        return None
    for offset in range(len(block) - len(block) % 4 - 16, 20, -4):
        mode, _flags, revision, slots = (
            _U32.unpack_from(block, offset + 4 * field)[0] for field in range(4)
        )
        have_vga = block[offset - 20]
        if (
            mode in _QXL_MODES
            and 1 <= revision <= 5
            and slots == _QXL_MEMORY_SLOTS
            and have_vga == 1
        ):
            return Switch(address + offset, _QXL_SHOWS_ITS_OWN, "qxl")
    return None


def vmware_switch(block: bytes, address: int) -> Switch | None:
    """Find `enable` in the bytes from the VGA on, which start at `address`."""
    position = -1
    while (position := block.find(b"\0\0\x90", position + 1)) >= 0:
        start = position - 1 - 64  # the id is 0x90000000 to 0x90000002
        if (
            start >= 0
            and start % 4 == 0
            and block[position - 1] <= 2
            and _U32.unpack_from(block, start + 4)[0] <= 1
            and _U32.unpack_from(block, start + 32)[0] == _VMWARE_SCRATCH_SIZE
        ):
            return Switch(address + start + 4, (1,), "vmware-svga")
    return None
