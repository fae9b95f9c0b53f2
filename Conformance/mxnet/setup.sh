#!/usr/bin/env bash
# Installs MXNet 1.9.1 in .venv-mxnet where that is not done yet, and prints its Python.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -n "${PYTHON_MXNET:-}" ]; then
    echo "$PYTHON_MXNET"
    exit 0
fi
environment="$root/.venv-mxnet"
# The marker is written last: an interrupted installation is repeated.
if [ ! -e "$environment/mxnet-1.9.1" ]; then
    echo 'Installing MXNet 1.9.1 in .venv-mxnet …' >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    # MXNet's last release uses names that NumPy has dropped since 1.24.
    "$environment/bin/pip" install --quiet --disable-pip-version-check numpy==1.23.5 mxnet==1.9.1 opencv-python-headless==4.11.0.86 >&2
    touch "$environment/mxnet-1.9.1"
fi
echo "$environment/bin/python"
