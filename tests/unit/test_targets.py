from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cgaterm.errors import UsageError
from cgaterm.targets import (
    LATER_SCHEMES,
    NameTarget,
    QemuTarget,
    QmpTarget,
    SharedMemoryTarget,
    Target,
    VcsaTarget,
    parse,
)

TEXT = st.text(st.characters(exclude_characters="\0"), min_size=1)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("vm1", NameTarget("vm1")),
        ("4711", NameTarget("4711")),
        ("web:blue", NameTarget("web:blue")),
        ("qemu", NameTarget("qemu")),
        ("vnc", NameTarget("vnc")),
        (":1", NameTarget(":1")),
        ("Qemu:1", NameTarget("Qemu:1")),
        ("qemu:4711", QemuTarget(4711)),
        ("qmp:/run/vm 1.qmp", QmpTarget("/run/vm 1.qmp")),
        ("qmp:a:b?c", QmpTarget("a:b?c")),
        ("vcsa:0", VcsaTarget(0)),
        ("vcsa:63", VcsaTarget(63)),
        ("shm:/tmp/vga", SharedMemoryTarget("/tmp/vga")),
        ("shm:vga", SharedMemoryTarget("/dev/shm/vga")),
        ("shm:/vga", SharedMemoryTarget("/vga")),
        ("shm:./vga", SharedMemoryTarget("./vga")),
        ("shm:vga?rows=50", SharedMemoryTarget("/dev/shm/vga", rows=50)),
        ("shm:/a?b?offset=0", SharedMemoryTarget("/a?b")),
        (
            "shm:/ram?offset=0xb8000&columns=132&rows=60",
            SharedMemoryTarget("/ram", 132, 60, 0xB8000),
        ),
    ],
)
def test_a_target_is_parsed(text: str, target: Target) -> None:
    parsed = parse(text)
    assert parsed == target
    assert type(parsed) is type(target)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "cgaterm ls"),
        ("vm\x001", "cgaterm ls"),
        ("qemu:", "give a number from 1"),
        ("qemu:0", "give a number from 1"),
        ("qemu:-5", "give a number from 1"),
        ("qemu:bash", "'bash'; give a number"),
        ("qemu:4 711", "give a number"),
        ("qemu:" + "9" * 5000, "give a number"),
        ("vcsa:64", "from 0 to 63"),
        ("vcsa:", "from 0 to 63"),
        ("vcsa:١", "from 0 to 63"),
        ("qmp:", "qmp:/run/vm1.qmp"),
        ("shm:", "shm:/dev/shm/vga"),
        ("shm:?rows=25", "shm:/dev/shm/vga"),
        ("shm:..", "shm:/dev/shm/vga"),
        ("shm:a?rows=0", "rows is '0'; give a number from 1 to 500"),
        ("shm:a?rows=501", "from 1 to 500"),
        ("shm:a?columns=1001", "columns is '1001'; give a number from 1 to 1000"),
        ("shm:a?columns=", "from 1 to 1000"),
        ("shm:a?columns=8_0", "from 1 to 1000"),
        ("shm:a?offset=-1", "from 0 to"),
        ("shm:a?offset=0x8000000000000000", "from 0 to"),
        ("shm:a?offset=b8000", "from 0 to"),
        ("shm:a?cols=80", "'cols' is no part of a shm: target; use columns, rows and offset"),
        ("shm:a?", "use columns, rows and offset"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_cure(text: str, cure: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse(text)
    assert cure in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("scheme", LATER_SCHEMES)
def test_the_schemes_of_later_versions_are_known_but_refused(scheme: str) -> None:
    with pytest.raises(UsageError, match=f"^{scheme}: targets are not supported by this version"):
        parse(f"{scheme}:anything")


@given(TEXT)
@example("shm:/a?b?rows=25")
@example("qemu:0x10")
def test_what_parses_survives_being_written_and_parsed_again(text: str) -> None:
    try:
        target = parse(text)
    except UsageError:
        return
    assert repr(parse(str(target))) == repr(target)  # equal tuples may differ in type


@given(
    TEXT,
    st.fixed_dictionaries(
        {},
        optional={
            "columns": st.integers(1, 1000),
            "rows": st.integers(1, 500),
            "offset": st.integers(0, 2**63 - 1),
        },
    ),
)
def test_every_shared_memory_target_survives_the_round_trip(
    name: str, values: dict[str, int]
) -> None:
    target = SharedMemoryTarget("/" + name.strip("/.") + "x", **values)
    written = str(target)
    assert parse(written) == target
    if "?" not in name:
        assert parse(f"shm:{target.path}?{urlencode(values | {'rows': target.rows})}") == target


@given(st.integers(1, 2**63 - 1), st.integers(0, 63), TEXT)
def test_the_other_targets_survive_the_round_trip(pid: int, number: int, path: str) -> None:
    for target in (QemuTarget(pid), VcsaTarget(number), QmpTarget(path)):
        assert repr(parse(str(target))) == repr(target)  # equal tuples may differ in type
