"""OpenVINO inference on the processor: images per second and peak memory (which includes PyTorch, the source of the model).

    openvino_inference.py [--network resnet50] [--batch 1] [--size 224] [--precision f32|bf16] [--threads N]
                          [--warmup N] [--iterations N]

The torchvision network is converted directly (openvino.convert_model), compiled for latency, one request at a time.
"""
import argparse

import numpy as np
import openvino
import torch
import torchvision
from measure import measure


def main():
    parser = argparse.ArgumentParser(description="OpenVINO inference.")
    parser.add_argument("--network", default="resnet50", choices=["resnet18", "resnet50", "resnet101"])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=30)
    options = parser.parse_args()
    torch.manual_seed(0)
    shape = (options.batch, 3, options.size, options.size)
    network = getattr(torchvision.models, options.network)(weights=None).eval()
    with torch.no_grad():
        model = openvino.convert_model(network, example_input=torch.zeros(shape), input=[shape])
    hints = {"INFERENCE_PRECISION_HINT": options.precision, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": options.threads}
    compiled = openvino.compile_model(model, "CPU", hints)
    request = compiled.create_infer_request()
    images = np.random.default_rng(0).standard_normal(shape, np.float32)
    what = {
        "peer": f"openvino {openvino.__version__.split('-')[0]}", "task": "inference", "network": options.network,
        "batch": options.batch, "size": options.size, "mode": options.precision,
        # What the compiled model says, which is f32 where the processor has no bfloat16.
        "precision_used": compiled.get_property("INFERENCE_PRECISION_HINT").to_string(), "threads": options.threads,
    }  # fmt: skip
    measure(what, lambda: request.infer([images]), options.batch, options.warmup, options.iterations)


if __name__ == "__main__":
    main()
