"""Compares Sightline's ResNet-18, -50 and -101, SSD300 on VGG-16, FCN and DeepLabV3 on ResNet-50 with torchvision's, and its PSPNet with
Tests/Fixtures/networks/pspnet.py, on random weights: outputs, loss, gradients and, of the ResNets, one update.

    compare.py --program .build/release/sightline-conformance [--seed S] [--networks resnet18,…,psp_resnet50] [--keep DIR]

Every network is evaluated from a safetensors file and from a PyTorch checkpoint (.pth), and trained for one step. The truth
is torchvision in 64-bit floats. Prints a table; exits with 1 when a bound is broken or the program fails.

What the program must offer
---------------------------
    sightline-conformance forward --weights FILE --input FILE.safetensors --output FILE.safetensors
    sightline-conformance step    --weights FILE --input FILE.safetensors --labels 3,7,... --learning-rate 0.1
                                  --momentum 0.9 --weight-decay 0.0001 --output FILE.safetensors
    sightline-conformance detection --weights FILE --input FILE.safetensors --output FILE.safetensors
    sightline-conformance segmentation --weights FILE --input FILE.safetensors --output FILE.safetensors

All arithmetic in 32-bit floats, no autocast. The exit status is 0, or another one with a sentence on standard error.

--weights   a ResNet's state dictionary under torchvision's names: safetensors, or .pth as torch.save writes it (with
            num_batches_tracked, I64). The network and its number of classes follow from the names and shapes.
--input     one tensor `images`, F32, (N, 3, H, W), ready for the network (no normalisation to be applied).
--labels    N class indices from 0, separated by commas.
--output    safetensors, F32.
            forward: `logits` (N, classes), in evaluation mode (running statistics).
            step: `logits` (N, classes), in training mode (batch statistics); `loss`, the mean cross-entropy, shape [] or [1];
            `grad.NAME` for every parameter; `after.NAME` for every parameter and every running_mean and running_var, after
            one SGD update (its first: the velocity starts at 0). Weight decay on everything but biases: batch norm's
            weight decays, its bias does not. Running statistics: momentum 0.1, unbiased variance.

detection takes the state dictionary of an SSD. Its input holds, beside `images`, `coefficients.logits` (N, anchors, classes with
background) and `coefficients.offsets` (N, anchors, 4); the loss is the sum of both outputs times these. Its output: `logits` and
`offsets`, `prepared.logits` and `prepared.offsets` (the network prepared for inference), `loss`, `grad.NAME` for every parameter, and
`anchors` (anchors, 4): centre, width and height in fractions of the image.

segmentation takes the state dictionary of a segmentation network with an auxiliary head. Its input holds, beside `images`, `masks` (N, H, W,
I64; 255 is a hole). The loss is the mean cross-entropy of the labelled pixels, plus half the auxiliary head's; dropout is off. Its output:
`prepared` (the network prepared for inference), `logits` and `auxiliary`, all enlarged to the images; `loss`, `grad.NAME` for every parameter.

Bounds
------
Errors are max |ours - truth|, relative to a scale: for logits and loss max |truth|, bound 1e-4; for each gradient max |truth|
or 1e-3 of the network's largest gradient, whichever is more, bound 1e-3; for each updated parameter the largest change
of the truth or that floor times the learning rate, bound 1e-3, after subtracting what rounding to 32 bits explains; for
running statistics max |truth|, bound 1e-4. The loss of detection sums positive and negative numbers: its scale is the root of the
sum of their squares. Its gradients are compared with other weights than its outputs: see `make_exact`. Anchors: 1e-6. A segmentation
network's batch norm of the image's mean sees one value an image; its gradients nearly vanish, which the floor of the scale allows for.
"""
import argparse
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "networks"))
from pspnet import PSPNet  # noqa: E402

CLASSES, SHAPE = 10, (4, 3, 96, 96)
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 1e-4
LOGITS_BOUND, GRADIENT_BOUND, STATISTICS_BOUND = 1e-4, 1e-3, 1e-4
TYPES = {"F32": np.float32, "I64": np.int64}


def write_safetensors(path, arrays):
    header, body = {}, b""
    for name, array in arrays.items():
        kind = next(kind for kind, type in TYPES.items() if array.dtype == type)
        bytes = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(body), len(body) + len(bytes)]}
        body += bytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def read_safetensors(path):
    bytes = path.read_bytes()
    (length,) = struct.unpack_from("<Q", bytes)
    header = json.loads(bytes[8 : 8 + length])
    header.pop("__metadata__", None)
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = np.frombuffer(bytes[8 + length + begin : 8 + length + end], TYPES[entry["dtype"]])
        arrays[name] = data.reshape(entry["shape"]).astype(np.float64)
    return arrays


def randomise_norms(network, generator):
    """Gives batch norms values that differ from each other, so that mixing two of them up shows.

    Biases lie about three deviations from 0: with biases near 0 rounding decides which of the activations closest to 0 pass
    the ReLU, and 32-bit gradients of deep networks then differ by several per cent whoever computes them.
    """
    for name, module in network.named_modules():
        if not isinstance(module, torch.nn.BatchNorm2d):
            continue
        blocks_last = name.endswith("bn3") or (name.endswith(".bn2") and not hasattr(getattr(network, "backbone", network).layer1[0], "bn3"))
        scale = 0.25 if blocks_last else 1.0
        u, v, w, x, y = torch.rand((5, module.num_features), generator=generator)
        module.weight.copy_((0.5 + 0.25 * u) * scale)
        module.bias.copy_(torch.where(v < 0.25, -1.0, 1.0) * (1.75 + 0.5 * w) * scale)
        module.running_mean.copy_((2 * x - 1) * 0.2)
        module.running_var.copy_(0.5 + y)


def truth_of(network, images, labels):
    """(evaluation logits, everything of one training step) in 64-bit floats; changes the network."""
    network = network.double()
    images = images.double()
    evaluation = network.eval()(images).detach().numpy()
    parameters = dict(network.train().named_parameters())
    decayed = [value for name, value in parameters.items() if not name.endswith("bias")]
    undecayed = [value for name, value in parameters.items() if name.endswith("bias")]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": undecayed, "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=LEARNING_RATE, momentum=MOMENTUM)
    logits = network(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    step = {"logits": logits, "loss": loss} | {f"grad.{name}": value.grad for name, value in parameters.items()}
    step = {name: value.detach().clone().numpy() for name, value in step.items()}
    optimiser.step()
    after = {f"after.{name}": value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    return evaluation, step | {name: value.detach().clone().numpy() for name, value in after.items()}


def run(program, mode, *arguments):
    result = subprocess.run([program, mode, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{program} {mode} ended with status {result.returncode}: {result.stderr.strip()}")


class Table:
    """Rows of worst relative errors against their bounds."""

    def __init__(self):
        self.broken = False
        print(f"{'network':<12} {'what':<30} {'worst error':>12} {'bound':>8}  worst tensor")

    def row(self, network, what, bound, errors):
        """`errors` maps tensors' names to errors; NaN breaks the bound."""
        worst = max(errors, key=lambda name: np.inf if np.isnan(errors[name]) else errors[name])
        held = errors[worst] <= bound
        self.broken |= not held
        print(f"{network:<18} {what:<30} {errors[worst]:>12.2e} {bound:>8.0e}  {worst}{'' if held else '   BROKEN'}", flush=True)

    def fault(self, network, what, sentence):
        self.broken = True
        print(f"{network:<18} {what:<30} {sentence}   BROKEN", flush=True)


def error(ours, truth, scale):
    return float(np.abs(ours.reshape(truth.shape) - truth).max() / scale)


def compare_step(table, network, ours, truth, before):
    expected = {name: value.shape for name, value in truth.items()}
    found = {name: () if name == "loss" and value.size == 1 else value.shape for name, value in ours.items()}
    if found != expected:
        wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        table.fault(network, "names and shapes", f"{len(wrong)} differ: {', '.join(wrong[:5])}")
        return
    largest = {name: np.abs(value).max() for name, value in truth.items()}
    floor = 1e-3 * max(value for name, value in largest.items() if name.startswith("grad."))
    logits, gradients, updates, statistics = {}, {}, {}, {}
    for name, value in truth.items():
        tensor = name.partition(".")[2]
        if name in ("logits", "loss"):
            logits[name] = error(ours[name], value, largest[name])
        elif name.startswith("grad."):
            gradients[tensor] = error(ours[name], value, max(largest[name], floor))
        elif tensor.endswith(("running_mean", "running_var")):
            statistics[tensor] = error(ours[name], value, largest[name])
        else:
            change = max(np.abs(value - before[tensor]).max(), floor * LEARNING_RATE)
            rounding = np.finfo(np.float32).eps * np.abs(before[tensor]).max()
            # np.maximum hands NaN on, which max would not.
            updates[tensor] = float(np.maximum(0, error(ours[name], value, change) - rounding / change))
    table.row(network, "step: logits and loss", LOGITS_BOUND, logits)
    table.row(network, "step: gradients", GRADIENT_BOUND, gradients)
    table.row(network, "step: updated parameters", GRADIENT_BOUND, updates)
    table.row(network, "step: running statistics", STATISTICS_BOUND, statistics)


def compare(table, program, name, seed, folder):
    torch.manual_seed(seed)
    network = getattr(torchvision.models, name)(weights=None, num_classes=CLASSES)
    with torch.no_grad():
        randomise_norms(network, torch.Generator().manual_seed(seed))
    images = torch.randn(SHAPE)
    labels = torch.randint(0, CLASSES, SHAPE[:1])

    state = {key: value.clone() for key, value in network.state_dict().items()}
    weights = {"safetensors": folder / f"{name}.safetensors", "pth": folder / f"{name}.pth"}
    write_safetensors(weights["safetensors"], {key: value.numpy() for key, value in state.items()})
    torch.save(network.state_dict(), weights["pth"])
    inputs, output = folder / f"{name}.input.safetensors", folder / f"{name}.output.safetensors"
    write_safetensors(inputs, {"images": images.numpy()})

    evaluation, step = truth_of(network, images, labels)
    for kind, file in weights.items():
        run(program, "forward", "--weights", file, "--input", inputs, "--output", output)
        logits = read_safetensors(output).get("logits")
        if logits is None or logits.shape != evaluation.shape:
            table.fault(name, f"forward: logits, {kind}", f"logits of shape {evaluation.shape} expected")
        else:
            table.row(name, f"forward: logits, {kind}", LOGITS_BOUND, {"logits": error(logits, evaluation, np.abs(evaluation).max())})
        output.unlink()
    run(program, "step", "--weights", weights["safetensors"], "--input", inputs,
        "--labels", ",".join(str(label) for label in labels.tolist()), "--learning-rate", LEARNING_RATE,
        "--momentum", MOMENTUM, "--weight-decay", WEIGHT_DECAY, "--output", output)  # fmt: skip
    before = {key: value.double().numpy() for key, value in state.items()}
    compare_step(table, name, read_safetensors(output), step, before)


def make_exact(network):
    """Gives SSD's backbone small integers, so that with images of small integers 32 bits hold every activation exactly.

    A ReLU has a kink and a pool has ties. With torchvision's own random weights a few of 5 million activations lie so near to them that
    rounding to 32 bits decides, and one activation on the other side changes a gradient by up to 1 %, whoever computes it.
    """
    for module in network.backbone.modules():
        if isinstance(module, torch.nn.Conv2d):
            u = torch.rand_like(module.weight) * module.weight[0].numel()
            module.weight.copy_((u < 6).float() - 2 * (u < 3).float())
            module.bias.copy_(torch.randint(-2, 3, module.bias.shape))


def detection_truth(program, network, images, folder):
    """(torchvision's results in 64 bits, the program's results)"""
    weights, inputs, output = (folder / f"ssd300.{part}" for part in ("pth", "input.safetensors", "output.safetensors"))
    torch.save(network.state_dict(), weights)
    network = network.double()
    network.zero_grad()
    head = network.head(list(network.backbone(images.double()).values()))
    truth = {"logits": head["cls_logits"], "offsets": head["bbox_regression"]}
    coefficients = {f"coefficients.{key}": torch.randn(value.shape) / value.numel() for key, value in truth.items()}
    terms = [value * coefficients[f"coefficients.{key}"].double() for key, value in truth.items()]
    truth["loss"] = sum(term.sum() for term in terms)
    truth["loss"].backward()
    truth["scale"] = sum(term.square().sum() for term in terms).sqrt()
    truth |= {f"grad.{key}": value.grad.clone() for key, value in network.named_parameters()}
    write_safetensors(inputs, {"images": images.numpy()} | {key: value.numpy() for key, value in coefficients.items()})
    run(program, "detection", "--weights", weights, "--input", inputs, "--output", output)
    network.float()
    return {key: value.detach().numpy() for key, value in truth.items()}, read_safetensors(output)


def compare_detection(table, program, name, seed, folder):
    torch.manual_seed(seed)
    network = torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=4)
    images = torch.randn(2, 3, 300, 300)
    truth, ours = detection_truth(program, network, images, folder)
    missing = ({*truth, "anchors", "prepared.logits", "prepared.offsets"} - {"scale"}) - ours.keys()
    if missing:
        table.fault(name, "names", f"{len(missing)} are missing: {', '.join(sorted(missing)[:5])}")
        return
    for title, prefix in (("step: scores and offsets", ""), ("prepared: scores and offsets", "prepared.")):
        errors = {key: error(ours[prefix + key], truth[key], np.abs(truth[key]).max()) for key in ("logits", "offsets")}
        table.row(name, title, LOGITS_BOUND, errors)
    table.row(name, "step: loss", LOGITS_BOUND, {"loss": error(ours["loss"], truth["loss"], truth["scale"])})
    sides = [38, 19, 10, 5, 3, 1]
    anchors = network.anchor_generator._grid_default_boxes([[side, side] for side in sides], [300, 300]).numpy()
    table.row(name, "anchors", 1e-6, {"anchors": error(ours["anchors"], anchors, 1)})

    with torch.no_grad():
        make_exact(network)
    truth, ours = detection_truth(program, network, torch.randint(-8, 9, images.shape).float(), folder)
    gradients = {key: error(ours[key], value, np.abs(value).max()) for key, value in truth.items() if key.startswith("grad.")}
    table.row(name, "step: gradients", GRADIENT_BOUND, gradients)


def make_segmentation(name):
    if name == "psp_resnet50":
        return PSPNet("resnet50", CLASSES)
    make = getattr(torchvision.models.segmentation, name)
    return make(weights=None, weights_backbone=None, num_classes=CLASSES, aux_loss=True)


def compare_segmentation(table, program, name, seed, folder):
    torch.manual_seed(seed)
    network = make_segmentation(name)
    with torch.no_grad():
        randomise_norms(network, torch.Generator().manual_seed(seed))
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    images = torch.randn(4, 3, 121, 89)
    masks = torch.randint(0, CLASSES, (4, 121, 89))
    masks[torch.rand(masks.shape) < 0.1] = 255
    weights, inputs, output = (folder / f"{name}.{part}" for part in ("pth", "input.safetensors", "output.safetensors"))
    torch.save(network.state_dict(), weights)
    write_safetensors(inputs, {"images": images.numpy(), "masks": masks.numpy()})

    network = network.double()
    truth = {"prepared": network.eval()(images.double())["out"]}
    found = network.train()(images.double())
    losses = {key: F.cross_entropy(value, masks, ignore_index=255) for key, value in found.items()}
    truth |= {"logits": found["out"], "auxiliary": found["aux"], "loss": losses["out"] + 0.5 * losses["aux"]}
    truth["loss"].backward()
    truth |= {f"grad.{key}": value.grad for key, value in network.named_parameters()}
    truth = {key: value.detach().numpy() for key, value in truth.items()}

    run(program, "segmentation", "--weights", weights, "--input", inputs, "--output", output)
    ours = read_safetensors(output)
    if truth.keys() != ours.keys():
        table.fault(name, "names", f"{len(truth.keys() ^ ours.keys())} differ: {', '.join(sorted(truth.keys() ^ ours.keys())[:5])}")
        return
    floor = 1e-3 * max(np.abs(value).max() for key, value in truth.items() if key.startswith("grad."))
    errors = {key: error(ours[key], value, max(np.abs(value).max(), floor if key.startswith("grad.") else 0)) for key, value in truth.items()}
    gradients = {key: value for key, value in errors.items() if key.startswith("grad.")}
    table.row(name, "step: scores and loss", LOGITS_BOUND, {key: errors[key] for key in ("logits", "auxiliary", "loss")})
    table.row(name, "prepared: scores", LOGITS_BOUND, {"prepared": errors["prepared"]})
    table.row(name, "step: gradients", GRADIENT_BOUND, gradients)


def main():
    parser = argparse.ArgumentParser(description="Compares sightline-conformance with torchvision's networks.")
    parser.add_argument("--program", required=True, type=Path)
    parser.add_argument("--networks", default="resnet18,resnet50,resnet101,ssd300_vgg16,fcn_resnet50,deeplabv3_resnet50,psp_resnet50")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the files, which are otherwise removed")
    options = parser.parse_args()
    if not options.program.exists():
        sys.exit(f"{options.program} is not there; build it: swift build -c release --product sightline-conformance")
    table = Table()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.networks.split(","):
            comparison = compare if name.startswith("resnet") else compare_detection if name.startswith("ssd") else compare_segmentation
            comparison(table, options.program, name, options.seed, folder)
    sys.exit(1 if table.broken else 0)


if __name__ == "__main__":
    main()
