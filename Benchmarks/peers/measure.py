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


def measure(what, run, images, warmup, iterations):
    """Runs `run` `warmup` times unmeasured, then `iterations` times, each handling `images` images and ending only when its
    work is done, and prints `what` with the rates as one JSON line.

    `other_cores` is what all other processes used meanwhile (DataLoader's living workers count as others too): distrust a
    line where it is well above 0.
    """
    for _ in range(warmup):
        run()
    rates = []
    started, busy, own = time.perf_counter(), _busy_seconds(), _own_seconds()
    for _ in range(iterations):
        begin = time.perf_counter()
        run()
        rates.append(images / (time.perf_counter() - begin))
    wall = time.perf_counter() - started
    own = _own_seconds() - own
    others = max(0.0, _busy_seconds() - busy - own)
    line = what | {
        "iterations": iterations,
        "images_per_s": round(statistics.median(rates), 3),
        "images_per_s_min": round(min(rates), 3),
        "images_per_s_max": round(max(rates), 3),
        "own_cores": round(own / wall, 2),
        "other_cores": round(others / wall, 2),
        "peak_rss_mb": peak_rss_mb(),
    }
    print(json.dumps(line), flush=True)
