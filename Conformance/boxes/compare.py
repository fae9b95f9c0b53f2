"""Compares boxes that `sightline convert` wrote with those of SageMaker's JSON files, through other people's readers and rules.

COCO through pycocotools; Pascal VOC through ElementTree and the development kit's counting (pixels from 1, the last one included); YOLO
through PyYAML and Ultralytics' rule for the place of labels; manifests as JSON Lines.
"""

import contextlib
import io
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

import yaml
from pycocotools.coco import COCO


def truth(data):
    boxes, names = {}, {}
    for path in sorted((data / "train_annotation").glob("*.json")):
        content = json.loads(path.read_text())
        names.update({c["class_id"]: c["name"] for c in content["categories"]})
        boxes[path.stem] = [
            (a["class_id"], a["left"], a["top"], a["left"] + a["width"], a["top"] + a["height"]) for a in content["annotations"]
        ]
    return boxes, [names[i] for i in sorted(names)]


def coco(folder):
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO(str(folder / "annotations/instances_train.json"))
    categories = api.loadCats(sorted(api.getCatIds()))
    number = {c["id"]: i for i, c in enumerate(categories)}
    boxes = {}
    for image in api.loadImgs(api.getImgIds()):
        assert (folder / "train" / image["file_name"]).stat().st_size > 0
        annotations = api.loadAnns(api.getAnnIds(imgIds=[image["id"]]))
        assert all(a["id"] > 0 and abs(a["area"] - a["bbox"][2] * a["bbox"][3]) < 0.02 for a in annotations)
        boxes[pathlib.Path(image["file_name"]).stem] = [
            (number[a["category_id"]], x, y, x + w, y + h) for a in annotations for x, y, w, h in [a["bbox"]]
        ]
    return boxes, [c["name"] for c in categories]


def voc(folder):
    names = (folder / "classes.txt").read_text().split()
    boxes = {}
    for stem in (folder / "ImageSets/Main/train.txt").read_text().split():
        root = ElementTree.parse(folder / f"Annotations/{stem}.xml").getroot()
        assert (folder / "JPEGImages" / root.findtext("filename")).stat().st_size > 0
        boxes[stem] = []
        for item in root.iter("object"):
            left, top, right, bottom = (int(item.find("bndbox").findtext(edge)) for edge in ("xmin", "ymin", "xmax", "ymax"))
            boxes[stem].append((names.index(item.findtext("name")), left - 1, top - 1, right, bottom))
    return boxes, names


def yolo(folder, size=(640, 480)):
    description = yaml.safe_load((folder / "data.yaml").read_text())
    boxes = {}
    for picture in (folder / description.get("path", ".") / description["train"]).rglob("*.jpg"):
        label = pathlib.Path("/labels/".join(str(picture).rsplit("/images/", 1))).with_suffix(".txt")
        boxes[picture.stem] = []
        for line in label.read_text().splitlines():
            number, x, y, w, h = line.split()
            x, y, w, h = float(x) * size[0], float(y) * size[1], float(w) * size[0], float(h) * size[1]
            boxes[picture.stem].append((int(number), x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    return boxes, [description["names"][i] for i in sorted(description["names"])]


def manifest(folder):
    boxes, names = {}, {}
    for line in (folder / "train.manifest").read_text().splitlines():
        record = json.loads(line)
        assert (folder / record["source-ref"]).stat().st_size > 0
        names.update({int(k): v for k, v in record["bounding-box-metadata"]["class-map"].items()})
        boxes[pathlib.Path(record["source-ref"]).stem] = [
            (a["class_id"], a["left"], a["top"], a["left"] + a["width"], a["top"] + a["height"])
            for a in record["bounding-box"]["annotations"]
        ]
    return boxes, [names[i] for i in sorted(names)]


def main():
    data, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    boxes, names = truth(data)
    cases = [
        ("COCO, read by pycocotools", coco(out / "coco"), 0.005),
        ("Pascal VOC, read by the development kit's rules", voc(out / "voc"), 0.5),
        ("YOLO, read by Ultralytics' rules", yolo(out / "yolo"), 0.001),
        ("SageMaker's JSON", truth(out / "boxes"), 1e-9),
        ("augmented manifest", manifest(out / "manifest"), 1e-9),
        ("RecordIO → VOC → YOLO → JSON → manifest → COCO, read by pycocotools", coco(out / "chain/coco"), 0.5),
    ]
    failed = 0
    for title, (found, found_names), tolerance in cases:
        worst = 0.0
        same = found_names == names and found.keys() == boxes.keys()
        for stem, wanted in boxes.items():
            given = found.get(stem, [])
            same = same and [g[0] for g in given] == [w[0] for w in wanted]
            worst = max([worst] + [abs(g - w) for a, b in zip(given, wanted) for g, w in zip(a[1:], b[1:])])
        passed = same and worst <= tolerance
        failed += not passed
        count = sum(map(len, found.values()))
        print(f"{'ok  ' if passed else 'FAIL'} {title}: {len(found)} pictures, {count} boxes, worst difference {worst:.2g} pixels")
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
