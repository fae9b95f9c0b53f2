#!/usr/bin/env bash
# Trains what RESULTS.md reports under "Accuracy". About 15 minutes on 2 cores.
#
#     Benchmarks/accuracy.sh DATA OUT [scratch] [fine-tune] [groups] [photos]
#
# DATA holds cifar10/, pretrained/ and trashnet/.
set -euo pipefail
data=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
cd "$(dirname "$0")/.."
train=(.build/release/sightline train classification --overwrite --quiet)
cifar=(--train "$data/cifar10" --validation "$data/cifar10" -p mini_batch_size=128 -p augmentation_type=crop)

# The accuracy of the last epoch, not of the best one: picking an epoch by the test set would flatter.
last() { echo "$1: $(python3 -c "import csv,sys; r=list(csv.DictReader(open(sys.argv[1]))); print(r[-1]['validation/accuracy'], 'after', len(r), 'epochs')" "$out/$2/results.csv")"; }

scratch() {
    for seed in 1 2 3; do
        "${train[@]}" "${cifar[@]}" --output "$out/scratch-$seed" -p num_layers=20 -p epochs=15 -p learning_rate=0.1 -p lr_scheduler_step=8,12 -p seed=$seed
        last "ResNet-20 on CIFAR-10 from scratch, seed $seed" scratch-$seed
    done
}

fine-tune() {
    "${train[@]}" "${cifar[@]}" --output "$out/fine-tune" --model "$data/pretrained/cifar10_resnet56-4bfd9763.th" -p epochs=1 -p learning_rate=0.001
    last "ResNet-56, one epoch on from the published weights" fine-tune
}

groups() {
    python3 Benchmarks/make_groups.py "$data/cifar10" "$out/two-groups"
    local two=(--train "$out/two-groups" --validation "$out/two-groups" -p num_layers=56 -p mini_batch_size=50 -p epochs=10 -p augmentation_type=crop -p lr_scheduler_step=7)
    "${train[@]}" "${two[@]}" --output "$out/groups-transfer" --pretrained "$data/pretrained/cifar10_resnet56-4bfd9763.th" -p learning_rate=0.01
    last "animals and vehicles, 500 images, transfer" groups-transfer
    "${train[@]}" "${two[@]}" --output "$out/groups-scratch" -p learning_rate=0.1
    last "animals and vehicles, 500 images, from scratch" groups-scratch
}

photos() {
    "${train[@]}" --output "$out/photos" --train "$data/trashnet/train" --validation "$data/trashnet/validation" -p num_layers=18 -p image_shape=3,128,128 \
        -p epochs=15 -p mini_batch_size=32 -p learning_rate=0.02 -p lr_scheduler_step=10,13 -p augmentation_type=crop
    last "ResNet-18 on TrashNet from scratch at 128 pixels" photos
    .build/release/sightline evaluate "$out/photos/last" --data "$data/trashnet/validation"
}

for part in ${*:-scratch fine-tune groups photos}; do "$part"; done
