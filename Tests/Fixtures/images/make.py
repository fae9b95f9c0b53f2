"""Makes the pictures beside it and, as PPM or PGM, the pixels that Pillow, OpenCV or a formula give for them.

Run: python make.py  (needs pillow, numpy, opencv-python-headless; the tests need none of them)
"""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(7)
W, H = 45, 37


def pnm(name, pixels):
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    head = f"P{6 if pixels.ndim == 3 else 5} {pixels.shape[1]} {pixels.shape[0]} 255\n"
    (HERE / name).write_bytes(head.encode() + pixels.tobytes())


def scene(w=W, h=H):
    """Gradients, a disc, bars and a little noise: smooth parts, edges, saturated colours, greys."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    rgb = np.stack([255 * x / w, 255 * y / h, 255 * (x + y) / (w + h)], -1)
    rgb[(x - w * 0.6) ** 2 + (y - h * 0.4) ** 2 < (h * 0.25) ** 2] = (230, 30, 60)
    rgb[:, int(w * 0.1):int(w * 0.16)] = (20, 200, 40)
    rgb[int(h * 0.8):int(h * 0.9)] = (128, 128, 128)
    return np.clip(rgb + RANDOM.normal(0, 6, rgb.shape), 0, 255).astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, samples, depth, colour, interlaced=False, extra=b""):
    """A PNG of any depth and colour type; `samples` is height x width x channels."""
    samples = samples.reshape(samples.shape[0], samples.shape[1], -1)

    def rows(part):
        out = b""
        for row in part:
            flat = row.reshape(-1)
            if depth == 16:
                data = flat.astype(">u2").tobytes()
            else:
                bits = "".join(format(int(v), f"0{depth}b") for v in flat)
                bits += "0" * (-len(bits) % 8)
                data = int(bits, 2).to_bytes(len(bits) // 8, "big")
            out += b"\0" + data
        return out

    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        data = b"".join(rows(samples[y::dy, x::dx]) for x, y, dx, dy in passes if samples[y::dy, x::dx].size)
    else:
        data = rows(samples)
    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, colour, 0, 0, int(interlaced))
    (HERE / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def over_white(colour, alpha):
    alpha = alpha[..., None].astype(float)
    return np.floor((colour * alpha + 255 * (255 - alpha)) / 255 + 0.5)


def rgb3(grey):
    return np.repeat(grey[..., None], 3, -1)


# JPEG: what Pillow decodes.
base = scene()
picture = Image.fromarray(base)
pnm("scene.ppm", base)
picture.save(HERE / "420.jpg", quality=90)
picture.save(HERE / "422.jpg", quality=90, subsampling="4:2:2")
picture.save(HERE / "444.jpg", quality=90, subsampling="4:4:4")
picture.save(HERE / "progressive.jpg", quality=85, progressive=True)
picture.save(HERE / "restart.jpg", quality=90, restart_marker_blocks=2)
picture.save(HERE / "rgb.jpg", quality=90, keep_rgb=True)
picture.convert("L").save(HERE / "grey.jpg", quality=90)
ink = np.concatenate([255 - base, RANDOM.integers(0, 120, (H, W, 1), dtype=np.uint8)], -1)
Image.fromarray(ink, "CMYK").save(HERE / "cmyk.jpg", quality=95)
# Pillow does not write YCCK: a CMYK file whose Adobe marker says so (transform 2) is one.
data = (HERE / "cmyk.jpg").read_bytes()
at = data.index(b"Adobe") + 11
(HERE / "ycck.jpg").write_bytes(data[:at] + b"\2" + data[at + 1:])
for name in ["420", "422", "444", "progressive", "restart", "rgb", "grey", "cmyk", "ycck"]:
    pnm(f"{name}.ppm", np.asarray(Image.open(HERE / f"{name}.jpg").convert("RGB")))
luma = Image.open(HERE / "420.jpg")
luma.draft("L", luma.size)
pnm("420-luma.pgm", np.asarray(luma))
for part in (2, 4, 8):
    reduced = Image.open(HERE / "420.jpg")
    reduced.draft("RGB", (W // part, H // part))
    pnm(f"420-reduced{part}.ppm", np.asarray(reduced))

# EXIF orientations, in JPEG and one in PNG.
small = scene(21, 14)
for orientation in range(1, 9):
    tags = Image.Exif()
    tags[0x0112] = orientation
    Image.fromarray(small).save(HERE / f"exif{orientation}.jpg", quality=90, exif=tags)
    pnm(f"exif{orientation}.ppm", np.asarray(ImageOps.exif_transpose(Image.open(HERE / f"exif{orientation}.jpg"))))
tags = Image.Exif()
tags[0x0112] = 6
Image.fromarray(small).save(HERE / "exif6.png", exif=tags)
pnm("exif6-png.ppm", np.rot90(small, -1))

# PNG: every colour type and depth; the truths are the samples themselves.
grey = np.asarray(picture.convert("L"))
for depth in (1, 2, 4):
    levels = grey >> (8 - depth)
    png(f"grey{depth}.png", levels, depth, 0)
    pnm(f"grey{depth}.ppm", rgb3(levels * (255 // (2**depth - 1))))
    pnm(f"grey{depth}-indices.pgm", levels)
png("grey8.png", grey, 8, 0)
pnm("grey8.ppm", rgb3(grey))
wide = RANDOM.integers(0, 65536, (9, 11, 4)).astype(np.uint16)
to8 = np.floor(wide / 257 + 0.5)
png("grey16.png", wide[..., 0], 16, 0)
pnm("grey16.ppm", rgb3(to8[..., 0]))
png("rgb16.png", wide[..., :3], 16, 2)
pnm("rgb16.ppm", to8[..., :3])
png("rgba16.png", wide, 16, 6)
pnm("rgba16.ppm", over_white(to8[..., :3], to8[..., 3]))
png("rgb8.png", base, 8, 2)
pnm("rgb8.ppm", base)
png("rgb8-interlaced.png", base, 8, 2, interlaced=True)
pnm("rgb8-interlaced.ppm", base)
alpha = RANDOM.integers(0, 256, (H, W), dtype=np.uint8)
png("rgba8.png", np.dstack([base, alpha]), 8, 6)
pnm("rgba8.ppm", over_white(base, alpha))
png("rgba8-interlaced.png", np.dstack([base, alpha]), 8, 6, interlaced=True)
pnm("rgba8-interlaced.ppm", over_white(base, alpha))
png("greyalpha8.png", np.dstack([grey, alpha]), 8, 4)
pnm("greyalpha8.ppm", over_white(rgb3(grey), alpha))
png("grey8-trns.png", grey, 8, 0, extra=chunk(b"tRNS", struct.pack(">H", int(grey[0, 0]))))
pnm("grey8-trns.ppm", rgb3(np.where(grey == grey[0, 0], 255, grey)))
colours = RANDOM.integers(0, 256, (16, 3), dtype=np.uint8)
indices = grey >> 4
for name, depth, extra, seen in [
    ("palette8", 8, b"", colours),
    ("palette4", 4, b"", colours),
    ("palette4-interlaced", 4, b"", colours),
    ("palette8-trns", 8, bytes([0, 100, 200]), over_white(colours, np.array([0, 100, 200] + [255] * 13))),
]:
    extra = chunk(b"PLTE", colours.tobytes()) + (chunk(b"tRNS", extra) if extra else b"")
    png(f"{name}.png", indices, depth, 3, interlaced="interlaced" in name, extra=extra)
    pnm(f"{name}.ppm", seen[indices])
    pnm(f"{name}-indices.pgm", indices)
png("grey16-indices.png", indices.astype(np.uint16), 16, 0)
pnm("grey16-indices-indices.pgm", indices)

# Resizing: Pillow's BILINEAR; a fractional box reads the pixels that it touches, hence the crop.
for width, height in [(20, 11), (5, 4), (90, 61), (45, 20), (60, 10), (1, 1)]:
    pnm(f"resize-{width}x{height}.ppm", np.asarray(picture.resize((width, height), Image.BILINEAR)))
    pnm(f"resize-{width}x{height}.pgm", np.asarray(Image.fromarray(grey).resize((width, height), Image.BILINEAR)))
x0, y0, x1, y1 = 7.25, 3.5, 33.75, 30.125
touched = picture.crop((7, 3, 34, 31))
pnm("resize-box.ppm", np.asarray(touched.resize((13, 17), Image.BILINEAR, box=(x0 - 7, y0 - 3, x1 - 7, y1 - 3))))

# HLS: OpenCV's conversions around a clamped sum.
colourful = RANDOM.integers(0, 256, (H, W, 3), dtype=np.uint8)
colourful[0] = np.arange(W)[:, None] * 5
colourful[1:4] = base[1:4]
pnm("hls.ppm", colourful)
for number, (hue, saturation, lightness) in enumerate([(36, 50, -50), (-36, -50, 50), (5, 0, 0), (0, 30, 0), (0, 0, 17)]):
    hls = cv2.cvtColor(colourful, cv2.COLOR_RGB2HLS).astype(int) + (hue, lightness, saturation)
    hls = np.clip(hls, 0, (180, 255, 255)).astype(np.uint8)
    pnm(f"hls{number}.ppm", cv2.cvtColor(hls, cv2.COLOR_HLS2RGB))

# Affine: OpenCV, which rounds places to 1/32 pixel.
matrix = np.array([[0.9, -0.2, 6.5], [0.15, 1.1, -4.25]])
warped = cv2.warpAffine(base, matrix, (50, 40), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255))
pnm("affine.ppm", warped)
