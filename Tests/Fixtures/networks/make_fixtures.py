"""Makes what `resnet18`, `resnet50`, `resnet101` and `cifar_resnet20` compute, with PyTorch and torchvision, into this folder.

    python make_fixtures.py        torch 2.11.0, torchvision 0.26.0, numpy; about a minute

The weights are not stored: Swift repeats them. With u the numbers of formula.py for the tensor's full name, element i in
row-major order, in 64-bit floats and then rounded to 32 bits:

    weight of rank 4 (convolution) and 2 (linear)   (2u - 1) * sqrt(6 / fan_in) * 0.9     fan_in = product of shape[1...]
    bias of the linear layer (fc.bias, linear.bias) (2u - 1) * 0.1
    batch norm's weight                             0.5 + 0.25u
    batch norm's bias                               s + (u - 0.5) * 0.5, where s is -2 if u < 0.25 and 2 otherwise
    both, where the norm is a residual branch's     the same, and then times 0.25
    last: layer*.*.bn2 in basic blocks,
    layer*.*.bn3 in bottlenecks
    running_mean                                    (2u - 1) * 0.2
    running_var                                     0.5 + u
    the images, under the name "input"              2u - 1

The images are N, C, H, W. Batch norm's bias is about three times its weight because ReLU has a kink: with small biases a few
of ResNet-50's 1.5 million activations lie so close to 0 that rounding decides whether they pass, and 32-bit gradients then
differ by several per cent between machines. Three deviations from 0, the same gradients agree to about 1e-4 everywhere.

All results come from 64-bit arithmetic on the 32-bit numbers and are rounded to 32 bits at the end, so they are the truth
rather than another 32-bit opinion; the JSON says how far PyTorch's own 32-bit runs are from them. README.md says what the
files hold.
"""
import copy
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from cifar_resnet import CIFARResNet
from formula import positions, signed, uniform, write_safetensors

FOLDER = Path(__file__).resolve().parent
CLASSES, LABELS = 10, [3, 7]
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 1e-4
# A tensor of at most this many elements is kept whole.
WHOLE = 256


def formula_value(name, shape, is_norm, closes_branch):
    u = uniform(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        value = 0.5 + u
    elif name.endswith("running_mean"):
        value = (2 * u - 1) * 0.2
    elif is_norm:
        value = np.where(u < 0.25, -2, 2) + (u - 0.5) * 0.5 if name.endswith("bias") else 0.5 + 0.25 * u
        value = value * 0.25 if closes_branch else value
    elif name.endswith("bias"):
        value = (2 * u - 1) * 0.1
    else:
        value = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:])) * 0.9
    return torch.from_numpy(value.astype(np.float32).reshape(shape))


def fill(network):
    state = network.state_dict()
    modules = dict(network.named_modules())
    last_norm = "bn3" if any(name.endswith("bn3") for name in modules) else "bn2"
    for name, tensor in state.items():
        owner = name.rpartition(".")[0]
        if not name.endswith("num_batches_tracked"):
            is_norm = isinstance(modules[owner], torch.nn.BatchNorm2d)
            tensor.copy_(formula_value(name, tuple(tensor.shape), is_norm, owner.endswith("." + last_norm)))


def run(network, images):
    """Everything that one evaluation and two training steps on the same images give, by name."""
    network = copy.deepcopy(network).to(images.dtype)
    labels = torch.tensor(LABELS)
    results = {}
    with torch.no_grad():
        results["logits.evaluation"] = network.eval()(images)
    network.train()
    parameters = dict(network.named_parameters())
    decayed = [value for name, value in parameters.items() if not name.endswith("bias")]
    undecayed = [value for name, value in parameters.items() if name.endswith("bias")]
    optimiser = torch.optim.SGD(
        [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": undecayed, "weight_decay": 0.0}],
        lr=LEARNING_RATE, momentum=MOMENTUM)  # fmt: skip
    for step in (1, 2):
        logits = network(images)
        loss = F.cross_entropy(logits, labels)
        optimiser.zero_grad()
        loss.backward()
        if step == 1:
            results |= {"logits.training": logits, "loss": loss}
            results |= {f"gradient.{name}": value.grad for name, value in parameters.items()}
        optimiser.step()
        after = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
        results |= {f"after{step}.{name}": value for name, value in after.items()}
        results = {name: value.detach().clone() for name, value in results.items()}
    return {name: value.double().numpy() for name, value in results.items()}


def chosen(name, state_names, last_block):
    """Whether the fixture keeps this state after a step: a few of each kind, at the front, in the middle and at the end."""
    if not name.startswith("after"):
        return True
    step, tensor = name.split(".", 1)
    if tensor.endswith(("running_mean", "running_var")):
        owners = ("bn1", "layer1.0.bn1", "layer2.0.bn2", "layer2.0.downsample.1", f"{last_block}.bn2")
        return step == "after1" and tensor.rpartition(".")[0] in owners
    head = state_names[-1].rpartition(".")[0]
    return tensor in ("conv1.weight", "bn1.weight", "bn1.bias", "layer2.0.conv2.weight", f"{last_block}.bn2.weight",
                      f"{last_block}.bn2.bias", f"{head}.weight", f"{head}.bias")  # fmt: skip


def kept(results, state_names, last_block):
    """The arrays of the fixture: small tensors and the stem's gradient whole, of large ones 64 elements and two sums."""
    arrays = {}
    for name, value in results.items():
        if not chosen(name, state_names, last_block):
            continue
        if value.size <= WHOLE or name == "gradient.conv1.weight":
            arrays[name] = value.astype(np.float32)
        else:
            tensor = name.split(".", 1)[1]
            arrays[f"{name}#elements"] = value.reshape(-1)[positions(tensor, value.size)].astype(np.float32)
            arrays[f"{name}#sums"] = np.array([value.sum(), np.square(value).sum()])
    return arrays


def largest_gradient(truth):
    return max(np.abs(value).max() for name, value in truth.items() if name.startswith("gradient."))


def deviation(truth, others, prefix):
    """The largest of max |other - truth| / scale over the other runs and the tensors whose names start with the prefix.

    The scale is max |truth|; of a gradient it is at least a thousandth of the network's largest, because batch norm makes
    some gradients vanish mathematically.
    """
    least = largest_gradient(truth) / 1000 if prefix == "gradient." else 0
    names = [name for name in truth if name.startswith(prefix)]
    scales = {name: max(np.abs(truth[name]).max(), least) for name in names}
    return float(f"{max(np.abs(other[name] - truth[name]).max() / scales[name] for other in others for name in names):.1e}")


def record(name, network, shape):
    fill(network)
    images = torch.from_numpy(signed("input", shape))
    truth = run(network, images.double())
    layouts = (torch.contiguous_format, torch.channels_last)
    single = [run(network.to(memory_format=layout), images.contiguous(memory_format=layout)) for layout in layouts]
    state_names = [name for name in network.state_dict() if not name.endswith("num_batches_tracked")]
    last_block = [name for name in state_names if name.startswith("layer")][-1].rsplit(".", 2)[0]
    last_block = last_block.removesuffix(".downsample")
    arrays = kept(truth, state_names, last_block)
    write_safetensors(FOLDER / f"{name}.safetensors", arrays)
    prefixes = ("logits.evaluation", "logits.training", "loss", "gradient.", "after1.", "after2.")
    description = {
        "network": name, "classes": CLASSES, "input_shape": shape, "labels": LABELS,
        "learning_rate": LEARNING_RATE, "momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY,
        "parameters": sum(value.numel() for value in network.parameters()),
        "loss": truth["loss"].item(), "largest_gradient": float(largest_gradient(truth)),
        "logits_evaluation": truth["logits.evaluation"].tolist(), "logits_training": truth["logits.training"].tolist(),
        "float32_deviation": {prefix: deviation(truth, single, prefix) for prefix in prefixes},
        "made_with": f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}",
    }  # fmt: skip
    (FOLDER / f"{name}.json").write_text(json.dumps(description, indent=1) + "\n")
    size = (FOLDER / f"{name}.safetensors").stat().st_size
    print(f"{name}: {len(arrays)} arrays, {size / 1e3:.0f} kB, float32 deviates by {description['float32_deviation']}")


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    for depth in (18, 50, 101):
        network = getattr(torchvision.models, f"resnet{depth}")(weights=None, num_classes=CLASSES)
        record(f"resnet{depth}", network, [2, 3, 64, 64])
    record("cifar_resnet20", CIFARResNet(depth=20, classes=CLASSES), [2, 3, 32, 32])
