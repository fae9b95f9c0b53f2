"""Measures what the data plane of `sightline train classification` takes for a manifest: seconds from the start of the program to the first
training step, and resident memory, beside the same command on a thousand lines.

    measure.py SIGHTLINE BIG_MANIFEST SMALL_MANIFEST SECONDS

The program runs on a terminal of its own, whose live line tells when the first step is done; it trains for SECONDS and is asked to stop.
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time


def memory(pid):
    """Resident MB now and at most."""
    with open(f"/proc/{pid}/status") as file:
        found = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+)", file.read()))
    return int(found["VmRSS"]) / 1024, int(found["VmHWM"]) / 1024


def run(program, manifest, mode, options, seconds):
    """Seconds to the first step, then the largest resident MB before and after it, then steps done."""
    master, slave = pty.openpty()
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "train", "classification", "--train", manifest, "--input-mode", mode, "--output", folder + "/run"]
        command += ["-p", "num_layers=20", "-p", "image_shape=3,32,32", "-p", "resize=32", "-p", "learning_rate=0.01"] + options
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        text, first, highest, start_peak, asked = b"", None, 0.0, 0.0, False
        while process.poll() is None:
            if select.select([master], [], [], 0.01)[0]:
                try:
                    text = (text + os.read(master, 65536))[-4000:]
                except OSError:
                    pass
            now = time.monotonic() - begin
            try:
                resident, peak = memory(process.pid)
            except (OSError, KeyError):
                continue
            highest = max(highest, resident)
            if first is None and re.search(rb"epoch 1/.*loss", text):
                first, start_peak = now, peak
            if now > seconds and first is not None and not asked:
                asked, highest = True, max(highest, peak)
                process.send_signal(signal.SIGINT)
        os.close(master)
    if first is None:
        sys.exit(f"no step was seen; the program wrote: {text.decode(errors='replace')}")
    done = re.findall(rb"after ([\d,]+) steps", text)
    return first, start_peak, highest, done[-1].decode() if done else "an epoch's"


def main(program, big, small, seconds):
    ways = [
        ("any order, classes counted", "file", []),
        ("any order, num_classes", "file", ["-p", "num_classes=10"]),
        ("stream", "pipe", ["-p", "num_classes=10", "-p", "num_training_samples=10000000"]),
    ]
    for name, mode, options in ways:
        small_options = [option for option in options if "samples" not in option] if mode == "file" else ["-p", "num_classes=10"]
        base = run(program, small, mode, small_options + ["-p", "epochs=1000000"], 5)
        found = run(program, big, mode, options, seconds)
        print(
            f"{name}: first step after {found[0]:.2f} s (a thousand lines: {base[0]:.2f} s); {found[3]} steps in {seconds:.0f} s; "
            f"at most {found[2]:.0f} MB resident, {base[2]:.0f} MB with a thousand lines: the data take {found[2] - base[2]:.0f} MB",
            flush=True,
        )


main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
