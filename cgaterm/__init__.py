"""cgaterm: the text screen of any running QEMU guest, as text, in a terminal."""

__version__ = "0.1.0"
