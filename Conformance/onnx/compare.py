"""Exports models as ONNX, checks the files with ONNX's own checker, runs them in onnxruntime and compares the answers.

    compare.py --program .build/release/sightline [--networks resnet50,…] [--keep DIR]

The truth for networks that torchvision has is torchvision, on random weights; for the others it is `sightline predict`, on models that are
trained here for an epoch. Prints a table; exits with 1 where a bound is broken. Bounds: 1e-4 of the largest value; masks and the objects that
non-maximum suppression leaves may differ where two values tie: 0.1 %.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from PIL import Image

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[1] / "Tests" / "Fixtures" / "networks"))
from pspnet import PSPNet  # noqa: E402

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
BOUND, TIES = 1e-4, 1e-3


def randomise_norms(network, generator):
    """Values that differ from each other, so that mixing two of them up shows."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            u, v, w, x = torch.rand((4, module.num_features), generator=generator)
            module.weight.data = 0.5 + 0.5 * u
            module.bias.data = v - 0.5
            module.running_mean.data, module.running_var.data = 0.4 * w - 0.2, 0.5 + x


def pictures(height, width, count=2):
    """Smooth pictures of whole numbers from 0 to 255: N, 3, H, W."""
    small = np.random.default_rng(height).integers(0, 256, (count, 6, 8, 3)).astype(np.uint8)
    large = [np.asarray(Image.fromarray(picture).resize((width, height), Image.BICUBIC)) for picture in small]
    return np.stack(large).transpose(0, 3, 1, 2)


def normalized(images):
    return torch.from_numpy((images / 255 - MEAN[:, None, None]) / STD[:, None, None]).float()


class Comparison:
    def __init__(self, program, folder):
        self.program, self.folder, self.broken = program, folder, False
        print(f"{'network':<22} {'what':<34} {'worst':>10} {'bound':>8}")

    def sightline(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"sightline {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def session(self, model, name, *options):
        file = self.folder / f"{name}.onnx"
        self.sightline("export", model, file, "--overwrite", *options)
        onnx.checker.check_model(onnx.load(file), full_check=True)
        return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

    def weights(self, name, network):
        file = self.folder / f"{name}.pth"
        torch.save(network.state_dict(), file)
        return file

    def row(self, name, what, value, bound):
        held = value <= bound
        self.broken |= not held
        print(f"{name:<22} {what:<34} {value:>10.1e} {bound:>8.0e}{'' if held else '   BROKEN'}", flush=True)

    def close(self, name, what, ours, truth):
        same = ours.shape == truth.shape
        self.row(name, what, float(np.abs(ours - truth).max() / np.abs(truth).max()) if same else np.inf, BOUND)


def run(session, images):
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": images.astype(np.float32)})))


# MARK: Against torchvision


def classifier(table, name):
    network = getattr(torchvision.models, name)(weights=None, num_classes=7)
    randomise_norms(network, torch.Generator().manual_seed(1))
    session = table.session(table.weights(name, network), name, "--size", "128x96")
    images = pictures(96, 128)
    with torch.no_grad():
        truth = network.eval()(normalized(images))
    found = run(session, images)
    table.close(name, "logits", found["logits"], truth.numpy())
    table.close(name, "probabilities", found["probabilities"], truth.softmax(1).numpy())


def detector(table, name):
    network = torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=4).eval()
    torch.manual_seed(2)
    # Heads that are surer than fresh ones, so that suppression has something to do.
    for head in network.head.classification_head.module_list:
        torch.nn.init.normal_(head.weight, std=0.02)
    session = table.session(table.weights(name, network), name)
    images = pictures(300, 300)
    with torch.no_grad():
        inputs, _ = network.transform([torch.from_numpy(image / 255).float() for image in images])
        features = list(network.backbone(inputs.tensors).values())
        head = network.head(features)
        anchors = network.anchor_generator(inputs, features)
        scores = head["cls_logits"].softmax(-1)[:, :, 1:].transpose(1, 2)
        boxes = torch.stack([network.box_coder.decode_single(o, a) for o, a in zip(head["bbox_regression"], anchors)])
        boxes = (boxes / 300).clamp(0, 1)
    found = run(session, images)
    table.close(name, "boxes", found["boxes"], boxes.numpy())
    table.close(name, "scores", found["scores"], scores.numpy())
    # Rounding decides about neighbours, and one that stays suppresses others: what is kept must be what some rounding of the rule keeps.
    boxes, scores = torch.from_numpy(found["boxes"]), torch.from_numpy(found["scores"])
    wrong = count = 0
    for image in range(len(images)):
        for kind in range(scores.shape[1]):
            kept = torch.tensor([row[2] for row in found["selected"].tolist() if row[:2] == [image, kind]], dtype=torch.long)
            value = scores[image, kind]
            overlaps = torchvision.ops.box_iou(boxes[image], boxes[image][kept])
            better = overlaps * (value[kept][None] >= value[:, None])
            better[kept, torch.arange(len(kept))] = 0
            candidates = value > max(0.01, float(value[kept].min()) if len(kept) == 400 else 0.01)
            candidates[kept] = False
            wrong += int((better[kept].amax(1) > 0.45 + 1e-4).sum()) + int((better[candidates].amax(1) < 0.45 - 1e-4).sum())
            count += len(kept)
    table.row(name, f"suppression: {count} objects", wrong / max(1, count), TIES)


def segmenter(table, name):
    if name == "psp_resnet50":
        network = PSPNet("resnet50", 7)
    else:
        network = getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None, num_classes=7)
    randomise_norms(network, torch.Generator().manual_seed(3))
    network.eval()
    weights = table.weights(name, network)
    # PSPNet's windows follow a size that must be known.
    sizes = [(97, 130)] if name == "psp_resnet50" else [(96, 128), (65, 97)]
    options = ["--size", "130x97"] if name == "psp_resnet50" else []
    session = table.session(weights, name, *options)
    for height, width in sizes:
        images = pictures(height, width)
        with torch.no_grad():
            output = network(normalized(images))
            logits = output["out"] if isinstance(output, dict) else output
            if isinstance(logits, tuple):
                logits = logits[0]
            if logits.shape[2:] != (height, width):
                logits = torch.nn.functional.interpolate(logits, (height, width), mode="bilinear", align_corners=False)
        found = run(session, images)
        table.close(name, f"probabilities, {width}×{height}", found["probabilities"], logits.softmax(1).numpy())
        table.row(name, f"mask, {width}×{height}", float((found["mask"] != logits.argmax(1).numpy()).mean()), TIES)


# MARK: Against the program's own prediction


def trained(table, task, name, *parameters):
    """A model after an epoch on a few pictures, and pictures to try it on."""
    folder = table.folder / f"{name}-data"
    random = np.random.default_rng(5)
    side = 32 if task == "classification" else 300 if "300" in name else 512 if "512" in name else 96
    for number, picture in enumerate(pictures(side, side, 6).transpose(0, 2, 3, 1)):
        place = folder / ("train/" + "abc"[number % 3] if task == "classification" else "train")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{number}.png")
        notes = folder / "train_annotation"
        if task != "classification":
            notes.mkdir(exist_ok=True)
        if task == "detection":
            boxes = [{"class_id": number % 2, "left": side // 8, "top": side // 6, "width": side // 2, "height": side // 3}]
            note = {"file": f"{number}.png", "image_size": [{"width": side, "height": side, "depth": 3}], "annotations": boxes}
            (notes / f"{number}.json").write_text(json.dumps(note))
        elif task == "segmentation":
            Image.fromarray(np.kron(random.integers(0, 3, (6, 6)), np.ones((side // 6, side // 6))).astype(np.uint8)).save(notes / f"{number}.png")
    data = folder / "train" if task == "classification" else folder
    options = [option for parameter in parameters for option in ("-p", parameter)]
    table.sightline("train", task, "--train", data, "--output", name, "--overwrite", "--device", "cpu", *options)
    return name, sorted((folder / "train").rglob("*.png"))[:2]


def pixels(files):
    return np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files]).transpose(0, 3, 1, 2)


def own_classifier(table, name, *parameters):
    model, files = trained(table, "classification", name, "epochs=1", "mini_batch_size=3", "image_shape=3,32,32", "resize=32", "learning_rate=0.001", *parameters)
    truth = [json.loads(line)["prediction"] for line in table.sightline("predict", model, *files, "--json").splitlines()]
    table.close(name, "probabilities", run(table.session(model, name), pixels(files))["probabilities"], np.array(truth))


def own_detector(table, name, *parameters):
    model, files = trained(table, "detection", name, "epochs=1", "mini_batch_size=2", "use_pretrained_model=0", *parameters)
    found = run(table.session(model, name), pixels(files))
    for image, line in enumerate(table.sightline("predict", model, *files, "--json", "--threshold", "0.01").splitlines()):
        truth = np.array(json.loads(line)["prediction"])[:50]
        rows = [row for row in found["selected"] if row[0] == image]
        ours = np.array([[kind, found["scores"][image, kind, anchor], *found["boxes"][image, anchor]] for _, kind, anchor in rows])
        ours = ours[np.argsort(-ours[:, 1], kind="stable")][: len(truth)]
        table.close(name, f"scores of the best {len(truth)}", ours[:, 1], truth[:, 1])
        # Of equal scores the order is anybody's.
        order = lambda rows: rows[np.lexsort(np.round(rows[:, ::-1], 3).T)]  # noqa: E731
        table.row(name, "their boxes", float((np.abs(order(ours) - order(truth)).max(1) > 1e-3).mean()), 20 * TIES)


def own_segmenter(table, name, *parameters):
    model, files = trained(
        table, "segmentation", name, "epochs=1", "num_classes=3", "mini_batch_size=2", "crop_size=96", "base_size=96",
        "use_pretrained_model=0", *parameters)
    table.sightline("predict", model, *files, "--output", f"{name}-masks")
    truth = np.stack([np.asarray(Image.open(table.folder / f"{name}-masks" / file.name)) for file in files])
    found = run(table.session(model, name), pixels(files))["mask"]
    table.row(name, "mask", float((found != truth).mean()), TIES)


NETWORKS = {
    "resnet18": classifier, "resnet50": classifier, "ssd300_vgg16": detector, "fcn_resnet50": segmenter, "deeplabv3_resnet50": segmenter,
    "psp_resnet50": segmenter,
    "cifar-resnet-20": lambda table, name: own_classifier(table, name, "num_layers=20"),
    "ssd-300-resnet-18": lambda table, name: own_detector(table, name, "base_network=resnet-18", "image_shape=300"),
    "ssd-512-resnet-18": lambda table, name: own_detector(table, name, "base_network=resnet-18", "image_shape=512"),
    "ssd-512-vgg-16": lambda table, name: own_detector(table, name, "base_network=vgg-16", "image_shape=512"),
    "fcn-resnet-18": lambda table, name: own_segmenter(table, name, "backbone=resnet-18", "algorithm=fcn"),
    "psp-resnet-18": lambda table, name: own_segmenter(table, name, "backbone=resnet-18", "algorithm=psp"),
    "deeplab-resnet-18": lambda table, name: own_segmenter(table, name, "backbone=resnet-18", "algorithm=deeplab"),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--keep", help="a folder for models and files")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments.keep or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        table = Comparison(str(Path(arguments.program).resolve()), folder)
        for name in arguments.networks.split(","):
            NETWORKS[name](table, name)
    sys.exit(1 if table.broken else 0)
