"""Makes a small data set of two groups, animals and vehicles, out of CIFAR-10: 500 training images, all test images.

    make_groups.py CIFAR10 OUT
"""
import sys
from pathlib import Path

RECORD = 3073
VEHICLES = {0, 1, 8, 9}  # airplane, automobile, ship, truck


def regroup(source, target, count=None):
    data = bytearray(source.read_bytes())
    if count:
        data = data[: count * RECORD]
    for start in range(0, len(data), RECORD):
        data[start] = 1 if data[start] in VEHICLES else 0
    target.write_bytes(data)


cifar, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
regroup(cifar / "data_batch_1.bin", out / "data_batch_1.bin", 500)
regroup(cifar / "test_batch.bin", out / "test_batch.bin")
(out / "batches.meta.txt").write_text("animal\nvehicle\n")
