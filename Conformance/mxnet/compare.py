"""Writes RecordIO with MXNet's own tools and reads it with Sightline, and the other way round; every field must be equal."""

import argparse
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib

import cv2
import mxnet as mx
import numpy as np

MAGIC = struct.pack("<I", 0xCED7230A)
failures = 0


def check(name, good, detail=""):
    global failures
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {name}{'' if good else ': ' + str(detail)[:300]}")


def picture(path, seed):
    noise = np.random.RandomState(seed).randint(0, 255, (20 + seed % 7, 30 + seed % 5, 3), np.uint8)
    cv2.imwrite(path, cv2.resize(noise, (60, 40 + seed)))


def ours(program, *arguments):
    result = subprocess.run([program, *arguments], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()] if arguments[0] in ("dump", "parts") else result.stdout


def theirs(record_file):
    """Every record as MXNet reads it."""
    reader = mx.recordio.MXRecordIO(record_file, "r")
    lines = []
    while True:
        payload = reader.read()
        if payload is None:
            return lines
        header, image = mx.recordio.unpack(payload)
        labels = [float(header.label)] if header.flag == 0 else [float(x) for x in header.label]
        lines.append({"id": header.id, "id2": header.id2, "labels": labels, "bytes": len(image), "crc": zlib.crc32(image)})


def im2rec(folder, list_name, rows, *options):
    """Runs the wheel's own im2rec.py over a list of rows (index, labels, path)."""
    with open(f"{folder}/{list_name}.lst", "w") as stream:
        for index, labels, path in rows:
            stream.write("\t".join([str(index), *(f"{x:f}" for x in labels), path]) + "\n")
    tool = os.path.join(os.path.dirname(mx.__file__), "tools", "im2rec.py")
    subprocess.run([sys.executable, tool, *options, f"{folder}/{list_name}", folder], check=True, capture_output=True)
    return f"{folder}/{list_name}.rec"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        jpegs = [f"{i}.jpg" for i in range(12)]
        pngs = [f"{i}.png" for i in range(12)]
        for i, name in enumerate(jpegs + pngs):
            picture(f"{folder}/{name}", i)

        # MXNet writes, Sightline reads.
        boxes = lambda n: [2, 5] + [v for k in range(n) for v in (k, 0.125 * (k % 4), 0.25, 0.5 + 0.0625 * (k % 4), 0.75)]
        cases = {
            "im2rec, classification": ([(i, [i % 3], n) for i, n in enumerate(jpegs)], ["--pass-through"]),
            "im2rec, re-encoded": ([(i + 7, [i % 3], n) for i, n in enumerate(jpegs)], ["--resize", "32", "--quality", "90"]),
            "im2rec, multi-label": ([(i, [i % 2, 1, 0, 0.5], n) for i, n in enumerate(jpegs)], ["--pack-label", "--pass-through"]),
            "im2rec, detection": ([(i, boxes(1 + i % 9), n) for i, n in enumerate(jpegs)], ["--pack-label", "--pass-through"]),
            "im2rec, PNG": ([(i, [1], n) for i, n in enumerate(pngs)], ["--encoding", ".png", "--quality", "3"]),
            "im2rec, PNG as it is": ([(i, [2], n) for i, n in enumerate(pngs)], ["--pass-through"]),
        }
        for number, (name, (rows, options)) in enumerate(cases.items()):
            record_file = im2rec(folder, f"list{number}", rows, "--no-shuffle", *options)
            truth = theirs(record_file)
            check(f"{name}: {len(truth)} records read here as there", len(truth) == 12 and ours(program, "dump", record_file) == truth)

        # Payloads that hold the magic number.
        blobs = [b"", b"a", MAGIC, MAGIC * 2, MAGIC + b"abcd", b"abcd" + MAGIC, b"x" + MAGIC, b"abcd" + MAGIC * 3 + b"yz", MAGIC + b"q"]
        for _ in range(200):
            blobs.append(b"".join(random.choice([MAGIC, os.urandom(1), os.urandom(4), bytes(3)]) for _ in range(random.randrange(30))))
        theirs_file, ours_file = f"{folder}/theirs.rec", f"{folder}/ours.rec"
        writer = mx.recordio.MXRecordIO(theirs_file, "w")
        for i, blob in enumerate(blobs):
            writer.write(blob)
            open(f"{folder}/blob{i}", "wb").write(blob)
        writer.close()
        truth = [{"bytes": len(b), "crc": zlib.crc32(b)} for b in blobs]
        check(f"{len(blobs)} payloads with the magic number, written there", ours(program, "parts", theirs_file) == truth)
        ours(program, "wrap", ours_file, *[f"{folder}/blob{i}" for i in range(len(blobs))])
        check("the same payloads written here are the same file", open(ours_file, "rb").read() == open(theirs_file, "rb").read())
        reader = mx.recordio.MXRecordIO(ours_file, "r")
        check("and MXNet reads them back", all((reader.read() or b"") == blob for blob in blobs))

        # Sightline writes, MXNet reads: fields, and pictures through its iterator.
        plan = []
        for i, name in enumerate(jpegs + pngs):
            labels = [[float(i)], [1.0, 0.0, 0.25], [float(v) for v in boxes(1 + i % 4)]][i % 3]
            plan.append({"id": i * 1000003, "id2": i % 2, "labels": labels, "path": f"{folder}/{name}"})
        with open(f"{folder}/plan", "w") as stream:
            stream.writelines(json.dumps(line) + "\n" for line in plan)
        ours(program, "write", f"{folder}/plan", f"{folder}/written.rec")
        expected = []
        for line in plan:
            image = open(line["path"], "rb").read()
            labels = [float(np.float32(x)) for x in line["labels"]]
            expected.append({"id": line["id"], "id2": line["id2"], "labels": labels, "bytes": len(image), "crc": zlib.crc32(image)})
        found = theirs(f"{folder}/written.rec")
        check("records written here are read there exactly", found == expected, found[:2])
        packed = mx.recordio.MXRecordIO(f"{folder}/packed.rec", "w")
        for line in plan:
            flagged = line["labels"] if len(line["labels"]) > 1 else line["labels"][0]
            header = mx.recordio.IRHeader(0, np.array(flagged, np.float32) if len(line["labels"]) > 1 else flagged, line["id"], line["id2"])
            packed.write(mx.recordio.pack(header, open(line["path"], "rb").read()))
        packed.close()
        check("and are the bytes that MXNet writes", open(f"{folder}/packed.rec", "rb").read() == open(f"{folder}/written.rec", "rb").read())
        singles = [line for line in plan if len(line["labels"]) == 1 and line["path"].endswith(".jpg")]
        with open(f"{folder}/singles", "w") as stream:
            stream.writelines(json.dumps(line) + "\n" for line in singles)
        ours(program, "write", f"{folder}/singles", f"{folder}/singles.rec")
        iterator = mx.io.ImageRecordIter(path_imgrec=f"{folder}/singles.rec", data_shape=(3, 32, 32), batch_size=len(singles), round_batch=False)
        labels = next(iter(iterator)).label[0].asnumpy().tolist()
        check("MXNet's ImageRecordIter takes them", labels == [line["labels"][0] for line in singles], labels)
    print("RecordIO agrees with MXNet 1.9.1." if not failures else f"{failures} checks failed.")
    return 1 if failures else 0


sys.exit(main())
