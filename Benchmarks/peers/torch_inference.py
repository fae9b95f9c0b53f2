"""PyTorch inference, eager and without folding: images per second and peak memory.

    torch_inference.py [--network resnet50] [--batch 1] [--size 224] [--mode best|fp32-nchw|fp32-channels_last|bf16-...]
                       [--threads N] [--warmup N] [--iterations N]

`best` times each of the four modes for a few iterations and measures the fastest; its name is in the line, and the peak
memory is that of all four (name a mode to have its own). In bf16 modes the weights are bfloat16 (no autocast).
"""
import argparse
import copy
import time

import torch
import torchvision
from measure import measure

MODES = [f"{precision}-{layout}" for precision in ("fp32", "bf16") for layout in ("nchw", "channels_last")]


def prepared(network, images, mode):
    """A closure that runs one batch in this mode, on a copy of the network."""
    precision, layout = mode.split("-")
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    layout = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    network = copy.deepcopy(network).to(dtype=dtype, memory_format=layout)
    images = images.to(dtype=dtype).contiguous(memory_format=layout)

    def run():
        with torch.inference_mode():
            network(images)

    return run


def seconds(run, count):
    run()
    started = time.perf_counter()
    for _ in range(count):
        run()
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description="PyTorch inference.")
    parser.add_argument("--network", default="resnet50", choices=["resnet18", "resnet50", "resnet101"])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--mode", default="best", choices=["best", *MODES])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = getattr(torchvision.models, options.network)(weights=None).eval()
    images = torch.randn(options.batch, 3, options.size, options.size)
    mode = options.mode
    if mode == "best":
        mode = min(MODES, key=lambda mode: seconds(prepared(network, images, mode), min(3, options.iterations)))
    what = {
        "peer": f"torch {torch.__version__}", "task": "inference", "network": options.network, "batch": options.batch,
        "size": options.size, "mode": mode, "chosen": options.mode == "best", "threads": options.threads,
    }  # fmt: skip
    measure(what, prepared(network, images, mode), options.batch, options.warmup, options.iterations)


if __name__ == "__main__":
    main()
