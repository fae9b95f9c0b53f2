"""Makes a COCO file of polygons and runs, and compares the masks that `sightline convert --to masks` makes of it with pycocotools'.

pycocotools draws polygons on a grid five times as fine and rounds their edges there; a mask here has the pixels whose middle lies within. So
pixels on edges may differ, and no others; runs must agree in every pixel.
"""

import contextlib
import io
import json
import math
import pathlib
import random
import sys

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as masks
from pycocotools.coco import COCO

CATEGORIES = {3: 1, 7: 2, 9: 3}  # ids, and the classes behind the background


def polygon(rng, width, height):
    x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(5, 80)
    corners = []
    for angle in sorted(rng.uniform(0, 2 * math.pi) for _ in range(rng.randint(3, 30))):
        r = radius * rng.uniform(0.6, 1)
        corners += [round(min(max(x + r * math.cos(angle), 0), width), 2), round(min(max(y + r * math.sin(angle), 0), height), 2)]
    return corners


def runs(rng, width, height, compressed):
    pixels = np.zeros((height, width), np.uint8)
    top, left = rng.randint(0, height - 2), rng.randint(0, width - 2)
    pixels[top : top + rng.randint(1, 60), left : left + rng.randint(1, 60)] = 1
    pixels[rng.randint(0, height - 1)] = 1
    encoded = masks.encode(np.asfortranarray(pixels))
    if compressed:
        return {"size": encoded["size"], "counts": encoded["counts"].decode()}
    flat = pixels.flatten(order="F")
    edges = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
    lengths = [b - a for a, b in zip(edges, edges[1:])]
    return {"size": [height, width], "counts": [0] * int(flat[0]) + lengths}


def make(out):
    rng = random.Random(5)
    (out / "train").mkdir(parents=True)
    (out / "annotations").mkdir()
    images, annotations = [], []
    for number in range(1, 61):
        width, height = rng.randint(40, 300), rng.randint(40, 300)
        Image.fromarray(np.full((height, width, 3), number, np.uint8)).save(out / f"train/{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": width, "height": height})
        for _ in range(rng.randint(0, 5)):
            is_crowd = rng.random() < 0.3
            outline = (
                runs(rng, width, height, compressed=rng.random() < 0.5)
                if is_crowd
                else [polygon(rng, width, height) for _ in range(rng.choice([1, 1, 2]))]
            )
            annotations.append(
                {
                    "id": len(annotations) + 1, "image_id": number, "category_id": rng.choice(list(CATEGORIES)), "bbox": [0, 0, 1, 1],
                    "area": 1, "iscrowd": int(is_crowd), "segmentation": outline,
                }
            )
    categories = [{"id": 7, "name": "b"}, {"id": 3, "name": "a"}, {"id": 9, "name": "c"}]
    (out / "annotations/instances_train.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )


def compare(source, target):
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO(str(source / "annotations/instances_train.json"))
    assert (target / "classes.txt").read_text().split() == ["background", "a", "b", "c"]
    pixels = different = far = 0
    for image in api.loadImgs(api.getImgIds()):
        truth = np.zeros((image["height"], image["width"]), np.uint8)
        edges = np.zeros(truth.shape, bool)
        for annotation in api.loadAnns(api.getAnnIds(imgIds=[image["id"]])):
            own, number = api.annToMask(annotation).astype(bool), CATEGORIES[annotation["category_id"]]
            clash = own & (truth != 0) & (truth != number)
            truth[own & (truth == 0)] = number
            truth[clash] = 255
            if isinstance(annotation["segmentation"], list):
                for part in annotation["segmentation"]:
                    line = Image.new("1", (image["width"], image["height"]))
                    corners = list(zip(part[::2], part[1::2]))
                    ImageDraw.Draw(line).line(corners + corners[:2], fill=1, width=3)
                    edges |= np.array(line)
        found = np.array(Image.open(target / "train_annotation" / f"{image['id']}.png"))
        assert found.shape == truth.shape, image
        wrong = found != truth
        pixels += truth.size
        different += wrong.sum()
        far += (wrong & ~edges).sum()
    print(f"outlines: {pixels} pixels, {different} differ on edges ({100 * different / pixels:.3f} %), {far} elsewhere")
    return far == 0 and different < pixels / 500


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]))
    elif not compare(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])):
        sys.exit("outlines: the masks are not pycocotools'")
