"""PyTorch training steps: images per second and peak memory.

    torch_training.py [--network resnet50|resnet18|cifar_resnet20] [--batch N] [--size N] [--precision fp32|bf16]
                      [--layout nchw|channels_last] [--device cpu|cuda] [--compile] [--threads N] [--warmup N] [--iterations N] [--group N]

Batch and size are by default 16 at 224, and 128 at 32 for cifar_resnet20. A step is forward, cross-entropy, backward and
SGD with momentum on random images that are in memory already. bf16 is autocast.
"""
import argparse

import torch
import torch.nn.functional as F
from measure import add_measuring, cifar_resnet20, compiled, measure_network, settle


def prepare(arguments=None):
    """The options, what is measured, and the step."""
    parser = argparse.ArgumentParser(description="PyTorch training steps.")
    parser.add_argument("--network", default="resnet50", choices=["resnet50", "resnet18", "cifar_resnet20"])
    parser.add_argument("--size", type=int)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--layout", default="nchw", choices=["nchw", "channels_last"])
    add_measuring(parser)
    options = parser.parse_args(arguments)
    settle(options)

    small = options.network == "cifar_resnet20"
    options.batch, size = options.batch or (128 if small else 16), options.size or (32 if small else 224)
    classes = 10 if small else 1000
    if small:
        network = cifar_resnet20()
    else:
        import torchvision

        network = getattr(torchvision.models, options.network)(weights=None, num_classes=classes)
    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    network = network.to(options.device, memory_format=layout).train()
    images = torch.randn(options.batch, 3, size, size, device=options.device).contiguous(memory_format=layout)
    labels = torch.randint(0, classes, (options.batch,), device=options.device)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4, fused=options.device != "cpu")

    forward = compiled(network, options)

    def step():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            logits = forward(images)
        F.cross_entropy(logits.float(), labels).backward()
        optimiser.step()

    what = {
        "task": "training", "network": options.network, "batch": options.batch, "size": size,
        "mode": f"{options.precision} {options.layout}",
    }  # fmt: skip
    return options, what, step


def main():
    options, what, step = prepare()
    measure_network(what, step, options)


if __name__ == "__main__":
    main()
