"""Writes an augmented manifest as Ground Truth makes it, and the pictures that its lines name: the same bytes every time.

    make_manifest.py FOLDER LINES

64 PNG pictures of 32×32 pixels in FOLDER/images, FOLDER/train.manifest with LINES lines. Of the ten classes the last is on the last line only:
whoever stops reading early counts nine.
"""

import random
import struct
import sys
import zlib
from pathlib import Path

PICTURES = 64
SIDE = 32
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def png(numbers):
    """A picture of smooth noise: eight times eight squares."""
    squares = [[numbers.randbytes(3) for _ in range(8)] for _ in range(8)]
    rows = b"".join(b"\0" + b"".join(squares[y // 4][x // 4] for x in range(SIDE)) for y in range(SIDE))

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def line(picture, label, number):
    return (
        f'{{"source-ref":"images/{picture:03}.png","class":{label},"class-metadata":{{"class-name":"{NAMES[label]}",'
        f'"confidence":0.{number % 90 + 10},"type":"groundtruth/image-classification",'
        f'"creation-date":"2026-01-{number % 28 + 1:02}T10:{number % 60:02}:00"}}}}\n'
    )


def main(folder, count):
    numbers = random.Random(7)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for picture in range(PICTURES):
        (folder / "images" / f"{picture:03}.png").write_bytes(png(numbers))
    with open(folder / "train.manifest", "w", buffering=1 << 20) as file:
        # Some hundred thousand lines drawn by chance, again and again.
        block = [line(numbers.randrange(PICTURES), numbers.randrange(9), number) for number in range(min(count - 1, 250_000))]
        written = 0
        while written < count - 1:
            part = block[: count - 1 - written]
            file.write("".join(part))
            written += len(part)
        file.write(line(0, 9, 0))


main(Path(sys.argv[1]), int(sys.argv[2]))
