"""`python -m cgaterm`."""

from cgaterm.cli import main

main()
