"""Plays the platform that starts a training container: lays out /opt/ml, feeds pipes, sends signals, takes the results.

platform.py JOB.json PROGRAM [ARGUMENT…]

The job is a JSON object:
  root             the folder that stands for /opt/ml; whatever is there is removed
  hyperparameters  Python values; they are written as the platform does, as strings
  channels         name → {"source": file or folder, and what inputdataconfig.json says of it}; "source" of null: the channel has no data
                   "S3DataType": "AugmentedManifestFile": the source is a manifest, whose "AttributeNames" go through the pipe
                   "prefix": further files (name in the channel → source) that a prefix of a bucket brings in
  hosts, host      resourceconfig.json; one host by default
  together         true: every one of the hosts gets a container, all at once, in a folder of its name below root; a channel's source may be
                   an object, host → source. SIGTERM goes to all
  checkpoints      true: checkpointconfig.json, and a folder that outlives a container
  environment      more environment variables
  metrics          name → regular expression, run over every line as the platform does; the first group is the number
  stop             a regular expression: when a line of the first run matches, the container gets SIGTERM, and is started again,
                   with nothing left but its checkpoints
  restart          false: it is not started again; an object: what of the job is different then. All hosts get the first one's checkpoints

The program is started under the name `train`, or with ARGUMENTs as it is given. What happened goes to standard output as one JSON object:
  runs     [{"status", "log": lines, "failure": text or null, "stopping": seconds from SIGTERM to the end}]
  metrics  name → numbers, over all runs
  model, output, checkpoints   files in these folders, as relative paths
Of hosts together it is a list of such objects, one a host.
Standard library only.
"""

import errno
import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time

MAGIC = struct.pack("<I", 0xCED7230A)


def record(payload):
    """A RecordIO record: cut where the magic stands at a multiple of four."""
    parts, start = [], 0
    for place in range(0, len(payload) - 3, 4):
        if payload[place:place + 4] == MAGIC:
            parts.append(payload[start:place])
            start = place + 4
    parts.append(payload[start:])
    out = bytearray()
    for index, part in enumerate(parts):
        flag = 0 if len(parts) == 1 else 1 if index == 0 else 3 if index == len(parts) - 1 else 2
        out += MAGIC + struct.pack("<I", flag << 29 | len(part)) + part + bytes(-len(part) % 4)
    return bytes(out)


def pipe_content(channel):
    """The bytes of one epoch of a channel in pipe mode."""
    source = channel["source"]
    wrapped = channel.get("RecordWrapperType") == "RecordIO"
    if channel.get("S3DataType") == "AugmentedManifestFile":
        out = bytearray()
        with open(source, encoding="utf-8") as manifest:
            for line in filter(str.strip, manifest):
                values = json.loads(line)
                for name in channel["AttributeNames"]:
                    # A line without the attribute gives nothing.
                    if name not in values:
                        continue
                    if name.endswith("-ref"):
                        with open(os.path.join(os.path.dirname(source), values[name]), "rb") as file:
                            content = file.read()
                    else:
                        content = json.dumps(values[name]).encode()
                    out += record(content) if wrapped else content
        return bytes(out)
    out = bytearray()
    for path in sorted(files_below(source)) if os.path.isdir(source) else [""]:
        with open(os.path.join(source, path) if path else source, "rb") as file:
            content = file.read()
        out += record(content) if wrapped else content
    return bytes(out)


def files_below(folder):
    return [
        os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names
    ] if os.path.isdir(folder) else []


class Feeder(threading.Thread):
    """Writes a channel into one FIFO an epoch; the next appears when its turn has come."""

    def __init__(self, prefix, content):
        super().__init__(daemon=True)
        self.prefix, self.content, self.done = prefix, content, threading.Event()

    def run(self):
        epoch = 0
        while not self.done.is_set():
            path = f"{self.prefix}_{epoch}"
            os.mkfifo(path)
            descriptor = self.open(path)
            if descriptor is None:
                return
            try:
                left = memoryview(self.content)
                while left:
                    left = left[os.write(descriptor, left):]
            except BrokenPipeError:
                pass  # The reader has seen enough of this epoch.
            finally:
                os.close(descriptor)
            epoch += 1

    def open(self, path):
        """Waits for a reader, as long as the container runs."""
        while not self.done.is_set():
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                time.sleep(0.01)
                continue
            fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) & ~os.O_NONBLOCK)
            return descriptor
        return None


CONFIGURED = ["ContentType", "TrainingInputMode", "S3DistributionType", "RecordWrapperType", "ShuffleConfig"]


def lay_out(job):
    """Makes the tree of a container that is about to start, and answers the feeders of its pipes."""
    root = job["root"]
    shutil.rmtree(root, ignore_errors=True)
    config, data = os.path.join(root, "input/config"), os.path.join(root, "input/data")
    for folder in [config, data, os.path.join(root, "model"), os.path.join(root, "output/data")]:
        os.makedirs(folder)

    def write(name, value):
        with open(os.path.join(config, name), "w", encoding="utf-8") as file:
            json.dump(value, file)

    write("hyperparameters.json", {name: str(value) for name, value in job.get("hyperparameters", {}).items()})
    hosts = job.get("hosts", ["algo-1"])
    write("resourceconfig.json", {
        "current_host": job.get("host", hosts[0]), "hosts": hosts, "network_interface_name": "eth0",
        "current_instance_type": "ml.m5.large", "current_group_name": "homogeneousCluster",
        "instance_groups": [{"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": hosts}]})
    channels = job.get("channels", {})
    write("inputdataconfig.json", {
        name: {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
        | {key: channel[key] for key in CONFIGURED if key in channel}
        for name, channel in channels.items()})
    if job.get("checkpoints"):
        write("checkpointconfig.json", {"LocalPath": "/opt/ml/checkpoints", "S3Uri": "s3://bucket/checkpoints"})
        os.makedirs(os.path.join(root, "checkpoints"))

    feeders = []
    for name, channel in channels.items():
        place = os.path.join(data, name)
        if channel.get("TrainingInputMode") == "Pipe":
            if channel["source"] is not None:
                feeders.append(Feeder(place, pipe_content(channel)))
            continue
        if channel["source"] is None:
            os.makedirs(place)
        elif os.path.isdir(channel["source"]):
            shutil.copytree(channel["source"], place)
        else:
            os.makedirs(place)
            shutil.copy(channel["source"], place)
        for foreign, source in channel.get("prefix", {}).items():
            target = os.path.join(place, foreign)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, target)
    return feeders


def environment(job):
    """What the platform sets, and no more than a program needs besides."""
    kept = ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "SIGHTLINE_CACHE"]
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "TRAINING_JOB_NAME": "job", "TRAINING_JOB_ARN": "arn:aws:sagemaker:eu-central-1:123456789012:training-job/job",
        "AWS_REGION": "eu-central-1", "SIGHTLINE_ROOT": job["root"]} | job.get("environment", {})


class Signal:
    """Sends SIGTERM to all containers of a job when a line of one of them matches."""

    def __init__(self, pattern):
        self.pattern, self.processes, self.sent = pattern, [], None

    def look(self, line):
        if self.pattern and self.sent is None and re.search(self.pattern, line):
            self.sent = time.monotonic()
            for process in self.processes:
                process.send_signal(signal.SIGTERM)


def run(job, command, stop):
    """One container from its start to its end."""
    feeders = lay_out(job)
    for source in job.get("saved_checkpoints", {}).items():
        target = os.path.join(job["root"], "checkpoints", source[0])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(source[1])
    for feeder in feeders:
        feeder.start()
    words = [command[0]] + command[1:] if len(command) > 1 else ["train"]
    process = subprocess.Popen(
        words, executable=command[0], env=environment(job), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, cwd=job["root"])
    # What a platform would do after its longest waiting.
    watch = threading.Timer(job.get("limit", 120), process.kill)
    watch.start()
    stop.processes.append(process)
    log = []
    for line in process.stdout:
        log.append(line.rstrip("\n"))
        stop.look(line)
    status = process.wait()
    ended = time.monotonic()
    watch.cancel()
    for feeder in feeders:
        feeder.done.set()
    failure = os.path.join(job["root"], "output/failure")
    text = open(failure, encoding="utf-8").read() if os.path.exists(failure) else None
    return {
        "status": status, "log": log, "failure": text,
        "stopping": None if stop.sent is None else ended - stop.sent}


def part(job, host):
    """The job as one of several hosts sees it."""
    channels = {
        name: channel | {"source": channel["source"][host] if isinstance(channel["source"], dict) else channel["source"]}
        for name, channel in job.get("channels", {}).items()}
    return job | {"host": host, "root": os.path.join(job["root"], host), "channels": channels}


def run_all(jobs, command, pattern):
    """The containers of a job, one a host, from their start to their end."""
    stop = Signal(pattern)
    runs = [None] * len(jobs)

    def work(index):
        runs[index] = run(jobs[index], command, stop)

    threads = [threading.Thread(target=work, args=[index]) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return runs


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    command = sys.argv[2:]

    def parts():
        return [part(job, host) for host in job["hosts"]] if job.get("together") else [job]

    jobs = parts()
    runs = [[run] for run in run_all(jobs, command, job.get("stop"))]
    if job.get("stop") and job.get("restart", True):
        # Nothing of the first container is left but what was copied to the bucket.
        folder = os.path.join(jobs[0]["root"], "checkpoints")
        job["saved_checkpoints"] = {}
        for name in files_below(folder):
            with open(os.path.join(folder, name), "rb") as file:
                job["saved_checkpoints"][name] = file.read()
        if isinstance(job.get("restart"), dict):
            job |= job["restart"]
        jobs = parts()
        for index, run in enumerate(run_all(jobs, command, None)):
            runs[index].append(run)
    results = [result(*pair) for pair in zip(jobs, runs)]
    json.dump(results if job.get("together") else results[0], sys.stdout)


def result(job, runs):
    """What a host's containers left."""
    metrics = {
        name: [float(found.group(1).strip("()")) for one in runs for line in one["log"] if (found := re.search(pattern, line))]
        for name, pattern in job.get("metrics", {}).items()}

    def files(folder):
        return sorted(files_below(os.path.join(job["root"], folder)))

    return {
        "runs": runs, "metrics": metrics, "model": files("model"), "output": files("output/data"), "checkpoints": files("checkpoints")}


main()
