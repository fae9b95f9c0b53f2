#!/bin/sh
# Makes the peers' Python environments in the repository's root: .venv-peers (PyTorch, OpenVINO) and .venv-peers-mxnet.
#
#     Benchmarks/peers/setup.sh
#
# PYTHON is the interpreter of the first (python3), PYTHON_MXNET that of the second, which must be 3.11 or older (python3.11).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

"${PYTHON:-python3}" -m venv "$root/.venv-peers"
"$root/.venv-peers/bin/pip" install --quiet torch==2.11.0 torchvision==0.26.0 openvino==2026.4.1 numpy pillow==13.0.0 scikit-image==0.26.0

# MXNet uses names that numpy 1.24 removed.
"${PYTHON_MXNET:-python3.11}" -m venv "$root/.venv-peers-mxnet"
"$root/.venv-peers-mxnet/bin/pip" install --quiet mxnet==1.9.1 gluoncv==0.10.5.post0 numpy==1.23.5 opencv-python==4.11.0.86 \
    pandas==2.3.3 scipy==1.15.3 matplotlib==3.10.9
