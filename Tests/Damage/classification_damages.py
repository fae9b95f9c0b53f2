"""What can be wrong with labelled pictures: lists, folders, records."""

import shutil
import struct

from copies import damage, png


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
