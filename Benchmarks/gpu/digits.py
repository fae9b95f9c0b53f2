"""Writes two sets of small pictures whose class is easy to see, in MNIST's format: for the training runs of the GPU check.

    digits.py FOLDER [training pictures] [validation pictures]
"""
import pathlib
import random
import struct
import sys

SIDE = 28


def picture(source, number):
    """Stripes: upright in class 0, level in class 1, aslant in class 2; with noise."""
    period, phase = source.choice((5, 6, 7)), source.randrange(7)
    step = ((1, 0), (0, 1), (1, 1))[number]
    return bytes(
        max(0, min(255, (220 if (step[0] * x + step[1] * y + phase) % period < 2 else 20) + source.randrange(-20, 21)))
        for y in range(SIDE)
        for x in range(SIDE)
    )


def write(folder, name, count, seed):
    source = random.Random(seed)
    classes = [index % 3 for index in range(count)]
    pictures = b"".join(picture(source, number) for number in classes)
    (folder / f"{name}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, count, SIDE, SIDE) + pictures)
    (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + bytes(classes))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    counts = [int(text) for text in sys.argv[2:]] + [960, 240][len(sys.argv) - 2 :]
    write(folder, "train", counts[0], 1)
    write(folder, "t10k", counts[1], 2)


if __name__ == "__main__":
    main()
