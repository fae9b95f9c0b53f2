"""torchvision's segmentation networks: training steps or inference, images per second and peak memory.

    torch_segmentation.py training|inference [--network deeplabv3_resnet50|fcn_resnet50] [--size S] [--batch N] [--precision fp32|bf16]
                          [--layout nchw|channels_last] [--threads N] [--warmup N] [--iterations N]

A training step is forward with the auxiliary head, cross-entropy of both outputs (the auxiliary one's weighted 0.5) at the images' size,
backward and SGD with momentum, on random images and masks that are in memory already, as torchvision's reference has it and
`sightline-benchmark segmentation` does it. Inference is the network and the class of every pixel, without a graph. bf16 is autocast.
"""
import argparse

import torch
import torchvision
from measure import measure
from torch.nn import functional as F

CLASSES = 21


def main():
    parser = argparse.ArgumentParser(description="torchvision's segmentation networks.")
    parser.add_argument("task", choices=["training", "inference"])
    parser.add_argument("--network", default="deeplabv3_resnet50")
    parser.add_argument("--size", type=int, default=480)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--precision", default="bf16", choices=["fp32", "bf16"])
    parser.add_argument("--layout", default="channels_last", choices=["nchw", "channels_last"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    training = options.task == "training"
    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    make = getattr(torchvision.models.segmentation, options.network)
    network = make(weights=None, weights_backbone=None, num_classes=CLASSES, aux_loss=training)
    network = network.to(memory_format=layout).train(training)
    images = torch.randn(options.batch, 3, options.size, options.size).contiguous(memory_format=layout)
    masks = torch.randint(0, CLASSES, (options.batch, options.size, options.size))
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def step():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            scores = network(images)
            losses = {name: F.cross_entropy(value, masks, ignore_index=255) for name, value in scores.items()}
        (losses["out"] + 0.5 * losses["aux"]).backward()
        optimiser.step()

    def predict():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            network(images)["out"].argmax(1)

    what = {
        "peer": f"torch {torch.__version__}", "task": f"segmentation {options.task}", "network": options.network, "size": options.size,
        "batch": options.batch, "mode": f"{options.precision} {options.layout}", "threads": options.threads,
    }  # fmt: skip
    measure(what, step if training else predict, options.batch, options.warmup, options.iterations)


if __name__ == "__main__":
    main()
