"""Trains torchvision's SSD300 on BCCD and prints VOC mAP@0.5 (area) of the validation set, one JSON line an epoch.

    torch_ssd_bccd.py DATA --epochs 12 [--weights vgg16_hed_fp16.safetensors] [--batch 4] [--rate 0.0001] [--threads 2]

DATA has SageMaker's layout (train/, train_annotation/, …). The recipe is torchvision's reference for SSD with its `ssd` augmentation, in
bfloat16 and channels-last, but with Adam: from weights of an edge detector SGD at the usual rates diverges here. --weights gives the 13
convolutions their start, in the input convention of that file, and the first two blocks stay frozen. mAP is pycocotools' at IoU 0.5.
"""

import argparse
import contextlib
import io
import json
import pathlib
import time

import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors.torch import load_file
from torchvision import tv_tensors
from torchvision.io import ImageReadMode, read_image
from torchvision.models.detection import ssd300_vgg16
from torchvision.transforms import v2

parser = argparse.ArgumentParser()
parser.add_argument("data", type=pathlib.Path)
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--rate", type=float, default=0.0001)
parser.add_argument("--step", type=int, default=9)
parser.add_argument("--weights")
parser.add_argument("--frozen", type=int, default=2, help="blocks of the backbone that stay as they are")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seed", type=int, default=1)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(arguments.seed)


class Pictures(torch.utils.data.Dataset):
    def __init__(self, channel, transform):
        self.pictures = sorted((arguments.data / channel).glob("*.jpg"))
        self.folder = arguments.data / f"{channel}_annotation"
        self.transform = transform

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        image = tv_tensors.Image(read_image(str(self.pictures[index]), ImageReadMode.RGB))
        content = json.loads((self.folder / f"{self.pictures[index].stem}.json").read_text())["annotations"]
        boxes = [[a["left"], a["top"], a["left"] + a["width"], a["top"] + a["height"]] for a in content]
        target = {
            "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=image.shape[-2:]),
            "labels": torch.tensor([a["class_id"] + 1 for a in content]),
        }
        return self.transform(image, target)


training = Pictures(
    "train",
    v2.Compose(
        [
            v2.RandomPhotometricDistort(),
            v2.RandomZoomOut(fill={tv_tensors.Image: (123, 117, 104)}),
            v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(0.5),
            v2.ToDtype(torch.float, scale=True),
            v2.SanitizeBoundingBoxes(),
        ]
    ),
)
validation = Pictures("validation", v2.ToDtype(torch.float, scale=True))

network = ssd300_vgg16(weights=None, weights_backbone=None, num_classes=4)
if arguments.weights:
    start = load_file(arguments.weights)
    features = network.backbone.features
    # torchvision gives conv5 and the later layers to `extra`.
    later = network.backbone.extra[0]
    for name, value in start.items():
        if not name.startswith("features."):
            continue
        index, kind = int(name.split(".")[1]), name.split(".")[2]
        value = value.float()
        if index == 0 and kind == "weight":
            # The file wants BGR from 0 to 255 less a mean; torchvision gives RGB from 0 to 255 less a mean of its own.
            value = value.flip(1)
        (features[index] if index < 23 else later[index - 23]).get_parameter(kind).data.copy_(value)
    convolutions = [m for m in features if isinstance(m, torch.nn.Conv2d)]
    for layer in convolutions[: {0: 0, 1: 2, 2: 4, 3: 7}[arguments.frozen]]:
        layer.requires_grad_(False)
network = network.to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=arguments.rate)
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [arguments.step])


def together(batch):
    return list(zip(*batch))


def score():
    network.eval()
    truth = {"info": {}, "images": [], "annotations": [], "categories": [{"id": c} for c in (1, 2, 3)]}
    found = []
    with torch.inference_mode():
        for number in range(len(validation)):
            image, target = validation[number]
            truth["images"].append({"id": number})
            for box, label in zip(target["boxes"].tolist(), target["labels"].tolist()):
                x, y, right, bottom = box
                truth["annotations"].append(
                    {
                        "id": len(truth["annotations"]) + 1,
                        "image_id": number,
                        "category_id": label,
                        "bbox": [x, y, right - x, bottom - y],
                        "area": (right - x) * (bottom - y),
                        "iscrowd": 0,
                    }
                )
            with torch.autocast("cpu", dtype=torch.bfloat16):
                (answer,) = network([image])
            for box, label, value in zip(answer["boxes"].tolist(), answer["labels"].tolist(), answer["scores"].tolist()):
                x, y, right, bottom = box
                found.append({"image_id": number, "category_id": label, "score": value, "bbox": [x, y, right - x, bottom - y]})
    network.train()
    if not found:
        return 0.0, [0.0] * 3
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO()
        api.dataset = truth
        api.createIndex()
        evaluation = COCOeval(api, api.loadRes(found), "bbox")
        evaluation.params.maxDets = [1, 10, 200]
        evaluation.params.iouThrs = evaluation.params.iouThrs[:1]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, 2]
    each = [float(column[column > -1].mean()) for column in precision.T]
    return sum(each) / len(each), each


if __name__ == "__main__":
    loader = torch.utils.data.DataLoader(
        training, arguments.batch, shuffle=True, drop_last=True, collate_fn=together, num_workers=1, persistent_workers=True
    )
    begin = time.time()
    spent = 0.0
    for epoch in range(arguments.epochs):
        started = time.time()
        total = 0.0
        for images, targets in loader:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                losses = network(list(images), list(targets))
            loss = sum(losses.values())
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
        schedule.step()
        spent += time.time() - started
        mean, each = score()
        row = dict(epoch=epoch + 1, loss=total / len(loader), mAP=mean, per_class=each, training_seconds=spent, seconds=time.time() - begin)
        print(json.dumps(row), flush=True)
