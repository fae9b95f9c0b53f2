#!/usr/bin/env bash
# Object detection on data that the example makes itself: scenes of Fashion-MNIST's garments with exact boxes. Trains SSD on ResNet-18, scores
# it, and writes pictures with what it found.
set -euo pipefail
cd "$(dirname "$0")/.."
sightline=.build/release/sightline
run=${1:-runs/demo-detection}

garments=$(dirname "$(dpkg -L dataset-fashion-mnist | grep -m1 'train-images-idx3-ubyte')")

show() { echo; echo "\$ $*"; "$@"; }

show .build/release/sightline-scenes --garments "$garments" --output runs/scenes --train 800 --validation 80
show $sightline check --train runs/scenes --validation runs/scenes --quiet
show $sightline train detection --train runs/scenes --validation runs/scenes --output "$run" --overwrite \
    -p base_network=resnet-18 -p mini_batch_size=4 -p epochs=8 -p optimizer=adam -p learning_rate=0.0005 -p lr_scheduler_step=6
show $sightline evaluate "$run" --data runs/scenes
show $sightline predict "$run" runs/scenes/validation/scene-000{0,1,2,3}.jpg --threshold 0.3 --output "$run/pictures"
echo
echo "The pictures are in $run/pictures."
