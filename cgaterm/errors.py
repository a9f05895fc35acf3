"""What can go wrong, and whose fault it is.

::

    CgatermError                    exit code
    ├── UsageError              2   the caller's mistake: a bad target, option or key name
    ├── TargetError             3   the guest cannot be looked at
    │   ├── NoSuchTarget        3     there is no such guest
    │   ├── NotPermitted        3     there is, but the kernel does not let us read it
    │   └── ScreenUnreadable    3     what was read is no screen that we understand
    ├── GuestGone               4   it was there, and ended while we looked
    └── KeyboardUnavailable     3   nothing can be typed into this guest (now)

Each message is one sentence that says what is wrong and ends with the cure;
the command line prints it on stderr and exits with `exit_code`.
"""


class CgatermError(Exception):
    """The root of all errors that cgaterm raises on purpose."""

    exit_code = 3


class UsageError(CgatermError):
    """The caller asked for something that cannot be meant."""

    exit_code = 2


class TargetError(CgatermError):
    """A guest that cannot be looked at."""


class NoSuchTarget(TargetError):
    """No guest by this name or address."""


class NotPermitted(TargetError):
    """The guest is there, but we may not read it."""


class ScreenUnreadable(TargetError):
    """What was read does not check out as a screen; nothing is guessed."""


class KeyboardUnavailable(CgatermError):
    """Keys cannot be delivered to this guest, or not at the moment."""


class GuestGone(CgatermError):
    """The guest ended while it was being looked at."""

    exit_code = 4
