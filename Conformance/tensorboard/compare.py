#!/usr/bin/env python3
"""Compares what TensorBoard reads of a run with the run's results.csv, before and after the run is gone on with; see run.sh."""
import argparse, csv, pathlib, random, subprocess, sys, tempfile, time

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def pictures(folder):
    """Class folders of plain colours with noise."""
    for index in range(24):
        name, base = (("dark", 40), ("light", 200))[index % 2]
        path = folder / name / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        chance = random.Random(index)
        Image.frombytes("RGB", (32, 32), bytes(base + chance.randrange(40) for _ in range(32 * 32 * 3))).save(path)


def compare(run):
    """Differences between the event files and results.csv."""
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    rows = list(csv.DictReader((run / "results.csv").open()))
    faults, compared = [], 0
    for column in rows[0]:
        part, _, metric = column.partition("/")
        tag = {"train": f"{metric}/training", "validation": f"{metric}/validation"}.get(part) or {
            "learning_rate": "learning_rate", "images_per_second": "speed/images_per_second", "data_wait": "speed/data_wait"}.get(column)
        if tag is None:
            continue
        scalars = events.Scalars(tag)
        found = {scalar.step: scalar.value for scalar in scalars}
        if len(found) < len(scalars):
            faults.append(f"{tag}: {len(scalars)} values of {len(found)} epochs")
        wanted = {int(row["epoch"]): float(row[column]) for row in rows}
        if found.keys() != wanted.keys():
            faults.append(f"{tag}: epochs {sorted(found)} where results.csv has {sorted(wanted)}")
        for epoch in found.keys() & wanted.keys():
            compared += 1
            if abs(found[epoch] - wanted[epoch]) > 1e-4 + 1e-3 * abs(wanted[epoch]):
                faults.append(f"{tag}, epoch {epoch}: {found[epoch]} where results.csv has {wanted[epoch]}")
    return compared, faults


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", required=True)
    program = options.parse_args().program
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        pictures(place / "data")
        command = [program, "train", "classification", "--train", "data", "--validation-split", "0.25", "--output", "run", "--tensorboard",
                   "--quiet", "--device", "cpu", "-p", "num_layers=20", "-p", "image_shape=3,32,32", "-p", "mini_batch_size=6"]
        # Stopped by a signal in its second or a later epoch, then gone on with.
        running = subprocess.Popen(command + ["-p", "epochs=40"], cwd=place)
        while running.poll() is None and not (place / "run/results.csv").exists():
            time.sleep(0.01)
        running.terminate()
        running.wait()
        total, faults = 0, []
        for step in ("stopped", "resumed"):
            if step == "resumed":
                subprocess.run(command + ["-p", "epochs=40", "--resume"], cwd=place, check=True)
            compared, found = compare(place / "run")
            total += compared
            faults += [f"{step}: {fault}" for fault in found]
        files = len(list((place / "run/tensorboard").iterdir()))
    for fault in faults:
        print(fault)
    print(f"{total} scalars of {files} event files, {len(faults)} differ from results.csv")
    sys.exit(1 if faults or files != 2 else 0)


main()
