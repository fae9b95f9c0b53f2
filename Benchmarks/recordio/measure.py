"""measure.py PROGRAM ROUNDS: seconds for one pass over 30,000 records of 100 kB, medians and ratios.

Whole commands, start included: of 3 GB that is little. Of 1 GB it is a sixth where cat takes 67 ms."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

import mxnet as mx

program, rounds = sys.argv[1], int(sys.argv[2])
reading = "import sys, mxnet as mx\nr = mx.recordio.MXRecordIO(sys.argv[1], 'r')\nn = 0\nimport time\nt = time.perf_counter()\n"
reading += "p = r.read()\nwhile p is not None:\n    n += 1\n    p = r.read()\nprint(time.perf_counter() - t)"

with tempfile.TemporaryDirectory() as folder:
    path = folder + "/big.rec"
    writer = mx.recordio.MXRecordIO(path, "w")
    block = os.urandom(120_000)
    for i in range(30_000):
        writer.write(block[i % 97 : i % 97 + 90_000 + i % 20_000])
    writer.close()
    size = os.path.getsize(path)
    times = {"cat": [], "sightline": [], "mxnet": []}

    def seconds(command):
        start = time.perf_counter()
        with open(os.devnull, "w") as nothing:
            subprocess.run(command, check=True, stdout=nothing)
        return time.perf_counter() - start

    for _ in range(rounds + 1):
        times["cat"].append(seconds(["cat", path]))
        times["sightline"].append(seconds([program, "count", path]))
        # Without the time that Python takes to import MXNet.
        times["mxnet"].append(float(subprocess.run([sys.executable, "-c", reading, path], check=True, capture_output=True, text=True).stdout))
    median = {name: statistics.median(values[1:]) for name, values in times.items()}
    for name, value in median.items():
        print(f"{name:10} {value:6.3f} s  {size / value / 1e9:5.2f} GB/s  (medians of {rounds})")
    print(f"sightline / cat   {median['cat'] / median['sightline']:.2f} of its throughput")
    print(f"sightline / mxnet {median['mxnet'] / median['sightline']:.2f} times its throughput")
