#!/bin/sh
# Trains a small model with --tensorboard, goes on with it, and reads its event files with TensorBoard. Needs
# `swift build -c release --product sightline` first.
#
#     Conformance/tensorboard/run.sh
#
# PYTHON, where set, is a Python that has tensorboard and pillow. Otherwise .venv-tensorboard is made in the repository's root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

if [ -z "${PYTHON:-}" ]; then
    environment="$root/.venv-tensorboard"
    PYTHON="$environment/bin/python"
    # The marker is written last: an interrupted installation is repeated.
    marker="$environment/tensorboard-1"
    if [ ! -e "$marker" ]; then
        python3 -m venv "$environment"
        "$PYTHON" -m pip install --quiet --disable-pip-version-check tensorboard pillow
        touch "$marker"
    fi
fi

PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" "$here/compare.py" --program "$root/.build/release/sightline"
