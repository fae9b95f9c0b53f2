"""Random weights of one torchvision network for each task, and a few pictures: make_models.py FOLDER. Nothing here is trained; what is
compared is how answers travel, not how good they are."""
import pathlib
import sys

import numpy as np
import torch
import torchvision
from PIL import Image

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)
networks = {
    "classes": torchvision.models.resnet18(num_classes=5),
    "objects": torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=4),
    "masks": torchvision.models.segmentation.fcn_resnet50(weights=None, weights_backbone=None, num_classes=3, aux_loss=False),
}
for name, network in networks.items():
    torch.save(network.state_dict(), folder / f"{name}.pth")
random = np.random.default_rng(0)
for number, (width, height) in enumerate([(320, 240), (96, 128), (500, 375), (33, 57)]):
    waves = np.sin(np.arange(width)[None, :, None] / random.uniform(3, 40, 3) + np.arange(height)[:, None, None] / random.uniform(3, 40, 3))
    picture = Image.fromarray(((waves + 1) * 127).astype("uint8"))
    picture.save(folder / f"{number}.jpg", quality=90)
    picture.save(folder / f"{number}.png")
