"""The clients that users have: boto3's sagemaker-runtime, and the decoders of the SageMaker SDK and of MXNet.

    clients.py URL FOLDER [--mxnet PYTHON]

URL: a server with the models classes, objects and masks. FOLDER: what make_models.py made."""
import argparse
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import boto3
import botocore.config
import botocore.exceptions
import numpy as np
from PIL import Image

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--mxnet", help="a Python that has MXNet")
options = parser.parse_args()
runtime = boto3.client(
    "sagemaker-runtime", endpoint_url=options.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
    config=botocore.config.Config(retries={"max_attempts": 0}))
failures = []


def check(name, condition, detail=""):
    print(("ok    " if condition else "WRONG ") + name + (f": {detail}" if detail else ""))
    if not condition:
        failures.append(name)


def invoke(model, picture, **options_):
    answer = runtime.invoke_endpoint(EndpointName=model, Body=picture, **{"ContentType": "application/x-image", **options_})
    return answer, answer["Body"].read()


for path in sorted(options.folder.glob("*.jpg")) + sorted(options.folder.glob("*.png")):
    picture = path.read_bytes()
    width, height = Image.open(path).size
    answer, body = invoke("classes", picture, CustomAttributes="trace=7,stage=b")
    probabilities = json.loads(body)
    check(f"{path.name} classes", answer["ContentType"] == "application/json" and len(probabilities) == 5 and abs(sum(probabilities) - 1) < 1e-4)
    check(f"{path.name} custom attributes", answer.get("CustomAttributes") == "trace=7,stage=b")
    answer, body = invoke("classes", picture, Accept="application/jsonlines", ContentType="image/" + ("png" if path.suffix == ".png" else "jpeg"))
    lines = body.decode().splitlines()
    check(f"{path.name} JSON Lines", len(lines) == 1 and np.allclose(json.loads(lines[0])["prediction"], probabilities, atol=1e-5))
    answer, body = invoke("any", picture, TargetModel="objects")
    rows = json.loads(body)["prediction"]
    check(f"{path.name} objects", all(len(row) == 6 and 0 <= row[1] <= 1 for row in rows), f"{len(rows)} rows")
    answer, body = invoke("objects", picture, Accept="application/json;annotation=1")
    check(f"{path.name} annotations", json.loads(body)["image_size"] == [{"width": width, "height": height, "depth": 3}])
    answer, mask = invoke("masks", picture)
    image = Image.open(io.BytesIO(mask))
    check(f"{path.name} mask", answer["ContentType"] == "image/png" and image.mode == "L" and image.size == (width, height))
    answer, record = invoke("masks", picture, Accept="application/x-recordio-protobuf")
    ids = np.array(image)

    def agrees(features):
        shape = list(features["shape"])
        values = np.array(features["target"], dtype=np.float32).reshape(shape)
        wrong = int((values[0].argmax(0) != ids).sum())
        return shape == [1, 3, height, width] and np.allclose(values.sum(1), 1, atol=1e-3) and wrong <= ids.size // 1000 + 1, f"{wrong} of {ids.size} pixels differ"

    import sagemaker.amazon.common as common
    from sagemaker.amazon.record_pb2 import Record

    def features(payload):
        message = Record()
        message.ParseFromString(payload)
        return {
            "target": message.features["target"].float32_tensor.values, "shape": message.features["shape"].int32_tensor.values}

    payloads = list(common.read_recordio(io.BytesIO(record)))
    check(f"{path.name} one record, by the SageMaker SDK", len(payloads) == 1, f"{len(record)} bytes")
    # read_recordio gives a record's bytes with the padding behind them cut off.
    right, detail = agrees(features(payloads[0]))
    check(f"{path.name} probabilities, by the SageMaker SDK", right, detail)
    if options.mxnet:
        with tempfile.NamedTemporaryFile(suffix=".rec") as file, tempfile.NamedTemporaryFile() as out:
            file.write(record)
            file.flush()
            code = ("import sys, mxnet as mx\nr = mx.recordio.MXRecordIO(sys.argv[1], 'r')\nfirst, second = r.read(), r.read()\n"
                    "assert second is None\nopen(sys.argv[2], 'wb').write(first)\n")
            subprocess.run([options.mxnet, "-c", code, file.name, out.name], check=True, stderr=subprocess.DEVNULL)
            payload = pathlib.Path(out.name).read_bytes()
        check(f"{path.name} the same record, by MXNet", payload == payloads[0])

picture = (options.folder / "0.jpg").read_bytes()
for arguments, status, code in [
    (dict(EndpointName="none"), 404, "NotFound"), (dict(EndpointName="classes", Accept="image/png"), 406, "NotAcceptable"),
    (dict(EndpointName="classes", ContentType="text/csv"), 415, "UnsupportedMediaType"),
    (dict(EndpointName="classes", Body=b"no picture"), 400, "BadRequest"),
    (dict(EndpointName="classes", Body=picture + bytes(7_000_000)), 413, "ContentTooLarge"),
]:
    try:
        runtime.invoke_endpoint(**{"Body": picture, "ContentType": "application/x-image", **arguments})
        check(f"error {status}", False, "no error")
    except botocore.exceptions.ClientError as error:
        got = error.response
        check(f"error {status}", got["ResponseMetadata"]["HTTPStatusCode"] == status and got["Error"]["Code"] == code, got["Error"]["Message"])
print(f"{len(failures)} wrong")
sys.exit(1 if failures else 0)
