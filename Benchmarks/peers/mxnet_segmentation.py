"""GluonCV's segmentation networks in 32-bit floats: training steps, images per second and peak memory.

    mxnet_segmentation.py [--network deeplab|fcn|psp] [--size S] [--batch N] [--threads N] [--warmup N] [--iterations N]

The network is the one that SageMaker's algorithm trains: ResNet-50 dilated to stride 8, auxiliary head, GluonCV's loss with the auxiliary
weight 0.5, hybridised with static memory and shapes, MXNet's fastest mode.
"""
import argparse
import os


def main():
    parser = argparse.ArgumentParser(description="GluonCV segmentation training steps.")
    parser.add_argument("--network", default="deeplab", choices=["deeplab", "fcn", "psp"])
    parser.add_argument("--size", type=int, default=480)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=4)
    options = parser.parse_args()
    # MXNet reads this when it is loaded.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import gluoncv
    import mxnet as mx
    import numpy as np
    from gluoncv.loss import MixSoftmaxCrossEntropyLoss
    from measure import measure

    mx.random.seed(0)
    random = np.random.default_rng(0)
    classes = 21
    kind = {"deeplab": gluoncv.model_zoo.DeepLabV3, "fcn": gluoncv.model_zoo.FCN, "psp": gluoncv.model_zoo.PSPNet}[options.network]
    network = kind(
        nclass=classes, backbone="resnet50", aux=True, pretrained_base=False, ctx=mx.cpu(), base_size=options.size, crop_size=options.size)
    network.initialize(mx.init.Xavier(), force_reinit=True)
    network.hybridize(static_alloc=True, static_shape=True)
    # This loss asks for its labels' type, which a symbol has not: it stays as it is.
    cross_entropy = MixSoftmaxCrossEntropyLoss(aux=True, aux_weight=0.5)
    images = mx.nd.array(random.standard_normal((options.batch, 3, options.size, options.size), np.float32))
    masks = mx.nd.array(random.integers(0, classes, (options.batch, options.size, options.size)))
    optimiser = {"learning_rate": 1e-3, "momentum": 0.9, "wd": 1e-4}
    trainer = mx.gluon.Trainer(network.collect_params(), "sgd", optimiser)

    def step():
        with mx.autograd.record():
            loss = cross_entropy(*network(images), masks)
        loss.backward()
        trainer.step(options.batch)
        # MXNet works in the background: without this only the queueing would be timed.
        mx.nd.waitall()

    what = {
        "peer": f"mxnet {mx.__version__}, gluoncv {gluoncv.__version__}", "task": "segmentation training", "network": options.network,
        "size": options.size, "batch": options.batch, "mode": "fp32 nchw hybridised", "threads": options.threads,
    }  # fmt: skip
    measure(what, step, options.batch, options.warmup, options.iterations)


if __name__ == "__main__":
    main()
