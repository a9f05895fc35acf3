"""What every way to a guest's screen has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cgaterm.frames import Frame


class Source(Protocol):
    """One open way to one guest's screen. Opening it is the constructor's business.

    No event loop is imposed: `fileno()` is what becomes readable when there is
    something new, or None: then the source wants to be looked at from time to time
    and `read()` says at no great cost that nothing changed, by an equal frame.
    """

    #: The scheme of its targets, as in "qemu:4711"; also `source` in json output.
    scheme: str

    def read(self) -> Frame:
        """Return the screen as it is now; never blocks.

        Raises:
            GuestGone: the guest ended.
            ScreenUnreadable: what was read no longer checks out.
        """
        ...

    def fileno(self) -> int | None:
        """Return a file descriptor to wait on, or None to be polled."""
        ...

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        ...
