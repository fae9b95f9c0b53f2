"""torchvision's SSD300 on VGG-16: training steps or inference, images per second and peak memory.

    torch_detection.py training|inference [--batch N] [--precision fp32|bf16] [--layout nchw|channels_last]
                       [--device cpu|cuda] [--compile] [--threads N] [--warmup N] [--iterations N] [--group N]

A training step is forward through backbone and head, a mean of squares of their outputs as the loss, backward and SGD with momentum,
on random images that are in memory already: the network without the assignment of targets, as `sightline-benchmark detection` has it.
Inference is the same without a graph. bf16 is autocast.
"""
import argparse

import torch
import torchvision
from measure import add_measuring, compiled, measure_network, settle


def prepare(arguments=None):
    """The options, what is measured, and the step."""
    parser = argparse.ArgumentParser(description="torchvision's SSD300 on VGG-16.")
    parser.add_argument("task", choices=["training", "inference"])
    parser.add_argument("--precision", default="bf16", choices=["fp32", "bf16"])
    parser.add_argument("--layout", default="channels_last", choices=["nchw", "channels_last"])
    add_measuring(parser, batch=4)
    options = parser.parse_args(arguments)
    settle(options)

    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    network = torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=21)
    network = network.to(options.device, memory_format=layout).train(options.task == "training")
    images = torch.randn(options.batch, 3, 300, 300, device=options.device).contiguous(memory_format=layout)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4, fused=options.device != "cpu")

    outputs = compiled(lambda images: network.head(list(network.backbone(images).values())), options)

    def forward():
        with torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            return outputs(images)

    def step():
        optimiser.zero_grad(set_to_none=True)
        sum(value.float().square().mean() for value in forward().values()).backward()
        optimiser.step()

    def predict():
        with torch.inference_mode():
            forward()

    what = {
        "task": f"detection {options.task}", "network": "ssd300_vgg16", "batch": options.batch,
        "mode": f"{options.precision} {options.layout}",
    }  # fmt: skip
    return options, what, step if options.task == "training" else predict


def main():
    options, what, run = prepare()
    measure_network(what, run, options)


if __name__ == "__main__":
    main()
