"""The GPU check, from its unpacked archive: whether results on the GPU are those of the processor, and how quick training and inference are
beside torchvision's. Less than 8 minutes, apart from installing PyTorch where it is not there.

    python3 run.py [--device cuda] [--budget SECONDS] [--small] [--without-peers] [--out FOLDER]

Needs Python 3.10 or newer and nothing else: where this Python has no torch 2.11.0 for CUDA with torchvision, they are installed into a virtual
environment beside this file. Writes agreement.jsonl, results.jsonl, report.md and a log of each program into FOLDER (out), and ends with status 1
where a result is wrong. `--device cpu --small` tries the check itself.
"""
import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TORCH, TORCHVISION = "2.11.0", "0.26.0"
PROBE = """
import json, torch, torchvision
print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda, "library": torch.__path__[0] + "/lib",
                  "device": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None, "gpus": torch.cuda.device_count()}))
"""

CUDA_WORKS = [
    # group; Sightline's arguments; the peer's script; its arguments; whether torch.compile is tried too
    ("ResNet-50 training, batch 64 at 224", "training --batch 64", "torch_training.py", "--batch 64 --layout channels_last --precision bf16", False),
    ("ResNet-50 training, batch 128 at 224", "training --batch 128", "torch_training.py", "--batch 128 --layout channels_last --precision bf16", True),
    ("SSD300-VGG16 training, batch 64", "detection training --batch 64", "torch_detection.py", "training --batch 64", True),
    ("DeepLabV3-ResNet-50 training, batch 8 at 480", "segmentation training --batch 8", "torch_segmentation.py", "training --batch 8", False),
    ("DeepLabV3-ResNet-50 training, batch 16 at 480", "segmentation training --batch 16", "torch_segmentation.py", "training --batch 16", True),
    ("ResNet-50 inference, batch 1 at 224", "inference --precision bfloat16", "torch_inference.py", "--mode bf16-channels_last", True),
]  # fmt: skip
SMALL_WORKS = [
    ("ResNet-18 training, batch 2 at 64", "training --layers 18 --size 64 --batch 2", "torch_training.py",
     "--network resnet18 --size 64 --batch 2 --layout channels_last --precision bf16", True),
    ("SSD300-VGG16 training, batch 1", "detection training --batch 1", "torch_detection.py", "training --batch 1", False),
    ("DeepLabV3-ResNet-50 training, batch 2 at 65", "segmentation training --batch 2 --size 65", "torch_segmentation.py",
     "training --batch 2 --size 65", False),
    ("ResNet-18 inference, batch 1 at 64", "inference --layers 18 --size 64 --precision bfloat16", "torch_inference.py",
     "--network resnet18 --size 64 --mode bf16-channels_last", False),
]  # fmt: skip


class Check:
    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out).resolve()
        self.out.mkdir(parents=True, exist_ok=True)
        self.results = self.out / "results.jsonl"
        self.results.write_text("")
        self.faults, self.left_out, self.facts = [], [], []
        self.python, self.torch = self.find_torch()
        self.begin = time.monotonic()
        threads = os.cpu_count() or 2
        self.works = SMALL_WORKS if options.small else CUDA_WORKS
        self.counts = "--warmup 1 --iterations 2 --group 1" if options.small else "--warmup 6 --iterations 5 --group 10"
        self.single = "--warmup 1 --iterations 2 --group 1" if options.small else "--warmup 20 --iterations 200 --group 1"
        library = pathlib.Path(self.torch["library"])
        nvidia = sorted((library.parent.parent / "nvidia").glob("*/lib"))
        # The check's own copies come last: they stand in for what this machine lacks.
        folders = [library, *nvidia, pathlib.Path("/usr/lib/x86_64-linux-gnu"), HERE / "lib"]
        self.environment = dict(os.environ, LD_LIBRARY_PATH=":".join(map(str, folders)), OMP_NUM_THREADS=str(threads))
        self.threads = f"--threads {threads}"

    # The machine

    def find_torch(self):
        """A Python with the right PyTorch, and what that says of itself."""
        own = HERE / "venv" / "bin" / "python"
        for python in (os.environ.get("PYTHON"), sys.executable, str(own)):
            if python and pathlib.Path(python).exists() and (found := self.probe(python)):
                return python, found
        print(f"installing torch {TORCH} and torchvision {TORCHVISION} into {own.parents[1]}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", own.parents[1]], check=True)
        subprocess.run([own, "-m", "pip", "install", "--quiet", f"torch=={TORCH}", f"torchvision=={TORCHVISION}"], check=True)
        if found := self.probe(own):
            return str(own), found
        sys.exit(f"gpu-check: torch {TORCH} with CUDA was installed into {own.parents[1]} and does not work there")

    def probe(self, python):
        result = subprocess.run([python, "-c", PROBE], capture_output=True, text=True)
        if result.returncode != 0:
            return None
        found = json.loads(result.stdout.splitlines()[-1])
        fits = found["torch"].split("+")[0] == TORCH and (found["cuda"] or self.options.device == "cpu")
        return found if fits else None

    @property
    def left(self):
        return self.options.budget - (time.monotonic() - self.begin)

    def run(self, name, command, environment=None, most=None):
        """The output of a program, or None where it failed or the time was over; its log stays."""
        limit = min(self.left, most or self.left)
        if limit < 5:
            self.left_out.append(name)
            return None
        log = self.out / (name.replace(" ", "-").replace(",", "").replace("/", "-") + ".log")
        begin = time.monotonic()
        with open(log, "w") as errors:
            try:
                result = subprocess.run(
                    [str(part) for part in command], stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, timeout=limit
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                self.left_out.append(f"{name} (not done after {limit:.0f} s)")
                return None
        with open(log, "a") as errors:
            errors.write(result.stdout)
        print(f"{time.monotonic() - self.begin:6.0f} s  {name}: {time.monotonic() - begin:.1f} s, status {result.returncode}", flush=True)
        return result

    # Whether results are right

    def agree(self):
        command = [HERE / "bin/sightline-benchmark", "agreement", "--device", self.options.device, *self.threads.split()]
        result = self.run("agreement", command + (["--small"] if self.options.small else []), self.environment)
        if result is None:
            self.faults.append("agreement: not done")
            return
        (self.out / "agreement.jsonl").write_text(result.stdout)
        lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
        checks = [line for line in lines if "check" in line]
        wrong = [line for line in checks if not line["right"]]
        self.facts.append(f"agreement with the processor: {len(checks) - len(wrong)} of {len(checks)} comparisons")
        self.faults += [f"{line['check']}: error {line['error']}, bound {line['bound']}" for line in wrong]
        if result.returncode != 0 and not wrong:
            self.faults.append(f"agreement: status {result.returncode}, see agreement.log")

    def learn(self):
        """The program as a user starts it, in each precision, and on two GPUs where there are two."""
        data = self.out / "digits"
        subprocess.run([sys.executable, HERE / "digits.py", data] + (["192", "48"] if self.options.small else []), check=True)
        precisions = ["float32", "bfloat16", "float16"]
        runs = [(precision, precision, []) for precision in precisions]
        if self.options.device == "cuda" and self.torch["gpus"] > 1:
            runs.append(("two GPUs", "float32", ["--gpus", "2", "--sync-batch-norm"]))
        figures = {}
        for name, precision, more in runs:
            folder = self.out / f"run-{name.replace(' ', '-')}"
            command = [
                HERE / "bin/sightline", "train", "classification", "--train", data, "--validation", data, "--output", folder, "--overwrite",
                "--device", self.options.device, "-p", "num_layers=20", "-p", "image_shape=1,28,28", "-p", "mini_batch_size=32", "-p", "epochs=4",
                "-p", "learning_rate=0.05", "-p", f"precision_dtype={precision}", *more,
            ]  # fmt: skip
            result = self.run(f"training in {name}", command, self.environment, most=120)
            if result is None or result.returncode != 0:
                self.faults.append(f"training in {name}: see training-in-{name.replace(' ', '-')}.log")
                continue
            with open(folder / "results.csv") as file:
                row = list(csv.DictReader(file))[-1]
            figures[name] = float(row["train/loss"])
            self.facts.append(f"ResNet-20 in {name}: loss {row['train/loss']}, validation accuracy {row['validation/accuracy']}")
            if float(row["validation/accuracy"]) < (0.5 if self.options.small else 0.95):
                self.faults.append(f"training in {name} learns too little: {row['validation/accuracy']}")
        if "two GPUs" in figures and "float32" in figures and abs(figures["two GPUs"] - figures["float32"]) > 0.02:
            self.faults.append(f"two GPUs learn otherwise than one: losses {figures['two GPUs']} and {figures['float32']}")

    # How quick

    def counted(self, arguments):
        return f"{arguments} {self.single if 'inference' in arguments else self.counts}".split()

    def peer(self, script, arguments, compiled):
        counts = self.single if "inference" in script else self.counts
        device = ["--device", self.options.device]
        return [self.python, HERE / "peers" / script, *arguments.split(), *counts.split(), *device] + (["--compile"] if compiled else [])

    def record(self, group, name, result):
        line = next((line for line in reversed((result.stdout if result else "").splitlines()) if line.startswith("{")), None)
        if line is None or result.returncode != 0:
            if result:
                self.left_out.append(f"{group}, {name}: status {result.returncode}, see its log")
            return
        with open(self.results, "a") as file:
            file.write(json.dumps({"group": group, "name": name, "result": json.loads(line)}) + "\n")

    def warm_up_compilers(self):
        """Compiles the peers' networks beside each other; what they leave in the cache makes the measured runs short."""
        if self.options.without_peers:
            return []
        cache = dict(os.environ, TORCHINDUCTOR_CACHE_DIR=str(self.out / "inductor"))
        started = []
        for group, _, script, arguments, compiles in self.works:
            if compiles:
                command = [str(part) for part in self.peer(script, arguments, True)]
                counts = ["--iterations", "0", "--warmup", "1"]
                started.append(subprocess.Popen(command + counts, env=cache, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return started

    def measure(self):
        for group, ours, script, arguments, _ in self.works:
            command = [HERE / "bin/sightline-benchmark", *self.counted(ours), "--device", self.options.device, *self.threads.split()]
            self.record(group, "Sightline bf16", self.run(f"{group} Sightline", command, self.environment))
            if not self.options.without_peers:
                self.record(group, "PyTorch bf16 channels-last", self.run(f"{group} PyTorch", self.peer(script, arguments, False)))
        if self.options.without_peers:
            return
        works = [f"{group}|{script}|{arguments}" for group, _, script, arguments, _ in self.works]
        small = ["--small"] if self.options.small else []
        result = self.run("roofline", [self.python, HERE / "roofline.py", "--device", self.options.device, *small, *works])
        if result:
            with open(self.results, "a") as file:
                file.writelines(line + "\n" for line in result.stdout.splitlines() if line.startswith("{"))
        cache = dict(os.environ, TORCHINDUCTOR_CACHE_DIR=str(self.out / "inductor"))
        for group, _, script, arguments, compiles in self.works:
            if compiles:
                name = "PyTorch bf16 channels-last, torch.compile"
                self.record(group, name, self.run(f"{group} PyTorch compiled", self.peer(script, arguments, True), cache))

    def report(self):
        table = subprocess.run([sys.executable, HERE / "summarize.py", self.results], capture_output=True, text=True).stdout
        rooflines = [json.loads(line) for line in self.results.read_text().splitlines()]
        rooflines = [line for line in rooflines if line["name"].startswith("roofline")]
        parts = [f"Device: {self.torch['device'] or 'the processor'}; torch {self.torch['torch']}.", "", *[f"- {fact}" for fact in self.facts], "", table]
        if rooflines:
            parts += ["| step | TFLOP | GB, each operation for itself | roofline, ms |", "| --- | ---: | ---: | ---: |"]
            for line in rooflines:
                result = line["result"]
                numbers = [result["operations_a_step"] / 1e12, result["bytes_a_step"] / 1e9, result["seconds_a_step"] * 1e3]
                parts.append(f"| {line['group']} | " + " | ".join(f"{number:.3g}" for number in numbers) + " |")
        parts += ["", *[f"- left out: {name}" for name in self.left_out], *[f"- WRONG: {fault}" for fault in self.faults]]
        text = "\n".join(parts) + "\n"
        (self.out / "report.md").write_text(text)
        print(text)


def main():
    parser = argparse.ArgumentParser(description="The GPU check.")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--budget", type=float, default=465, help="seconds for all but the installation")
    parser.add_argument("--small", action="store_true", help="small networks: tries the check itself")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--out", default=HERE / "out")
    options = parser.parse_args()
    check = Check(options)
    if options.device == "cuda" and not check.torch["device"]:
        sys.exit("gpu-check: PyTorch finds no GPU here (nvidia-smi tells why); --device cpu --small tries the check itself")
    compilers = check.warm_up_compilers()
    try:
        check.agree()
        check.learn()
        # Measured beside nothing else.
        for compiler in compilers:
            try:
                compiler.wait(timeout=max(1, min(check.left - 200, 120)))
            except subprocess.TimeoutExpired:
                check.left_out.append("a compiler's warming up took too long")
    finally:
        for compiler in compilers:
            if compiler.poll() is None:
                compiler.kill()
    check.measure()
    check.report()
    sys.exit(1 if check.faults else 0)


if __name__ == "__main__":
    main()
