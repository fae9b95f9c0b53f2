"""PyTorch inference, eager and without folding: images per second and peak memory.

    torch_inference.py [--network resnet50] [--batch 1] [--size 224] [--mode best|fp32-nchw|fp32-channels_last|bf16-...]
                       [--device cpu|cuda] [--compile] [--threads N] [--warmup N] [--iterations N] [--group N]

`best` times each of the four modes for a few iterations and measures the fastest; its name is in the line, and the peak
memory is that of all four (name a mode to have its own). torch.compile records CUDA graphs. In bf16 modes the weights are bfloat16 (no autocast).
"""
import argparse
import copy
import time

import torch
import torchvision
from measure import add_measuring, compiled, measure_network, settle

MODES = [f"{precision}-{layout}" for precision in ("fp32", "bf16") for layout in ("nchw", "channels_last")]


def prepared(network, images, mode, options):
    """A closure that runs one batch in this mode, on a copy of the network."""
    precision, layout = mode.split("-")
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    layout = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    network = copy.deepcopy(network).to(dtype=dtype, memory_format=layout)
    images = images.to(dtype=dtype).contiguous(memory_format=layout)

    forward = compiled(network, options, **({"mode": "reduce-overhead"} if options.device != "cpu" else {}))

    def run():
        with torch.inference_mode():
            forward(images)
        if options.device != "cpu":
            torch.cuda.synchronize()

    return run


def seconds(run, count):
    run()
    started = time.perf_counter()
    for _ in range(count):
        run()
    return time.perf_counter() - started


def prepare(arguments=None):
    """The options, what is measured, and one batch's work."""
    parser = argparse.ArgumentParser(description="PyTorch inference.")
    parser.add_argument("--network", default="resnet50", choices=["resnet18", "resnet50", "resnet101"])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--mode", default="best", choices=["best", *MODES])
    add_measuring(parser, batch=1, warmup=3, iterations=30)
    options = parser.parse_args(arguments)
    settle(options)
    network = getattr(torchvision.models, options.network)(weights=None).eval().to(options.device)
    images = torch.randn(options.batch, 3, options.size, options.size, device=options.device)
    mode = options.mode
    if mode == "best":
        mode = min(MODES, key=lambda mode: seconds(prepared(network, images, mode, options), min(3, options.iterations)))
    what = {
        "task": "inference", "network": options.network, "batch": options.batch, "size": options.size, "mode": mode,
        "chosen": options.mode == "best",
    }  # fmt: skip
    return options, what, prepared(network, images, mode, options)


def main():
    options, what, run = prepare()
    measure_network(what, run, options)


if __name__ == "__main__":
    main()
