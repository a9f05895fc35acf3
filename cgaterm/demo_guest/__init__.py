"""The guest of `cgaterm demo`: a floppy image, its source, and a stand-in for both."""
