"""PyTorch's input pipeline: decode, RandomResizedCrop 224, flip, normalise, batch; images per second.

    torch_pipeline.py FOLDER [--kind pil|io] [--workers N] [--batch 50] [--warmup N] [--iterations N]

FOLDER holds JPEG files (make_images.py makes some). `pil` decodes with Pillow and crops before it makes a tensor; `io` decodes
with torchvision.io and works on uint8 tensors. 0 workers: in the main process. Each process computes on one thread, as
DataLoader's workers do. One iteration is one pass over the folder. `peak_rss_mb` is the largest single process's; workers
count in `other_cores` while they live.
"""
import argparse
import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import torch
import torchvision
from measure import measure
from PIL import Image
from torchvision.io import ImageReadMode, decode_jpeg, read_file
from torchvision.transforms import v2

NORMALISE = [v2.ToDtype(torch.float32, scale=True), v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
AUGMENT = [v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip()]


class PillowImages(torch.utils.data.Dataset):
    transform = v2.Compose([*AUGMENT, v2.PILToTensor(), *NORMALISE])

    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        with Image.open(self.files[index]) as image:
            return self.transform(image.convert("RGB"))


class TensorImages(PillowImages):
    transform = v2.Compose([*AUGMENT, *NORMALISE])

    def __getitem__(self, index):
        return self.transform(decode_jpeg(read_file(str(self.files[index])), mode=ImageReadMode.RGB))


def main():
    parser = argparse.ArgumentParser(description="PyTorch's input pipeline.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", default="pil", choices=["pil", "io"])
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=6)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    files = sorted(options.folder.rglob("*.jpg"))
    if not files:
        parser.error(f"{options.folder} holds no .jpg files; make_images.py makes some")
    dataset = (PillowImages if options.kind == "pil" else TensorImages)(files)
    loader = torch.utils.data.DataLoader(
        dataset, options.batch, shuffle=True, num_workers=options.workers, persistent_workers=options.workers > 0
    )

    def one_pass():
        for _ in loader:
            pass

    what = {
        "peer": f"torch {torch.__version__}, torchvision {torchvision.__version__}", "task": "input pipeline",
        "mode": options.kind, "workers": options.workers, "batch": options.batch, "size": 224, "images": len(files),
    }  # fmt: skip
    measure(what, one_pass, len(files), options.warmup, options.iterations)


if __name__ == "__main__":
    main()
