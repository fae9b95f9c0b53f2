"""Anchors, boxes, pictures and predictions by formula, the same as in Tests/TasksTests/Detection/DetectionFixture.swift.

u0, u1 … are uniform(name, count) of ../networks/formula.py; arithmetic is in 64-bit floats, results are rounded to 32 where a
network gives or takes them.
"""
import json
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "networks"))
from formula import signed, uniform  # noqa: E402,F401

BCCD = FOLDER.parents[3] / "shared/data/bccd/validation_annotation"


def box(u):
    """left, top, right, bottom."""
    width, height = 0.02 + 0.5 * u[0] * u[0], 0.02 + 0.5 * u[1] * u[1]
    left, top = u[2] * (1 - width), u[3] * (1 - height)
    return [left, top, left + width, top + height]


def small_anchors(count):
    """Centre x, centre y, width, height; float32."""
    u = uniform("anchors", 4 * count).reshape(count, 4)
    return np.stack([u[:, 0], u[:, 1], 0.1 + 0.5 * u[:, 2], 0.1 + 0.5 * u[:, 3]], 1).astype(np.float32)


def objects(name, counts, classes):
    """For each image float32 boxes and class numbers."""
    images = []
    for image, count in enumerate(counts):
        numbers = [uniform(f"{name}/{image}/{k}", 5) for k in range(count)]
        boxes = np.array([box(u) for u in numbers], np.float32).reshape(count, 4)
        images.append((boxes, [int(u[4] * classes) for u in numbers]))
    return images


def synthetic_truth():
    """For each picture its size and its objects: class, box, difficult, crowd. Nothing is of class 4."""
    pictures = []
    for image, count in enumerate([3, 0, 6, 1, 8, 2, 0, 12, 5, 4]):
        truth = []
        for k in range(count):
            u = uniform(f"synthetic/{image}/truth/{k}", 7)
            truth.append({"class": int(u[4] * 4), "box": box(u), "crowd": bool(u[5] < 0.12), "difficult": bool(u[6] < 0.15)})
        pictures.append({"size": (640, 480) if image % 2 == 0 else (200, 100), "truth": truth})
    return pictures


def bccd_truth():
    pictures = []
    for path in sorted(BCCD.glob("*.json"), key=lambda path: path.name):
        annotation = json.loads(path.read_text())
        width, height = annotation["image_size"][0]["width"], annotation["image_size"][0]["height"]
        truth = [
            {"class": a["class_id"], "crowd": False, "difficult": False,
             "box": [a["left"] / width, a["top"] / height, (a["left"] + a["width"]) / width, (a["top"] + a["height"]) / height]}
            for a in annotation["annotations"]
        ]
        pictures.append({"size": (width, height), "truth": truth})
    return pictures


def predictions(name, pictures, classes, crowded=None):
    """For each picture (class, score, four float32 edges): most objects, shifted a little, some twice or of another class, and boxes
    anywhere; in picture `crowded` 150 of class 1, more than COCO looks at. Scores are multiples of 1/128, so many are equal."""
    result = []
    for image, picture in enumerate(pictures):
        found = []
        for k, truth in enumerate(picture["truth"]):
            u = uniform(f"{name}/{image}/found/{k}", 8)
            if u[0] >= 0.8:
                continue
            left, top, right, bottom = truth["box"]
            width, height = right - left, bottom - top
            edges = [left + (u[1] - 0.5) * 0.3 * width, top + (u[2] - 0.5) * 0.3 * height,
                     right + (u[3] - 0.5) * 0.3 * width, bottom + (u[4] - 0.5) * 0.3 * height]
            kind = (truth["class"] + 1) % classes if u[5] < 0.1 else truth["class"]
            score = int(u[6] * 64) / 64
            found.append((kind, score, edges))
            if u[7] < 0.2:
                found.append((kind, score / 2, edges))
        for k in range(150 if image == crowded else 10):
            u = uniform(f"{name}/{image}/random/{k}", 6)
            found.append((1 if image == crowded else int(u[4] * classes), int(u[5] * 32) / 64, box(u)))
        result.append([(kind, score, [np.float32(edge) for edge in edges]) for kind, score, edges in found])
    return result
