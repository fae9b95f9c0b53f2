#!/bin/sh
# Exports models and runs them in onnxruntime. Needs `swift build -c release --product sightline` first.
#
#     Conformance/onnx/run.sh [compare.py's options]
#
# PYTHON, where set, is a Python that has torch, torchvision, onnx, onnxruntime and pillow. Otherwise .venv-onnx is made in the repository's root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

if [ -z "${PYTHON:-}" ]; then
    environment="$root/.venv-onnx"
    PYTHON="$environment/bin/python"
    # The marker is written last: an interrupted installation is repeated.
    marker="$environment/onnx-1"
    if [ ! -e "$marker" ]; then
        python3 -m venv "$environment"
        "$PYTHON" -m pip install --quiet --disable-pip-version-check torch==2.11.0 torchvision==0.26.0 onnx onnxruntime numpy pillow
        touch "$marker"
    fi
fi

PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" "$here/compare.py" --program "$root/.build/release/sightline" "$@"
