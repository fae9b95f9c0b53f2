#!/usr/bin/env bash
# Semantic segmentation on data that the example makes itself: scenes of Fashion-MNIST's garments with exact masks. Trains an FCN on ResNet-18,
# scores it, and writes masks and pictures with the classes laid over them.
set -euo pipefail
cd "$(dirname "$0")/.."
sightline=.build/release/sightline
run=${1:-runs/demo-segmentation}

garments=$(dirname "$(dpkg -L dataset-fashion-mnist | grep -m1 'train-images-idx3-ubyte')")

show() { echo; echo "\$ $*"; "$@"; }

show .build/release/sightline-scenes --garments "$garments" --output runs/mask-scenes --masks --side 240 --train 800 --validation 80
show $sightline check segmentation --train runs/mask-scenes --validation runs/mask-scenes --quiet
show $sightline train segmentation --train runs/mask-scenes --validation runs/mask-scenes --output "$run" --overwrite \
    -p backbone=resnet-18 -p use_pretrained_model=False -p base_size=240 -p crop_size=160 -p mini_batch_size=8 -p epochs=8 \
    -p optimizer=adam -p learning_rate=0.001
show $sightline evaluate "$run" --data runs/mask-scenes
show $sightline predict "$run" runs/mask-scenes/validation/scene-000{0,1,2,3}.jpg --output "$run/pictures"
echo
echo "The masks and pictures are in $run/pictures."
