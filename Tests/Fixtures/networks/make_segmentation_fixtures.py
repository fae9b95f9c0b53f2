"""Writes fcn_resnet50, deeplabv3_resnet50 and psp_resnet50 (.json, .safetensors): what torchvision's networks, and the PSPNet of
pspnet.py, compute.

    pip install torch==2.11.0 torchvision==0.26.0 numpy && python make_segmentation_fixtures.py        about two minutes

The images are 105 x 81, so that the map of 14 x 11 has pixels whose neighbours at rate 12 lie in the map and such whose lie outside.
Dropout is off. Truths are 64-bit results rounded to 32 bits. README.md says what the files hold.
"""
import copy
import json
from pathlib import Path

import numpy as np
import torch
import torchvision
from formula import positions, signed, uniform, write_safetensors
from make_detection_fixtures import deviation
from make_fixtures import formula_value
from pspnet import PSPNet
from torch import nn
from torch.nn import functional as F

FOLDER = Path(__file__).resolve().parent
CLASSES, SHAPE = 5, [3, 3, 105, 81]
OUTPUT_ELEMENTS, GRADIENT_ELEMENTS = 256, 16


def fill(network):
    modules = dict(network.named_modules())
    for name, tensor in network.state_dict().items():
        owner = name.rpartition(".")[0]
        if not name.endswith("num_batches_tracked"):
            is_norm = isinstance(modules[owner], nn.BatchNorm2d)
            tensor.copy_(formula_value(name, tuple(tensor.shape), is_norm, owner.endswith(".bn3")))


def masks():
    """Class ids, and 255 for an eighth of the pixels."""
    u = uniform("masks", SHAPE[0] * SHAPE[2] * SHAPE[3]).reshape(SHAPE[0], *SHAPE[2:])
    return torch.from_numpy(np.where(u < 0.125, 255, np.floor((u - 0.125) / 0.875 * CLASSES)).astype(np.int64))


def run(network, images):
    network = network.to(images.dtype)
    with torch.no_grad():
        results = {"logits.evaluation": network.eval()(images)["out"]}
    found = network.train()(images)
    loss = F.cross_entropy(found["out"], masks(), ignore_index=255) + 0.5 * F.cross_entropy(found["aux"], masks(), ignore_index=255)
    loss.backward()
    results |= {"logits.training": found["out"], "auxiliary.training": found["aux"], "loss": loss}
    results |= {f"gradient.{name}": value.grad for name, value in network.named_parameters()}
    return {name: value.detach().double().numpy() for name, value in results.items()}


def kept(results):
    arrays = {}
    for name, value in results.items():
        number = GRADIENT_ELEMENTS if name.startswith("gradient.") else OUTPUT_ELEMENTS
        if value.size <= number:
            arrays[name] = value.astype(np.float32)
        else:
            tensor = name.removeprefix("gradient.")
            arrays[f"{name}#elements"] = value.reshape(-1)[positions(tensor, value.size, number)].astype(np.float32)
            arrays[f"{name}#sums"] = np.array([value.sum(), np.square(value).sum()])
    return arrays


def record(name, network):
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    with torch.no_grad():
        fill(network)
    images = torch.from_numpy(signed("input", SHAPE))
    results = run(copy.deepcopy(network), images.double())
    layouts = (torch.contiguous_format, torch.channels_last)
    others = [run(copy.deepcopy(network).to(memory_format=layout), images.contiguous(memory_format=layout)) for layout in layouts]
    write_safetensors(FOLDER / f"{name}.safetensors", kept(results))
    largest = max(np.abs(value).max() for key, value in results.items() if key.startswith("gradient."))
    description = {
        "network": name, "classes": CLASSES, "input_shape": SHAPE, "largest_gradient": float(largest), "loss": results["loss"].item(),
        "float32_deviation": {prefix: deviation(results, others, prefix) for prefix in ("logits.", "auxiliary.", "loss", "gradient.")},
        "parameters": sum(value.numel() for value in network.parameters()),
        "made_with": f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}",
    }  # fmt: skip
    (FOLDER / f"{name}.json").write_text(json.dumps(description, indent=1) + "\n")
    print(name, description["float32_deviation"], flush=True)


if __name__ == "__main__":
    segmentation = torchvision.models.segmentation
    for name in ("fcn_resnet50", "deeplabv3_resnet50"):
        record(name, getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=CLASSES, aux_loss=True))
    record("psp_resnet50", PSPNet("resnet50", CLASSES))
