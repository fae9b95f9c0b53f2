"""Makes JPEG photographs of about 500x375 pixels, quality 90, from scikit-image's own: the pipelines' common input.

    make_images.py FOLDER [--count 500]

Each is a random part of one photograph, at 0.5 to 1 times its size, perhaps mirrored, 470 to 530 pixels wide; the seed is
fixed. They lie in ten class folders, FOLDER/class0 ... class9.
"""
import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

# Colour photographs that come with scikit-image itself, so that nothing is downloaded.
PHOTOGRAPHS = ["astronaut", "chelsea", "coffee", "rocket"]


def main():
    parser = argparse.ArgumentParser(description="JPEG photographs for the input pipelines.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    photographs = [Image.fromarray(getattr(data, name)()).convert("RGB") for name in PHOTOGRAPHS]
    total = 0
    for index in range(options.count):
        photograph = photographs[index % len(photographs)]
        width = int(random.integers(470, 531))
        height = round(width * 0.75)
        scale = random.uniform(0.5, 1) * min(photograph.width / width, photograph.height / height)
        part_width, part_height = scale * width, scale * height
        left, top = random.uniform(0, photograph.width - part_width), random.uniform(0, photograph.height - part_height)
        image = photograph.resize((width, height), Image.BICUBIC, (left, top, left + part_width, top + part_height))
        if random.random() < 0.5:
            image = image.transpose(Image.FLIP_LEFT_RIGHT)
        file = options.folder / f"class{index % 10}" / f"{index:04d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image.save(file, quality=90)
        total += file.stat().st_size
    print(json.dumps({"folder": str(options.folder), "images": options.count, "mean_bytes": total // options.count}))


if __name__ == "__main__":
    main()
