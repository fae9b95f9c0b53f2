"""Numbers that any language can repeat, and the safetensors writer of the fixture scripts (numpy only).

`uniform(name, count)` is, for i = 0 ..< count, the first output of the SplitMix64 generator seeded with h + i, where h is the
64-bit FNV-1a hash of the name's UTF-8 bytes; its upper 24 bits over 2^24 are the number, in [0, 1). All arithmetic on 64-bit
unsigned integers wraps around:

    h = 0xcbf29ce484222325; for each byte: h = (h xor byte) * 0x100000001b3
    z = h + i + 0x9e3779b97f4a7c15
    z = (z xor (z >> 30)) * 0xbf58476d1ce4e5b9
    z = (z xor (z >> 27)) * 0x94d049bb133111eb
    z = z xor (z >> 31)
    u = (z >> 40) / 16777216

`positions(name, count)` are the 64 elements that stand for a large tensor: z mod count, for i = 0 ..< 64, with the hash of
the name followed by "#positions".
"""
import json
import struct

import numpy as np


def splitmix(name, count):
    """z for i = 0 ..< count, as unsigned 64-bit integers."""
    hash = 0xCBF29CE484222325
    for byte in name.encode():
        hash = (hash ^ byte) * 0x100000001B3 % 2**64
    z = np.arange(count, dtype=np.uint64) + np.uint64(hash) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(name, count):
    """u for i = 0 ..< count, in 64-bit floats."""
    return (splitmix(name, count) >> np.uint64(40)).astype(np.float64) / 2**24


def signed(name, shape):
    """2u - 1, row by row, in 32-bit floats."""
    return (2 * uniform(name, int(np.prod(shape))) - 1).astype(np.float32).reshape(shape)


def positions(name, count, number=64):
    """The elements of a flattened tensor of `count` elements that a fixture keeps."""
    return (splitmix(name + "#positions", number) % np.uint64(count)).astype(np.int64)


def write_safetensors(path, arrays):
    """Writes 32-bit and 64-bit float arrays, in the order of their names."""
    header, body = {}, b""
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        kind = {np.dtype(np.float32): "F32", np.dtype(np.float64): "F64"}[array.dtype]
        bytes = array.astype(array.dtype.newbyteorder("<")).tobytes()
        header[name] = {"dtype": kind, "shape": list(np.shape(arrays[name])), "data_offsets": [len(body), len(body) + len(bytes)]}
        body += bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
