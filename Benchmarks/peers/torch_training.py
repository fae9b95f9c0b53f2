"""PyTorch training steps: images per second and peak memory.

    torch_training.py [--network resnet50|resnet18|cifar_resnet20] [--batch N] [--size N] [--precision fp32|bf16]
                      [--layout nchw|channels_last] [--threads N] [--warmup N] [--iterations N]

Batch and size are by default 16 at 224, and 128 at 32 for cifar_resnet20. A step is forward, cross-entropy, backward and
SGD with momentum on random images that are in memory already. bf16 is autocast.
"""
import argparse

import torch
import torch.nn.functional as F
from measure import cifar_resnet20, measure


def main():
    parser = argparse.ArgumentParser(description="PyTorch training steps.")
    parser.add_argument("--network", default="resnet50", choices=["resnet50", "resnet18", "cifar_resnet20"])
    parser.add_argument("--batch", type=int)
    parser.add_argument("--size", type=int)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--layout", default="nchw", choices=["nchw", "channels_last"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    small = options.network == "cifar_resnet20"
    batch, size = options.batch or (128 if small else 16), options.size or (32 if small else 224)
    classes = 10 if small else 1000
    if small:
        network = cifar_resnet20()
    else:
        import torchvision

        network = getattr(torchvision.models, options.network)(weights=None, num_classes=classes)
    layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
    network = network.to(memory_format=layout).train()
    images = torch.randn(batch, 3, size, size).contiguous(memory_format=layout)
    labels = torch.randint(0, classes, (batch,))
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def step():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            logits = network(images)
        F.cross_entropy(logits.float(), labels).backward()
        optimiser.step()

    what = {
        "peer": f"torch {torch.__version__}", "task": "training", "network": options.network, "batch": batch, "size": size,
        "mode": f"{options.precision} {options.layout}", "threads": options.threads,
    }  # fmt: skip
    measure(what, step, batch, options.warmup, options.iterations)


if __name__ == "__main__":
    main()
