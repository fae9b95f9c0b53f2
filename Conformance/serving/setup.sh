#!/usr/bin/env bash
# Installs the clients of the server's checks in .venv-serving where that is not done yet, and prints their Python.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -n "${PYTHON_SERVING:-}" ]; then
    echo "$PYTHON_SERVING"
    exit 0
fi
environment="$root/.venv-serving"
# The marker is written last: an interrupted installation is repeated.
if [ ! -e "$environment/complete-1" ]; then
    echo 'Installing boto3, the SageMaker SDK, schemathesis, playwright and torchvision in .venv-serving …' >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    pip=("$environment/bin/pip" install --quiet --disable-pip-version-check)
    "${pip[@]}" boto3 'sagemaker<3' schemathesis==4.32.5 playwright pillow >&2
    "${pip[@]}" --index-url https://download.pytorch.org/whl/cpu torch==2.11.0 torchvision==0.26.0 >&2 || "${pip[@]}" torch==2.11.0 torchvision==0.26.0 >&2
    touch "$environment/complete-1"
fi
echo "$environment/bin/python"
