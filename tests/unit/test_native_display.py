"""The field that says whether an adapter shows its VGA, among its neighbours."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgaterm.native_display import Switch, qxl_switch, virtio_switch, vmware_switch

CODE = 0x5555_0000_1000
BASE = 0x5555_8000_0000


def virtio_gpu(enable: int, *, hostmem: bool, outputs: int = 1, hw_ops: int = CODE) -> bytes:
    """A VirtIOGPUBase: of QEMU 7.2, or with `hostmem` of 10.0."""
    conf = struct.pack("<4I", outputs, 4, 1280, 800) + (bytes(8) if hostmem else b"")
    config = struct.pack("<4I", 0, 0, outputs, 0)
    return bytes(480) + conf + config + struct.pack("<Qii", hw_ops, 0, enable) + bytes(256)


@pytest.mark.parametrize("hostmem", [False, True])
@pytest.mark.parametrize("outputs", [1, 2, 16])
def test_virtio(hostmem: bool, outputs: int) -> None:
    switch = virtio_switch(virtio_gpu(1, hostmem=hostmem, outputs=outputs), BASE, CODE.__eq__)
    offset = 480 + 32 + (8 if hostmem else 0) + 12
    assert switch == Switch(BASE + offset, (1,), "virtio-gpu")


@pytest.mark.parametrize(
    "block",
    [
        virtio_gpu(7, hostmem=False),
        virtio_gpu(1, hostmem=False, outputs=17),
        virtio_gpu(1, hostmem=False, hw_ops=CODE + 1),
        b"",
        bytes(2048),
    ],
)
def test_no_virtio(block: bytes) -> None:
    assert virtio_switch(block, BASE, CODE.__eq__) is None


def qxl(mode: int, *, have_vga: int = 1, revision: int = 5, slots: int = 8) -> bytes:
    return (
        bytes(400)
        + struct.pack("<10I", 0, have_vga, 0, 0, 0, 0, mode, 0, revision, slots)
        + bytes(800)
    )


def test_qxl() -> None:
    switch = qxl_switch(qxl(3), BASE, b"QXRA")
    assert switch == Switch(BASE + 424, (2, 3), "qxl")


@pytest.mark.parametrize(
    "block", [qxl(4), qxl(1, have_vga=0), qxl(1, revision=0), qxl(1, slots=9), b""]
)
def test_no_qxl(block: bytes) -> None:
    assert qxl_switch(block, BASE, b"QXRA") is None


def test_a_qxl_has_its_magic() -> None:
    assert qxl_switch(qxl(3), BASE, b"QXRO") is None


def vmware(enable: int, *, svga_id: int = 0x90000002, scratch: int = 0x8000) -> bytes:
    return bytes(64000) + struct.pack(
        "<9i4xQ4iI", 0, enable, 0, 0, 0, 0, 0, 0, scratch, 0, 1024, 768, 32, 0, svga_id
    )


def test_vmware() -> None:
    assert vmware_switch(vmware(1), BASE) == Switch(BASE + 64004, (1,), "vmware-svga")


@pytest.mark.parametrize(
    "block",
    [
        vmware(2),
        vmware(1, svga_id=0x90000003),
        vmware(1, scratch=4),
        b"\x02\0\0\x90" * 20,
        b"x" + vmware(1),
    ],
)
def test_no_vmware(block: bytes) -> None:
    assert vmware_switch(block, BASE) is None


@given(st.binary(max_size=300))
def test_any_bytes(block: bytes) -> None:
    for found in (
        virtio_switch(block, BASE, lambda _: True),
        qxl_switch(block, BASE, b"QXRA"),
        vmware_switch(block, BASE),
    ):
        assert found is None or BASE <= found.address < BASE + len(block)
