"""Training steps of several processes with PyTorch's DistributedDataParallel over Gloo: images per second of all together.

    torch_ranks.py [--processes 2] [--threads 1] [--batch 8] [--size 224] [--warmup N] [--iterations N]

ResNet-50, bf16 autocast, channels-last, SGD with momentum; each process has its own random images in memory. The slowest process counts.
"""
import argparse
import json
import os
import resource
import statistics
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
import torchvision


def work(rank, options):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29511")
    dist.init_process_group("gloo", rank=rank, world_size=options.processes)
    torch.set_num_threads(options.threads)
    torch.manual_seed(rank)
    network = torchvision.models.resnet50(weights=None).to(memory_format=torch.channels_last).train()
    network = torch.nn.parallel.DistributedDataParallel(network, gradient_as_bucket_view=True)
    images = torch.randn(options.batch, 3, options.size, options.size).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 1000, (options.batch,))
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    seconds = []
    for number in range(options.warmup + options.iterations):
        dist.barrier()
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(images)
        F.cross_entropy(logits.float(), labels).backward()
        optimiser.step()
        taken = torch.tensor(time.perf_counter() - start)
        dist.all_reduce(taken, dist.ReduceOp.MAX)
        if number >= options.warmup:
            seconds.append(taken.item())
    if rank == 0:
        images = options.batch * options.processes
        print(json.dumps({
            "peer": f"torch {torch.__version__}", "task": "ranks", "ranks": options.processes, "images_per_s": images / statistics.median(seconds),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }), flush=True)  # fmt: skip
    dist.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="PyTorch training steps of several processes.")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=12)
    options = parser.parse_args()
    mp.spawn(work, args=(options,), nprocs=options.processes)
