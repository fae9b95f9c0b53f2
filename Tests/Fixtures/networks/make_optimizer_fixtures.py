"""Makes optimizers.json: six steps of each of MXNet's own optimisers.

    python make_optimizer_fixtures.py        mxnet 1.9.1, numpy 1.23.5

Two tensors, `x.weight` (3, 4) and `x.bias` (5). Their first values are 2u - 1 of formula.py under these names; the gradient
of step k (1 ... 6) is 2u - 1 under the names `x.weight.gradient.k` and `x.bias.gradient.k`, all in 32-bit floats. From step
4 on the learning rate is a tenth. README.md explains the arguments.
"""
import json
import re
from pathlib import Path

import mxnet as mx
import numpy as np
from formula import signed

SHAPES = {"x.weight": (3, 4), "x.bias": (5,)}
STEPS, DROP, WEIGHT_DECAY = 6, 4, 0.05
# Name, MXNet's optimiser, learning rate, its arguments. Large epsilons show where epsilon is added.
CASES = [
    ("sgd", "sgd", 0.1, {"momentum": 0.9, "lazy_update": False}),
    ("sgd without momentum", "sgd", 0.1, {"momentum": 0.0, "lazy_update": False}),
    ("nag", "nag", 0.1, {"momentum": 0.9}),
    ("nag out of place", "nag_out_of_place", 0.1, {"momentum": 0.9}),
    ("adam", "adam", 0.05, {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "lazy_update": False}),
    ("adam, large epsilon", "adam", 0.05, {"beta1": 0.8, "beta2": 0.95, "epsilon": 0.01, "lazy_update": False}),
    ("rmsprop", "rmsprop", 0.05, {"gamma1": 0.9, "epsilon": 1e-8, "centered": False}),
    ("rmsprop, large epsilon", "rmsprop", 0.05, {"gamma1": 0.8, "epsilon": 0.01, "centered": False}),
    ("rmsprop centred", "rmsprop", 0.05, {"gamma1": 0.9, "gamma2": 0.9, "epsilon": 1e-8, "centered": True}),
    ("rmsprop centred, large epsilon", "rmsprop", 0.05, {"gamma1": 0.8, "gamma2": 0.7, "epsilon": 0.01, "centered": True}),
    ("adagrad", "adagrad", 0.1, {"eps": 1e-7}),
    ("adagrad, large epsilon", "adagrad", 0.1, {"eps": 0.01}),
    ("adadelta", "adadelta", 0.1, {"rho": 0.9, "epsilon": 1e-5}),
    ("adadelta, large epsilon", "adadelta", 0.1, {"rho": 0.8, "epsilon": 0.01}),
]


class NAGOutOfPlace(mx.optimizer.NAG):
    """MXNet's kernel with an output of its own.

    MXNet's NAG lets the kernel overwrite the weights, and the kernel then reads them again for the velocity's weight decay:
    its velocity decays by the new weights. With a separate output the same kernel decays by the old ones, as its formula says.
    """

    def update(self, index, weight, grad, state):
        updated = mx.nd.zeros_like(weight)
        self._update_count(index)
        mx.nd.nag_mom_update(
            weight, grad, state, out=updated, lr=self._get_lr(index), wd=self._get_wd(index), momentum=self.momentum,
            rescale_grad=self.rescale_grad)  # fmt: skip
        weight[:] = updated


def run(optimiser, learning_rate, arguments):
    """The weights after each step."""
    # MXNet decides by the name whether weight decay applies: names that end in _weight or _gamma.
    names = {index: name.replace(".", "_") for index, name in enumerate(SHAPES)}
    make = NAGOutOfPlace if optimiser == "nag_out_of_place" else mx.optimizer.Optimizer.opt_registry[optimiser]
    optimiser = make(
        learning_rate=learning_rate, wd=WEIGHT_DECAY, param_idx2name=names, rescale_grad=1.0, clip_gradient=None, **arguments)
    weights = {name: mx.nd.array(signed(name, shape), dtype="float32") for name, shape in SHAPES.items()}
    states = [optimiser.create_state(index, weights[name]) for index, name in enumerate(SHAPES)]
    steps = []
    for step in range(1, STEPS + 1):
        if step == DROP:
            optimiser.set_learning_rate(learning_rate * 0.1)
        for index, (name, shape) in enumerate(SHAPES.items()):
            gradient = mx.nd.array(signed(f"{name}.gradient.{step}", shape), dtype="float32")
            # SGD takes lists of tensors, the other optimisers one tensor at a time.
            wrap = (lambda value: [value]) if isinstance(optimiser, mx.optimizer.SGD) else (lambda value: value)
            optimiser.update(wrap(index), wrap(weights[name]), wrap(gradient), wrap(states[index]))
        steps.append({name: numbers(weight.asnumpy()) for name, weight in weights.items()})
    return steps


def numbers(array):
    """Nine digits, which tell 32-bit floats apart."""
    return [float(f"{value:.9g}") for value in np.asarray(array, np.float64).reshape(-1)]


if __name__ == "__main__":
    cases = [
        {"name": name, "optimizer": optimiser, "learning_rate": rate, "arguments": arguments, "steps": run(optimiser, rate, arguments)}
        for name, optimiser, rate, arguments in CASES
    ]
    document = {
        "made_with": f"mxnet {mx.__version__}",
        "weight_decay": WEIGHT_DECAY, "learning_rate_factor": 0.1, "learning_rate_drops_at_step": DROP,
        "shapes": SHAPES,
        "initial": {name: numbers(signed(name, shape)) for name, shape in SHAPES.items()},
        "gradients": [
            {name: numbers(signed(f"{name}.gradient.{step}", shape)) for name, shape in SHAPES.items()} for step in range(1, STEPS + 1)
        ],
        "cases": cases,
    }  # fmt: skip
    text = json.dumps(document, indent=1)
    # One line for each list of numbers.
    text = re.sub(r"\[\s+([-\d.e+,\s]+?)\s+\]", lambda match: "[" + " ".join(match.group(1).split()) + "]", text)
    (Path(__file__).resolve().parent / "optimizers.json").write_text(text + "\n")
    print(f"optimizers.json: {len(cases)} cases")
