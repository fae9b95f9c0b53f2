"""Accuracy baseline: PyTorch trains ResNet-20 on CIFAR-10 by the recipe that Sightline's own run follows.

    torch_cifar.py DATA [--seed S] [--epochs 15] [--threads N]

DATA holds `data_batch_*.bin` and `test_batch.bin` in CIFAR-10's binary format. The recipe: batch 128, the last partial
batch dropped; SGD, momentum 0.9, weight decay 1e-4 on everything but biases and batch norm's shift (MXNet's rule, so batch
norm's scale decays); learning rate 0.1, times 0.1 from update 8 * (updates per epoch) and again from 12 * (updates per
epoch), counted from 0; He-normal fan-in weights; zero padding of 4 (black pixels, before normalisation), random 32x32 crop,
horizontal flip with probability 1/2; bfloat16 autocast, channels-last.

Prints one JSON line: accuracy on all test images after each epoch (evaluated under the same autocast), the last one also in
32-bit floats.
"""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from measure import cifar_resnet20, peak_rss_mb
from torch import nn

BATCH, PADDING, DROPS = 128, 4, (8, 12)
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1) * 255
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1) * 255


def read(files):
    """Images (N, 3, 32, 32, uint8) and labels (N) of CIFAR-10 binary files."""
    records = np.concatenate([np.fromfile(file, np.uint8) for file in files]).reshape(-1, 3073)
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()), torch.from_numpy(records[:, 0].astype(np.int64))


def normalised(images):
    return ((images.float() - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


def augmented(padded, chosen, generator):
    """Random 32x32 crops, half of them mirrored, of the chosen images of `padded` (N, 3, 40, 40)."""
    count = len(chosen)
    top, left = (torch.randint(0, 2 * PADDING + 1, (count, 1), generator=generator) for _ in range(2))
    across = torch.arange(32).expand(count, 32)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    columns = left + torch.where(mirrored, 31 - across, across)
    rows = top + across
    # Advanced indices around a slice put the sliced axis last: N, 32, 32, 3.
    crops = padded[chosen[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return normalised(crops.permute(0, 3, 1, 2))


def initialise(network):
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)


def accuracy(network, images, labels, bfloat16):
    network.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        parts = zip(images.split(500), labels.split(500))
        correct = sum((network(normalised(part)).argmax(1) == truth).sum().item() for part, truth in parts)
    network.train()
    return correct / len(labels)


def main():
    parser = argparse.ArgumentParser(description="PyTorch's accuracy with ResNet-20 on CIFAR-10.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)

    images, labels = read(sorted(options.data.glob("data_batch_*.bin")))
    test_images, test_labels = read([options.data / "test_batch.bin"])
    padded = F.pad(images, (PADDING,) * 4)

    network = cifar_resnet20()
    initialise(network)
    network = network.to(memory_format=torch.channels_last)
    decayed = [value for name, value in network.named_parameters() if name.endswith("weight")]
    undecayed = [value for name, value in network.named_parameters() if not name.endswith("weight")]
    groups = [{"params": decayed, "weight_decay": 1e-4}, {"params": undecayed, "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=0.1, momentum=0.9)

    updates_per_epoch = len(labels) // BATCH
    update, accuracies, losses, started = 0, [], [], time.perf_counter()
    for epoch in range(options.epochs):
        order, total = torch.randperm(len(labels), generator=generator), 0.0
        for chosen in order[: updates_per_epoch * BATCH].split(BATCH):
            rate = 0.1 * 0.1 ** sum(update >= drop * updates_per_epoch for drop in DROPS)
            for group in optimiser.param_groups:
                group["lr"] = rate
            batch = augmented(padded, chosen, generator)
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(batch)
            loss = F.cross_entropy(logits.float(), labels[chosen])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total += loss.item()
            update += 1
        accuracies.append(round(accuracy(network, test_images, test_labels, True), 4))
        losses.append(round(total / updates_per_epoch, 4))
        seconds = time.perf_counter() - started
        print(f"epoch {epoch}: loss {losses[-1]}, accuracy {accuracies[-1]}, {seconds:.0f} s", file=sys.stderr, flush=True)
    line = {
        "peer": f"torch {torch.__version__}", "task": "cifar10 accuracy", "network": "cifar_resnet20",
        "mode": "bfloat16 autocast, channels-last", "seed": options.seed, "epochs": options.epochs, "updates": update,
        "accuracy": accuracies[-1], "accuracy_float32": accuracy(network, test_images, test_labels, False),
        "accuracy_by_epoch": accuracies, "loss_by_epoch": losses,
        "seconds": round(time.perf_counter() - started), "peak_rss_mb": peak_rss_mb(),
    }  # fmt: skip
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
