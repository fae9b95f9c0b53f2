#!/usr/bin/env python3
"""Copies real data sets and damages the copies in known ways, to see whether `sightline check` finds every one of them.

    damage.py SOURCE TARGET [--seed N]

SOURCE holds trashnet, camvid, bccd, cifar10 and recordio. TARGET gets a folder for each set of damages. One line a damage is printed, with
tabs between: set, damage, where the fault must be reported (a path below TARGET, perhaps with a line or record behind it), the kind of fault.
The same seed damages the same files. Needs nothing but Python's standard library.
"""

import argparse
import json
import random
import shutil
import struct
import zlib
from pathlib import Path

DAMAGES = []  # (set, name, kind, function)


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


# --- lists: trashnet with .lst files


@damage("lists", "damaged-picture")
def cut_jpeg(copy):
    file = copy.pick("train/*/*.jpg")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


@damage("lists", "empty-file")
def zero_bytes(copy):
    file = copy.pick("train/*/*.jpg")
    file.write_bytes(b"")
    return file


@damage("lists", "not-a-picture")
def text_as_jpeg(copy):
    file = copy.pick("train/*/*.jpg")
    file.write_text("This page was moved.\n")
    return file


@damage("lists", "not-a-picture")
def gif_as_jpeg(copy):
    file = copy.pick("train/*/*.jpg")
    file.write_bytes(b"GIF89a" + bytes(40))
    return file


@damage("lists", "unreadable-file")
def picture_that_is_not_there(copy):
    number, lines = copy.pick_line("train.lst")
    name = lines[number].split("\t")[2]
    return copy.set_line("train.lst", number, lines, lines[number].replace(name, name.replace(".jpg", "-2.jpg")))


def relabel(copy, label):
    number, lines = copy.pick_line("train.lst")
    index, _, name = lines[number].split("\t")
    return copy.set_line("train.lst", number, lines, f"{index}\t{label}\t{name}")


@damage("lists", "unknown-class")
def label_out_of_range(copy):
    return relabel(copy, 6)


@damage("lists", "wrong-label")
def negative_label(copy):
    return relabel(copy, -1)


@damage("lists", "wrong-label")
def label_in_words(copy):
    return relabel(copy, "glass")


@damage("lists", "broken-record")
def blanks_for_tabs(copy):
    number, lines = copy.pick_line("train.lst")
    return copy.set_line("train.lst", number, lines, lines[number].replace("\t", " "))


@damage("lists", "broken-record")
def index_twice(copy):
    number, lines = copy.pick_line("train.lst")
    first = lines[0].split("\t")[0]
    return copy.set_line("train.lst", number, lines, "\t".join([first, *lines[number].split("\t")[1:]]))


# --- folders: trashnet with a folder for each class


@damage("folders", "duplicate")
def copied_picture(copy):
    file = copy.pick("train/*/*.jpg")
    target = file.with_name("zz-copy.jpg")
    shutil.copyfile(file, target)
    return target


@damage("folders", "duplicate")
def copy_with_other_metadata(copy):
    file = copy.pick("train/*/*.jpg")
    target = file.with_name("zz-comment.jpg")
    content = file.read_bytes()
    target.write_bytes(content[:2] + b"\xff\xfe\x00\x07hello" + content[2:])
    return target


@damage("folders", "contradicting-labels")
def copy_in_another_class(copy):
    target = copy.root / "train/trash/zz-other.jpg"
    shutil.copyfile(copy.pick("train/glass/*.jpg"), target)
    return target


@damage("folders", "leak")
def training_picture_in_validation(copy):
    file = copy.pick("train/*/*.jpg")
    target = copy.root / "validation" / file.parent.name / "zz-leak.jpg"
    shutil.copyfile(file, target)
    return target


@damage("folders", "damaged-picture")
def last_bytes_missing(copy):
    file = copy.pick("validation/*/*.jpg")
    file.write_bytes(file.read_bytes()[:-2])
    return file


@damage("folders", "damaged-picture")
def broken_checksum(copy):
    file = copy.root / "train/metal/zz-checksum.png"
    file.write_bytes(png(64, 64, colour=2, value=99, break_crc=True))
    return file


@damage("folders", "extreme-size")
def strip(copy):
    file = copy.root / "train/metal/zz-strip.png"
    file.write_bytes(png(400, 12, colour=2, value=99))
    return file


@damage("folders", "reader-warning")
def foreign_file(copy):
    (copy.root / "train/metal/notes.txt").write_text("taken on Tuesday\n")
    return copy.root / "train"


# --- masks: camvid


def replace_mask(copy, content):
    file = copy.pick("train_annotation/*.png")
    file.write_bytes(content)
    return file


@damage("masks", "wrong-mask-size")
def smaller_mask(copy):
    return replace_mask(copy, png(240, 180, value=3))


@damage("masks", "unusable-mask")
def colour_mask(copy):
    return replace_mask(copy, png(480, 360, colour=2, value=3))


@damage("masks", "unusable-mask")
def deep_mask(copy):
    return replace_mask(copy, png(480, 360, depth=16))


@damage("masks", "unusable-mask")
def jpeg_mask(copy):
    return replace_mask(copy, copy.pick("validation/*.jpg").read_bytes())


@damage("masks", "unusable-mask")
def cut_mask(copy):
    file = copy.pick("validation_annotation/*.png")
    file.write_bytes(file.read_bytes()[:-40])
    return file


@damage("masks", "empty-file")
def mask_of_no_bytes(copy):
    return replace_mask(copy, b"")


@damage("masks", "unknown-class")
def mask_of_an_unknown_class(copy):
    return replace_mask(copy, png(480, 360, value=11))


@damage("masks", "empty-mask")
def mask_of_holes(copy):
    return replace_mask(copy, png(480, 360, value=255))


@damage("masks", "missing-annotation")
def missing_mask(copy):
    mask = copy.pick("train_annotation/*.png")
    mask.unlink()
    return copy.root / "train" / (mask.stem + ".jpg")


@damage("masks", "damaged-picture")
def cut_picture_of_a_mask(copy):
    file = copy.pick("validation/*.jpg")
    file.write_bytes(file.read_bytes()[:5000])
    return file


# --- manifest and boxes: bccd as an augmented manifest, and as SageMaker's JSON files. Both hold the same object.


def change(copy, change):
    """Changes what is said of the boxes of one picture of the training set."""
    if copy.root.name == "boxes":
        file = copy.pick("train_annotation/*.json")
        content = json.loads(file.read_text())
        change(content)
        file.write_text(json.dumps(content))
        return file
    number, lines = copy.pick_line("train.manifest")
    content = json.loads(lines[number])
    change(content["bounding-box"])
    return copy.set_line("train.manifest", number, lines, json.dumps(content))


for target in ["manifest", "boxes"]:

    @damage(target, "box-without-area")
    def box_without_width(copy):
        return change(copy, lambda label: label["annotations"][0].update(width=0))

    @damage(target, "box-outside")
    def box_beyond_the_edge(copy):
        return change(copy, lambda label: label["annotations"][0].update(left=600, width=60))

    @damage(target, "wrong-image-size")
    def wrong_image_size(copy):
        return change(copy, lambda label: label["image_size"][0].update(width=1280, height=960))

    @damage(target, "unknown-class")
    def unknown_class(copy):
        return change(copy, lambda label: label["annotations"][0].update(class_id=3))

    @damage(target, "wrong-label")
    def class_in_words(copy):
        return change(copy, lambda label: label["annotations"][0].update(class_id="RBC"))

    @damage(target, "no-boxes")
    def no_boxes(copy):
        return change(copy, lambda label: label.update(annotations=[]))


@damage("manifest", "broken-record")
def cut_line(copy):
    number, lines = copy.pick_line("train.manifest")
    return copy.set_line("train.manifest", number, lines, lines[number][: len(lines[number]) // 2])


@damage("manifest", "broken-record")
def line_without_label(copy):
    number, lines = copy.pick_line("train.manifest")
    return copy.set_line("train.manifest", number, lines, json.dumps({"source-ref": json.loads(lines[number])["source-ref"]}))


@damage("manifest", "unreadable-file")
def reference_to_nothing(copy):
    number, lines = copy.pick_line("train.manifest")
    content = json.loads(lines[number])
    content["source-ref"] = "train/nothing.jpg"
    return copy.set_line("train.manifest", number, lines, json.dumps(content))


@damage("boxes", "broken-record")
def cut_annotation(copy):
    file = copy.pick("train_annotation/*.json")
    file.write_bytes(file.read_bytes()[:200])
    return file


@damage("boxes", "missing-annotation")
def missing_annotation(copy):
    file = copy.pick("train_annotation/*.json")
    file.unlink()
    return copy.root / "train" / (file.stem + ".jpg")


@damage("boxes", "damaged-picture")
def cut_picture_of_boxes(copy):
    file = copy.pick("validation/*.jpg")
    file.write_bytes(file.read_bytes()[:5000])
    return file


# --- records: RecordIO with its index


def change_record(copy, offset, content):
    """Writes `content` at a byte of a record, counted from its header."""
    offsets = sorted(int(line.split("\t")[1]) for line in (copy.root / "train.idx").read_text().splitlines())
    number = copy.random.choice([n for n in range(1, len(offsets)) if n not in copy.used])
    copy.used.add(number)
    with open(copy.root / "train.rec", "r+b") as file:
        file.seek(offsets[number] + offset)
        file.write(content)
    return f"{copy.root / 'train.rec'}, record {number}"


@damage("records", "broken-record")
def flipped_magic(copy):
    return change_record(copy, 1, b"\xff")


@damage("records", "unknown-class")
def record_of_an_unknown_class(copy):
    return change_record(copy, 12, struct.pack("<f", 6))


@damage("records", "wrong-label")
def half_a_class(copy):
    return change_record(copy, 12, struct.pack("<f", 1.5))


@damage("records", "not-a-picture")
def zeros_for_a_picture(copy):
    return change_record(copy, 32, bytes(64))


@damage("cut-records", "unreadable-data-set")
def cut_in_the_middle(copy):
    file = copy.root / "train.rec"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


@damage("cifar", "unreadable-data-set")
def cut_batch(copy):
    file = copy.root / "data_batch_1.bin"
    file.write_bytes(file.read_bytes()[:-100])
    return file


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


def main():
    parser = argparse.ArgumentParser(description="Damages copies of real data sets in known ways.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--copy-only", action="store_true", help="damage nothing")
    options = parser.parse_args()
    options.target.mkdir(parents=True)
    make_copies(options.source, options.target)
    if options.copy_only:
        return
    copies = {}
    for where, name, kind, function in DAMAGES:
        copy = copies.setdefault(where, Copy(options.target / where, options.seed))
        copy.begin(name)
        place = function(copy)
        print(where, name, Path(str(place)).relative_to(options.target), kind, sep="\t")


if __name__ == "__main__":
    main()
