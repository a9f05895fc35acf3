from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cgaterm.discover import find, guests, process_behind
from cgaterm.errors import NoSuchTarget
from cgaterm.qemu_command_line import UnixSocket, WayIn
from tests.qemu import TIMEOUT_S, qemu_command

if TYPE_CHECKING:
    from tests.conftest import Boot
    from tests.qemu import Guest

MACHINE = ["-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-m", "16M"]


def wait_for_qmp(guest: Guest) -> None:
    guest.qmp("query-name")


def test_a_running_guest_is_found_with_its_ways_in(boot: Boot) -> None:
    name = f"discover {os.getpid()}"
    guest = boot(None, arguments=["-name", f"guest={name},debug-threads=on", "-vnc", "none"])
    wait_for_qmp(guest)
    found = find(name)
    assert found in guests()
    assert found == find(str(guest.pid))
    assert (found.pid, found.name, found.accelerator) == (guest.pid, name, "tcg")
    assert found.user == pwd.getpwuid(os.getuid()).pw_name
    assert found.ways_in == (WayIn("qmp", UnixSocket(str(guest.qmp_path), listening=True)),)
    assert found.command_line.display_devices == ("VGA",)
    assert found.command_line.memory_bytes == 16 << 20


def test_the_process_behind_a_qmp_socket_is_found_while_another_client_has_it(boot: Boot) -> None:
    guest = boot(None)
    wait_for_qmp(guest)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(guest.qmp_path))
        assert process_behind(str(guest.qmp_path)) == guest.pid
    guest.kill()
    assert process_behind(str(guest.qmp_path)) is None


def test_neither_threads_nor_those_who_only_name_a_qemu_are_guests(boot: Boot) -> None:
    guest = boot(None)
    wait_for_qmp(guest)
    threads = {int(task.name) for task in Path(f"/proc/{guest.pid}/task").iterdir()}
    assert len(threads) > 1
    command = ["sh", "-c", "read line", *guest.command]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as shell:
        assert {found.pid for found in guests()} & {*threads, shell.pid} == {guest.pid}
        with pytest.raises(NoSuchTarget, match=rf"^process {shell.pid} \(.*\) is no QEMU"):
            find(str(shell.pid))
    thread = max(threads - {guest.pid})
    with pytest.raises(NoSuchTarget, match=f"^{thread} is a thread of process {guest.pid}"):
        find(str(thread))


def test_a_socket_that_was_passed_to_qemu_is_looked_up(tmp_path: Path) -> None:
    path = str(tmp_path / "monitor.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        number = listener.fileno()
        chardev = f"socket,id=monitor,fd={number},server=on,wait=off"
        command = [*qemu_command(), *MACHINE, "-chardev", chardev, "-mon", "monitor,mode=control"]
        process = subprocess.Popen(command, pass_fds=[number])
    try:
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(TIMEOUT_S)
            client.connect(path)
            assert b"QMP" in client.recv(4096)
        expected = (WayIn("qmp", UnixSocket(path, listening=True)),)
        assert find(str(process.pid)).ways_in == expected
        assert process_behind(path) == process.pid
    finally:
        process.kill()
        process.wait(TIMEOUT_S)


def test_a_relative_path_of_a_daemon_is_found(tmp_path: Path) -> None:
    options = ["-daemonize", "-pidfile", "pid", "-qmp", "unix:qmp.sock,server=on,wait=off"]
    # As a shell would: subprocess itself leaves PWD as it was.
    environment = {**os.environ, "PWD": str(tmp_path)}
    command = [*qemu_command(), *MACHINE, *options]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=TIMEOUT_S)
    pid = int((tmp_path / "pid").read_text())
    try:
        path = str(tmp_path / "qmp.sock")
        assert find(str(pid)).ways_in == (WayIn("qmp", UnixSocket(path, listening=True)),)
        assert process_behind(path) == pid
    finally:
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + TIMEOUT_S
        while any(guest.pid == pid for guest in guests()) and time.monotonic() < deadline:
            time.sleep(0.01)
