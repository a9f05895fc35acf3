"""The figures of cgaterm beside those of QEMU's own curses display: see README.md."""
