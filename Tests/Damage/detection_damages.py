"""What can be wrong with boxes: bccd as an augmented manifest, and as SageMaker's JSON files. Both hold the same object."""

import json

from copies import damage


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
