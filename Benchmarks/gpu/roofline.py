"""What a device could do at best: its measured peaks, and the time in which they allow the peers' steps.

    roofline.py --device cpu|cuda [--small] 'GROUP|torch_training.py|--batch 64 …' …

The peaks are those of a bfloat16 matrix product and of copying memory. A step is run once, and of each of its operations the products that
it multiplies (two floating-point operations each) and the bytes of the tensors that it reads and writes are counted; it can't take less than either
needs at its peak, and the step no less than the sum: the roofline of a program that works operation by operation. One that joins
operations may beat it where memory is the bound. Prints lines as `summarize.py` reads them.
"""
import argparse
import importlib
import json
import pathlib
import sys
import time

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

for folder in ("peers", "../peers"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / folder))


def seconds(run, device, repetitions):
    """The shortest of some runs."""

    def wait():
        if device != "cpu":
            torch.cuda.synchronize()

    best = float("inf")
    for _ in range(repetitions):
        wait()
        begin = time.perf_counter()
        run()
        wait()
        best = min(best, time.perf_counter() - begin)
    return best


def peaks(device, small):
    """Floating-point operations a second of a bfloat16 product, and bytes a second of a copy."""
    side, turns, count = (512, 4, 2**22) if small else (8192, 10, 2**28)
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    product = torch.empty_like(a)

    def multiply():
        for _ in range(turns):
            torch.mm(a, b, out=product)

    source = torch.zeros(count, device=device)
    target = torch.empty_like(source)

    def copy():
        for _ in range(turns):
            target.copy_(source)

    multiply(), copy()
    return 2 * side**3 * turns / seconds(multiply, device, 5), 2 * source.nbytes * turns / seconds(copy, device, 5)


class Counter(TorchDispatchMode):
    """Adds up what the operations of a step need."""

    def __init__(self, operations_a_second, bytes_a_second):
        super().__init__()
        self.peaks = operations_a_second, bytes_a_second
        self.operations = self.bytes = 0
        self.seconds = 0.0

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        named = named or {}
        if function._overloadpacket not in flop_registry:
            # What is made of other operations is counted by them.
            with self:
                result = function.decompose(*arguments, **named)
            if result is not NotImplemented:
                return result
        result = function(*arguments, **named)
        operations = traffic = 0
        if (count := flop_registry.get(function._overloadpacket)) is not None:
            operations = int(count(*arguments, **named, out_val=result))
        # A view moves nothing.
        if not function.is_view:
            tensors = [leaf for leaf in tree_leaves((arguments, named, result)) if isinstance(leaf, torch.Tensor)]
            traffic = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        self.operations += operations
        self.bytes += traffic
        self.seconds += max(operations / self.peaks[0], traffic / self.peaks[1])
        return result


def main():
    parser = argparse.ArgumentParser(description="The measured roofline of the peers' steps.")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("works", nargs="*")
    options = parser.parse_args()
    operations_a_second, bytes_a_second = peaks(options.device, options.small)
    name = f"roofline of {operations_a_second / 1e12:.3g} TFLOP/s bf16 and {bytes_a_second / 1e9:.4g} GB/s"
    for work in options.works:
        group, script, arguments = work.split("|")
        module = importlib.import_module(script.removesuffix(".py"))
        settings, what, step = module.prepare(arguments.split() + ["--device", options.device])
        step()
        with Counter(operations_a_second, bytes_a_second) as counter:
            step()
        rate = settings.batch / counter.seconds
        result = {
            "images_per_s": rate, "min": rate, "max": rate, "task": what["task"], "batch": settings.batch,
            "operations_a_step": counter.operations, "bytes_a_step": counter.bytes, "seconds_a_step": counter.seconds,
        }  # fmt: skip
        print(json.dumps({"group": group, "name": name, "result": result}), flush=True)


if __name__ == "__main__":
    main()
