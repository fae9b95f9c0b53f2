#!/bin/sh
# Compares the built program with torchvision. Needs `swift build -c release --product sightline-conformance` first.
#
#     Conformance/torchvision/run.sh [compare.py's options]
#
# PYTHON, where set, is a Python that has torch and torchvision. Otherwise .venv-conformance is made in the repository's root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

if [ -z "${PYTHON:-}" ]; then
    environment="$root/.venv-conformance"
    PYTHON="$environment/bin/python"
    # The marker is written last: an interrupted installation is repeated.
    marker="$environment/torch-2.11.0-torchvision-0.26.0"
    if [ ! -e "$marker" ]; then
        python3 -m venv "$environment"
        "$PYTHON" -m pip install --quiet --disable-pip-version-check torch==2.11.0 torchvision==0.26.0 numpy
        touch "$marker"
    fi
fi

PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" "$here/compare.py" --program "$root/.build/release/sightline-conformance" "$@"
