"""What the peer scripts share: timing, peak memory, the one JSON line, and the CIFAR network of the fixtures."""
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

NETWORKS = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "networks"


def cifar_resnet20():
    """ResNet-20 for CIFAR-10, the module that also makes the test fixtures: one definition, one truth."""
    sys.path.insert(0, str(NETWORKS))
    from cifar_resnet import CIFARResNet

    return CIFARResNet(depth=20, classes=10)


def peak_rss_mb():
    """The largest resident set, in MiB, of this process or of any one of its ended children."""
    kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(kib / 1024)


def _busy_seconds():
    """Processor seconds that the whole machine has spent working since it started."""
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def _own_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def add_measuring(parser, batch=None, warmup=2, iterations=8):
    """The options that every peer of the networks has."""
    import torch

    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; on cuda, cuDNN tries its algorithms")
    parser.add_argument("--compile", action="store_true", help="by torch.compile")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warmup", type=int, default=warmup)
    parser.add_argument("--iterations", type=int, default=iterations)
    parser.add_argument("--group", type=int, default=1, help="steps of a repetition; a device is waited for behind the last")


def settle(options):
    """What all peers of the networks set before they begin."""
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = options.device != "cpu"


def compiled(function, options, **settings):
    """The function as it is, or by torch.compile."""
    import torch

    return torch.compile(function, **settings) if options.compile else function


def measure_network(what, run, options):
    """As measure(), with steps in groups and the device's memory; a device's work is done when it has been waited for."""
    import torch

    what |= {"peer": f"torch {torch.__version__}", "device": options.device, "compiled": options.compile, "threads": options.threads}
    if options.device == "cpu":

        def together():
            for _ in range(options.group):
                run()

        facts = dict
    else:

        def together():
            for _ in range(options.group):
                run()
            torch.cuda.synchronize()

        def facts():
            return {"peak_device_mb": round(torch.cuda.max_memory_allocated() / 2**20)}

    for _ in range(options.warmup):
        run()
    measure(what, together, options.batch * options.group, 0, options.iterations, facts)


def measure(what, run, images, warmup, iterations, facts=dict):
    """Runs `run` `warmup` times unmeasured, then `iterations` times, each handling `images` images and ending only when its
    work is done, and prints `what` with the rates and what `facts` then says as one JSON line; nothing without iterations.

    `other_cores` is what all other processes used meanwhile (DataLoader's living workers count as others too): distrust a
    line where it is well above 0.
    """
    for _ in range(warmup):
        run()
    if iterations == 0:
        return
    rates = []
    started, busy, own = time.perf_counter(), _busy_seconds(), _own_seconds()
    for _ in range(iterations):
        begin = time.perf_counter()
        run()
        rates.append(images / (time.perf_counter() - begin))
    wall = time.perf_counter() - started
    own = _own_seconds() - own
    others = max(0.0, _busy_seconds() - busy - own)
    line = what | facts() | {
        "iterations": iterations,
        "images_per_s": round(statistics.median(rates), 3),
        "images_per_s_min": round(min(rates), 3),
        "images_per_s_max": round(max(rates), 3),
        "own_cores": round(own / wall, 2),
        "other_cores": round(others / wall, 2),
        "peak_rss_mb": peak_rss_mb(),
    }
    print(json.dumps(line), flush=True)
