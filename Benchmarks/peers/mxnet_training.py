"""MXNet and GluonCV training steps in 32-bit floats: images per second and peak memory.

    mxnet_training.py [--network resnet50_v1b|resnet18_v1b|cifar_resnet20_v1] [--batch N] [--size N] [--threads N]
                      [--warmup N] [--iterations N]

Batch and size are by default 16 at 224, and 128 at 32 for the CIFAR network. The network is hybridised with static memory
and shapes, MXNet's fastest mode.
"""
import argparse
import os


def main():
    parser = argparse.ArgumentParser(description="MXNet training steps.")
    parser.add_argument("--network", default="resnet50_v1b", choices=["resnet50_v1b", "resnet18_v1b", "cifar_resnet20_v1"])
    parser.add_argument("--batch", type=int)
    parser.add_argument("--size", type=int)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=8)
    options = parser.parse_args()
    # MXNet reads this when it is loaded.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import gluoncv
    import mxnet as mx
    import numpy as np
    from measure import measure

    mx.random.seed(0)
    random = np.random.default_rng(0)
    small = options.network.startswith("cifar")
    batch, size = options.batch or (128 if small else 16), options.size or (32 if small else 224)
    classes = 10 if small else 1000
    network = gluoncv.model_zoo.get_model(options.network, classes=classes, pretrained=False)
    network.initialize(mx.init.Xavier())
    network.hybridize(static_alloc=True, static_shape=True)
    cross_entropy = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    cross_entropy.hybridize()
    images = mx.nd.array(random.standard_normal((batch, 3, size, size), np.float32))
    labels = mx.nd.array(random.integers(0, classes, batch))
    optimiser = {"learning_rate": 1e-3, "momentum": 0.9, "wd": 1e-4}
    trainer = mx.gluon.Trainer(network.collect_params(), "sgd", optimiser)

    def step():
        with mx.autograd.record():
            loss = cross_entropy(network(images), labels)
        loss.backward()
        trainer.step(batch)
        # MXNet works in the background: without this only the queueing would be timed.
        mx.nd.waitall()

    what = {
        "peer": f"mxnet {mx.__version__}, gluoncv {gluoncv.__version__}", "task": "training", "network": options.network,
        "batch": batch, "size": size, "mode": "fp32 nchw hybridised", "threads": options.threads,
    }  # fmt: skip
    measure(what, step, batch, options.warmup, options.iterations)


if __name__ == "__main__":
    main()
