"""torchvision's SSD300 on VGG-16: training steps or inference, images per second and peak memory.

    torch_detection.py training|inference [--batch N] [--precision fp32|bf16] [--layout nchw|channels_last]
                       [--threads N] [--warmup N] [--iterations N]

A training step is forward through backbone and head, a mean of squares of their outputs as the loss, backward and SGD with momentum,
on random images that are in memory already: the network without the assignment of targets, as `sightline-benchmark detection` has it.
Inference is the same without a graph. bf16 is autocast.
"""
import argparse

import torch
import torchvision
from measure import measure


def main():
    parser = argparse.ArgumentParser(description="torchvision's SSD300 on VGG-16.")
    parser.add_argument("task", choices=["training", "inference"])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--precision", default="bf16", choices=["fp32", "bf16"])
    parser.add_argument("--layout", default="channels_last", choices=["nchw", "channels_last"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    network = torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=21)
    network = network.to(memory_format=layout).train(options.task == "training")
    images = torch.randn(options.batch, 3, 300, 300).contiguous(memory_format=layout)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)

    def forward():
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            return network.head(list(network.backbone(images).values()))

    def step():
        optimiser.zero_grad(set_to_none=True)
        sum(value.float().square().mean() for value in forward().values()).backward()
        optimiser.step()

    def predict():
        with torch.inference_mode():
            forward()

    what = {
        "peer": f"torch {torch.__version__}", "task": f"detection {options.task}", "network": "ssd300_vgg16", "batch": options.batch,
        "mode": f"{options.precision} {options.layout}", "threads": options.threads,
    }  # fmt: skip
    measure(what, step if options.task == "training" else predict, options.batch, options.warmup, options.iterations)


if __name__ == "__main__":
    main()
