"""The folder for sockets and remembered addresses: ours alone, or none."""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from cgaterm import runtime_folder
from cgaterm.errors import UsageError
from cgaterm.runtime_folder import recall, remember

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_it_is_made_for_us_alone(base: Path) -> None:
    old = os.umask(0)
    try:
        folder = runtime_folder.path()
    finally:
        os.umask(old)
    assert folder == f"{base}/cgaterm"
    assert stat.S_IMODE((base / "cgaterm").stat().st_mode) == 0o700
    assert runtime_folder.path() == folder


def test_what_is_remembered_is_recalled(base: Path) -> None:
    name = f"vga-{os.getpid()}-4711"
    assert recall(name) == ""
    remember(name, "1234 0")
    assert recall(name) == "1234 0"
    remember(name, "5678 16")
    assert recall(name) == "5678 16"
    assert [path.name for path in (base / "cgaterm").iterdir()] == [name]
    assert stat.S_IMODE((base / "cgaterm" / name).stat().st_mode) == 0o600


def test_what_is_kept_of_ended_processes_is_forgotten(base: Path) -> None:
    ended = subprocess.run(["sh", "-c", "echo $$"], check=True, capture_output=True, text=True)
    folder = base / "cgaterm"
    runtime_folder.path()
    for name in (f"vga-{ended.stdout.strip()}-1", f"vga-{os.getpid()}-1", "qmp-999999999-1"):
        (folder / name).write_text("kept")
    remember(f"vga-{os.getpid()}-2", "new")
    names = {path.name for path in folder.iterdir()}
    assert names == {f"vga-{os.getpid()}-1", f"vga-{os.getpid()}-2", "qmp-999999999-1"}


def test_a_folder_that_others_may_use_is_refused_and_not_believed(base: Path) -> None:
    folder = base / "cgaterm"
    folder.mkdir()
    folder.chmod(0o770)
    (folder / "vga-1-1").write_text("1234 0")
    with pytest.raises(UsageError, match="is not a folder that only you can use; remove it"):
        runtime_folder.path()
    assert recall("vga-1-1") == ""
    remember("vga-1-1", "5678 0")
    assert (folder / "vga-1-1").read_text() == "1234 0"


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_what_is_no_folder_is_refused(base: Path, kind: str) -> None:
    if kind == "file":
        (base / "cgaterm").touch()
    else:
        if kind == "link":
            (base / "elsewhere").mkdir(mode=0o700)
        (base / "cgaterm").symlink_to(base / "elsewhere")
    with pytest.raises(UsageError, match="set XDG_RUNTIME_DIR to a folder of your own"):
        runtime_folder.path()
    assert recall("vga-1-1") == ""
    remember("vga-1-1", "1234 0")


@pytest.mark.parametrize("value", ["", "relative", "/nonexistent/for/sure", "another user's"])
def test_a_runtime_folder_that_is_not_ours_is_left_alone(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What sudo and su leave in the environment may be another user's, or not be there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "relative").mkdir()
    if value == "another user's":
        value = str(tmp_path)
        user = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    made = []

    def makedirs(folder: str, **_: object) -> None:  # without making anything in /tmp
        made.append(folder)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "makedirs", makedirs)
    with pytest.raises(UsageError, match="No space left on device"):
        runtime_folder.path()
    assert made == [f"/tmp/cgaterm-{os.geteuid()}"]


def test_garbage_is_not_recalled_and_too_much_is_cut(base: Path) -> None:
    folder = runtime_folder.path()
    assert folder.startswith(str(base))
    with open(f"{folder}/vga-1-1", "wb") as file:
        file.write(b"\xff\xfe\x00")
    assert recall("vga-1-1") == ""
    with open(f"{folder}/vga-1-1", "w") as file:
        file.write("1" * 100_000)
    assert len(recall("vga-1-1")) <= 200
    (base / "cgaterm" / "vga-2-2").mkdir()
    assert recall("vga-2-2") == ""
    remember("vga-2-2", "1234 0")
