#!/usr/bin/env bash
# The main job on real images: train a classifier on Fashion-MNIST (Debian's dataset-fashion-mnist), score it, try one image.
set -euo pipefail
cd "$(dirname "$0")/.."
sightline=.build/release/sightline
run=${1:-runs/demo}

data=$(dirname "$(dpkg -L dataset-fashion-mnist | grep -m1 'train-images-idx3-ubyte')")
names=t-shirt,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle-boot

show() { echo; echo "\$ $*"; "$@"; }

show $sightline train classification --train "$data" --validation "$data" --class-names $names --output "$run" --overwrite \
    -p num_layers=20 -p image_shape=1,28,28 -p mini_batch_size=128 -p epochs=2 -p learning_rate=0.1 -p lr_scheduler_step=1 \
    -p augmentation_type=crop
show $sightline evaluate "$run" --data "$data"
show $sightline predict "$run" "$data" --record 0 --top 3
