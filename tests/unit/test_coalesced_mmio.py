"""The ring of writes that KVM holds back."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from cgaterm.coalesced_mmio import RING_BYTES, PendingWrite, apply_writes, pending_writes
from cgaterm.vga_text import decode
from tests.vga import frame, registers


def ring(first: int, entries: dict[int, tuple[int, bytes, int]], last: int) -> bytes:
    page = bytearray(RING_BYTES)
    struct.pack_into("<II", page, 0, first, last)
    for index, (address, data, pio) in entries.items():
        struct.pack_into("<QII8s", page, 8 + 24 * index, address, len(data), pio, data)
    return bytes(page)


def test_entries_from_first_to_last() -> None:
    page = ring(
        1,
        {0: (0xB8000, b"old", 0), 1: (0xB8000, b"H\x1e", 0), 2: (0xB8002, b"i\x1e", 0)},
        3,
    )
    assert pending_writes(page) == [
        PendingWrite(0xB8000, b"H\x1e"),
        PendingWrite(0xB8002, b"i\x1e"),
    ]


def test_the_ring_wraps_and_ports_are_no_memory() -> None:
    page = ring(169, {169: (0xB8000, b"a", 0), 0: (0x70, b"\x0f", 1), 1: (0xB8001, b"\x07", 0)}, 2)
    assert pending_writes(page) == [PendingWrite(0xB8000, b"a"), PendingWrite(0xB8001, b"\x07")]


def test_indices_out_of_bounds_hold_nothing() -> None:
    assert pending_writes(ring(170, {}, 0)) == []
    assert pending_writes(ring(0, {}, 1 << 31)) == []


@given(st.binary(min_size=8, max_size=200), st.binary(min_size=1, max_size=200))
def test_any_ring_is_read(start: bytes, rest: bytes) -> None:
    page = (start + rest * RING_BYTES)[:RING_BYTES]
    assert all(len(write.data) <= 8 for write in pending_writes(page))


def test_a_write_shows_on_the_screen() -> None:
    before = frame()
    writes = [PendingWrite(0xB8000 + 160, b"O\x07K\x07"), PendingWrite(0xB8000 + 164, b"!\x07")]
    planes = apply_writes(before.planes, before.registers, writes)
    assert decode(before._replace(planes=planes)).lines[1] == "OK!"


def test_writes_elsewhere_change_nothing() -> None:
    planes = bytes(64)
    outside = [
        PendingWrite(0xB0000, b"x"),
        PendingWrite(0xC0000, b"x"),
        PendingWrite(0xB8100, b"x"),
    ]
    assert apply_writes(planes, registers(), outside) == planes


def test_windows() -> None:
    write = [PendingWrite(0xB0000, b"M")]
    assert apply_writes(bytes(8), registers(graphics={6: 0x0A}), write)[0] == ord("M")
    at_a0000 = [PendingWrite(0xA0000, b"A")]
    for window in (0x02, 0x06):
        assert apply_writes(bytes(8), registers(graphics={6: window}), at_a0000)[0] == ord("A")


def test_planes_that_may_not_be_written_are_not() -> None:
    write = [PendingWrite(0xB8000, b"A\x07")]
    assert apply_writes(bytes(8), registers(sequencer={2: 0x01}), write) == b"A" + bytes(7)
    assert apply_writes(bytes(8), registers(sequencer={2: 0x0F}, graphics={4: 2}), write) == (
        b"\0\0A\x07\0\0\0\0"
    )


def test_modes_that_are_not_odd_even_are_left_alone() -> None:
    write = [PendingWrite(0xB8000, b"A")]
    assert apply_writes(bytes(4), registers(graphics={5: 0}), write) == bytes(4)
    assert apply_writes(bytes(4), registers(sequencer={4: 0x0E}), write) == bytes(4)
