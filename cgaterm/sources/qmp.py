"""The way in through QMP: keyboard, reset and power button of a guest.

QMP serves one client at a time, and somebody else may need it. So it is borrowed: the
connection is made for the first key, given back HOLD_S after the last one, and every
step has a time limit. The client library is asyncio only; it runs on a loop in a thread
of its own, started (and imported) when the first key is typed. Callers never wait for
it, except for `execute`.

Laws:

1. Order is kept, and nothing is typed late: keys that cannot be delivered now are
   dropped, and `problem` says why. A "reboot" typed into a dead line must not
   arrive ten minutes later.
2. Keys are paced. QEMU's PS/2 queue has 16 bytes and drops what does not fit, and a
   key stroke takes 3 to 10 of them: so one awaited `input-send-event` for each stroke,
   then a pause in which the guest can fetch it.
3. A key that was pressed stays pressed, even while the connection is given back, until
   it is released, or until `close` releases all that are still down.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from cgaterm.errors import KeyboardUnavailable
from cgaterm.keys import KeyEvent

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from qemu.qmp import QMPClient

#: How long the connection is kept after the last use.
HOLD_S = 1.0
#: After this long without a greeting, somebody else has the socket.
CONNECT_TIMEOUT_S = 1.0
#: After this long without an answer, QEMU itself hangs or is stopped.
ANSWER_TIMEOUT_S = 5.0
#: The pause after each stroke, for the guest to fetch it from the PS/2 queue. Measured
#: with GRUB's command line under TCG, lines of 30 that came whole: on a quiet host 7
#: without a pause, 30 with 1, 2, 4 and 8 ms (one run each). No pause is safe when the
#: host starves the guest: beside three busy processes on two cores 12 with 1 ms, 18 and
#: 18 with 2 ms, 19, 19 and 25 with 4 ms, 25 and 30 with 8 ms. QMP does not tell what
#: was lost: where it matters, look for the echo on the screen.
STROKE_INTERVAL_S = 0.004
#: More key events than this are refused: an hour of typing for the guest.
QUEUE_LIMIT = 1_000_000
#: `fileno` becomes readable at least every so many strokes while keys are delivered.
_PROGRESS_STROKES = 50


class _Request:
    """A command that somebody waits for."""

    def __init__(self, command: str, arguments: Mapping[str, object] | None) -> None:
        self.command = command
        self.arguments = dict(arguments) if arguments else None
        self.done = threading.Event()
        self.result: object = None
        self.problem: str | None = None


class QmpControl:
    """One guest's QMP socket, borrowed when there is something to send."""

    def __init__(
        self, address: str | tuple[str, int], stroke_interval_s: float = STROKE_INTERVAL_S
    ) -> None:
        """Remember where the socket is: a path, or host and port. Nothing is opened yet."""
        self._address = address
        self._stroke_interval_s = stroke_interval_s
        self._name = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
        self._queue: deque[KeyEvent | _Request] = deque()
        self._pending = 0
        self._problem: str | None = None
        self._down: dict[str, None] = {}  # keys that the guest knows to be pressed, in order
        self._closing_at: float | None = None  # time.monotonic(): what is not sent by then is not
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._client: QMPClient | None = None
        self._changed = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    @property
    def pending(self) -> int:
        """How many key events have not been delivered yet."""
        return self._pending

    @property
    def problem(self) -> str | None:
        """Why keys did not arrive, in one sentence; None once they do."""
        return self._problem

    def fileno(self) -> int:
        """Return what becomes readable when `pending` or `problem` changed."""
        return self._changed

    def acknowledge(self) -> None:
        """Make `fileno` wait for the next change."""
        with contextlib.suppress(BlockingIOError):  # nothing changed since the last time
            os.eventfd_read(self._changed)

    def send(self, events: Sequence[KeyEvent]) -> None:
        """Queue key events for the guest; never blocks.

        Raises:
            KeyboardUnavailable: too many keys are waiting already; none of these is queued.
        """
        if self._pending + len(events) > QUEUE_LIMIT:
            raise KeyboardUnavailable(
                f"{self._pending:,} key events are still on their way to the guest; "
                "wait for them, or paste less at once."
            )
        self._enqueue(events)

    def reset(self) -> None:
        """Press the guest's reset button; raises as `execute`."""
        self.execute("system_reset")

    def powerdown(self) -> None:
        """Press the guest's power button once (ACPI); raises as `execute`."""
        self.execute("system_powerdown")

    def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> object:
        """Run a QMP command after the keys queued so far, and return its answer.

        Raises:
            KeyboardUnavailable: it failed, or QMP could not be had.
        """
        request = _Request(command, arguments)
        self._enqueue([request])
        request.done.wait()
        if request.problem:
            raise KeyboardUnavailable(request.problem)
        return request.result

    def close(self, flush_timeout_s: float = 2.0) -> None:
        """Deliver what is queued, if it can be done in time; release all keys; disconnect."""
        with self._lock:
            self._closing_at = time.monotonic() + flush_timeout_s
            thread, loop, wake = self._thread, self._loop, self._wake
            if loop and wake:
                loop.call_soon_threadsafe(wake.set)
        if thread:
            thread.join(flush_timeout_s + CONNECT_TIMEOUT_S + ANSWER_TIMEOUT_S)
        with self._lock:
            if self._changed >= 0:
                os.close(self._changed)
            self._changed = -1

    def _enqueue(self, jobs: Sequence[KeyEvent | _Request]) -> None:
        with self._lock:
            if self._closing_at is not None:
                raise KeyboardUnavailable("the keyboard has been closed; open it anew to type.")
            self._queue.extend(jobs)
            self._pending += sum(isinstance(job, KeyEvent) for job in jobs)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="qmp", daemon=True)
                self._thread.start()
            elif self._loop and self._wake:
                self._loop.call_soon_threadsafe(self._wake.set)

    # ---- everything below runs in the thread ----

    def _run(self) -> None:
        import asyncio
        import logging

        # Else what it logs, each failed connection for one, lands on the operator's screen.
        logging.getLogger("qemu.qmp").addHandler(logging.NullHandler())
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        import asyncio

        wake = asyncio.Event()
        with self._lock:
            self._loop, self._wake = asyncio.get_running_loop(), wake
        strokes = 0
        while True:
            wake.clear()
            if job := self._next_job():
                await self._deliver(job)
                strokes += 1
                if not self._pending or strokes % _PROGRESS_STROKES == 0:
                    self._notify()
            elif self._closing_at is not None:
                break
            else:
                try:
                    async with asyncio.timeout(HOLD_S if self._client else None):
                        await wake.wait()
                except TimeoutError:
                    await self._let_go()
        with self._lock:
            self._loop = None  # nobody may call a loop that has ended
        if self._down:
            await self._deliver([KeyEvent(qcode, False) for qcode in reversed(self._down)])
        await self._let_go()

    def _next_job(self) -> list[KeyEvent] | _Request | None:
        """Take the next command, or the events of the next stroke, from the queue."""
        with self._lock:
            if self._closing_at is not None and time.monotonic() > self._closing_at:
                self._drop("the keyboard was closed before this was delivered; do it again.")
            if not self._queue:
                return None
            job = self._queue.popleft()
            if isinstance(job, _Request):
                return job
            if job.down and self._queue and self._queue[0] == KeyEvent(job.qcode, False):
                self._queue.popleft()
                return [job, KeyEvent(job.qcode, False)]
            return [job]

    async def _deliver(self, job: list[KeyEvent] | _Request) -> None:
        import asyncio

        from qemu.qmp import ExecuteError, QMPError

        problem: str | None = None
        try:
            client = await self._connected()
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                if isinstance(job, _Request):
                    job.result = await client.execute(job.command, job.arguments)
                else:
                    await client.execute("input-send-event", {"events": _qmp_events(job)})
        except ExecuteError as error:
            if isinstance(job, _Request):
                job.problem = f"QEMU refused {job.command}: {error}."
            elif "not running" in str(error):
                problem = "the guest is paused and takes no keys; let it run on to type."
            else:
                problem = f"QEMU refused the keys ({error}); see that the guest has a keyboard."
        except TimeoutError:
            problem = (
                f"QEMU does not answer on {self._name}: close the other QMP client that holds it, "
                "or let the QEMU process run on."
            )
            await self._let_go()
        except (QMPError, EOFError, OSError, ValueError) as error:  # ValueError: no line of QMP
            cause = error.__cause__ or error
            problem = f"QMP socket {self._name} does not work ({cause or 'it was closed'}); "
            problem += "check that this guest still runs and has it."
            await self._let_go()
        if isinstance(job, _Request):
            job.problem = job.problem or problem
            job.done.set()
        else:
            await asyncio.sleep(self._stroke_interval_s)
        self._settle(job, problem)

    def _settle(self, job: list[KeyEvent] | _Request, problem: str | None) -> None:
        """Book what was delivered, or drop what no longer can be."""
        with self._lock:
            if isinstance(job, list):
                self._pending = max(0, self._pending - len(job))
            if problem:
                self._drop(problem)
            elif isinstance(job, list):
                for qcode, down in job:
                    self._down.pop(qcode, None)
                    if down:
                        self._down[qcode] = None
        if problem != self._problem:
            self._problem = problem
            self._notify()

    def _drop(self, problem: str) -> None:
        """Give up all that is queued. The lock is held."""
        for job in self._queue:
            if isinstance(job, _Request):
                job.problem = problem
                job.done.set()
        self._queue.clear()
        self._pending = 0

    def _notify(self) -> None:
        with self._lock:
            if self._changed >= 0:
                os.eventfd_write(self._changed, 1)

    async def _connected(self) -> QMPClient:
        """Return a connection, made anew if there is none (any more)."""
        import asyncio

        from qemu.qmp import QMPClient, Runstate

        if self._client and self._client.runstate != Runstate.RUNNING:
            await self._let_go()
        if self._client is None:
            client = QMPClient()
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await client.connect(self._address)
            self._client = client
        return self._client

    async def _let_go(self) -> None:
        import asyncio

        from qemu.qmp import QMPError

        client, self._client = self._client, None
        if client:
            # It may be gone already, or hang: TimeoutError is an OSError.
            with contextlib.suppress(QMPError, EOFError, OSError):
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    await client.disconnect()


def _qmp_events(events: list[KeyEvent]) -> list[dict[str, Any]]:
    """Return the events as `input-send-event` takes them (QEMU qapi/ui.json, InputEvent)."""
    return [
        {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": qcode}}}
        for qcode, down in events
    ]
