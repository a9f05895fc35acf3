"""``qemu:PID``: a guest's VGA read out of its QEMU's memory, with nothing set up in advance.

The model. QEMU keeps a VGA's registers and a pointer to its VRAM in one C struct,
``VGACommonState``, on its heap. /proc/PID/mem lets the same user (or root) read both. The
struct is not an interface, so it is found by what must be true of it and refused when
anything of that is not; its address is then remembered.

Offsets in bytes from ``vram_ptr``, for x86-64 and aarch64 builds of QEMU 7.2 to 10.0 (read in
hw/display/vga_int.h, checked on std, virtio-vga, qxl-vga, cirrus, vmware and isa-vga)::

      -8  legacy_address_space*        1378+2 cr_index, cr[256] (at 1380, 1381)
       0  vram_ptr*                    1637   msr
     280  vram_size u32                1652   palette[768]
     584  sr_index, sr[256]            2424   get_bpp*, get_params*, get_resolution*
    1097  gr_index, gr[256]            2576   vbe_index u16
    1354  ar_index, ar[21]             2578   vbe_regs[10] u16; [0] is 0xB0C0–0xB0C5

Two ``MemoryRegion`` structs lie inside, before ``vram_size`` and before ``sr_index``; a QEMU
whose MemoryRegion is 16·n bytes larger or smaller moves the first field by 16·n and the
others by 32·n, and is found too.

Laws:

1. Read only: /proc/PID/mem is opened O_RDONLY, and nothing here could write to it.
2. A struct that does not check out is refused, never guessed at.
3. `read` is a few system calls; it gives the same Frame object while nothing changes.
"""

from __future__ import annotations

import os
from struct import Struct
from typing import NamedTuple

from cgaterm import runtime_folder
from cgaterm.coalesced_mmio import RING_BYTES, PendingWrite, apply_writes, pending_writes
from cgaterm.errors import GuestGone, NoSuchTarget, NotPermitted, ScreenUnreadable
from cgaterm.frames import TextFrame, VgaRegisters
from cgaterm.native_display import (
    QXL_BYTES,
    VIRTIO_GPU_BYTES,
    VMWARE_BYTES,
    Switch,
    qxl_switch,
    virtio_switch,
    vmware_switch,
)
from cgaterm.vga_text import page_span, planes_needed

_U64 = Struct("<Q")
_U32 = Struct("<I")
_VBE_REGISTERS = Struct("<10H")
_CODE_POINTERS = Struct("<3Q")

#: How much larger MemoryRegion may be than in QEMU 7.2–10.0, in bytes; the known size first.
_MEMORY_REGION_GROWTH = (0, 16, 32, 48, 64, -16, -32, -48, -64)
#: Mappings that may hold the heap; guest RAM is larger than this, or shared.
_MAX_HEAP_MAPPING = 64 << 20
_PAGE = 4096
#: Each so many looks, fonts are read although nothing else changed: it is most of the bytes.
_FONT_LOOKS = 16
#: How often a read that QEMU's ring changed under is repeated.
_RING_TRIES = 4


class Mapping(NamedTuple):
    """A line of /proc/PID/maps."""

    start: int
    end: int
    permissions: str
    name: str


class VgaState(NamedTuple):
    """Where a VGACommonState is: the address of its `vram_ptr`, and its layout."""

    address: int
    growth: int
    vram_address: int
    vram_size: int

    def offset(self, known: int) -> int:
        """Return where the field is that QEMU 7.2–10.0 have at byte `known`."""
        return known + (0 if known < 280 else 1 if known < 584 else 2) * self.growth


def read_mappings(pid: int) -> list[Mapping]:
    """Return the process's mappings, in order of address.

    Raises:
        NoSuchTarget: there is no such process.
        NotPermitted: it may not be looked into.
    """
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        raise NoSuchTarget(
            f"there is no process {pid}; `cgaterm ls` shows the running guests"
        ) from None
    except PermissionError:
        raise NotPermitted(_not_permitted(pid)) from None
    mappings = []
    for line in lines:
        fields = line.split(None, 5)
        start, end = (int(number, 16) for number in fields[0].split("-"))
        mappings.append(Mapping(start, end, fields[1], fields[5] if len(fields) > 5 else ""))
    return mappings


def _not_permitted(pid: int) -> str:
    """Say why this process may not be read, and what to do."""
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
            scope = file.read().strip()
    except OSError:
        scope = "0"
    try:
        same_user = os.stat(f"/proc/{pid}").st_uid == os.geteuid()  # noqa: PTH116
    except OSError:
        same_user = False
    refused = f"the kernel does not let you read the memory of process {pid}"
    if scope == "3":
        return (
            f"{refused}, nor anybody else (kernel.yama.ptrace_scope is 3); boot the machine with "
            "another value"
        )
    if not same_user:
        return f"the memory of process {pid} belongs to another user; use sudo"
    if scope == "1":
        return (
            f"{refused} (kernel.yama.ptrace_scope is 1); use sudo, or start the guest with "
            "`cgaterm run`"
        )
    if scope == "2":
        return f"{refused} (kernel.yama.ptrace_scope is 2); use sudo"
    return f"{refused}, though it is yours (it has privileges that you have not); use sudo"


class ProcessMemory:
    """The VGA of one QEMU process.

    Raises (all from the constructor):
        NoSuchTarget: there is no such process.
        NotPermitted: its memory may not be read.
        ScreenUnreadable: no VGA was found in it, or not one that checks out.
    """

    scheme = "qemu"

    def __init__(self, pid: int) -> None:
        self.pid = pid
        mappings = read_mappings(pid)
        if not mappings:
            raise GuestGone(f"process {pid} has ended; `cgaterm ls` shows the running guests")
        try:
            self._memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError:
            if not read_mappings(pid):  # what is left of a process that is ending is root's
                raise GuestGone(f"process {pid} has ended") from None
            raise NotPermitted(_not_permitted(pid)) from None
        except (FileNotFoundError, ProcessLookupError):
            raise GuestGone(f"process {pid} has ended") from None
        try:
            self.vga = self._find_vga(mappings)
            self._switch = self._find_switch(mappings)
        except BaseException:
            self.close()
            raise
        self._ring_address = next(
            (m.start + 2 * _PAGE for m in mappings if m.name == "anon_inode:kvm-vcpu:0"), 0
        )
        self._state_bytes = b""
        self._frame: TextFrame | None = None
        self._looks = 0

    @property
    def uses_kvm(self) -> bool:
        """Whether a vCPU of KVM's is mapped into the process."""
        return bool(self._ring_address)

    def fileno(self) -> int | None:
        """None: memory says nothing when it changes; it has to be looked at."""
        return None

    def close(self) -> None:
        """Close the process's memory."""
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1

    def read(self) -> TextFrame:
        """Return the VGA as it is now; the same object while it does not change.

        Raises:
            GuestGone: the process has ended.
            ScreenUnreadable: the struct is no longer where it was.
        """
        frame = self._frame
        if frame is not None and self._is_unchanged(frame):
            return frame
        vga = self.vga
        for _ in range(_RING_TRIES):
            ring = self._read_ring()
            state = self._pread(vga.address, vga.offset(2600))
            if state != self._state_bytes:
                self._registers = self._parse(state)
                self._state_bytes = state
                self._needed = min(planes_needed(self._registers), vga.vram_size)
                self._page_start, self._page_end = page_span(self._registers)
            native = self._native_display()
            needed = 0 if native else self._needed
            planes = self._pread(vga.vram_address, needed) if needed else b""
            if ring == self._read_ring():
                break
        self._page = planes[self._page_start : self._page_end]
        if ring and needed:
            planes = apply_writes(planes, self._registers, ring)
        if (
            frame is None
            or planes != frame.planes
            or native != frame.native
            or (self._registers is not frame.registers and self._registers != frame.registers)
        ):
            frame = self._frame = TextFrame(self._registers, planes, native)
        return frame

    def _is_unchanged(self, frame: TextFrame) -> bool:
        """Say whether registers and page read as last time, so that only a font may not.

        This is what an idle guest costs.
        """
        self._looks += 1
        return bool(
            self._looks % _FONT_LOOKS
            and not self._read_ring()
            and self._pread(self.vga.address, len(self._state_bytes)) == self._state_bytes
            and self._native_display() == frame.native
            and self._pread(self.vga.vram_address + self._page_start, len(self._page)) == self._page
        )

    def _pread(self, address: int, size: int) -> bytes:
        try:
            data = os.pread(self._memory, size, address)
        except OSError:
            data = b""
        if len(data) == size:
            return data
        # The memory of a process that has ended reads as empty; a hole is an error.
        try:
            alive = bool(os.pread(self._memory, 1, self.vga.address))
        except OSError:
            alive = True
        if alive:
            raise ScreenUnreadable(
                f"the memory of process {self.pid} cannot be read at {address:#x}; its display "
                "adapter may have been removed: try again"
            )
        raise GuestGone(f"the guest has ended (process {self.pid})")

    def _native_display(self) -> str:
        """Return the adapter's name if it shows a picture of its own, else ""."""
        switch = self._switch
        if switch is None or _U32.unpack(self._pread(switch.address, 4))[0] not in switch.values:
            return ""
        return switch.device

    def _read_ring(self) -> list[PendingWrite]:
        if not self._ring_address:
            return []
        first_last = self._pread(self._ring_address, 8)
        if first_last[:4] == first_last[4:]:
            return []
        return pending_writes(self._pread(self._ring_address, RING_BYTES))

    def _parse(self, state: bytes) -> VgaRegisters:
        vga = self.vga
        at = vga.offset
        vbe = _VBE_REGISTERS.unpack_from(state, at(2578))
        if (
            _U64.unpack_from(state)[0] != vga.vram_address
            or _U32.unpack_from(state, at(280))[0] != vga.vram_size
            or vbe[0] & 0xFFF0 != 0xB0C0
        ):
            raise ScreenUnreadable(
                f"the display adapter of process {self.pid} is no longer where it was; try again"
            )
        return VgaRegisters(
            crtc=state[at(1381) : at(1381) + 0x1E],
            sequencer=state[at(585) : at(585) + 0x20],
            graphics=state[at(1098) : at(1098) + 9],
            attribute=state[at(1355) : at(1355) + 21],
            attribute_index=state[at(1354)],
            miscellaneous_output=state[at(1637)],
            dac=state[at(1652) : at(1652) + 768],
            vbe=vbe,
        )

    # ---- finding the struct ------------------------------------------------------------

    def _find_vga(self, mappings: list[Mapping]) -> VgaState:
        cache_name = f"vga-{self.pid}-{_start_time(self.pid)}"
        remembered = runtime_folder.recall(cache_name).split()
        if len(remembered) == 2 and remembered[0].isdecimal():
            address = int(remembered[0])
            for growth in _MEMORY_REGION_GROWTH:
                if str(growth) == remembered[1] and address < 1 << 63:
                    vga = self._check(address, growth, mappings)
                    if vga is not None:
                        return vga
        heaps = [m for m in mappings if m.name == "[heap]"]
        others = [
            m
            for m in mappings
            if m.permissions == "rw-p" and not m.name and m.end - m.start <= _MAX_HEAP_MAPPING
        ]
        for group in (heaps, others):
            found = [vga for mapping in group for vga in self._scan(mapping, mappings)]
            if found:
                # Several adapters: the one that has been programmed is the one that is looked at.
                vga = max(found, key=self._rank)
                runtime_folder.remember(cache_name, f"{vga.address} {vga.growth}")
                return vga
        raise ScreenUnreadable(
            f"no VGA was found in the memory of process {self.pid}: it is no QEMU, or its guest "
            "has no VGA, or this QEMU lays it out in an unknown way; "
            f"`cgaterm explain {self.pid}` says more"
        )

    def _scan(self, mapping: Mapping, mappings: list[Mapping]) -> list[VgaState]:
        """Look for VBE ids, and check the struct that each would be the end of."""
        import re

        found = []
        try:
            data = os.pread(self._memory, mapping.end - mapping.start, mapping.start)
        except OSError:
            return []
        for match in re.finditer(rb"[\xc0-\xc5]\xb0", data):
            position = match.start()
            if position % 8 != 2578 % 8:
                continue
            for growth in _MEMORY_REGION_GROWTH:
                start = position - 2578 - 2 * growth
                # Most ids are no ids: a page-aligned pointer is the cheapest check.
                if start < 8 or _U64.unpack_from(data, start)[0] & 0xFFFF000000000FFF:
                    continue
                vga = self._check(mapping.start + start, growth, mappings)
                if vga is not None:
                    found.append(vga)
        return found

    def _check(self, address: int, growth: int, mappings: list[Mapping]) -> VgaState | None:
        """Return the struct if everything that can be checked of it is as it must be."""
        vga = VgaState(address, growth, 0, 0)
        try:
            state = os.pread(self._memory, vga.offset(2600), address)
        except OSError:
            return None
        if len(state) < vga.offset(2600):
            return None
        (vram_address,) = _U64.unpack_from(state)
        (vram_size,) = _U32.unpack_from(state, vga.offset(280))
        vbe_id = _VBE_REGISTERS.unpack_from(state, vga.offset(2578))[0]
        checks_out = (
            vram_address
            and 0xB0C0 <= vbe_id <= 0xB0C5
            and 1 << 16 <= vram_size <= 1 << 30
            and vram_size & vram_size - 1 == 0
            and _inside(mappings, vram_address, vram_size, "w")
            and all(
                _inside(mappings, pointer, 1, "x")
                for pointer in _CODE_POINTERS.unpack_from(state, vga.offset(2424))
            )
        )
        return vga._replace(vram_address=vram_address, vram_size=vram_size) if checks_out else None

    def _find_switch(self, mappings: list[Mapping]) -> Switch | None:
        """Find what says whether the adapter shows its VGA, if it can show anything else."""
        vga = self.vga.address
        switch = vmware_switch(self._peek(vga, VMWARE_BYTES), vga)
        for pointer in (vga - 24, vga - 16):
            address = int.from_bytes(self._peek(pointer, 8), "little")
            if switch is None and _inside(mappings, address, VIRTIO_GPU_BYTES, "w"):
                below = vga - QXL_BYTES
                switch = virtio_switch(
                    self._peek(address, VIRTIO_GPU_BYTES),
                    address,
                    lambda pointer: any(
                        m.start <= pointer < m.end and m.name.startswith("/") for m in mappings
                    ),
                ) or qxl_switch(self._peek(below, QXL_BYTES - 24), below, self._peek(address, 4))
        return switch

    def _peek(self, address: int, size: int) -> bytes:
        """Return what can be read of some memory, if anything."""
        try:
            return os.pread(self._memory, size, address)
        except OSError:
            return b""

    def _rank(self, vga: VgaState) -> tuple[bool, int]:
        state = self._peek(vga.address, vga.offset(2600))
        crtc = state[vga.offset(1381) : vga.offset(1381) + 25]
        return any(crtc), -vga.address


def _inside(mappings: list[Mapping], address: int, size: int, permission: str) -> bool:
    """Whether [address, address + size) lies in mappings with the permission, without a hole."""
    for mapping in mappings:
        if mapping.start <= address < mapping.end and permission in mapping.permissions:
            if address + size <= mapping.end:
                return True
            size -= mapping.end - address
            address = mapping.end
    return False


def _start_time(pid: int) -> str:
    """Return when the process started, in clock ticks since boot: with its pid, who it is."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
