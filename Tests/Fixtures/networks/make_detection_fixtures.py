"""Writes ssd300_vgg16 and ssd300_resnet18 (.json, .safetensors) and ssd_anchors.safetensors: what torchvision's SSD computes.

    pip install torch==2.11.0 torchvision==0.26.0 numpy && python make_detection_fixtures.py

The first is torchvision's own network. Its backbone has small integers for weights, biases and images, so that 32 bits hold every
activation exactly. A ReLU has a kink and a pool has ties: with other numbers a few of 5 million activations lie so near to them that
rounding decides, and one activation on the other side changes a gradient by up to 1 %, whoever computes it.
The second is put together here from torchvision's ResNet-18 (third stage without its
stride, no fourth stage), extra layers and torchvision's SSD head. Truths are 64-bit results rounded to 32 bits. README.md says
what the files hold.
"""
import copy
import json
from pathlib import Path

import numpy as np
import torch
import torchvision
from formula import positions, signed, uniform, write_safetensors
from make_fixtures import formula_value
from torch import nn
from torchvision.models.detection import ssd
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList

FOLDER = Path(__file__).resolve().parent
CLASSES = 3
OUTPUT_ELEMENTS, ANCHOR_ELEMENTS = 1024, 1024


def extra_layer(input, width, output, stride, padding):
    return nn.Sequential(
        nn.Conv2d(input, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        nn.Conv2d(width, output, 3, stride=stride, padding=padding, bias=False), nn.BatchNorm2d(output), nn.ReLU())  # fmt: skip


class ResNetBackbone(nn.Module):
    def __init__(self, resnet):
        super().__init__()
        for name in ("conv1", "bn1", "layer1", "layer2", "layer3"):
            setattr(self, name, getattr(resnet, name))
        for module in self.layer3[0].modules():
            if isinstance(module, nn.Conv2d):
                module.stride = (1, 1)
        shapes = [(256, 256, 512, 2, 1), (512, 256, 512, 2, 1), (512, 128, 256, 2, 1), (256, 128, 256, 1, 0), (256, 128, 256, 1, 0)]
        self.extra = nn.ModuleList(extra_layer(*shape) for shape in shapes)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        maps = [self.layer3(self.layer2(self.layer1(x)))]
        for layer in self.extra:
            maps.append(layer(maps[-1]))
        return dict(enumerate(maps))


class ResNetSSD(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = ResNetBackbone(torchvision.models.resnet18(weights=None))
        self.head = ssd.SSDHead([256, 512, 512, 256, 256, 256], [4, 6, 6, 6, 4, 4], CLASSES + 1)


def fill(network):
    modules = dict(network.named_modules())
    for name, tensor in network.state_dict().items():
        owner = modules[name.rpartition(".")[0]]
        if name.endswith("scale_weight"):
            tensor.copy_(torch.from_numpy((15 + 10 * uniform(name, tensor.numel())).astype(np.float32)))
        elif isinstance(owner, nn.Conv2d) and owner.bias is not None and name.startswith("backbone"):
            u, shape = uniform(name, tensor.numel()), tuple(tensor.shape)
            share = 6 / np.prod(shape[1:])
            value = np.floor(5 * u) - 2 if len(shape) == 1 else np.where(u < share / 2, -1, np.where(u < share, 1, 0))
            tensor.copy_(torch.from_numpy(value.astype(np.float32).reshape(shape)))
        elif not name.endswith("num_batches_tracked"):
            closes_branch = name.rpartition(".")[0].endswith(".bn2")
            tensor.copy_(formula_value(name, tuple(tensor.shape), isinstance(owner, nn.BatchNorm2d), closes_branch))


def outputs(network, images):
    found = network.head(list(network.backbone(images).values()))
    return {"logits": found["cls_logits"], "offsets": found["bbox_regression"]}


def run(network, images):
    network = network.to(images.dtype)
    with torch.no_grad():
        results = {f"{name}.evaluation": value for name, value in outputs(network.eval(), images).items()}
    training = outputs(network.train(), images)
    coefficients = {name: torch.from_numpy(signed(f"loss.{name}", tuple(value.shape))).to(images.dtype) for name, value in training.items()}
    loss = sum((value * coefficients[name]).mean() for name, value in training.items())
    loss.backward()
    results |= {f"{name}.training": value for name, value in training.items()} | {"loss": loss}
    results |= {f"gradient.{name}": value.grad for name, value in network.named_parameters()}
    return {name: value.detach().double().numpy() for name, value in results.items()}


def kept(results):
    arrays = {}
    for name, value in results.items():
        number = OUTPUT_ELEMENTS if name.startswith(("logits", "offsets")) else 64
        if value.size <= 256:
            arrays[name] = value.astype(np.float32)
        else:
            tensor = name.split(".", 1)[1] if name.startswith("gradient.") else name
            arrays[f"{name}#elements"] = value.reshape(-1)[positions(tensor, value.size, number)].astype(np.float32)
            arrays[f"{name}#sums"] = np.array([value.sum(), np.square(value).sum()])
    return arrays


def record(name, network, shape, levels=None):
    with torch.no_grad():
        fill(network)
    images = torch.from_numpy(signed("input", shape))
    if levels:
        images = ((images + 1) / 2 * (2 * levels + 1)).floor() - levels
    results = run(copy.deepcopy(network), images.double())
    layouts = (torch.contiguous_format, torch.channels_last)
    others = [run(copy.deepcopy(network).to(memory_format=layout), images.contiguous(memory_format=layout)) for layout in layouts]
    write_safetensors(FOLDER / f"{name}.safetensors", kept(results))
    largest = max(np.abs(value).max() for key, value in results.items() if key.startswith("gradient."))
    description = {
        "network": name, "classes": CLASSES, "input_shape": shape, "input_levels": levels, "largest_gradient": float(largest), "loss": results["loss"].item(),
        "float32_deviation": {prefix: deviation(results, others, prefix) for prefix in ("logits.", "offsets.", "gradient.")},
        "parameters": sum(value.numel() for value in network.parameters()),
        "made_with": f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}",
    }  # fmt: skip
    (FOLDER / f"{name}.json").write_text(json.dumps(description, indent=1) + "\n")
    print(name, description["float32_deviation"])


def deviation(truth, others, prefix):
    """The largest of max |other - truth| / scale over the other runs and the tensors whose names start with the prefix.

    The scale is max |truth|, and of a gradient at least a thousandth of the network's largest: norms make some vanish mathematically.
    """
    names = [name for name in truth if name.startswith(prefix)]
    largest = {name: np.abs(truth[name]).max() for name in names}
    least = max(largest.values()) / 1000 if prefix == "gradient." else 0
    return float(f"{max(np.abs(other[name] - truth[name]).max() / max(largest[name], least) for other in others for name in names):.1e}")


def anchors(size, sides, ratios, scales, steps):
    """Centre, width and height in fractions of the image, as torchvision's generator makes them."""
    generator = DefaultBoxGenerator(ratios, scales=scales, steps=steps)
    boxes = generator._grid_default_boxes([[side, side] for side in sides], [size, size])
    assert len(generator(ImageList(torch.zeros(1, 3, size, size), [(size, size)]), [torch.zeros(1, 1, s, s) for s in sides])[0]) == len(boxes)
    return boxes.numpy().astype(np.float32)


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    record("ssd300_vgg16", ssd.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=CLASSES + 1), [1, 3, 300, 300], 8)
    record("ssd300_resnet18", ResNetSSD(), [2, 3, 300, 300])
    tables = {
        "300": anchors(300, [38, 19, 10, 5, 3, 1], [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
                       [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05], [8, 16, 32, 64, 100, 300]),
        "512": anchors(512, [64, 32, 16, 8, 4, 2, 1], [[2], [2, 3], [2, 3], [2, 3], [2, 3], [2], [2]],
                       [0.07, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05], [8, 16, 32, 64, 128, 256, 512]),
        "400": anchors(400, [50, 25, 13, 7, 5, 3], [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
                       [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05], None),
    }  # fmt: skip
    arrays = {}
    for size, table in tables.items():
        arrays[f"{size}#elements"] = table.reshape(-1)[positions(f"anchors.{size}", table.size, ANCHOR_ELEMENTS)]
        arrays[f"{size}#sums"] = np.array([table.size, table.astype(np.float64).sum()])
    write_safetensors(FOLDER / "ssd_anchors.safetensors", arrays)
