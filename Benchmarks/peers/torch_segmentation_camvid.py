"""Trains torchvision's FCN or DeepLabV3 on a dilated ResNet with CamVid and prints mIoU of the validation set, one JSON line an epoch.

    torch_segmentation_camvid.py DATA --algorithm fcn --epochs 20 [--layers 18] [--batch 8] [--rate 0.001] [--threads 2]

DATA has SageMaker's layout (train/, train_annotation/, …). The recipe is the one of `sightline train segmentation`: long side 480 × ½ to 2,
crops of 240 filled with 255, flip, Adam with the poly schedule, half of the auxiliary head's loss, from scratch, in bfloat16 and
channels-last. Images are validated whole. torchvision refuses to dilate basic blocks; here both of their convolutions follow its rule for
bottlenecks.
"""

import argparse
import json
import pathlib
import random
import time

import torch
import torch.nn.functional as F
from torchvision.io import ImageReadMode, read_image
from torchvision.models import resnet
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation import DeepLabV3, FCN
from torchvision.models.segmentation.deeplabv3 import DeepLabHead
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as T

parser = argparse.ArgumentParser()
parser.add_argument("data", type=pathlib.Path)
parser.add_argument("--algorithm", choices=["fcn", "deeplab"], default="fcn")
parser.add_argument("--layers", type=int, choices=[18, 34], default=18)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--rate", type=float, default=0.001)
parser.add_argument("--classes", type=int, default=11)
parser.add_argument("--base", type=int, default=480)
parser.add_argument("--crop", type=int, default=240)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seed", type=int, default=1)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(arguments.seed)
random.seed(arguments.seed)


def dilated(layers):
    """A ResNet whose last two stages keep the second one's size."""
    network = getattr(resnet, f"resnet{layers}")(weights=None)
    for stage, first, rest in ((network.layer3, 1, 2), (network.layer4, 2, 4)):
        for number, block in enumerate(stage):
            for conv in (block.conv1, block.conv2):
                conv.stride = (1, 1)
                conv.dilation = conv.padding = (first if number == 0 else rest,) * 2
        stage[0].downsample[0].stride = (1, 1)
    return IntermediateLayerGetter(network, {"layer4": "out", "layer3": "aux"})


head = {"fcn": FCNHead, "deeplab": DeepLabHead}[arguments.algorithm](512, arguments.classes)
network = {"fcn": FCN, "deeplab": DeepLabV3}[arguments.algorithm](dilated(arguments.layers), head, FCNHead(256, arguments.classes))
network = network.to(memory_format=torch.channels_last)
colours = v2.Compose(
    [v2.RandomApply([v2.ColorJitter(0.1, 0.2, 0.2, 0.03)]), v2.RandomApply([v2.GaussianBlur(5, (0.1, 1.0))])]
)
normalize = v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def examples(channel):
    found = []
    for picture in sorted((arguments.data / channel).glob("*.jpg")):
        mask = arguments.data / f"{channel}_annotation" / f"{picture.stem}.png"
        found.append((read_image(str(picture), ImageReadMode.RGB), read_image(str(mask))))
    return found


def varied(image, mask):
    long = random.randint(arguments.base // 2, 2 * arguments.base)
    height, width = image.shape[-2:]
    size = [max(1, round(side * long / max(height, width))) for side in (height, width)]
    image = T.resize(image, size, antialias=True)
    mask = T.resize(mask, size, interpolation=InterpolationMode.NEAREST)
    right, bottom = max(0, arguments.crop - size[1]), max(0, arguments.crop - size[0])
    image = torch.stack([F.pad(image[c], (0, right, 0, bottom), value=value) for c, value in enumerate((124, 116, 104))])
    mask = F.pad(mask, (0, right, 0, bottom), value=255)
    top = random.randint(0, image.shape[1] - arguments.crop)
    left = random.randint(0, image.shape[2] - arguments.crop)
    image = image[:, top : top + arguments.crop, left : left + arguments.crop]
    mask = mask[:, top : top + arguments.crop, left : left + arguments.crop]
    if random.random() < 0.5:
        image, mask = image.flip(2), mask.flip(2)
    return normalize(colours(image).float() / 255), mask[0].long()


training, validation = examples("train"), examples("validation")
steps = len(training) // arguments.batch
optimizer = torch.optim.Adam(network.parameters(), lr=arguments.rate)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: max(0.0, 1 - t / (steps * arguments.epochs)) ** 0.9)


def score():
    counts = torch.zeros(arguments.classes, arguments.classes, dtype=torch.int64)
    network.eval()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for image, mask in validation:
            x = normalize(image.float() / 255).unsqueeze(0).to(memory_format=torch.channels_last)
            found, truth = network(x)["out"].argmax(1)[0], mask[0].long()
            kept = truth != 255
            pairs = truth[kept] * arguments.classes + found[kept]
            counts += torch.bincount(pairs, minlength=arguments.classes**2).reshape(arguments.classes, arguments.classes)
    network.train()
    hits = counts.diag().double()
    ious = hits / (counts.sum(0) + counts.sum(1) - hits).clamp(min=1)
    return ious.mean().item(), (hits.sum() / counts.sum()).item(), [round(value, 3) for value in ious.tolist()]


seconds = 0.0
for epoch in range(arguments.epochs):
    start = time.perf_counter()
    order = torch.randperm(len(training)).tolist()
    losses = []
    for step in range(steps):
        pairs = [varied(*training[index]) for index in order[step * arguments.batch : (step + 1) * arguments.batch]]
        x = torch.stack([image for image, _ in pairs]).to(memory_format=torch.channels_last)
        y = torch.stack([mask for _, mask in pairs])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = network(x)
        loss = F.cross_entropy(output["out"].float(), y, ignore_index=255)
        loss = loss + 0.5 * F.cross_entropy(output["aux"].float(), y, ignore_index=255)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    seconds += time.perf_counter() - start
    miou, accuracy, ious = score()
    result = {
        "peer": "torchvision", "algorithm": arguments.algorithm, "epoch": epoch + 1, "images": (epoch + 1) * steps * arguments.batch,
        "loss": round(sum(losses) / len(losses), 4), "mIOU": round(miou, 4), "pixel_accuracy": round(accuracy, 4),
        "training_seconds": round(seconds, 1), "per_class": ious,
    }
    print(json.dumps(result), flush=True)
