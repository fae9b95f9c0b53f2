"""Copies of data sets, what chooses the files and lines to damage, and pictures to put in their place."""

import json
import random
import shutil
import struct
import zlib

# (set, name, kind of fault, function)
DAMAGES = []


def damage(where, kind):
    """Registers a function that damages the set `where` and returns the place that must be reported."""

    def register(function):
        DAMAGES.append((where, function.__name__.replace("_", "-"), kind, function))
        return function

    return register


class Copy:
    """A copied data set, of which no file or line is damaged twice."""

    def __init__(self, root, seed):
        self.root, self.seed, self.used, self.random = root, seed, set(), None

    def begin(self, name):
        self.random = random.Random(f"{self.seed}/{self.root.name}/{name}")

    def pick(self, pattern):
        """A file that nothing was done to yet."""
        files = sorted(p for p in self.root.glob(pattern) if p not in self.used)
        file = self.random.choice(files)
        self.used.add(file)
        return file

    def pick_line(self, name):
        """The number of a line of a text file, from 0, that nothing was done to yet, and all lines."""
        lines = (self.root / name).read_text().splitlines()
        number = self.random.choice([n for n in range(1, len(lines)) if (name, n) not in self.used])
        self.used.add((name, number))
        return number, lines

    def set_line(self, name, number, lines, text):
        """Replaces a line and says where that is."""
        lines[number] = text
        (self.root / name).write_text("".join(line + "\n" for line in lines))
        return f"{self.root / name}:{number + 1}"


def png(width, height, depth=8, colour=0, value=0, break_crc=False):
    """A PNG of one value; colour 0 is grey, 2 is RGB."""

    def chunk(name, data, wrong=0):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", (zlib.crc32(name + data) + wrong) % 2**32)

    samples = width * (3 if colour == 2 else 1) * depth // 8
    rows = (b"\0" + bytes([value]) * samples) * height
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows), int(break_crc)) + chunk(b"IEND", b"")


def copy_tree(source, target):
    """Copies files without their rights, which may forbid writing."""
    for file in source.rglob("*"):
        if file.is_file():
            (target / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / file.relative_to(source))


def make_manifest(source, target):
    """bccd as an augmented manifest with the pictures beside it."""
    for half in ["train", "validation"]:
        copy_tree(source / half, target / half)
        with open(target / f"{half}.manifest", "w") as manifest:
            for file in sorted((source / f"{half}_annotation").glob("*.json")):
                content = json.loads(file.read_text())
                label = {key: content[key] for key in ["image_size", "annotations"]}
                manifest.write(json.dumps({"source-ref": f"{half}/{content['file']}", "bounding-box": label}) + "\n")


def make_copies(source, target):
    copy_tree(source / "trashnet", target / "lists")
    for half in ["train", "validation"]:
        copy_tree(source / "trashnet" / half, target / "folders" / half)
    copy_tree(source / "camvid", target / "masks")
    make_manifest(source / "bccd", target / "manifest")
    copy_tree(source / "bccd", target / "boxes")
    copy_tree(source / "recordio/cls", target / "records")
    copy_tree(source / "recordio/cls", target / "cut-records")
    (target / "cifar").mkdir()
    with open(source / "cifar10/data_batch_1.bin", "rb") as batch:
        (target / "cifar/data_batch_1.bin").write_bytes(batch.read(3073 * 100))
