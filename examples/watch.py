"""Print the last line of a guest's screen whenever it is another one, until the guest ends.

python examples/watch.py TARGET
"""

import sys
import time

from cgaterm.console import Console
from cgaterm.errors import CgatermError
from cgaterm.screen import Screen
from cgaterm.ways import open_ways


def last_line(screen: Screen) -> str:
    filled = [line for line in screen.lines if line]
    return filled[-1] if filled else f"[ {screen.description} ]"


def watch(console: Console) -> None:
    printed = ""
    while True:
        line = last_line(console.screen)
        if line != printed:
            print(line, flush=True)
            printed = line
        # Often while the guest's screen moves, seldom while it stands still.
        time.sleep(console.pace.pause_s(time.monotonic()))
        console.look()


def main() -> None:
    try:
        watch(Console(open_ways(sys.argv[1]).source))
    except CgatermError as error:  # GuestGone is one: the guest has ended
        sys.exit(str(error))


if __name__ == "__main__":
    main()
