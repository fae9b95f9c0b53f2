"""The peer: a server as one writes it with FastAPI and PyTorch. POST /invocations with a JPEG gives the probabilities of ResNet-50.

MODE: fp32 or bf16 (autocast), both channels-last; jit: traced and frozen by optimize_for_inference, fp32. THREADS: of one operation."""
import io
import os

import torch
import torchvision
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from PIL import Image
from torchvision.transforms import v2

mode = os.environ.get("MODE", "bf16")
torch.set_num_threads(int(os.environ.get("THREADS", "2")))
torch.manual_seed(0)
network = torchvision.models.resnet50(weights=None).eval()
if weights := os.environ.get("WEIGHTS"):
    network.load_state_dict(torch.load(weights, weights_only=True))
if mode == "jit":
    with torch.inference_mode():
        network = torch.jit.optimize_for_inference(torch.jit.trace(network, torch.zeros(1, 3, 224, 224)))
else:
    network = network.to(memory_format=torch.channels_last)
transform = v2.Compose([
    v2.Resize(256), v2.CenterCrop(224), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True),
    v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
app = FastAPI()


def predict(body):
    x = transform(Image.open(io.BytesIO(body)).convert("RGB"))[None]
    if mode != "jit":
        x = x.to(memory_format=torch.channels_last)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode == "bf16"):
        values = network(x).float().softmax(1)[0].tolist()
    # The quickest JSON that the standard library has, without FastAPI's own encoder.
    return Response(repr(values), media_type="application/json")


@app.get("/ping")
def ping():
    return {}


@app.post("/invocations")
async def invocations(request: Request):
    return await run_in_threadpool(predict, await request.body())
