#!/usr/bin/env bash
# Compares RecordIO with MXNet's own, both ways. Needs `swift build -c release --product sightline-recordio` first.
#
#     Conformance/mxnet/run.sh
#
# PYTHON_MXNET, where set, is a Python that has MXNet 1.9.1. Otherwise .venv-mxnet is made in the repository's root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PYTHON=$("$here/setup.sh")
PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" "$here/compare.py" --program "$root/.build/release/sightline-recordio" "$@"
