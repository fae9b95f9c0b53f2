#!/usr/bin/env bash
# Reads a RecordIO file of about 1 GB from end to end: Sightline beside cat and MXNet's Python reader, in turns, from the page cache.
# Needs `swift build -c release --product sightline-recordio` first.
#
#     Benchmarks/recordio/run.sh [rounds]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
PYTHON=$("$root/Conformance/mxnet/setup.sh")
PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" "$root/Benchmarks/recordio/measure.py" "$root/.build/release/sightline-recordio" "${1:-7}"
