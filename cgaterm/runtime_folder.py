"""The folder for what cgaterm keeps while guests run: sockets, and where their VGAs are.

``$XDG_RUNTIME_DIR/cgaterm``, else ``/tmp/cgaterm-UID``; 0700, files 0600. A folder that is
not ours alone is not used: what others can write, we do not read. Nor is anything made in
another user's runtime folder, which sudo and su may leave in the environment.
"""

from __future__ import annotations

import os
import stat

from cgaterm.errors import UsageError


def path() -> str:
    """Return the folder, made if need be.

    Raises:
        UsageError: it belongs to somebody else, or others may write to it.
    """
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = (
        f"{base}/cgaterm" if _is_ours(base) else f"/tmp/cgaterm-{os.geteuid()}"  # noqa: S108 - checked
    )
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - pathlib costs an import
        status = os.lstat(folder)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder {folder} ({error.strerror}); set XDG_RUNTIME_DIR to a "
            "folder of your own"
        ) from None
    if (
        not stat.S_ISDIR(status.st_mode)
        or status.st_uid != os.geteuid()
        or stat.S_IMODE(status.st_mode) & 0o077
    ):
        raise UsageError(
            f"{folder} is not a folder that only you can use; remove it, or set "
            "XDG_RUNTIME_DIR to a folder of your own"
        )
    return folder


def _is_ours(folder: str) -> bool:
    try:
        return folder.startswith("/") and os.stat(folder).st_uid == os.geteuid()  # noqa: PTH116
    except OSError:
        return False


def remember(name: str, text: str) -> None:
    """Keep a short text under a name; forget what is kept of processes that have ended.

    Only a convenience: where it cannot be kept, it is not.
    """
    try:
        folder = path()
        for entry in os.listdir(folder):  # noqa: PTH208 - pathlib costs an import
            kind, _, rest = entry.partition("-")
            pid = rest.partition("-")[0]
            if kind == "vga" and not os.path.exists(f"/proc/{pid}"):  # noqa: PTH110
                os.unlink(f"{folder}/{entry}")  # noqa: PTH108
        temporary = f"{folder}/{name}.{os.getpid()}"
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)
        os.replace(temporary, f"{folder}/{name}")  # noqa: PTH105
    except (OSError, UsageError):
        return


def recall(name: str) -> str:
    """Return what was kept under a name, or ""."""
    try:
        with open(f"{path()}/{name}", encoding="ascii") as file:
            return file.read(200)
    except (OSError, UsageError, UnicodeDecodeError):
        return ""
