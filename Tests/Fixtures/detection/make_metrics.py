"""Makes metrics.json: what pycocotools and Pascal VOC's evaluation say of the scenes of scenes.py.

    python make_metrics.py         pycocotools 2.0.11, numpy; seconds. Needs ../shared/data/bccd beside the repository for its part.

`voc` is written from the description of the development kit's VOCevaldet and its Python translation voc_eval: pixels counted
from 1, the last pixel inside the box (hence the + 1), strictly more than the overlap, difficult objects not counted.
"""
import contextlib
import io
import json

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scenes import FOLDER, bccd_truth, predictions, synthetic_truth


def pixels(box, size):
    left, top, right, bottom = (float(edge) for edge in box)
    return [left * size[0], top * size[1], (right - left) * size[0], (bottom - top) * size[1]]


def coco(pictures, found, classes):
    annotations, results = [], []
    for image, picture in enumerate(pictures):
        for truth in picture["truth"]:
            box = pixels(truth["box"], picture["size"])
            annotations.append({
                "id": len(annotations) + 1, "image_id": image + 1, "category_id": truth["class"] + 1, "bbox": box, "area": box[2] * box[3],
                "iscrowd": int(truth["crowd"])})
        for kind, score, edges in found[image]:
            results.append({"image_id": image + 1, "category_id": kind + 1, "bbox": pixels(edges, picture["size"]), "score": score})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i + 1, "width": p["size"][0], "height": p["size"][1]} for i, p in enumerate(pictures)],
            "annotations": annotations, "categories": [{"id": c + 1} for c in range(classes)]}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    return {"all": [float(x) for x in evaluation.stats],
            "per_class": [float(precision[:, :, c].mean()) if (precision[:, :, c] > -1).any() else -1.0 for c in range(classes)]}


def voc_curve(pictures, found, kind, overlap):
    def corners(box, size):
        left, top, width, height = pixels(box, size)
        return [left + 1, top + 1, left + width, top + height]

    truth = [[(corners(t["box"], p["size"]), t["difficult"] or t["crowd"]) for t in p["truth"] if t["class"] == kind] for p in pictures]
    positives = sum(not out for image in truth for _, out in image)
    lines = [(score, image, corners(edges, pictures[image]["size"]))
             for image, list in enumerate(found) for label, score, edges in list if label == kind]
    lines.sort(key=lambda line: -line[0])
    seen = [[False] * len(image) for image in truth]
    hits, misses = np.zeros(len(lines)), np.zeros(len(lines))
    for number, (_, image, b) in enumerate(lines):
        best, place = -np.inf, None
        for index, (t, _) in enumerate(truth[image]):
            width, height = min(b[2], t[2]) - max(b[0], t[0]) + 1, min(b[3], t[3]) - max(b[1], t[1]) + 1
            shared = max(width, 0) * max(height, 0)
            union = (b[2] - b[0] + 1) * (b[3] - b[1] + 1) + (t[2] - t[0] + 1) * (t[3] - t[1] + 1) - shared
            if shared / union > best:
                best, place = shared / union, index
        if best > overlap:
            if truth[image][place][1]:
                continue
            if seen[image][place]:
                misses[number] = 1
            else:
                hits[number], seen[image][place] = 1, True
        else:
            misses[number] = 1
    hits, misses = np.cumsum(hits), np.cumsum(misses)
    with np.errstate(all="ignore"):
        return hits / positives, hits / np.maximum(hits + misses, np.finfo(np.float64).eps), positives


def voc(pictures, found, classes, overlap):
    eleven, area = [], []
    for kind in range(classes):
        recall, precision, positives = voc_curve(pictures, found, kind, overlap)
        if positives == 0:
            eleven.append(-1.0), area.append(-1.0)
            continue
        points = [precision[recall >= t].max() if (recall >= t).any() else 0.0 for t in np.arange(0.0, 1.1, 0.1)]
        eleven.append(float(sum(p / 11.0 for p in points)))
        recall, precision = np.concatenate(([0.0], recall, [1.0])), np.concatenate(([0.0], precision, [0.0]))
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        steps = np.where(recall[1:] != recall[:-1])[0]
        area.append(float(np.sum((recall[steps + 1] - recall[steps]) * precision[steps + 1])))
    return {"overlap": overlap, "eleven": eleven, "area": area,
            "eleven_mean": float(np.mean([x for x in eleven if x >= 0])), "area_mean": float(np.mean([x for x in area if x >= 0]))}


def facts(pictures, found, classes):
    recall, precision, _ = voc_curve(pictures, found, 0, 0.5)
    return {"objects": sum(len(p["truth"]) for p in pictures), "detections": sum(len(f) for f in found),
            "coco": coco(pictures, found, classes), "voc": [voc(pictures, found, classes, overlap) for overlap in (0.5, 0.3)],
            # Difficult objects give no point of the curve; the last of equal points is the same.
            "curve": {"recall": float(recall[-1]), "precision": float(precision[-1])}}


synthetic = synthetic_truth()
result = {"synthetic": facts(synthetic, predictions("synthetic", synthetic, 5, crowded=4), 5)}
bccd = bccd_truth()
if bccd:
    result["bccd"] = facts(bccd, predictions("bccd", bccd, 3), 3)
else:
    result["bccd"] = json.loads((FOLDER / "metrics.json").read_text())["bccd"]
(FOLDER / "metrics.json").write_text(json.dumps(result, indent=1) + "\n")
