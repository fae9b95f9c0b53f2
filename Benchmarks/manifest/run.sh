#!/usr/bin/env bash
# Trains from an augmented manifest of 10 million lines (1.8 GB, made anew in a temporary folder) and measures what its data plane takes: time
# to the first step and resident memory, beside the same command on a thousand lines. Needs `make build` first.
#
#     Benchmarks/manifest/run.sh [seconds] [folder]
#
# `seconds`: how long each way trains. `folder`: where the manifests are made and kept; those that are there already are used.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-60}
if [ $# -gt 1 ]; then
    folder=$2
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
for size in 1000 10000000; do
    [ -e "$folder/$size/complete" ] && continue
    python3 "$root/Benchmarks/manifest/make_manifest.py" "$folder/$size" "$size"
    touch "$folder/$size/complete"
done
# From the page cache, as the other measurements.
cat "$folder/10000000/train.manifest" > /dev/null
python3 "$root/Benchmarks/manifest/measure.py" "$root/.build/release/sightline" "$folder/10000000/train.manifest" "$folder/1000/train.manifest" "$seconds"
