"""torchvision's segmentation networks: training steps or inference, images per second and peak memory.

    torch_segmentation.py training|inference [--network deeplabv3_resnet50|fcn_resnet50] [--size S] [--batch N] [--precision fp32|bf16]
                          [--layout nchw|channels_last] [--device cpu|cuda] [--compile] [--threads N] [--warmup N] [--iterations N] [--group N]

A training step is forward with the auxiliary head, cross-entropy of both outputs (the auxiliary one's weighted 0.5) at the images' size,
backward and SGD with momentum, on random images and masks that are in memory already, as torchvision's reference has it and
`sightline-benchmark segmentation` does it. Inference is the network and the class of every pixel, without a graph. bf16 is autocast.
"""
import argparse

import torch
import torchvision
from measure import add_measuring, compiled, measure_network, settle
from torch.nn import functional as F

CLASSES = 21


def prepare(arguments=None):
    """The options, what is measured, and the step."""
    parser = argparse.ArgumentParser(description="torchvision's segmentation networks.")
    parser.add_argument("task", choices=["training", "inference"])
    parser.add_argument("--network", default="deeplabv3_resnet50")
    parser.add_argument("--size", type=int, default=480)
    parser.add_argument("--precision", default="bf16", choices=["fp32", "bf16"])
    parser.add_argument("--layout", default="channels_last", choices=["nchw", "channels_last"])
    add_measuring(parser, batch=4)
    options = parser.parse_args(arguments)
    settle(options)

    training = options.task == "training"
    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    make = getattr(torchvision.models.segmentation, options.network)
    network = make(weights=None, weights_backbone=None, num_classes=CLASSES, aux_loss=training)
    network = network.to(options.device, memory_format=layout).train(training)
    images = torch.randn(options.batch, 3, options.size, options.size, device=options.device).contiguous(memory_format=layout)
    masks = torch.randint(0, CLASSES, (options.batch, options.size, options.size), device=options.device)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4, fused=options.device != "cpu")
    forward = compiled(network, options)

    def step():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            scores = forward(images)
            losses = {name: F.cross_entropy(value, masks, ignore_index=255) for name, value in scores.items()}
        (losses["out"] + 0.5 * losses["aux"]).backward()
        optimiser.step()

    def predict():
        with torch.inference_mode(), torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            forward(images)["out"].argmax(1)

    what = {
        "task": f"segmentation {options.task}", "network": options.network, "size": options.size, "batch": options.batch,
        "mode": f"{options.precision} {options.layout}",
    }  # fmt: skip
    return options, what, step if training else predict


def main():
    options, what, run = prepare()
    measure_network(what, run, options)


if __name__ == "__main__":
    main()
