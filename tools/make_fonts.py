"""Make cgaterm/fonts/*.psf.gz: the fonts that guests are known to use in text mode.

    python tools/make_fonts.py

Takes them out of Debian packages, fetched with `apt-get download`: `seabios` (the VGA
BIOS's own), the kernel (its built-in fonts), `console-setup-linux` (what `setfont` loads)
and `keyboard-configuration` (the licenses of those). Needs Debian or Ubuntu, 1 GB in /tmp
for a moment, and no rights. The same packages give the same bytes; their versions are
printed, and stand in cgaterm/fonts/README.md with origins and licenses.

console-setup has each design in up to 19 files, one for each character set, with much
in common: they become one font, a bitmap and all characters that it stands for, the
likeliest first. Left out are characters that cannot stand in a cell of a terminal
(combining, wide, private) and glyphs that then have none; blank ones; and in VGA 8x8 and
8x14, whose tables are wrong for some files (their "Ξ" is the bitmap of "╬"), each claim
on a bitmap of the VGA BIOS's that the BIOS's font contradicts.
"""

from __future__ import annotations

import gzip
import lzma
import re
import struct
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cgaterm.charsets import code_page

TARGET = Path(__file__).parent.parent / "cgaterm" / "fonts"
CP437 = code_page("cp437")
WIDTH = 8
#: The first two glyphs of CP437, blank and ☺, as every VGA draws them: a font starts here.
SMILE = {
    8: "0000000000000000 7e81a581bd99817e",
    14: "0000000000000000000000000000 00007e81a58181bd99817e000000",
    16: "00000000000000000000000000000000 00007e81a58181bd9981817e00000000",
}

#: (bitmap, its characters) for each glyph.
Glyphs = list[tuple[bytes, str]]


def unpack(package: str, folder: Path) -> Path:
    """Fetch a Debian package and return the folder with its files."""
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", package]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob(f"{package}_*.deb")
    subprocess.run(["dpkg-deb", "-x", archive, folder / package], check=True)
    print(archive.stem)
    archive.unlink()
    return folder / package


def kernel_package() -> str:
    """Return the package that linux-image-amd64 stands for, such as linux-image-6.1.0-56-amd64."""
    command = ["apt-cache", "depends", "--important", "linux-image-amd64"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (package,) = re.findall(r"Depends: (linux-image-\S+)", output)
    return str(package)


def uncompressed_kernel(image: bytes) -> bytes:
    """Return the ELF file inside a bzImage (Linux Documentation/arch/x86/boot.rst).

    1F1 u8 setup sectors, 248 u32 payload offset from the protected-mode code, 24C u32 length.
    """
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1F1] + 1) * 512 + offset
    return lzma.LZMADecompressor().decompress(image[start : start + length])


def cp437_font(image: bytes, height: int) -> Glyphs:
    """Find a font of 256 glyphs in CP437's order in a program."""
    start = image.index(bytes.fromhex(SMILE[height]))
    return [
        (image[start + code * height :][:height], character) for code, character in enumerate(CP437)
    ]


def read_psf1(path: Path) -> tuple[int, Glyphs]:
    """Return the height and glyphs of a PSF version 1 file; none if it is another version.

    36 04, u8 flags (bit 0: 512 glyphs), u8 height, glyphs, then u16 characters of each
    glyph up to FFFF; FFFE starts sequences of several characters.
    """
    data = gzip.decompress(path.read_bytes())
    if data[:2] != b"\x36\x04":
        return 0, []
    count, height = 512 if data[2] & 1 else 256, data[3]
    glyphs = [data[4 + i * height :][:height] for i in range(count)]
    table = data[4 + count * height :].decode("utf-16-le").split("\uffff")
    return height, [
        (bitmap, characters.partition("\ufffe")[0])
        for bitmap, characters in zip(glyphs, table, strict=False)
    ]


def fits_a_cell(character: str) -> bool:
    """Tell whether a terminal shows a character, in one column."""
    shown = unicodedata.category(character)[0] not in "CMZ"
    return shown and unicodedata.east_asian_width(character) not in "WF"


def merge(files: list[Glyphs], rom: dict[bytes, str]) -> Glyphs:
    """Return one font: each bitmap once, with its characters, the likeliest first.

    That is what most files say it is, so that "┼" comes before the "╬" of files that
    have to do with "┼" for it; then ASCII, then CP437, then the lowest code point.
    """
    votes: dict[bytes, Counter[str]] = defaultdict(Counter)
    for glyphs in files:
        for bitmap, characters in glyphs:
            claims = set(filter(fits_a_cell, characters))
            if any(bitmap) and claims & set(rom.get(bitmap, claims)):
                votes[bitmap].update(claims)
    merged = [
        (
            bitmap,
            "".join(sorted(count, key=lambda c: (-count[c], c > "~", c not in CP437, c))),
        )
        for bitmap, count in votes.items()
    ]
    return sorted(merged, key=lambda glyph: (glyph[1], glyph[0]))


def write(design: str, height: int, glyphs: Glyphs) -> None:
    """Write a PSF version 2 file, compressed, without a date."""
    header = struct.pack(
        "<8I", 0x864AB572, 0, 32, 1, len(glyphs), height * (WIDTH // 8), height, WIDTH
    )
    bitmaps = b"".join(bitmap for bitmap, _ in glyphs)
    table = b"".join(characters.encode() + b"\xff" for _, characters in glyphs)
    path = TARGET / f"{design}-{WIDTH}x{height}.psf.gz"
    path.write_bytes(gzip.compress(header + bitmaps + table, 9, mtime=0))
    print(f"{path.name}: {len(glyphs)} glyphs, {path.stat().st_size} bytes")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bios = unpack("seabios", folder) / "usr/share/seabios/vgabios-stdvga.bin"
        (vmlinuz,) = unpack(kernel_package(), folder).glob("boot/vmlinuz-*")
        console_fonts = unpack("console-setup-linux", folder) / "usr/share/consolefonts"
        documents = unpack("keyboard-configuration", folder) / "usr/share/doc"
        licenses = documents / "keyboard-configuration/copyright.fonts.gz"
        (TARGET / "LICENSE.console-setup.txt").write_bytes(gzip.decompress(licenses.read_bytes()))

        rom = {height: cp437_font(bios.read_bytes(), height) for height in SMILE}
        for height, glyphs in rom.items():
            write("SeaVGABIOS", height, glyphs)
        kernel = uncompressed_kernel(vmlinuz.read_bytes())
        for height in (8, 16):
            write("Linux", height, cp437_font(kernel, height))

        designs: dict[tuple[str, int], list[Glyphs]] = defaultdict(list)
        for path in sorted(console_fonts.glob("*.psf.gz")):
            height, glyphs = read_psf1(path)
            design = re.sub(r"[\d.]+psf.gz$", "", path.name.partition("-")[2])
            if glyphs:
                designs[design, height].append(glyphs)
        for (design, height), files in sorted(designs.items()):
            wrong_tables = design == "VGA" and height in (8, 14)
            write(design, height, merge(files, dict(rom[height]) if wrong_tables else {}))


if __name__ == "__main__":
    main()
