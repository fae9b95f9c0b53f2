"""Makes multibox.json: what torchvision says of matching, loss, gradients and post-processing for the inputs of scenes.py.

    python make_multibox.py        torch 2.11.0, torchvision 0.26.0, numpy; seconds

Anchors are those of scenes.py or SSD300's own 8732. Logits are signed(NAME/logits) * spread, offsets signed(NAME/offsets) * 2.
A gradient is kept as its root of the sum of squares and its product with signed(NAME/probe) of the same shape, in 64-bit sums.
`mxnet` is MXNet's MultiBoxTarget with negative_mining_thresh 0.5, SoftmaxOutput and MakeLoss with normalisation valid, written
from their definition, on torchvision's matches.
"""
import json
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from scenes import FOLDER, objects, signed, small_anchors
from torchvision.models.detection._utils import BoxCoder, SSDMatcher
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD
from torchvision.ops import boxes as box_ops

SIZE = 300


def ssd300_anchors():
    generator = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2], [2]], scales=[0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05], steps=[8, 16, 32, 64, 100, 300])
    return generator._grid_default_boxes([[n, n] for n in (38, 19, 10, 5, 3, 1)], [SIZE, SIZE], torch.float32)


def corners(anchors):
    return torch.cat([(anchors[:, :2] - 0.5 * anchors[:, 2:]) * SIZE, (anchors[:, :2] + 0.5 * anchors[:, 2:]) * SIZE], 1)


def parts(name, anchors, images, columns, spread):
    shape = (images, len(anchors))
    logits = torch.from_numpy(signed(name + "/logits", shape + (columns,)) * np.float32(spread)).requires_grad_()
    offsets = torch.from_numpy(signed(name + "/offsets", shape + (4,)) * np.float32(2)).requires_grad_()
    return logits, offsets


def summary(name, losses, logits, offsets):
    gradients = torch.autograd.grad(losses[0] + 2 * losses[1], [logits, offsets])
    result = {"classification": losses[0].item(), "regression": losses[1].item()}
    for key, gradient in zip(("logits", "offsets"), gradients):
        values = gradient.double().numpy().ravel()
        probe = signed(f"{name}/probe", values.shape).astype(np.float64)
        result[key] = {"norm": float(np.sqrt((values * values).sum())), "probe": float((values * probe).sum())}
    return result


def mxnet(logits, offsets, anchors, targets, matches, overlaps, coder):
    classification, valid, misses, off = 0, 0, 0, 0
    for image, match in enumerate(matches):
        positive = match >= 0
        wanted = 3 * int(positive.sum())
        logs = F.log_softmax(logits[image], -1)
        candidates = torch.where(~positive & (overlaps[image] < 0.5))[0]
        hardest = candidates[torch.sort(logs[candidates, 0].detach(), stable=True).indices[:wanted]]
        classification = classification - logs[hardest, 0].sum()
        valid += len(hardest) + int(positive.sum())
        if not positive.any():
            continue
        chosen = torch.where(positive)[0]
        classification = classification - logs[chosen, targets[image]["labels"][match[chosen]]].sum()
        goal = coder.encode_single(targets[image]["boxes"][match[chosen]], anchors[chosen])
        distance = F.smooth_l1_loss(offsets[image][chosen], goal, reduction="none")
        misses, off = misses + distance.sum(), off + int((distance > 0).sum())
    return classification / max(1, valid), misses / max(1, off)


def loss_case(name, anchors, counts, classes, with_mxnet):
    pixels, coder = corners(anchors), BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
    logits, offsets = parts(name, anchors, len(counts), classes + 1, 4)
    targets, matches, overlaps = [], [], []
    for boxes, kinds in objects(name, counts, classes):
        boxes = torch.from_numpy(boxes) * SIZE
        targets.append({"boxes": boxes, "labels": torch.tensor(kinds, dtype=torch.int64) + 1})
        table = box_ops.box_iou(boxes, pixels)
        none = len(boxes) == 0
        matches.append(torch.full((len(anchors),), -1) if none else SSDMatcher(0.5)(table))
        overlaps.append(torch.zeros(len(anchors)) if none else table.max(0).values)
    head = {"cls_logits": logits, "bbox_regression": offsets}
    ssd = SimpleNamespace(box_coder=coder, neg_to_pos_ratio=3)
    losses = SSD.compute_loss(ssd, targets, head, [pixels] * len(counts), matches)
    foreground = [int((match >= 0).sum()) for match in matches]
    assert max(foreground) * 4 <= len(anchors), "torchvision would count anchors twice"
    result = {
        "name": name, "anchors": len(anchors), "counts": counts, "classes": classes, "foreground": foreground,
        "checksums": [int((torch.where(m >= 0)[0] + 1).mul(m[m >= 0] + 1).sum()) for m in matches],
        "overlaps": [float(o.double().sum()) for o in overlaps],
        "torchvision": summary(name, (losses["classification"], losses["bbox_regression"]), logits, offsets)}
    if with_mxnet:
        result["mxnet"] = summary(name, mxnet(logits, offsets, pixels, targets, matches, overlaps, coder), logits, offsets)
    return result


def detect_case(name, anchors, images, classes, spread, score, overlap, candidates, per_image, kept):
    logits, offsets = parts(name, anchors, images, classes + 1, spread)
    ssd = SimpleNamespace(
        box_coder=BoxCoder(weights=(10.0, 10.0, 5.0, 5.0)), score_thresh=score, topk_candidates=candidates, nms_thresh=overlap,
        detections_per_img=per_image)
    with torch.no_grad():
        found = SSD.postprocess_detections(
            ssd, {"bbox_regression": offsets, "cls_logits": logits}, [corners(anchors)] * images, [(SIZE, SIZE)] * images)
    return {
        "name": name, "anchors": len(anchors), "images": images, "classes": classes, "spread": spread, "score": score, "overlap": overlap,
        "candidates": candidates, "perImage": per_image,
        "found": [len(f["scores"]) for f in found],
        "sums": [[float(f["scores"].double().sum()), *(float(x) for x in (f["boxes"].double() / SIZE).sum(0))] for f in found],
        "rows": [[[int(label) - 1, round(float(score), 7), *(round(float(x) / SIZE, 7) for x in box)]
                  for label, score, box in list(zip(f["labels"], f["scores"], f["boxes"]))[:kept]] for f in found]}


small, ssd300 = torch.from_numpy(small_anchors(60)), ssd300_anchors()
result = {
    "ssd300": {"count": len(ssd300), "sums": [float(x) for x in ssd300.double().sum(0)],
               "squares": [float(x) for x in (ssd300.double() ** 2).sum(0)]},
    "losses": [
        loss_case("small", small, [3, 0, 2], 3, True), loss_case("two", ssd300, [7, 2], 20, True),
        loss_case("crowd", ssd300, [500, 0], 3, True), loss_case("empty", small, [0, 0], 3, False)],
    "detections": [
        detect_case("boxes", small, 2, 3, 4, 0.2, 0.45, 400, 200, 100), detect_case("few", small, 2, 3, 4, 0.01, 0.3, 10, 7, 100),
        detect_case("many", ssd300, 1, 20, 8, 0.01, 0.45, 400, 200, 40)]}
(FOLDER / "multibox.json").write_text(json.dumps(result, indent=None, separators=(",", ":")).replace('},{"name"', '},\n{"name"') + "\n")
