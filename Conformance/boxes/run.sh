#!/usr/bin/env bash
# Reads what `sightline convert` writes with other people's readers, and compares masks made of outlines with pycocotools'. Needs `make build` first.
#
#     Conformance/boxes/run.sh [DATA]
#
# DATA: a data set of boxes, by default ../shared/data/bccd; without it the check is skipped, which it says.
# PYTHON_BOXES, where set, is a Python that has pycocotools, PyYAML and Pillow. Otherwise .venv-boxes is made in the repository's root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
data=${1:-$root/../shared/data/bccd}
if [ ! -d "$data" ]; then
    echo "boxes: skipped, there is no $data"
    exit 0
fi
environment=$root/.venv-boxes
# The marker is written last: an interrupted installation is repeated.
if [ -z "${PYTHON_BOXES:-}" ] && [ ! -e "$environment/pycocotools-2.0.11-pillow-12.0.0" ]; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check pycocotools==2.0.11 PyYAML==6.0.3 pillow==12.0.0
    touch "$environment/pycocotools-2.0.11-pillow-12.0.0"
fi
PYTHON=${PYTHON_BOXES:-$environment/bin/python}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for format in coco voc yolo boxes manifest recordio; do
    "$root/.build/release/sightline" convert "$data" "$out/$format" --to "$format" --quiet
done
# And once through all of them.
from=$data
for format in recordio voc yolo boxes manifest coco; do
    "$root/.build/release/sightline" convert "$from" "$out/chain/$format" --to "$format" --quiet
    from=$out/chain/$format
done
export PYTHONDONTWRITEBYTECODE=1
"$PYTHON" "$here/compare.py" "$data" "$out"
"$PYTHON" "$here/outlines.py" make "$out/outlined"
"$root/.build/release/sightline" convert "$out/outlined" "$out/painted" --to masks --quiet
"$PYTHON" "$here/outlines.py" compare "$out/outlined" "$out/painted"
