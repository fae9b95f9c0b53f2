"""Makes a small data set of pictures in folders, one folder a class: images.py FOLDER PER_CLASS. Standard library only."""

import os
import random
import struct
import sys
import zlib

CLASSES = {"amber": (230, 150, 40), "green": (60, 170, 80), "indigo": (70, 60, 160), "rose": (220, 90, 130)}
SIDE = 32


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def picture(colour, noise):
    """A PNG of one colour with noise."""
    rows = b"".join(
        b"\0" + bytes(min(255, max(0, value + noise.randint(-40, 40))) for _ in range(SIDE) for value in colour) for _ in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    noise = random.Random(7)
    for name, colour in CLASSES.items():
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        for index in range(count):
            with open(os.path.join(folder, name, f"{index}.png"), "wb") as file:
                file.write(picture(colour, noise))


main()
