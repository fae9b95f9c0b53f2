"""What can be wrong with masks: camvid."""

from copies import damage, png


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
