"""Makes the checkpoints beside this file, with PyTorch: `python make_fixtures.py` (torch 2.x, numpy).

Every value follows from a formula that the tests know, so the files are evidence of the formats alone:
element i of an array is i * 0.25 - 1 (floating point), i - 3 (signed), i (unsigned), i % 2 == 0 (Boolean).
"""
import argparse
import collections
import pathlib
import pickle
import zipfile

import numpy
import torch

here = pathlib.Path(__file__).parent


def ramp(*shape, dtype=torch.float32):
    count = int(numpy.prod(shape)) if shape else 1
    i = torch.arange(count, dtype=torch.float64)
    if dtype == torch.bool:
        values = i % 2 == 0
    elif dtype == torch.uint8:
        values = i
    elif dtype.is_floating_point:
        values = i * 0.25 - 1
    else:
        values = i - 3
    return values.to(dtype).reshape(shape)


def both(name, value):
    """The same value in the zip form and in the legacy form."""
    torch.save(value, here / f"{name}.zip.pth")
    torch.save(value, here / f"{name}.legacy.pth", _use_new_zipfile_serialization=False)


types = dict(
    f64=torch.float64, f32=torch.float32, f16=torch.float16, bf16=torch.bfloat16, i64=torch.int64,
    i32=torch.int32, i16=torch.int16, i8=torch.int8, u8=torch.uint8, bool=torch.bool)
both("types", collections.OrderedDict((name, ramp(2, 3, dtype=dtype)) for name, dtype in types.items()))

base = ramp(4, 6)
both("views", {
    "base": base,
    "transposed": base.t(),
    "row": base[2],
    "column": base[:, 1],
    "block": base[1:3, 2:5],
    "every_second": base[::2, ::3],
    "expanded": base[0, :2].expand(3, 2),
    "channels_last": ramp(2, 3, 2, 2).to(memory_format=torch.channels_last),
    "scalar": torch.tensor(2.5),
    "empty": torch.empty(0, 3),
    "shared_again": base,
})

network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
with torch.no_grad():
    for parameter in network.parameters():
        parameter.copy_(ramp(*parameter.shape))
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
network(ramp(4, 3)).sum().backward()
optimizer.step()
with torch.no_grad():
    for parameter in network.parameters():
        parameter.copy_(ramp(*parameter.shape))
    network[1].running_mean.copy_(ramp(2))
    network[1].running_var.copy_(ramp(2))
both("training", {
    "epoch": 7,
    "arch": "tiny",
    "best_prec1": torch.tensor(91.5),
    "best_loss": numpy.float64(0.125),
    "args": argparse.Namespace(lr=0.1, data="/data", nested={"a": [1, 2.5, None, True]}),
    "state_dict": collections.OrderedDict(("module." + k, v) for k, v in network.state_dict().items()),
    "optimizer": optimizer.state_dict(),
})
torch.save({"weight": torch.nn.Parameter(ramp(2, 2)), "note": "a parameter"}, here / "parameter.zip.pth")
torch.save({"weights": {"weight": ramp(2, 3)}, "epoch": 3, "best_acc": torch.tensor(76.5)}, here / "numbers-beside.zip.pth")
torch.save(network, here / "whole-module.zip.pth")

# The same checkpoint with deflated entries, as a user's re-packing makes it, and with zip64 fields in it.
with zipfile.ZipFile(here / "types.zip.pth") as source:
    with zipfile.ZipFile(here / "types.deflated.pth", "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            with target.open(zipfile.ZipInfo(entry.filename), "w", force_zip64=True) as out:
                out.write(source.read(entry))
    with zipfile.ZipFile(here / "types.repacked.pth", "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry), zipfile.ZIP_DEFLATED)


class Malicious:
    """Unpickled by Python, this creates the file that the test looks for."""

    def __reduce__(self):
        import os
        return os.system, ("touch sightline-was-executed",)


torch.save({"weight": ramp(2, 2), "payload": Malicious()}, here / "malicious.zip.pth")
torch.save({"weight": ramp(2, 2), "payload": Malicious()}, here / "malicious.legacy.pth", _use_new_zipfile_serialization=False)


class EvilParameter:
    """A parameter whose data are made by a call that is not allowed."""

    def __reduce__(self):
        return torch._utils._rebuild_parameter, (Malicious(), False, collections.OrderedDict())


torch.save({"state_dict": {"weight": EvilParameter()}}, here / "evil-parameter.zip.pth")
torch.save({"weight": torch.eye(3).to_sparse()}, here / "sparse.zip.pth")
(here / "plain.pkl").write_bytes(pickle.dumps({"a": 1}, protocol=2))
for protocol in range(2, 6):
    torch.save(network.state_dict(), here / f"protocol{protocol}.zip.pth", pickle_protocol=protocol)
torch.serialization.set_crc32_options(False)
torch.save({"weight": ramp(2, 3)}, here / "no-crc.zip.pth")
torch.serialization.set_crc32_options(True)

# What a big-endian machine writes: the same archive with reversed elements and another `byteorder`.
with zipfile.ZipFile(here / "types.zip.pth") as source:
    with zipfile.ZipFile(here / "big-endian.zip.pth", "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("/byteorder"):
                content = b"big"
            elif "/data/" in entry.filename:
                size = list(types.values())[int(entry.filename.rsplit("/", 1)[1])].itemsize
                content = b"".join(content[i:i + size][::-1] for i in range(0, len(content), size))
            target.writestr(entry.filename, content)
