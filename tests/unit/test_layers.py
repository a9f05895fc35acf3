"""The floors of the house: who may import whom, and what the pure ones may use."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "cgaterm"

#: A module imports from the floors below its own, and on its own from those named before it.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "screen", "frames"),
    (
        *("charsets", "fonts", "palette", "vga_text", "coalesced_mmio", "native_display"),
        *("keymaps", "keys", "qemu_command_line", "targets"),
    ),
    ("draw.diff", "draw.glyph", "draw.ansi", "view"),
    (
        *("signals", "runtime_folder", "sources.base", "sources.process_memory", "sources.qmp"),
        *("sources.shared_memory", "sources.vcsa"),
    ),
    ("console", "discover", "ways", "listing", "explain", "boot"),
    (
        *("exports.png", "exports.report"),
        *("terminal_capabilities", "terminal_keys", "terminal"),
    ),
    ("demo_guest.stand_in", "demo", "cli", "__main__"),
)
PURE_FLOORS = 3
#: What pure modules may use of others: nothing that knows files, clocks or the environment.
PURE_IMPORTS = frozenset(
    (
        *("__future__", "codecs", "collections", "collections.abc", "enum", "functools", "json"),
        *("struct", "typing", "unicodedata", "zlib"),
    )
)
#: The fonts' bitmaps are files of the package.
MORE_IMPORTS = {"fonts": {"pkgutil"}}

RANKS = {name: rank for rank, name in enumerate(name for floor in FLOORS for name in floor)}
FLOOR_OF = {name: number for number, floor in enumerate(FLOORS) for name in floor}


def modules() -> dict[str, Path]:
    """All modules by their names below cgaterm, but for those that hold nothing."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        body = ast.parse(path.read_text()).body
        if any(not isinstance(node, ast.Expr) for node in body) and name != "__init__":
            found[name] = path
    return found


MODULES = modules()


def imports(path: Path) -> tuple[set[str], set[str]]:
    """What a file imports anywhere in it, of cgaterm and of others."""
    ours, others = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = str(node.module)
            names = [f"{module}.{alias.name}" for alias in node.names]
            found = [name if name.removeprefix("cgaterm.") in MODULES else module for name in names]
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            continue
        for name in found:
            if name.partition(".")[0] == "cgaterm":
                ours.add(name.removeprefix("cgaterm."))
            else:
                others.add(name)
    return ours - {"cgaterm"}, others


def test_every_module_has_one_place() -> None:
    assert len(RANKS) == sum(map(len, FLOORS))
    assert set(RANKS) == set(MODULES)


@pytest.mark.parametrize("name", RANKS)
def test_imports_come_from_below(name: str) -> None:
    ours, _ = imports(MODULES[name])
    assert {other for other in ours if RANKS[other] >= RANKS[name]} == set()


@pytest.mark.parametrize("family", ["sources", "exports"])
def test_members_of_a_family_do_not_know_each_other(family: str) -> None:
    members = {name for name in RANKS if name.startswith(f"{family}.")}
    for name in members:
        assert imports(MODULES[name])[0] & members <= {"sources.base"}


@pytest.mark.parametrize("name", [name for name in RANKS if FLOOR_OF[name] < PURE_FLOORS])
def test_pure_modules_use_nothing_of_the_world(name: str) -> None:
    _, others = imports(MODULES[name])
    assert others - PURE_IMPORTS <= MORE_IMPORTS.get(name, set())
    nodes = ast.walk(ast.parse(MODULES[name].read_text()))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert names & {"open", "input", "print"} == set()
