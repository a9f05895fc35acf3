"""Print a guest's screen: the library in ten lines.

python examples/print_screen.py TARGET
"""

import sys

from cgaterm.console import one_shot
from cgaterm.errors import CgatermError
from cgaterm.ways import open_ways


def main() -> None:
    try:
        ways = open_ways(sys.argv[1])
        screen = one_shot(ways.source).screen
    except CgatermError as error:
        sys.exit(str(error))
    print(f"{ways.name}: {screen.description}")
    print(screen.text)


if __name__ == "__main__":
    main()
